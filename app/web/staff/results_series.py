"""One figure over the generations of a unit, with the breaks after which it does not compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.charts.drawing import Drawing
from app.analytics.charts.headlines import headline, percent
from app.analytics.charts.over_time import Generation, series_chart
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import indicator, outcomes_of
from app.analytics.past_results import past_figures
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import WaveOfUnit, indicators_report
from app.chronology.wave_plan import Cohort
from app.errors import NotFound
from app.fieldwork.percents import in_percent
from app.fieldwork.unit_progress import Fielded, versions_asked
from app.questionnaires.leaves import Leaf
from app.questionnaires.publication import fetch
from app.web.pictures import picture_file
from app.web.render import Page, render
from app.web.sheets import Cell, csv_file
from app.web.staff.results_asked import (
    ROOT,
    Asked,
    Reader,
    UnitTop,
    asked_of,
    dated_words,
    unit_top,
)
from app.web.staff.results_findings import Definition, definition_of
from app.web.staff.results_pages import Choice
from app.web.staff.shell import Shell, shell
from app.web.wiring import Caller, Db, Now

router = APIRouter()
FIRST = {1: "X0b", 2: "H1", 3: "L1"}
MOST = 12  # generations
NOT_COMPARABLE = "Estrategia anterior: no comparable."
BROKEN = "La pregunta cambió: no se compara con las generaciones anteriores."
# Of which questions a derived variable is made: a change in one of them breaks the series.
MADE_OF: Mapping[str, tuple[str, ...]] = {
    "situacion": ("estudia", "trabaja"),
    "ninguna_estricta": ("estudia", "trabaja", "busca_trabajo", "actividad_otra"),
    "colocado": ("estudia", "trabaja", "actividad_otra"),
    "estudia_es": ("estudia",),
    "estudia_algo": ("estudia",),
    "ocupado": ("trabaja",),
    "desocupado": ("trabaja", "busca_trabajo"),
    "pea": ("trabaja", "busca_trabajo"),
    "jornada_compl": ("horas_semana",),
    "con_ss": ("prestaciones",),
    "mudanza": ("municipio_residencia",),
    "mudanza_estado": ("municipio_residencia",),
    "previo": ("empleo_previo",),
}


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One generation, in words."""

    generation: str
    share: str
    people: str
    interval: str
    dated: str
    note: str


@dataclass(frozen=True, slots=True)
class SeriesPage(Page):
    """A figure over generations."""

    template: ClassVar[str] = "staff/results_series.html"
    title: str
    shell: Shell
    top: UnitTop
    choices: tuple[Choice, ...]
    headline: str
    subtitle: str
    chart: Drawing | None
    rows: tuple[SeriesRow, ...]
    definition: Definition | None
    csv_url: str
    png_url: str


@dataclass(frozen=True, slots=True)
class _Point:
    """One generation of the series as it is released."""

    cohort: Cohort
    generation: Generation
    row: IndicatorRow | None  # None: told by a paper of the time
    dated: str
    note: str = ""


@router.get("/panel/resultados/{unit_code}/generaciones")
def series_page(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """A share over generations; `?cuestionario=2&indicador=H1`."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        page = _page(session, caller, asked, request, now=now)
    return render(page)


@router.get("/panel/resultados/{unit_code}/generaciones.csv")
def series_sheet(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The same numbers for a spreadsheet."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        entry = _entry(asked, request)
        found = _points(session, caller, asked, entry, now=now)
    lines: list[Sequence[Cell]] = [
        ("generacion", "clave", "numerador", "base", "valor", "inferior", "superior", "nota")
    ]
    for one in found:
        row = one.row
        numbers: tuple[Cell, ...] = (None, None, one.generation.value, None, None)
        if row is not None:
            numbers = (row.numerator, row.base, row.value, row.low, row.high)
        lines.append((one.generation.name, entry.id, *numbers, _note(one)))
    return csv_file(f"generaciones_{asked.unit.code}_{entry.id}.csv", lines)


@router.get("/panel/resultados/{unit_code}/generaciones.png")
def series_picture(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The series as an image."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        page = _page(session, caller, asked, request, now=now)
    if page.chart is None:  # nothing to draw: the page says why
        return RedirectResponse(f"{asked.url}/generaciones?{asked.query}", 303)
    notes = [f"{row.generation}: {row.share}, {row.dated}. {row.note}" for row in page.rows]
    below = (f"{asked.unit.name}. {page.subtitle}", *notes)
    return picture_file(page.chart, f"generaciones_{asked.unit.code}.png", below=below)


def _entry(asked: Asked, request: Request) -> Indicator:
    """The share asked for.

    Raises:
        NotFound: the questionnaire has no such share.
    """
    number = asked.wave().questionnaire
    name = request.query_params.get("indicador", "")
    offered = _offered(number)
    found = next((one for one in offered if one.id == (name or FIRST[number])), None)
    if found is None and name in {one.id for n in FIRST for one in _offered(n)}:
        return indicator(FIRST[number])  # of another questionnaire: the form was sent whole
    if found is None:
        raise NotFound(indicator=name)
    return found


def _offered(number: int) -> list[Indicator]:
    return [entry for entry in outcomes_of(number) if entry.kind is Kind.PROPORTION]


def _page(
    session: Session, caller: Caller, asked: Asked, request: Request, *, now: datetime
) -> SeriesPage:
    top = unit_top(session, caller, asked, at="/generaciones")
    title = f"Generaciones. {asked.unit.name}"
    if asked.chosen is None:
        return SeriesPage(title, shell(caller, at=ROOT), top, (), "", "", None, (), None, "", "")
    entry = _entry(asked, request)
    found = _points(session, caller, asked, entry, now=now)
    public = asked.as_public
    said = _headline(entry, found)
    return SeriesPage(
        title=title,
        shell=shell(caller, at=ROOT),
        top=top,
        choices=tuple(
            Choice(one.id, one.name, chosen=one.id == entry.id)
            for one in _offered(asked.chosen.questionnaire)
        ),
        headline=said,
        subtitle=f"{entry.name}, cuestionario {asked.chosen.questionnaire}. {_base(found)}",
        chart=series_chart(
            [one.generation for one in found], key="serie", title=said, whole_percents=public
        ),
        rows=tuple(_row(one, whole=public) for one in found),
        definition=definition_of(entry.id, _newest(found)),
        csv_url=f"{asked.url}/generaciones.csv?{asked.query}&indicador={entry.id}",
        png_url=f"{asked.url}/generaciones.png?{asked.query}&indicador={entry.id}",
    )


def _points(
    session: Session, caller: Caller, asked: Asked, entry: Indicator, *, now: datetime
) -> list[_Point]:
    """Oldest first; each from the door, as this reader may see it."""
    number = asked.wave().questionnaire
    mine = [one for one in asked.all_fielded if one.questionnaire == number][:MOST]
    before: Mapping[str, Leaf] | None = None
    found = []
    for one in reversed(mine):
        report = indicators_report(
            session,
            caller.scope,
            WaveOfUnit(asked.unit, one.cohort, number),
            audience=Audience.PUBLIC if asked.as_public else None,
            now=now,
        )
        row = next((r for r in report.figures if r.id == entry.id), None)
        broken = ""
        if row is not None and row.value is not None:  # a break is between two figures
            questions = _questions(session, caller, asked, one, entry)
            broken = BROKEN if before is not None and before != questions else ""
            before = questions
        dated = dated_words(report.editions, asked.unit.time_zone, now=now)
        name = str(one.cohort)
        generation = (
            Generation(name, None, broken=broken)
            if row is None
            else Generation(name, row.value, row.low, row.high, broken)
        )
        found.append(_Point(one.cohort, generation, row, dated))
    found += _before(session, caller, asked, entry, number)
    return sorted(found, key=lambda one: (one.cohort.leaves, one.cohort.entered))


def _before(
    session: Session, caller: Caller, asked: Asked, entry: Indicator, number: int
) -> list[_Point]:
    """What papers of the time say of earlier generations: grey, and never compared."""
    category = entry.categories[0].id
    return [
        _Point(
            line.cohort,
            Generation(str(line.cohort), line.value, earlier=True),
            None,
            line.source,
            NOT_COMPARABLE if line.base is None else f"{NOT_COMPARABLE} Entre {line.base:,}.",
        )
        for line in past_figures(session, caller.scope, asked.unit.id)
        if (line.indicator, line.category, line.questionnaire) == (entry.id, category, number)
    ]


def _note(one: _Point) -> str:
    return one.generation.broken or one.note


def _questions(
    session: Session, caller: Caller, asked: Asked, one: Fielded, entry: Indicator
) -> Mapping[str, Leaf]:
    """The questions an indicator is made of, as that generation was asked them."""
    named = [entry.variable, *(condition.variable for condition in entry.among)]
    names = {part for name in named for part in MADE_OF.get(name, (name,))}
    of_wave = (asked.unit.id, one.cohort, one.questionnaire)
    found: dict[str, Leaf] = {}
    for version_id in sorted(versions_asked(session, caller.scope, *of_wave)):
        variables = fetch(session, version_id).variables
        found |= {name: variables[name] for name in names if name in variables}
    return found


def _headline(entry: Indicator, found: Sequence[_Point]) -> str:
    """How the newest generation stands, and the change since the one before it."""
    told = [one for one in found if one.row is not None]
    if not told or told[-1].row is None or told[-1].row.value is None:
        return entry.name
    newest = told[-1].row
    said = headline([newest])
    earlier = told[-2].row if len(told) > 1 and not told[-1].generation.broken else None
    if earlier is None or earlier.value is None or newest.value is None:
        return said
    return f"{said}; {_change(earlier, newest)}"


def _base(found: Sequence[_Point]) -> str:
    """Of how many, and of when, the newest figure is that is told."""
    told = [
        (one, one.row.base)
        for one in found
        if one.row is not None and one.row.base and one.row.value is not None
    ]
    if not told:
        return "La base no se muestra."
    newest, base = told[-1]
    return f"{newest.cohort}: entre {base:,} personas, {newest.dated}."


def _newest(found: Sequence[_Point]) -> list[IndicatorRow]:
    """The figure of the newest generation, whose numbers are worked through."""
    return [one.row for one in found if one.row is not None][-1:]


def _change(earlier: IndicatorRow, newest: IndicatorRow) -> str:
    """A change is called one only where the two margins do not meet."""
    points = int(in_percent((newest.value or 0) - (earlier.value or 0)))
    apart = (newest.low or 0) > (earlier.high or 1) or (newest.high or 1) < (earlier.low or 0)
    if not apart:
        return "sin cambio claro desde la generación anterior"
    word = "más" if points > 0 else "menos"
    unit = "punto" if abs(points) == 1 else "puntos"
    return f"{abs(points)} {unit} {word} que la generación anterior"


def _row(one: _Point, *, whole: bool) -> SeriesRow:
    row = one.row
    if row is None:
        share = percent(one.generation.value, whole=True)
        return SeriesRow(one.generation.name, share, "", "", one.dated, one.note)
    interval = (
        ""
        if row.low is None or row.high is None
        else f"de {percent(row.low, whole=whole)} a {percent(row.high, whole=whole)}"
    )
    people = "" if row.base is None else f"entre {row.base:,}"
    if row.numerator is not None:
        people = f"{row.numerator:,} de {row.base or 0:,}"
    reason = "" if row.reason is None else str(row.reason)
    note = " ".join(filter(None, (_note(one), reason)))
    return SeriesRow(
        one.generation.name, percent(row.value, whole=whole), people, interval, one.dated, note
    )
