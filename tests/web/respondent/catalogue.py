"""Every text a respondent may read that is not a questionnaire's: templates, pages, refusals."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import babel_extract

import app
from app.errors import AppError
from app.web.respondent import answering, check, phone, recover, start  # what they may refuse with

APP = Path(app.__file__).parent
SHARED = tuple(APP / "web" / name for name in ("errors.py", "public.py", "verify.py"))
MODULES = (answering, check, phone, recover, start)
# Refusals of staff, operators and programs: nobody sees them on a page of a respondent.
STAFF = ("app.directory", "app.staff", "app.units", "app.web.staff", "app.worker", "app.cli")


def msgids() -> set[str]:
    """The texts, as they stand in Spanish."""
    return {*_in_templates(), *_in_pages(), *_in_refusals()}


def _in_templates() -> Iterator[str]:
    templates = APP / "web/templates"
    shared = [templates / "base.html", templates / "errors/error.html"]
    shared += [templates / "public" / name for name in ("front.html", "verify.html")]
    for path in (*sorted((templates / "respondent").glob("*.html")), *shared):
        options = {"trimmed": "true"}
        for _, _, found, _ in babel_extract(
            BytesIO(path.read_bytes()), ("_", "gettext"), (), options
        ):
            yield from _flat(found)


def _in_pages() -> Iterator[str]:
    for path in (*sorted((APP / "web/respondent").glob("*.py")), *SHARED):
        keywords = {"say": None, "N_": None}
        with path.open("rb") as source:
            for _, found, _, _ in extract("python", source, keywords):
                yield from _flat(found)


def _flat(found: str | Sequence[str | None] | None) -> Iterator[str]:
    texts = [found] if isinstance(found, str) or found is None else found
    yield from (text for text in texts if text)


def _in_refusals() -> Iterator[str]:
    for refusal in _below(AppError):
        module = refusal.__module__
        if refusal.__name__ in REFUSALS:
            assert not module.startswith(STAFF), module
            yield refusal.plantilla


def _below(kind: type[AppError]) -> Iterator[type[AppError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


# What `message_of`, `Say.refusal` or the phone may be given.
REFUSALS = frozenset(
    {
        *("AlreadyComplete", "AnswersClosed", "KeyReused", "SessionOver", "StepGone"),
        *("ForeignKey", "LinkNotOpen", "SeveralPeople", "StrangeFields", "UnreadableBatch"),
        *("NothingToCompare", "TooManyTries", "TooManyRequests", "TooManyCodes"),
        "NotFound",
        *("StorageBroken", "StorageBusy", "StorageFull"),
    }
)
