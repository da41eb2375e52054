"""Move a field period of a unit and generation, with a reason that is kept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.chronology.table import MONTHS
from app.chronology.wave_plan import Cohort, FieldPeriod, parse_cohort
from app.errors import AppError
from app.fieldwork import chronology_queries
from app.fieldwork.calendars import CalendarFixed, CohortUnknown, choose_exit
from app.fieldwork.chronology_queries import ChangeRow
from app.fieldwork.windows import Move, move_window
from app.staff import audit
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller, Db, Form, Now, Permits, field

router = APIRouter()
Mover = Annotated[Caller, Depends(Permits(Permission.MOVE_WINDOW))]
NAMES = ("generation", "questionnaire", "opens", "last_day", "reason")


@dataclass(frozen=True, slots=True)
class WindowsPage(Page):
    """The form, and what was moved before."""

    template: ClassVar[str] = "staff/windows.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    own_generations: tuple[str, ...]
    months: tuple[str, ...]
    generations: tuple[str, ...]
    generation: str
    questionnaire: str
    opens: str
    last_day: str
    reason: str
    issues: tuple[Issue, ...]
    changes: tuple[ChangeRow, ...]


@router.get("/panel/cronologia/{unit_code}/fechas")
def windows_page(unit_code: str, caller: Mover, db: Db, now: Now) -> Response:
    """The form."""
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        return render(_page(session, caller, unit, {}, (), now=now))


@router.post("/panel/cronologia/{unit_code}/fechas")
def move(unit_code: str, caller: Mover, form: Form, db: Db, now: Now) -> Response:
    """Move one window."""
    typed = {name: field(form, name) for name in NAMES}
    asked = _read(typed, caller)
    if isinstance(asked, Issue):
        return _again(unit_code, caller, db, typed, asked, now=now)
    try:
        with db.unit_of_work() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            move_window(session, unit.id, asked, now=now)
            audit.append(
                session,
                "window.moved",
                actor_id=caller.actor.account_id,
                about=("unit", unit.code),
                unit_id=unit.id,
                now=now,
                generation=str(asked.cohort),
                questionnaire=asked.period.wave,
                opens=asked.period.opens.isoformat(),
                closes=asked.period.closes.isoformat(),
            )
    except AppError as refusal:
        if refusal.status not in {409, 422}:
            raise
        return _again(unit_code, caller, db, typed, Issue("opens", refusal.mensaje), now=now)
    return RedirectResponse(f"/panel/cronologia/{unit_code}", 303)


@router.post("/panel/cronologia/{unit_code}/egreso")
def choose(unit_code: str, caller: Mover, form: Form, db: Db, now: Now) -> Response:
    """Say in which month a generation leaves; its calendar follows."""
    typed = {name: field(form, name) for name in ("exit_generation", "exit_month")}
    try:
        cohort, month = parse_cohort(typed["exit_generation"]), int(typed["exit_month"])
        with db.unit_of_work() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            calendar = choose_exit(session, unit.id, cohort, month=month)
            audit.append(
                session,
                "calendar.chosen",
                actor_id=caller.actor.account_id,
                about=("unit", unit.code),
                unit_id=unit.id,
                now=now,
                generation=str(cohort),
                exit_month=month,
                calendar=calendar.value,
            )
    except ValueError:
        issue = Issue("exit_generation", "Elija la generación y el mes en que egresa.")
        return _again(unit_code, caller, db, {}, issue, now=now)
    except (CalendarFixed, CohortUnknown) as refusal:
        issue = Issue("exit_generation", refusal.mensaje)
        return _again(unit_code, caller, db, {}, issue, now=now)
    return RedirectResponse(f"/panel/cronologia/{unit_code}", 303)


def _read(typed: dict[str, str], caller: Caller) -> Move | Issue:
    try:
        cohort = parse_cohort(typed["generation"])
    except ValueError:
        return Issue("generation", "Elija la generación, por ejemplo 2023-2026.")
    if typed["questionnaire"] not in {"1", "2", "3"}:
        return Issue("questionnaire", "Elija el cuestionario 1, 2 o 3.")
    opens, last_day = _day(typed["opens"]), _day(typed["last_day"])
    if opens is None:
        return Issue("opens", "Escriba el primer día, por ejemplo 2026-10-01.")
    if last_day is None or last_day < opens:
        return Issue("last_day", "Escriba el último día, igual o posterior al primero.")
    if not typed["reason"]:
        return Issue("reason", "Escriba por qué se mueve la fecha; queda en la bitácora.")
    period = FieldPeriod(int(typed["questionnaire"]), opens, last_day + timedelta(days=1))
    return Move(cohort, period, typed["reason"][:300], caller.actor.account_id)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2100 else None


def _again(
    unit_code: str, caller: Caller, db: Db, typed: dict[str, str], issue: Issue, *, now: datetime
) -> Response:
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        return render(_page(session, caller, unit, typed, (issue,), now=now), status=422)


def _page(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    typed: dict[str, str],
    issues: tuple[Issue, ...],
    *,
    now: datetime,
) -> WindowsPage:
    found = chronology_queries.unit_chronology(session, caller.scope, unit.id)
    standard = {Cohort(year - 3, year) for year in range(now.year - 1, now.year + 3)}
    cohorts = sorted({*found.cohorts, *standard}, reverse=True)
    return WindowsPage(
        title="Mover una fecha",
        shell=shell(caller, at="/panel"),
        trail=(
            Crumb(unit.name, f"/panel/cronologia/{unit.code}"),
            Crumb("Mover una fecha"),
        ),
        action=f"/panel/cronologia/{unit.code}",
        own_generations=tuple(str(one) for one in sorted(found.cohorts, reverse=True)),
        months=MONTHS,
        generations=tuple(str(one) for one in cohorts if not one.earlier_strategy),
        **{name: typed.get(name, "") for name in NAMES},
        issues=issues,
        changes=chronology_queries.changes_of(session, caller.scope, unit.id),
    )
