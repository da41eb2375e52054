"""What the scheduler will do in the coming days, if nobody answers and nothing else changes.

Pure: the people of a wave come as values, and the days are asked of the same functions that
decide when the messages are really queued.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.chronology.calendar import local_midnight
from app.chronology.contact_plan import ContactPlan, Step
from app.chronology.due import ContactHistory, due_step, not_before
from app.chronology.wave_plan import FieldPeriod
from app.fieldwork.wanted import Addressee, why_unwanted


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who may be written to. `since`: the day on which they are in the frame."""

    state: Addressee
    domain: str
    history: ContactHistory
    since: date


@dataclass(frozen=True, slots=True)
class RehearsedWave:
    """A wave that is open or will be. `queued_on`: the local day whose messages are queued."""

    school: str
    cohort: str
    period: FieldPeriod
    zone: str
    prospects: Sequence[Prospect]
    plan: ContactPlan
    opens_on: date | None = None  # None: it is open
    queued_on: date | None = None
    paused: bool = False


@dataclass(slots=True)
class RehearsedDay:
    """One civil day of the schools: waves by name, messages by mail domain."""

    day: date
    opened: list[RehearsedWave] = field(default_factory=list)
    closed: list[RehearsedWave] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)


def rehearse(
    waves: Iterable[RehearsedWave],
    days: Sequence[date],
    *,
    now: datetime,
) -> tuple[RehearsedDay, ...]:
    """What happens on each of `days`, which follow one another; the first is today."""
    report = {day: RehearsedDay(day) for day in days}
    for wave in waves:
        if wave.opens_on is not None and (opening := report.get(max(wave.opens_on, days[0]))):
            opening.opened.append(wave)
        if closing := report.get(max(wave.period.closes, days[0])):
            closing.closed.append(wave)
        if not wave.paused:
            for day, domains in _messages(wave, days, now=now).items():
                report[day].messages += domains
    return tuple(report.values())


def _messages(
    wave: RehearsedWave, days: Sequence[date], *, now: datetime
) -> Mapping[date, Counter[str]]:
    plan = wave.plan
    moments = {day: max(now, local_midnight(day, wave.zone)) for day in days}
    sending = [
        day
        for day in days
        if not (wave.queued_on is not None and day <= wave.queued_on)
        and not_before(plan.hours, now=moments[day], zone=wave.zone) is not None
    ]
    # People of a wave share a handful of histories: each is lived through once.
    steps: dict[tuple[ContactHistory, date], tuple[date, ...]] = {}
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for person in wave.prospects:
        life = (person.history, person.since)
        if life not in steps:
            steps[life] = tuple(_days_of_steps(wave.period, plan, life, sending))
        for day in steps[life]:
            if why_unwanted(person.state, now=moments[day], today=day) is None:
                found[day][person.domain] += 1
    return found


def _days_of_steps(
    period: FieldPeriod,
    plan: ContactPlan,
    life: tuple[ContactHistory, date],
    sending: Iterable[date],
) -> Iterable[date]:
    history, since = life
    for day in sending:
        step: Step | None = due_step(plan, period, history, today=day) if day >= since else None
        if step is not None:
            history = ContactHistory(step, day, history.contacts + 1)
            yield day
