"""The words a respondent reads. Spanish is the source; any other language is one catalogue.

A catalogue is `locale/<code>/LC_MESSAGES/messages.po`. It is compiled when it is first asked for,
so that no binary is kept beside it.
"""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

from app.errors import AppError
from app.questionnaires.items import Language

FOLDER = Path(__file__).parent / "locale"
CHOICE = "lang"  # of an address and of a form
NAMES = {Language.SPANISH: "Español", Language.ENGLISH: "English"}


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; the source needs none."""
    if language == Language.SPANISH:
        return NullTranslations()
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled, domain="messages")


@dataclass(frozen=True, slots=True)
class Say:
    """Says things in one language. The text is written where it is said, in Spanish."""

    language: Language = Language.SPANISH

    def __call__(self, text: str, **fields: object) -> str:
        """The text, with `{fields}` filled in after it was translated."""
        said = str(translations(self.language.value).gettext(text))
        return said.format(**fields) if fields else said

    def refusal(self, error: AppError) -> str:
        """What a refusal says to a respondent."""
        return self(error.plantilla, **error.details) if error.details else self(error.plantilla)


SPANISH = Say()


def N_(text: str) -> str:  # noqa: N802  # the name that gettext's tools look for
    """A text that is said later: marks it for the catalogue."""
    return text


def language_of(code: str | None) -> Language:
    """The language of a code; the source for anything else."""
    return Language(code) if code in set(Language) else Language.SPANISH


def chosen(request: Request) -> Language:
    """The language that the address asks for; else the source, whatever the browser prefers.

    Telephones in Mexico are often set to English while their owners read Spanish, and so is all
    that their school writes: who wants another language says so once.
    """
    return language_of(request.query_params.get(CHOICE))


def with_choice(address: str, language: Language) -> str:
    """An address that keeps the language."""
    return f"{address}{'&' if '?' in address else '?'}{CHOICE}={language.value}"
