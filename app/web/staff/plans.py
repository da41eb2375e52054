"""The contact plan of a unit: when each message leaves, for itself and all below."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from app.chronology.calendar import civil_date
from app.chronology.contact_plan import ContactPlan, SendingHours, Step, StepRule, planned_steps
from app.fieldwork.plans import (
    PlanInForce,
    PlanRefused,
    PlanVersion,
    choose_plan,
    plan_in_force,
    versions_of,
)
from app.fieldwork.windows import next_window
from app.staff import audit
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit
from app.web.render import Page, render, say_date
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.staff.wave_lists import Choice
from app.web.staff.wave_pages import local_moment
from app.web.staff.wave_words import STEP_WORDS
from app.web.wiring import Caller, Db, Form, Now, Permits, field

router = APIRouter()
Manager = Annotated[Caller, Depends(Permits(Permission.MANAGE_INSTITUTION))]
DONE = {
    "guardado": "Se guardó el plan. Cuenta para los mensajes que todavía no están en cola.",
    "heredado": "Este plan ya no es propio: se usa el de arriba.",
}
HINTS = {
    Step.INVITATION: "Días después de abrir; 0 es el primer día.",
    Step.LAST_CALL: "Días antes del cierre. Déjelo vacío para no enviarlo.",
}
OTHERWISE = "Días después de abrir. Déjelo vacío para no enviarlo."
SHOWN = 10  # changes in the history


@dataclass(frozen=True, slots=True)
class StepField:
    """One step of the form."""

    name: str
    label: str
    hint: str
    value: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """A step on the day of the next field period."""

    day: str
    step: str


@dataclass(frozen=True, slots=True)
class PlanPage(Page):
    """The plan of one questionnaire."""

    template: ClassVar[str] = "staff/plan.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    texts_url: str
    choices: tuple[Choice, ...]
    questionnaire: int
    origin: str
    own: bool
    steps: tuple[StepField, ...]
    most: str
    gap: str
    opens: str
    closes: str
    preferred: str
    weekdays_only: bool
    window: str
    days: tuple[DayLine, ...]
    changes: tuple[tuple[str, str], ...]
    done: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class _Typed:
    """What a form holds: as typed, or as the plan in force says it."""

    steps: tuple[tuple[Step, str], ...]
    most: str
    gap: str
    opens: str
    closes: str
    preferred: str
    weekdays_only: bool


@dataclass(frozen=True, slots=True)
class _Said:
    """What happened just before: a form refused as typed, or saved."""

    typed: _Typed | None = None
    done: str = ""
    issues: tuple[Issue, ...] = ()


@router.get("/panel/unidades/{unit_code}/plan")
def plan_page(unit_code: str, request: Request, caller: Manager, db: Db, now: Now) -> Response:
    """The plan; `?cuestionario=` chooses which."""
    questionnaire = asked_questionnaire(request.query_params.get("cuestionario", ""))
    done = DONE.get(request.query_params.get("hecho", ""), "")
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, unit, questionnaire, _Said(done=done), now=now)
    return render(page)


@router.post("/panel/unidades/{unit_code}/plan")
def save_plan(unit_code: str, caller: Manager, form: Form, db: Db, now: Now) -> Response:
    """Choose the plan of this unit."""
    questionnaire = asked_questionnaire(field(form, "questionnaire"))
    typed = _typed(form)
    try:
        with db.unit_of_work() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            _choose(session, caller, unit, questionnaire, _plan(typed), now=now)
    except PlanRefused as refusal:
        issue = Issue(str(refusal.details.get("field", "")), refusal.mensaje)
        with db.reading() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            said = _Said(typed, issues=(issue,))
            page = _page(session, caller, unit, questionnaire, said, now=now)
        return render(page, status=422)
    return _back(unit_code, questionnaire, "guardado")


@router.post("/panel/unidades/{unit_code}/plan/heredar")
def inherit_plan(unit_code: str, caller: Manager, form: Form, db: Db, now: Now) -> Response:
    """Take the plan from above again."""
    questionnaire = asked_questionnaire(field(form, "questionnaire"))
    with db.unit_of_work() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        _choose(session, caller, unit, questionnaire, None, now=now)
    return _back(unit_code, questionnaire, "heredado")


def asked_questionnaire(text: str) -> int:
    """The questionnaire that an address or a form names; the second where it names none."""
    return int(text) if text in {"1", "2", "3"} else 2


def questionnaire_choices(url: str, current: int) -> tuple[Choice, ...]:
    """The three questionnaires, to go from one to another."""
    return tuple(
        Choice(f"Cuestionario {number}", f"{url}?cuestionario={number}", number == current)
        for number in (1, 2, 3)
    )


def _back(unit_code: str, questionnaire: int, done: str) -> Response:
    url = f"/panel/unidades/{unit_code}/plan?cuestionario={questionnaire}&hecho={done}"
    return RedirectResponse(url, 303)


def _choose(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    questionnaire: int,
    plan: ContactPlan | None,
    *,
    now: datetime,
) -> None:
    staff_id = caller.actor.account_id
    choose_plan(session, unit.id, questionnaire, plan, staff_id=staff_id, now=now)
    audit.append(
        session,
        "contact_plan.inherited" if plan is None else "contact_plan.chosen",
        actor_id=staff_id,
        about=("unit", unit.code),
        unit_id=unit.id,
        now=now,
        questionnaire=questionnaire,
    )


def _typed(form: FormData) -> _Typed:
    return _Typed(
        tuple((step, field(form, step.value)) for step in Step),
        most=field(form, "most"),
        gap=field(form, "gap"),
        opens=field(form, "opens"),
        closes=field(form, "closes"),
        preferred=field(form, "preferred"),
        weekdays_only=field(form, "weekdays_only") == "1",
    )


def _as_typed(plan: ContactPlan) -> _Typed:
    days = {rule.step: rule.before_close if rule.day is None else rule.day for rule in plan.rules}
    hours = plan.hours
    return _Typed(
        tuple((step, str(days.get(step, ""))) for step in Step),
        str(plan.most),
        str(plan.gap),
        f"{hours.opens:%H:%M}",
        f"{hours.closes:%H:%M}",
        "" if hours.preferred is None else f"{hours.preferred:%H:%M}",
        hours.weekdays_only,
    )


def _plan(typed: _Typed) -> ContactPlan:
    rules = []
    for step, text in typed.steps:
        if not text:
            continue
        number = _whole(text, step.value)
        rules.append(
            StepRule(step, before_close=number)
            if step is Step.LAST_CALL
            else StepRule(step, day=number)
        )
    hours = SendingHours(
        _hour(typed.opens, "opens"),
        _hour(typed.closes, "closes"),
        _hour(typed.preferred, "preferred") if typed.preferred else None,
        weekdays_only=typed.weekdays_only,
    )
    return ContactPlan(tuple(rules), _whole(typed.most, "most"), _whole(typed.gap, "gap"), hours)


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        raise PlanRefused(field=name, problem="Escriba un número de días, por ejemplo 4")
    return int(text)


def _hour(text: str, name: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  # an hour of any day
    except ValueError as error:
        problem = "Escriba la hora con minutos, por ejemplo 09:00"
        raise PlanRefused(field=name, problem=problem) from error


def _page(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    questionnaire: int,
    said: _Said,
    *,
    now: datetime,
) -> PlanPage:
    found = plan_in_force(session, caller.scope, unit.id, questionnaire)
    shown = said.typed or _as_typed(found.plan)
    period = next_window(session, unit.id, questionnaire, civil_date(now, unit.time_zone))
    url = f"/panel/unidades/{unit.code}"
    changes = versions_of(session, caller.scope, unit.id, questionnaire)
    return PlanPage(
        title="Plan de mensajes",
        shell=shell(caller, at="/panel/unidades"),
        trail=(Crumb(unit.name, url), Crumb("Plan de mensajes")),
        action=f"{url}/plan",
        texts_url=f"{url}/textos?cuestionario={questionnaire}",
        choices=questionnaire_choices(f"{url}/plan", questionnaire),
        questionnaire=questionnaire,
        origin=_origin(found, unit),
        own=found.unit_id == unit.id,
        steps=tuple(
            StepField(step.value, STEP_WORDS[step], HINTS.get(step, OTHERWISE), text)
            for step, text in shown.steps
        ),
        most=shown.most,
        gap=shown.gap,
        opens=shown.opens,
        closes=shown.closes,
        preferred=shown.preferred,
        weekdays_only=shown.weekdays_only,
        window=f"del {say_date(period.opens, 'd MMM y')} al cierre del "
        f"{say_date(period.closes - timedelta(days=1), 'd MMM y')}",
        days=tuple(
            DayLine(say_date(one.day, "EEEE d 'de' MMMM 'de' y"), STEP_WORDS[one.step])
            for one in planned_steps(found.plan, period)
        ),
        changes=tuple(_change(one, unit.time_zone) for one in changes[:SHOWN]),
        done=said.done,
        issues=said.issues,
    )


def _origin(found: PlanInForce, unit: OrganisationUnit) -> str:
    if found.unit_id is None:
        return "Es el plan con el que viene el sistema."
    since = "" if found.at is None else f" desde el {local_moment(found.at, unit.time_zone)}"
    where = "Propio" if found.unit_id == unit.id else f"De {found.unit_name}"
    return f"{where},{since}."


def _change(version: PlanVersion, zone: str) -> tuple[str, str]:
    if version.plan is None:
        return local_moment(version.at, zone), "Volvió al plan de arriba."
    said = [
        f"{STEP_WORDS[rule.step]} {rule.day} días después de abrir"
        if rule.day is not None
        else f"{STEP_WORDS[rule.step]} {rule.before_close} días antes del cierre"
        for rule in version.plan.rules
    ]
    return local_moment(version.at, zone), "; ".join(said) + "."
