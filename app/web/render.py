"""A page dataclass becomes HTML: the template of its name, in its language.

A template receives one dataclass as `page` and computes nothing. Missing fields are an
error (StrictUndefined), and every value is escaped.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import ClassVar

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.web.assets import asset_url
from app.web.language import NAMES, Say, translations

HERE = Path(__file__).parent
# Facts of the whole deployment that every page shows; set once, when the application is made.
_facts = {"simulated": False}
LOCALES = {"es": "es_MX", "en": "en_US"}
_SAID = "EEEE d 'de' MMMM"  # of es_MX


@dataclass(frozen=True, slots=True)
class Page:
    """What a template shows. Subclasses name their template."""

    template: ClassVar[str]


def render(page: Page, *, status: int = 200, language: str = "es") -> HTMLResponse:
    """The page as a response."""
    return HTMLResponse(html(page, language=language), status)


def render_in(say: Say, page: Page, *, status: int = 200) -> HTMLResponse:
    """A page in the language that its address chose."""
    return render(page, status=status, language=say.language)


def html(page: Page, *, language: str = "es") -> str:
    """The page as text."""
    template = environment_of(language).get_template(page.template)
    return template.render(page=page)


def say_date(day: date, pattern: str = _SAID, *, language: str = "es") -> str:
    """A date as people say it: "viernes 29 de noviembre"."""
    if language != "es" and pattern == _SAID:
        pattern = "EEEE, MMMM d"
    return format_date(day, pattern, locale=LOCALES[language])


def say_moment(moment: datetime, *, language: str = "es") -> str:
    """A local time as people say it: "29 nov 2026, 17:05"; the caller localises it."""
    return format_datetime(moment, "d MMM y, HH:mm", locale=LOCALES[language])


def say_number(number: float, *, language: str = "es") -> str:
    """Thousands as in Mexico: 15,427."""
    return format_decimal(number, locale=LOCALES[language])


def label_simulated(*, simulated: bool) -> None:
    """Say on every page that the people of this deployment are invented."""
    _facts["simulated"] = simulated


@cache
def environment_of(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translations(language)
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["asset"] = asset_url
    environment.globals["language"] = language
    environment.globals["languages"] = [(code.value, name) for code, name in NAMES.items()]
    environment.globals["facts"] = _facts
    environment.filters["day"] = say_date
    environment.filters["moment"] = say_moment
    environment.filters["number"] = say_number
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals["nbsp"] = Markup("&nbsp;")
    return environment
