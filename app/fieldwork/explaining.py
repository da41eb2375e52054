"""Per person: which messages will come and why, or why none will. Nothing is done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date, local_midnight
from app.chronology.contact_plan import ContactPlan, Step
from app.chronology.due import ContactHistory, not_before
from app.chronology.wave_plan import FieldPeriod
from app.errors import NotFound
from app.fieldwork.addressees import correspondents
from app.fieldwork.plans import plans_of
from app.fieldwork.rehearsal import steps_ahead
from app.fieldwork.tables import Case, Wave
from app.fieldwork.wanted import Unwanted, why_unwanted
from app.units.queries import in_scope
from app.units.scope import Scope


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plan holds for one person.

    `reason`: why nothing leaves as things stand. `coming`: what leaves on which day if that does
    not change. `spent`: the plan allows no more contacts.
    """

    reason: Unwanted | None
    coming: tuple[tuple[date, Step], ...]
    contacts: int
    most: int
    gap: int

    @property
    def spent(self) -> bool:
        return self.contacts >= self.most


def expected_messages(session: Session, scope: Scope, case_id: UUID, *, now: datetime) -> Expected:
    """The messages that will come to one person.

    Raises:
        NotFound: there is no such case, or it is not the caller's.
    """
    found = session.exec(
        select(Case, Wave)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(Case.id == case_id, in_scope(scope, col(Wave.school_id)))
    ).first()
    if found is None:
        raise NotFound(case=case_id)
    case, wave = found
    person = correspondents(session, [case_id])[case_id]
    plan = plans_of(session, [wave.school_id]).of(wave.school_id, wave.questionnaire)
    today = civil_date(now, person.zone)
    last = Step(case.last_step) if case.last_step else None
    history = ContactHistory(last, case.last_contact_on, case.contacts)
    reason = why_unwanted(person.state, now=now, today=today)
    # A pause ends; what else speaks against a message does not end by itself.
    final = why_unwanted(replace(person.state, paused=False), now=now, today=today)
    days = _sending_days(plan, wave, person.zone, now=now)
    period = FieldPeriod(wave.questionnaire, wave.opens, wave.closes)
    coming = () if final is not None else tuple(steps_ahead(period, plan, (history, today), days))
    return Expected(reason, coming, case.contacts, plan.most, plan.gap)


def _sending_days(plan: ContactPlan, wave: Wave, zone: str, *, now: datetime) -> Sequence[date]:
    today = civil_date(now, zone)
    if wave.queued_on is not None and wave.queued_on >= today:
        today = wave.queued_on + timedelta(days=1)  # whatever was due that day is in the queue
    days = (today + timedelta(days=number) for number in range((wave.closes - today).days))
    return [
        day
        for day in days
        if not_before(plan.hours, now=max(now, local_midnight(day, zone)), zone=zone) is not None
    ]
