"""Units beside each other: sorted dots with the target, and a funnel that ranks nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.charts_compare import DotLine, Funnel, Mark, Place, dot_chart, funnel
from app.analytics.drawing import Drawing
from app.chronology.calendar import civil_date
from app.fieldwork.queries import OutcomeCounts, Trait, progress_by, unit_outcome_counts
from app.fieldwork.unit_progress import counts_below, progress_of_schools, waves_below
from app.units import queries as units
from app.units.tables import UnitKind
from app.web.pictures import picture_file
from app.web.render import Page, render, say_date
from app.web.sheets import Cell, csv_file
from app.web.staff.chronology import TARGET
from app.web.staff.results_asked import ROOT, Asked, Reader, UnitTop, asked_of, unit_top
from app.web.staff.shell import Shell, shell
from app.web.staff.wave_words import rate_in_words
from app.web.wiring import Caller, Db, Now

router = APIRouter()
MOST_DOTS = 60  # more are in the table alone
EVERY_POINT = (
    "Cada punto es un plantel: a la derecha los de lista más larga. Entre las líneas, la "
    "diferencia con la tasa de todos puede ser azar: no hay lugares ni posiciones que dar."
)
OVERDISPERSED = (
    "Los planteles difieren entre sí mucho más que por azar (dispersión {spread:.1f}, donde 1 "
    "sería solo azar): quedar fuera de los límites dice poco de uno solo; pregunte primero en qué "
    "condiciones levanta."
)
MARK = Mark(TARGET / 100, f"Meta {TARGET} %")


@dataclass(frozen=True, slots=True)
class CompareRow:
    """A unit or a group, in numbers."""

    name: str
    url: str
    progress: str


@dataclass(frozen=True, slots=True)
class ComparePage(Page):
    """Rates of response of what a unit is made of."""

    template: ClassVar[str] = "staff/results_compare.html"
    title: str
    shell: Shell
    top: UnitTop
    dots_title: str
    subtitle: str
    dots: Drawing | None
    rest: str
    rows: tuple[CompareRow, ...]
    funnel_title: str
    funnel: Drawing | None
    funnel_notes: tuple[str, ...]
    csv_url: str
    png_url: str
    outside: tuple[CompareRow, ...]


@router.get("/panel/resultados/{unit_code}/comparar")
def compare_page(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """Groups of a school, or units and schools of an office, by their rate of response."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        lines = _lines(session, caller, asked)
        page = _page(session, caller, asked, lines, now=now)
    return render(page)


@router.get("/panel/resultados/{unit_code}/comparar.csv")
def compare_sheet(unit_code: str, request: Request, caller: Reader, db: Db) -> Response:
    """The same rates for a spreadsheet; with `?grafica=embudo` the schools of the funnel."""
    funnelled = request.query_params.get("grafica") == "embudo"
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        lines = (_school_lines if funnelled else _lines)(session, caller, asked)
    heading: Sequence[Cell] = ("nombre", "respondieron", "lista", "tasa")
    rows: list[Sequence[Cell]] = [
        (one.name, one.counts.answered, one.counts.frame, round(float(one.counts.rate or 0), 4))
        for one in lines
    ]
    name = "embudo" if funnelled else "comparar"
    return csv_file(f"{name}_{asked.unit.code}.csv", [heading, *rows])


@router.get("/panel/resultados/{unit_code}/comparar.png")
def compare_picture(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The dots, or with `?grafica=embudo` the funnel."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        page = _page(session, caller, asked, _lines(session, caller, asked), now=now)
    funnelled = request.query_params.get("grafica") == "embudo"
    chart = page.funnel if funnelled else page.dots
    if chart is None:  # nothing to draw: the page says why
        return RedirectResponse(f"{asked.url}/comparar?{asked.query}", 303)
    of = f"{asked.unit.name}. {page.subtitle}"
    notes = page.funnel_notes if funnelled else ()
    name = f"comparar_{asked.unit.code}_{chart.key}.png"
    return picture_file(chart, name, below=(of, *notes))


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    url: str
    counts: OutcomeCounts


def _lines(session: Session, caller: Caller, asked: Asked) -> list[_Line]:
    """Groups or units with people, the highest rate first."""
    if asked.chosen is None:
        return []
    wave = asked.wave()
    if asked.unit.kind is UnitKind.SCHOOL:
        waves = waves_below(session, caller.scope, asked.unit.id, wave.cohort, wave.questionnaire)
        found = [
            _Line(f"Grupo {line.value}" if line.value else "Sin grupo", "", line.counts)
            for wave_id in waves
            for line in progress_by(session, caller.scope, wave_id, Trait.GROUP)
        ]
    else:
        below = units.children(session, caller.scope, asked.unit.id)
        counts = counts_below(
            session, caller.scope, [one.id for one in below], wave.cohort, wave.questionnaire
        )
        found = [
            _Line(one.name, f"{ROOT}/{one.code}?{asked.query}", counts[one.id])
            for one in below
            if one.id in counts
        ]
    with_people = [line for line in found if line.counts.frame]
    return sorted(with_people, key=lambda line: (-(line.counts.rate or 0), line.name))


def _page(
    session: Session, caller: Caller, asked: Asked, lines: Sequence[_Line], *, now: datetime
) -> ComparePage:
    title = _dots_title(lines)
    shown = lines[:MOST_DOTS]
    made = _funnel(session, caller, asked)
    return ComparePage(
        title=f"Comparar. {asked.unit.name}",
        shell=shell(caller, at=ROOT),
        top=unit_top(session, caller, asked, at="/comparar"),
        dots_title=title,
        subtitle=_subtitle(session, caller, asked, now=now),
        dots=dot_chart(
            [DotLine(one.name, float(one.counts.rate or 0), _numbers(one)) for one in shown],
            key="puntos",
            title=title,
            mark=MARK,
        ),
        rest=f"Se dibujan {MOST_DOTS} de {len(lines):,}; la tabla los tiene todos."
        if len(lines) > MOST_DOTS
        else "",
        rows=tuple(CompareRow(one.name, one.url, _numbers(one)) for one in lines),
        funnel_title="" if made is None else _funnel_title(made),
        funnel=None if made is None else made.drawing,
        funnel_notes=() if made is None else tuple(_funnel_notes(made)),
        csv_url=f"{asked.url}/comparar.csv?{asked.query}",
        png_url=f"{asked.url}/comparar.png?{asked.query}",
        outside=() if made is None else tuple(_outside(place) for place in made.outside),
    )


def _subtitle(session: Session, caller: Caller, asked: Asked, *, now: datetime) -> str:
    """Of what the rates are, with those of the whole unit and the day."""
    if asked.chosen is None:
        return ""
    wave = asked.wave()
    counts = unit_outcome_counts(
        session, caller.scope, asked.unit.id, wave.cohort, wave.questionnaire
    )
    day = say_date(civil_date(now, asked.unit.time_zone), "d 'de' MMMM 'de' y")
    whole = rate_in_words(counts.answered, counts.frame)
    return f"Tasa de respuesta (RR2) al {day}. En conjunto: {whole}."


def _dots_title(lines: Sequence[_Line]) -> str:
    reached = sum(float(one.counts.rate or 0) * 100 >= TARGET for one in lines)
    if not lines:
        return "Todavía no hay nada que comparar"
    if not reached:
        return f"Todavía ninguna fila alcanza la meta de {TARGET} %"
    if reached == len(lines):
        return f"Todas las filas alcanzan la meta de {TARGET} %"
    return f"{reached:,} de {len(lines):,} alcanzan la meta de {TARGET} %"


def _numbers(line: _Line) -> str:
    return rate_in_words(line.counts.answered, line.counts.frame)


def _school_lines(session: Session, caller: Caller, asked: Asked) -> list[_Line]:
    """Every school below, by its name and key."""
    if asked.chosen is None:
        return []
    wave = asked.wave()
    found = progress_of_schools(
        session, caller.scope, asked.unit.id, wave.cohort, wave.questionnaire
    )
    return [_Line(f"{one.name}, {one.code}", "", one.counts) for one in found]


def _funnel(session: Session, caller: Caller, asked: Asked) -> Funnel | None:
    if asked.chosen is None or asked.unit.kind is UnitKind.SCHOOL:
        return None
    places = [
        Place(one.name, one.counts.answered, one.counts.frame)
        for one in _school_lines(session, caller, asked)
    ]
    made = funnel(places, key="embudo", title="")
    if made is None:
        return None
    return replace(made, drawing=replace(made.drawing, title=_funnel_title(made)))


def _funnel_title(made: Funnel) -> str:
    if not made.outside:
        return "Ningún plantel se aparta de los demás más de lo que haría el azar"
    if len(made.outside) == 1:
        return "1 plantel se aparta de los demás más de lo que haría el azar"
    return f"{len(made.outside):,} planteles se apartan de los demás más de lo que haría el azar"


def _funnel_notes(made: Funnel) -> Sequence[str]:
    notes = [EVERY_POINT]
    if made.overdispersed:
        notes.append(OVERDISPERSED.format(spread=made.spread))
    return notes


def _outside(place: Place) -> CompareRow:
    name, _, code = place.name.rpartition(", ")
    return CompareRow(name, f"{ROOT}/{code}", rate_in_words(place.answered, place.base))
