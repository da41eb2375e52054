"""What the pages of results show: findings with their chart, their table and how they are made.

Everything comes through the door of analytics: a number that is not there may not be shown.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from markupsafe import Markup
from sqlmodel import Session

from app.analytics.charts import BarChart, bar_chart, plotly_figure
from app.analytics.disclosure import nearest_five
from app.analytics.headlines import category_label, headline, percent
from app.analytics.indicators import Indicator, Kind
from app.analytics.registry import indicator, outcomes_of
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import IndicatorsReport, WaveOfUnit, indicators_report
from app.chronology.calendar import civil_date
from app.errors import NotFound
from app.fieldwork.queries import WaveHeader, wave_header
from app.units.queries import unit_by_code
from app.web.render import Page, say_date
from app.web.sheets import Cell
from app.web.staff.shell import Shell, shell
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.staff.wave_words import rate_in_words
from app.web.wiring import Caller

TAB = "/resultados"
# The first outcomes of each questionnaire, most asked for first.
FIRST = {1: ("X0", "X0b", "C1t"), 2: ("S1", "H1", "L1"), 3: ("S1", "H1a", "L1")}
SHARES = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.MULTIPLE, Kind.CUMULATIVE})
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
HEADINGS = (
    "clave",
    "indicador",
    "categoria",
    "numerador",
    "base",
    "valor",
    "inferior",
    "superior",
    "se_muestra",
    "nota",
)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure, in words."""

    label: str
    share: str
    people: str
    interval: str
    note: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One indicator: what it says, its chart, its numbers, how they are made."""

    id: str
    headline: str
    subtitle: str
    chart: BarChart | None
    rows: tuple[FigureRow, ...]
    withheld: str
    counted: str
    base: str
    explore_url: str


@dataclass(frozen=True, slots=True)
class ResultsPage(Page):
    """The first outcomes of a wave."""

    template: ClassVar[str] = "staff/results.html"
    title: str
    shell: Shell
    top: WaveTop
    lead: str
    audience: str
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
class ExplorePage(Page):
    """One indicator, drawn by Plotly where there is JavaScript."""

    template: ClassVar[str] = "staff/explore.html"
    title: str
    shell: Shell
    top: WaveTop
    audience: str
    choices: tuple[Choice, ...]
    hidden_audience: str
    finding: Finding
    figure: Markup | None
    description: str


@dataclass(frozen=True, slots=True)
class Results:
    """A wave with the figures this caller may see."""

    header: WaveHeader
    report: IndicatorsReport
    day: str

    @property
    def whole_percents(self) -> bool:
        return self.report.audience is Audience.PUBLIC

    def rows_of(self, name: str) -> tuple[IndicatorRow, ...]:
        """The figures of one indicator."""
        return tuple(row for row in self.report.figures if row.id == name)


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
    today = civil_date(now, header.zone)
    return Results(header, report, say_date(today, "d 'de' MMMM 'de' y"))


def results_page(caller: Caller, results: Results) -> ResultsPage:
    """The column of findings."""
    top = wave_top(caller, results.header, at=TAB)
    return ResultsPage(
        title=f"Resultados. {top.title}",
        shell=shell(caller, at="/panel"),
        top=top,
        lead=_lead(results.header, whole=results.whole_percents),
        audience=_audience_words(results),
        other_view=_other_view(results, top.url),
        findings=tuple(
            _finding(results, indicator(name), top.url)
            for name in FIRST[results.header.questionnaire]
        ),
        download_url=f"{top.url}{TAB}.csv{_query(results)}",
    )


def _audience_words(results: Results) -> str:
    return SMALL_WORDS if results.report.small else AUDIENCE_WORDS[results.report.audience]


def explore_page(caller: Caller, results: Results, name: str) -> ExplorePage:
    """One indicator of the wave.

    Raises:
        NotFound: the wave has no such indicator with shares.
    """
    number = results.header.questionnaire
    offered = [
        entry for entry in outcomes_of(number) if entry.kind in SHARES and results.rows_of(entry.id)
    ]
    asked = name or FIRST[number][0]
    chosen = next((entry for entry in offered if entry.id == asked), None)
    if chosen is None:
        raise NotFound(indicator=asked)
    top = wave_top(caller, results.header, at=TAB, tail="Explorar")
    finding = _finding(results, chosen, top.url)
    chart = finding.chart
    return ExplorePage(
        title=f"Explorar. {chosen.name}",
        shell=shell(caller, at="/panel"),
        top=top,
        audience=_audience_words(results),
        choices=tuple(Choice(entry.id, entry.name, chosen=entry.id == asked) for entry in offered),
        hidden_audience="publica" if results.whole_percents else "",
        finding=finding,
        figure=None if chart is None else _data_block(plotly_figure(chart)),
        description="" if chart is None else f"{chart.title}. {chart.description}",
    )


def sheet(results: Results) -> Iterator[Sequence[Cell]]:
    """Every figure of the wave that this reader may have, one a line."""
    yield HEADINGS
    for row in results.report.figures:
        yield (
            row.id,
            indicator(row.id).name,
            category_label(row),
            row.numerator,
            row.base,
            row.value,
            row.low,
            row.high,
            "no" if row.withheld else "sí",
            None if row.reason is None else str(row.reason),
        )


def file_name(header: WaveHeader) -> str:
    """Of the download: school, generation and questionnaire."""
    return f"resultados_{header.cct}_{header.cohort}_C{header.questionnaire}.csv"


def _finding(results: Results, entry: Indicator, url: str) -> Finding:
    rows, whole = results.rows_of(entry.id), results.whole_percents
    said = headline(rows)
    withheld = {str(row.reason) for row in rows if row.withheld and row.reason}
    return Finding(
        id=entry.id,
        headline=said,
        subtitle=f"{entry.name}. {_base_words(rows, results)}",
        chart=bar_chart(rows, title=said, whole_percents=whole),
        rows=tuple(_figure_row(row, whole=whole) for row in rows),
        withheld=" ".join(sorted(withheld)) if all(row.value is None for row in rows) else "",
        counted=entry.numerator,
        base=entry.base,
        explore_url=f"{url}/explorar?indicador={entry.id}"
        + ("&audiencia=publica" if results.whole_percents else ""),
    )


def _figure_row(row: IndicatorRow, *, whole: bool) -> FigureRow:
    people = "" if row.numerator is None else f"{row.numerator:,} de {row.base or 0:,}"
    return FigureRow(
        label=category_label(row),
        share=percent(row.value, whole=whole),
        people=people,
        interval=_interval(row, whole=whole),
        note="" if row.reason is None else str(row.reason),
    )


def _interval(row: IndicatorRow, *, whole: bool) -> str:
    if row.value is None or row.low is None or row.high is None:
        return ""
    if row.low == row.value == row.high:
        return "respondieron todas: sin error de muestra"
    return f"de {percent(row.low, whole=whole)} a {percent(row.high, whole=whole)}"


def _base_words(rows: Iterable[IndicatorRow], results: Results) -> str:
    """The base of a finding, with the frame, the rate and the day."""
    base = next((row.base for row in rows if row.base is not None), None)
    frame = results.header.counts.frame
    if base is None:
        said = "La base no se muestra"
    elif results.whole_percents:
        said = f"Base: unas {base:,} de unas {nearest_five(frame):,} personas"
    else:
        said = f"Base: {base:,} de {frame:,} personas"
    rate = results.header.counts.rate
    answered = percent(None if rate is None else float(rate), whole=True)
    return f"{said} (tasa de respuesta {answered}), al {results.day}."


def _lead(header: WaveHeader, *, whole: bool) -> str:
    counts = header.counts
    said = rate_in_words(counts.answered, counts.frame)
    if whole:  # no exact count beside a percentage
        said = percent(None if counts.rate is None else float(counts.rate), whole=True)
        said += f" de unas {nearest_five(counts.frame):,} personas"
    return f"Tasa de respuesta (RR2): {said}."


def _other_view(results: Results, url: str) -> tuple[str, str] | None:
    """The way to the other reading of the page: its words and its address."""
    if results.whole_percents:
        return "Volver a las cifras que le corresponden", f"{url}{TAB}"
    return "Ver lo que vería el público", f"{url}{TAB}?audiencia=publica"


def _query(results: Results) -> str:
    return "?audiencia=publica" if results.whole_percents else ""


def _data_block(figure: dict[str, object]) -> Markup:
    """JSON that nothing in it can end: `<` never stands in a script element."""
    text = json.dumps(figure, ensure_ascii=False, allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 (escaped for a script element just above)
