"""What the pages of results show: findings with their chart, their table and how they are made.

Everything comes through the door of analytics: a number that is not there may not be shown.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup
from sqlmodel import Session

from app.analytics.followed import Followed
from app.analytics.released import Audience
from app.analytics.reports import WaveOfUnit, indicators_report
from app.chronology.calendar import civil_date
from app.fieldwork.queries import WaveHeader, wave_header
from app.units.queries import unit_by_code
from app.web.render import Page, say_date
from app.web.sheets import Cell
from app.web.staff.followed_words import followed_of_wave, followed_words
from app.web.staff.results_file import figure_lines
from app.web.staff.results_findings import Figures, Finding, finding_of_indicator
from app.web.staff.shell import Shell, shell
from app.web.staff.told_rates import told_rate
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.staff.weighted_words import sensitivity_of
from app.web.wiring import Caller

TAB = "/resultados"
# The first outcomes of each questionnaire, most asked for first.
FIRST = {1: ("X0", "X0b", "C1t"), 2: ("S1", "H1", "L1"), 3: ("S1", "H1a", "L1")}
AUDIENCE_WORDS = {
    Audience.OWN: "Son las cifras de su plantel, exactas y al momento. No las difunda tal cual: "
    "con pocas personas, una cifra puede señalar a alguien.",
    Audience.OFFICE: "Los conteos de menos de 5 personas, y los que permitirían deducirlos, "
    "no se muestran a quien está fuera del plantel.",
    Audience.PUBLIC: "Así se verían publicadas: porcentajes enteros, bases redondeadas de 5 en 5 "
    "y nada con menos de 23 respuestas.",
}
SMALL_WORDS = (
    "Esta generación tiene menos de 23 personas: un resultado señalaría a alguien, así que no se "
    "muestra lo que permitiría deducir su respuesta. Al juntar varias generaciones sí se podrá ver."
)


@dataclass(frozen=True, slots=True)
class ResultsPage(Page):
    """The first outcomes of a wave."""

    template: ClassVar[str] = "staff/results.html"
    title: str
    shell: Shell
    top: WaveTop
    lead: str
    followed: str
    audience: str
    sensitivity: str
    other_view: tuple[str, str] | None
    findings: tuple[Finding, ...]
    download_url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a list."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Results:
    """A wave with the figures this caller may see."""

    header: WaveHeader
    figures: Figures
    followed: Followed

    @property
    def whole_percents(self) -> bool:
        return self.figures.whole_percents


def results_of(
    session: Session, caller: Caller, wave_id: UUID, *, as_public: bool, now: datetime
) -> Results:
    """The figures of a wave of the caller's; `as_public` shows what anybody would see.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    header = wave_header(session, caller.scope, wave_id)
    unit = unit_by_code(session, caller.scope, header.cct)
    report = indicators_report(
        session,
        caller.scope,
        WaveOfUnit(unit, header.cohort, header.questionnaire),
        audience=Audience.PUBLIC if as_public else None,
        now=now,
    )
    today = say_date(civil_date(now, header.zone), "d 'de' MMMM 'de' y")
    figures = Figures(header.questionnaire, report, header.counts, f"al {today}")
    kept = followed_of_wave(session, caller, header)
    return Results(header, figures, kept)


def results_page(caller: Caller, results: Results) -> ResultsPage:
    """The column of findings."""
    top = wave_top(caller, results.header, at=TAB)
    return ResultsPage(
        title=f"Resultados. {top.title}",
        shell=shell(caller, at="/panel"),
        top=top,
        lead=_lead(results.header, whole=results.whole_percents),
        followed=followed_words(results.followed, public=results.whole_percents),
        audience=_audience_words(results),
        sensitivity="" if (found := sensitivity_of(results.figures.report)) is None else found.lead,
        other_view=_other_view(results, top.url),
        findings=tuple(
            finding_of_indicator(
                results.figures,
                name,
                explore_url=explore_url(results.header, name, as_public=results.whole_percents),
                calculation_url=f"{top.url}/calculo",
            )
            for name in FIRST[results.header.questionnaire]
        ),
        download_url=f"{top.url}{TAB}.csv{_query(results)}",
    )


def _audience_words(results: Results) -> str:
    report = results.figures.report
    return SMALL_WORDS if report.small else AUDIENCE_WORDS[report.audience]


def explore_url(header: WaveHeader, name: str, *, as_public: bool) -> str:
    """Where one indicator of a wave is explored: a page of its school's results."""
    asked = {
        "generacion": str(header.cohort),
        "cuestionario": header.questionnaire,
        "indicador": name,
    }
    public = {"audiencia": "publica"} if as_public else {}
    return f"/panel/resultados/{header.cct}/explorar?{urlencode(asked | public)}"


def sheet(results: Results) -> Iterator[Sequence[Cell]]:
    """Every figure of the wave that this reader may have, one a line."""
    return figure_lines(results.figures.rows, results.figures.report.weighted)


def file_name(header: WaveHeader) -> str:
    """Of the download: school, generation and questionnaire."""
    return f"resultados_{header.cct}_{header.cohort}_C{header.questionnaire}.csv"


def _lead(header: WaveHeader, *, whole: bool) -> str:
    counts = header.counts
    said = told_rate(counts.answered, counts.frame, public=whole).words
    return f"Tasa de respuesta (RR2): {said}."


def _other_view(results: Results, url: str) -> tuple[str, str] | None:
    """The way to the other reading of the page: its words and its address."""
    if results.whole_percents:
        return "Volver a las cifras que le corresponden", f"{url}{TAB}"
    return "Ver lo que vería el público", f"{url}{TAB}?audiencia=publica"


def _query(results: Results) -> str:
    return "?audiencia=publica" if results.whole_percents else ""


def data_block(figure: dict[str, object]) -> Markup:
    """JSON that nothing in it can end: `<` never stands in a script element."""
    text = json.dumps(figure, ensure_ascii=False, allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 (escaped for a script element just above)
