"""Units beside each other: sorted dots with the target, and a funnel that ranks nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.charts.compare import DotLine, Funnel, Mark, Place, dot_chart, funnel
from app.analytics.charts.drawing import Drawing
from app.chronology.calendar import civil_date
from app.fieldwork.queries import OutcomeCounts, Trait, progress_by, unit_outcome_counts
from app.fieldwork.unit_progress import (
    SchoolProgress,
    UnitProgress,
    counts_below,
    progress_of_schools,
    waves_below,
)
from app.units import queries as units
from app.units.tables import UnitKind
from app.web.pictures import picture_file
from app.web.render import Page, render, say_date
from app.web.sheets import Cell, csv_file
from app.web.staff.chronology import TARGET
from app.web.staff.results_asked import ROOT, Asked, Reader, UnitTop, asked_of, unit_top
from app.web.staff.shell import Shell, shell
from app.web.staff.told_rates import ToldNumbers, ToldRate, told_numbers, told_rate
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
AS_PUBLIC = "Así lo leería el público."
NOTHING = "Aquí se compararán los grupos o los planteles en cuanto se abra un cuestionario."
HIDDEN_ALL = (
    "Ninguna de estas tasas se publicaría: son de menos de 23 personas, o con ellas se sabría de "
    "alguien si respondió."
)
MARK = Mark(TARGET / 100, f"Meta {TARGET}\u00a0%")


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
    empty: str  # why there is no drawing


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
        told = (
            [(one.name, one.told) for one in _schools(session, caller, asked)]
            if funnelled
            else [(one.name, one.rate.numbers) for one in _lines(session, caller, asked)]
        )
    heading: Sequence[Cell] = ("nombre", "respondieron", "lista", "tasa")
    rows: list[Sequence[Cell]] = [
        (name, one.answered, one.listed, None if one.share is None else round(one.share, 4))
        for name, one in told
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
    """A unit or a group with people, as this reader may have its rate."""

    name: str
    url: str
    rate: ToldRate

    @property
    def reaches(self) -> bool:
        return self.rate.share is not None and self.rate.share >= TARGET / 100


@dataclass(frozen=True, slots=True)
class _School:
    """A school of the funnel: words are for those that stand outside of it."""

    school: SchoolProgress
    told: ToldNumbers

    @property
    def name(self) -> str:
        return f"{self.school.name}, {self.school.code}"


def _lines(session: Session, caller: Caller, asked: Asked) -> list[_Line]:
    """Groups or units with people, the highest rate first."""
    if asked.chosen is None:
        return []
    wave = asked.wave()
    if asked.unit.kind is UnitKind.SCHOOL:
        waves = waves_below(session, caller.scope, asked.unit.id, wave.cohort, wave.questionnaire)
        found: list[tuple[str, str, OutcomeCounts | UnitProgress]] = [
            (f"Grupo {line.value}" if line.value else "Sin grupo", "", line.counts)
            for wave_id in waves
            for line in progress_by(session, caller.scope, wave_id, Trait.GROUP)
        ]
    else:
        below = units.children(session, caller.scope, asked.unit.id)
        counts = counts_below(
            session, caller.scope, [one.id for one in below], wave.cohort, wave.questionnaire
        )
        found = [
            (one.name, f"{ROOT}/{one.code}?{asked.query}", counts[one.id])
            for one in below
            if one.id in counts
        ]
    return sorted(
        (_line(asked, *one) for one in found if one[2].frame),
        key=lambda line: (1.0 if line.rate.share is None else -line.rate.share, line.name),
    )


def _line(asked: Asked, name: str, url: str, counts: OutcomeCounts | UnitProgress) -> _Line:
    return _Line(name, url, told_rate(counts.answered, counts.frame, public=asked.as_public))


def _page(
    session: Session, caller: Caller, asked: Asked, lines: Sequence[_Line], *, now: datetime
) -> ComparePage:
    title = _dots_title(lines)
    dots = dot_chart(
        [DotLine(one.name, one.rate.share, one.rate.short) for one in lines[:MOST_DOTS]],
        key="puntos",
        title=title,
        mark=MARK,
    )
    schools = _schools(session, caller, asked)
    made = _funnel(schools)
    return ComparePage(
        title=f"Comparar. {asked.unit.name}",
        shell=shell(caller, at=ROOT),
        top=unit_top(session, caller, asked, at="/comparar"),
        dots_title=title,
        subtitle=_subtitle(session, caller, asked, now=now),
        dots=dots,
        rest=f"Se dibujan {MOST_DOTS} de {len(lines):,}; la tabla los tiene todos."
        if len(lines) > MOST_DOTS
        else "",
        rows=tuple(CompareRow(one.name, one.url, one.rate.words) for one in lines),
        funnel_title="" if made is None else _funnel_title(made),
        funnel=None if made is None else made.drawing,
        funnel_notes=() if made is None else tuple(_funnel_notes(made)),
        csv_url=f"{asked.url}/comparar.csv?{asked.query}",
        png_url=f"{asked.url}/comparar.png?{asked.query}",
        outside=() if made is None else tuple(_outside(made, asked, schools)),
        empty="" if dots is not None else HIDDEN_ALL if lines else NOTHING,
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
    whole = told_rate(counts.answered, counts.frame, public=asked.as_public).words
    said = f"Tasa de respuesta (RR2) al {day}. En conjunto: {whole}."
    return f"{said} {AS_PUBLIC}" if asked.as_public else said


def _dots_title(lines: Sequence[_Line]) -> str:
    told = [one for one in lines if one.rate.share is not None]
    reached = sum(one.reaches for one in told)
    if not told:
        return "Nada que se pueda publicar" if lines else "Todavía no hay nada que comparar"
    if len(told) == 1:
        verb = "alcanza" if reached else "todavía no alcanza"
        return f"{told[0].name} {verb} la meta de {TARGET}\u00a0%"
    if not reached:
        return f"Todavía ninguna fila alcanza la meta de {TARGET}\u00a0%"
    if reached == len(told):
        return f"Todas las filas alcanzan la meta de {TARGET}\u00a0%"
    verb = "alcanza" if reached == 1 else "alcanzan"
    return f"{reached:,} de {len(told):,} {verb} la meta de {TARGET}\u00a0%"


def _schools(session: Session, caller: Caller, asked: Asked) -> list[_School]:
    """Every school below a unit, by its name and key; a school itself has none."""
    if asked.chosen is None or asked.unit.kind is UnitKind.SCHOOL:
        return []
    wave = asked.wave()
    found = progress_of_schools(
        session, caller.scope, asked.unit.id, wave.cohort, wave.questionnaire
    )
    public = asked.as_public
    return [_School(one, told_numbers(one.answered, one.listed, public=public)) for one in found]


def _funnel(schools: Sequence[_School]) -> Funnel | None:
    places = [
        Place(one.name, one.told.share * one.told.listed, one.told.listed)
        for one in schools
        if one.told.share is not None and one.told.listed
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


def _outside(made: Funnel, asked: Asked, schools: Sequence[_School]) -> Iterator[CompareRow]:
    by_name = {one.name: one.school for one in schools}
    for place in made.outside:
        school = by_name[place.name]
        rate = told_rate(school.answered, school.listed, public=asked.as_public)
        yield CompareRow(place.name.rpartition(", ")[0], f"{ROOT}/{school.code}", rate.words)
