"""What is due today, given the plan and what already happened.

One message at most: after days of silence the newest step is caught up with, the older ones
are gone. A first message is an invitation, whatever the day. Nothing after the window.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.chronology.calendar import is_weekday, local_time
from app.chronology.contact_plan import (
    ORDER,
    ContactPlan,
    PlannedStep,
    SendingHours,
    Step,
    planned_steps,
)
from app.chronology.wave_plan import FieldPeriod


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """What one person of the wave was written: newest step, its local day, how many."""

    last_step: Step | None = None
    last_on: date | None = None
    contacts: int = 0


NOTHING_YET = ContactHistory()


def newest_due(plan: ContactPlan, period: FieldPeriod, *, today: date) -> PlannedStep | None:
    """The newest step whose day has come; None before the first and outside the window."""
    if today not in period:
        return None
    reached = [planned for planned in planned_steps(plan, period) if planned.day <= today]
    return reached[-1] if reached else None


def due_step(
    plan: ContactPlan, period: FieldPeriod, history: ContactHistory, *, today: date
) -> Step | None:
    """The one step to write to a person today, or None.

    Never a step twice, never an older one after a newer one, never within `plan.gap` days of
    the last message, never more than `plan.most` messages.
    """
    newest = newest_due(plan, period, today=today)
    if newest is None or history.contacts >= plan.most:
        return None
    if history.last_step is None:
        return plan.rules[0].step
    if ORDER[history.last_step] >= ORDER[newest.step]:
        return None
    # Who was invited late has had the step that was due that day: nothing new since then.
    if history.last_on is not None and history.last_on >= newest.day:
        return None
    if history.last_on is not None and (today - history.last_on).days < plan.gap:
        return None
    return newest.step


def is_sending_day(hours: SendingHours, day: date) -> bool:
    """Whether messages are queued on `day` at all."""
    return is_weekday(day) or not hours.weekdays_only


def not_before(
    hours: SendingHours, *, now: datetime, zone: str, patient: bool = True
) -> datetime | None:
    """From when a message that is due today may leave, as an instant of the school's zone.

    None when today is not a day for it, or its hours are over. Who is not `patient` does not
    wait for the preferred hour: a single pass cannot know whether another comes in the evening.
    """
    here = local_time(now, zone)
    if not is_sending_day(hours, here.date()) or here.time() >= hours.closes:
        return None
    waits = patient and hours.preferred is not None and is_weekday(here.date())
    earliest = hours.preferred if waits and hours.preferred else hours.opens
    begins = here.replace(hour=earliest.hour, minute=earliest.minute, second=0, microsecond=0)
    return max(now, begins.astimezone(now.tzinfo))


def quiet_until(hours: SendingHours, *, now: datetime, zone: str) -> datetime | None:
    """The next instant at which a message may leave; None when it may leave now.

    Asked again for each message that waited past the evening: nobody is written at night.
    """
    here = local_time(now, zone)
    if is_sending_day(hours, here.date()) and hours.opens <= here.time() < hours.closes:
        return None
    day = here.date() if here.time() < hours.opens else here.date() + timedelta(days=1)
    while not is_sending_day(hours, day):
        day += timedelta(days=1)
    opens = datetime.combine(day, time(hours.opens.hour, hours.opens.minute), here.tzinfo)
    return opens.astimezone(now.tzinfo)
