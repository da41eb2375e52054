"""The first page of the panel: the chronological table of a school or of an office."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.sign_off import SignOffState
from app.analytics.sign_off_list import closes_below
from app.chronology.calendar import civil_date
from app.chronology.table import ChronologyTable, chronology_table, months, standard_cohorts
from app.chronology.wave_plan import Cohort, FieldPeriod, school_year
from app.db import marks
from app.fieldwork import chronology_queries, troubles
from app.fieldwork.chronology_queries import UnitChronology
from app.fieldwork.fitting import held_waves
from app.fieldwork.percents import as_percent, in_percent
from app.fieldwork.table_cells import Cell, CellState, cell_of
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit, UnitKind
from app.web.render import Page, render, say_date
from app.web.staff import walk
from app.web.staff.pending_tasks import close_tasks, pending_tasks
from app.web.staff.shell import Crumb, Shell, Task, shell
from app.web.staff.sign_off_words import CloseMark, close_mark
from app.web.staff.units import crumbs
from app.web.wiring import Caller, Db, Now, Permits

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_CHRONOLOGY))]

TARGET = 65  # percent; knowledge rate NACE asks for, the sensible target to print (domain.md 5)
GENERATIONS_SHOWN = 4  # without a directory: those in or near their field time
SCHOOLS_SHOWN = 50
MOST_TASKS = 5
PAUSES_SHOWN = 3
_HELD = {False: "Mensajes detenidos", True: "Mensajes que llegarán tarde"}
_WAYS_OUT = {
    "mail": "El servidor de correo",
    "sms": "El servicio de mensajes SMS",
    "whatsapp": "El servicio de WhatsApp",
}

Closes = Mapping[tuple[Cohort, int], Mapping[SignOffState, int]]  # by generation and number
STATE_WORDS = {
    CellState.PLANNED: "Planeado",
    CellState.OPEN: "Abierto",
    CellState.PAUSED: "En pausa",
    CellState.CLOSED: "Cerrado",
    CellState.MISSED: "No se aplicó",
    CellState.EARLIER: "Estrategia anterior",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A school year; `today` names the day in the column that holds it."""

    school_year: str
    today: str


@dataclass(frozen=True, slots=True)
class Station:
    """One wave, as its cell shows it."""

    number: int
    classes: str
    window: str
    school_year: str
    state: str
    fill: int | None
    target: int
    progress: str
    close: CloseMark | None
    url: str | None


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell: its stations, or only the line; where the mark of today falls, in percent."""

    classes: str
    stations: tuple[Station, ...]
    today_at: int | None


@dataclass(frozen=True, slots=True)
class RowView:
    """One generation."""

    label: str
    note: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school under the table of an office."""

    name: str
    code: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class ChronologyPage(Page):
    """The chronological table."""

    template: ClassVar[str] = "staff/chronology.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    lead: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[RowView, ...]
    footnote: str
    today: tuple[Task, ...]
    schools: tuple[SchoolLine, ...]
    more_schools: str | None
    move_url: str | None
    rehearsal_url: str | None
    past_url: str | None


@router.get("/panel")
def home(request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The table of the caller's own unit; several units: choose one; none yet: the walk."""
    with db.reading() as session:
        tops = units.tops(session, caller.scope)
        if not tops and caller.actor.may(Permission.MANAGE_UNITS):
            return RedirectResponse("/panel/primeros-pasos", 303)
        if len(tops) != 1:
            return RedirectResponse("/panel/unidades", 303)
        unit = units.unit_by_code(session, caller.scope, tops[0].code)
        page = _page(session, caller, unit, _asked(request), now=now)
    return render(page)


@router.get("/panel/cronologia/{unit_code}")
def table_page(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The table of one unit; `?desde=2012&hasta=2015` shows other generations."""
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, unit, _asked(request), now=now)
    return render(page)


def _asked(request: Request) -> tuple[int, int] | None:
    """First years asked for in the address, if they are years and not too many."""
    first, last = request.query_params.get("desde", ""), request.query_params.get("hasta", "")
    if not (first.isdecimal() and last.isdecimal() and len(first) == len(last) == 4):
        return None
    return (int(first), int(last)) if 1990 <= int(first) <= int(last) <= int(first) + 30 else None


def _page(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    asked: tuple[int, int] | None,
    *,
    now: datetime,
) -> ChronologyPage:
    today = civil_date(now, unit.time_zone)
    found = chronology_queries.unit_chronology(session, caller.scope, unit.id)
    cohorts = _cohorts(found, asked, today)
    table = chronology_table(reversed(cohorts), found.periods_of)
    school = unit.kind is UnitKind.SCHOOL
    closed = {key: one.waves - one.open_waves for key, one in found.counts.items()}
    closes = closes_below(session, caller.scope, unit.id, closed)
    signs = caller.actor.may(Permission.SIGN_OFF)
    return ChronologyPage(
        title=unit.name,
        shell=shell(caller, at="/panel"),
        trail=crumbs(session, caller, unit),
        lead=f"Hoy es {say_date(today)} de {today.year}. Ciclo escolar {school_year(today)}.",
        caption="Tabla cronológica: cada generación recorre tres cuestionarios. "
        + ("" if school else f"Suma de {found.schools:,} planteles."),
        columns=_columns(table, today),
        rows=tuple(_row(found, table, i, today, closes) for i in range(len(table.rows))),
        footnote=_footnote(table),
        today=(
            *pending_tasks(session, caller, unit, now=now),
            *(close_tasks(closes.values(), school=school) if signs else ()),
            *_tasks(session, caller, found, unit),
        )[:MOST_TASKS],
        schools=() if school else _schools(session, caller, unit),
        more_schools=None if school else f"/panel/unidades/{unit.code}",
        move_url=f"/panel/cronologia/{unit.code}/fechas"
        if caller.actor.may(Permission.MOVE_WINDOW)
        else None,
        past_url=f"/panel/cronologia/{unit.code}/anteriores"
        if caller.actor.may(Permission.SEE_OUTCOMES)
        else None,
        rehearsal_url=f"/panel/unidades/{unit.code}/ensayo"
        if caller.actor.may(Permission.SEE_MESSAGES)
        else None,
    )


def _cohorts(found: UnitChronology, asked: tuple[int, int] | None, today: date) -> list[Cohort]:
    """Oldest first: those of the directory, and the standard ones in or near their field time."""
    if asked is not None:
        return sorted({*standard_cohorts(*asked)}, key=lambda one: (one.leaves, one.entered))
    newest = today.year - 3 if today.month < 8 else today.year - 2
    standard = standard_cohorts(newest - GENERATIONS_SHOWN + 1, newest)
    return sorted({*found.cohorts, *standard}, key=lambda one: (one.leaves, one.entered))


def _columns(table: ChronologyTable, today: date) -> tuple[Column, ...]:
    here = school_year(today)
    return tuple(
        Column(year, f"hoy, {say_date(today, 'd MMM')}" if year == here else "")
        for year in table.school_years
    )


def _row(
    found: UnitChronology, table: ChronologyTable, index: int, today: date, closes: Closes
) -> RowView:
    row = table.rows[index]
    filled = [place for place, periods in enumerate(row.cells) if periods]
    cells = []
    for place, periods in enumerate(row.cells):
        year = table.school_years[place]
        classes = _line_classes(place, filled)
        at = None
        if year == school_year(today):
            classes.append("today-col")
            at = _share_of_year(year, today)
        if periods:
            classes.append("has-station")
        stations = (
            _station(found, _cell(found, row.cohort, one, today), closes, today) for one in periods
        )
        cells.append(CellView(" ".join(classes), tuple(stations), at))
    note = "" if row.cohort in found.cohorts or row.cohort.earlier_strategy else "sin lista"
    return RowView(row.cohort.label, note, tuple(cells))


def _line_classes(place: int, filled: Sequence[int]) -> list[str]:
    if not filled or not filled[0] <= place <= filled[-1]:
        return []
    ends = {filled[0]: "rail-start", filled[-1]: "rail-end"}
    return ["rail", ends[place]] if place in ends else ["rail"]


def _share_of_year(year: str, today: date) -> int:
    first = date(int(year[:4]), 8, 1)
    return round(100 * (today - first) / timedelta(days=366))


def _cell(found: UnitChronology, cohort: Cohort, period: FieldPeriod, today: date) -> Cell:
    counts = found.counts_of(cohort, period.wave)
    return cell_of(cohort, period, counts, today=today, has_people=cohort in found.cohorts)


def _station(found: UnitChronology, cell: Cell, closes: Closes, today: date) -> Station:
    counts, rate = cell.counts, cell.counts.rate
    moved = found.is_moved(cell.cohort, cell.period.wave)
    below = counts.open_waves > 0 and today not in cell.period
    return Station(
        number=cell.period.wave,
        classes=f"is-{cell.state.value}",
        window=_window(cell.period, moved=moved, below=below),
        school_year=cell.period.school_year,
        state=STATE_WORDS[cell.state],
        fill=None if rate is None else int(in_percent(rate)),
        target=TARGET,
        progress=""
        if rate is None
        else f"{counts.answered:,} de {counts.fielded:,} · {as_percent(rate)}",
        close=close_mark(closes.get((cell.cohort, cell.period.wave), {})),
        url=found.wave_url(cell.cohort, cell.period.wave) if counts.waves else None,
    )


def _window(period: FieldPeriod, *, moved: bool, below: bool) -> str:
    """`below`: open on a day outside the period, which only schools further down can have moved."""
    if not moved:
        official = f"{months(period)} {period.opens.year}"
        return f"{official} (fecha movida en algún plantel)" if below else official
    last = period.closes - timedelta(days=1)
    return f"{say_date(period.opens, 'd MMM')} a {say_date(last, 'd MMM y')} (fecha movida)"


def _footnote(table: ChronologyTable) -> str:
    if any(row.cohort.earlier_strategy for row in table.rows):
        return "* Se aplicó conforme a la estrategia anterior: se muestra y no se envía nada."
    return ""


def _tasks(
    session: Session, caller: Caller, found: UnitChronology, unit: OrganisationUnit
) -> tuple[Task, ...]:
    """Things that need a person, each with its button."""
    tasks = [*_standing_still(session, caller, unit)]
    if unit.kind is UnitKind.SCHOOL and caller.actor.may(Permission.MANAGE_INSTITUTION):
        tasks += [
            Task(f"Falta: {step.text.lower()}. {step.hint}", step.url, step.button)
            for step in walk.steps(session, caller)
            if step.state == "now"
        ]
    tasks += [
        Task(
            f"{_HELD[one.late]}, {one.school}, Cuestionario {one.questionnaire}: no alcanzarían a "
            "salir a tiempo.",
            f"/panel/unidades/{unit.code}/ensayo",
            "Ver qué ayuda",
        )
        for one in held_waves(session, caller.scope, unit.id)
        if caller.actor.may(Permission.SEE_MESSAGES)
    ]
    if found.unconfirmed and caller.actor.may(Permission.IMPORT_ROSTER):
        one = found.unconfirmed == 1
        people = "1 persona espera" if one else f"{found.unconfirmed:,} personas esperan"
        tasks.append(
            Task(
                f"{people} que control escolar confirme su egreso.",
                f"/panel/listas/nueva?unidad={unit.code}",
                "Confirmar el egreso",
            )
        )
    return tuple(tasks)


def _standing_still(session: Session, caller: Caller, unit: OrganisationUnit) -> Iterator[Task]:
    """Messages that wait for somebody: the mail server refuses us, or a wave was paused."""
    if caller.actor.may(Permission.MANAGE_INSTITUTION):
        for channel, name in marks.PROBLEM_OF.items():
            problem = marks.marked(session, name)
            if problem is not None:
                yield Task(
                    f"{_WAYS_OUT[channel]} nos rechaza y los mensajes esperan ({problem}). "
                    "Avise a quien administra el servidor.",
                    None,
                    "",
                )
    for wave in troubles.paused_waves(session, caller.scope, unit.id, limit=PAUSES_SHOWN):
        whose = "" if unit.kind is UnitKind.SCHOOL else f" de {wave.school}"
        yield Task(
            f"Los mensajes del cuestionario {wave.questionnaire}, generación {wave.cohort}{whose}, "
            f"están en pausa. {wave.reason}.",
            f"/panel/olas/{wave.id}",
            "Ver y reanudar",
        )


def _schools(session: Session, caller: Caller, unit: OrganisationUnit) -> tuple[SchoolLine, ...]:
    lines = chronology_queries.schools_in_field(session, caller.scope, unit.id, limit=SCHOOLS_SHOWN)
    return tuple(
        SchoolLine(
            line.name,
            line.code,
            f"/panel/cronologia/{line.code}",
            f"{line.answered:,} de {line.fielded:,} en {line.open_waves} abiertos"
            if line.open_waves
            else "Nada abierto",
        )
        for line in lines
    )
