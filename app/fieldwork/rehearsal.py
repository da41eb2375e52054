"""What the scheduler will do in the coming days, if nobody answers and nothing else changes.

Pure: the people of a wave come as values, and the days are asked of the same functions that
decide when the messages are really queued. Against the limits of the sending identity it says
what leaves, what waits, and which wave would not fit.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from app.chronology.calendar import local_midnight
from app.chronology.contact_plan import ContactPlan, SendingHours, Step
from app.chronology.due import ContactHistory, due_step, not_before
from app.chronology.wave_plan import FieldPeriod
from app.fieldwork.capacity import Advice, Load, SendingLimits, admit, advice_for, flow, together
from app.fieldwork.wanted import Addressee, why_unwanted

NO_LIMITS = SendingLimits()
MOST_ADVISED = 8  # refused waves with an advice each; more are advised as one


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who may be written to. `since`: the day on which they are in the frame.

    `once`: not they but somebody close, on the first of their days and never again.
    """

    state: Addressee
    domain: str
    history: ContactHistory
    since: date
    once: bool = False


@dataclass(frozen=True, slots=True)
class RehearsedWave:
    """A wave that is open or will be. `queued_on`: the local day whose messages are queued.

    `paused`: by staff. `admitted`: its messages have begun to leave.
    """

    school: str
    cohort: str
    period: FieldPeriod
    zone: str
    prospects: Sequence[Prospect]
    plan: ContactPlan
    wave_id: UUID | None = None  # of an open one
    opens_on: date | None = None  # None: it is open
    queued_on: date | None = None
    paused: bool = False
    admitted: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A wave whose messages could not leave in time, and what would make it fit."""

    wave: RehearsedWave
    advice: Advice


@dataclass(slots=True)
class RehearsedDay:
    """One civil day of the schools: waves by name, messages by mail domain.

    `messages`: what is due. `leaving`: what the limits let go. `waiting`: what is left for
    another day. `refused`: waves that ask on this day and do not fit. `late`, said of the first
    day alone: waves that began and can no longer send everything in time.
    """

    day: date
    opened: list[RehearsedWave] = field(default_factory=list)
    closed: list[RehearsedWave] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    leaving: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    refused: list[Refused] = field(default_factory=list)
    late: list[Refused] = field(default_factory=list)


def rehearse(
    waves: Iterable[RehearsedWave],
    days: Sequence[date],
    *,
    now: datetime,
    limits: SendingLimits = NO_LIMITS,
    queued: Mapping[date, Counter[str]] | None = None,
) -> tuple[RehearsedDay, ...]:
    """What happens on each of `days`, which follow one another; the first is today.

    `queued`: messages that already wait, by the day on which they are due.
    """
    waves = tuple(waves)
    report = {day: RehearsedDay(day) for day in days}
    for wave in waves:
        if wave.opens_on is not None and (opening := report.get(max(wave.opens_on, days[0]))):
            opening.opened.append(wave)
        if closing := report.get(max(wave.period.closes, days[0])):
            closing.closed.append(wave)
    writing = [wave for wave in waves if not wave.paused]
    loads = loads_of(writing, _until_the_close(writing, days, limits), now=now)
    refused = refusals(writing, loads, limits)
    for place, refusal in refused.items():
        asks = max(writing[place].opens_on or days[0], days[0])
        if asks in report:
            report[asks].refused.append(refusal)
    report[days[0]].late += late_ones(writing, loads, limits).values()
    accepted = [load for place, load in enumerate(loads) if place not in refused]
    accepted.append(_already_queued(queued or {}, days))
    _tell(report, accepted, limits)
    return tuple(report.values())


def loads_of(waves: Sequence[RehearsedWave], days: Sequence[date], *, now: datetime) -> list[Load]:
    """The messages of each wave on each of `days`."""
    return [
        Load(
            wave.period.closes,
            wave.plan.hours,
            _messages(wave, days, now=now),
            admitted=wave.admitted,
        )
        for wave in waves
    ]


def refusals(
    waves: Sequence[RehearsedWave], loads: Sequence[Load], limits: SendingLimits
) -> Mapping[int, Refused]:
    """The waves that do not fit, by place, each with what would make it fit."""
    if limits.none:
        return {}
    places = admit(loads, limits)
    others = [load for place, load in enumerate(loads) if place not in places]
    if len(places) > MOST_ADVISED:
        advice = advice_for(together([loads[place] for place in places]), others, limits)
        return {place: Refused(waves[place], advice) for place in places}
    return {
        place: Refused(waves[place], advice_for(loads[place], others, limits)) for place in places
    }


def late_ones(
    waves: Sequence[RehearsedWave], loads: Sequence[Load], limits: SendingLimits
) -> Mapping[int, Refused]:
    """Waves that began and would now send something late, by place, with what would help.

    Nobody stops them, for people have had their first message: a limit was lowered, or others
    joined.
    """
    if limits.none:
        return {}
    begun = [place for place, load in enumerate(loads) if load.admitted]
    found = flow([loads[place] for place in begun], limits).late
    places = [place for number, place in enumerate(begun) if found.get(number)]
    others = [loads[place] for place in begun if place not in places]
    if len(places) > MOST_ADVISED:
        advice = advice_for(together([loads[place] for place in places]), others, limits)
        return {place: Refused(waves[place], advice) for place in places}
    return {
        place: Refused(waves[place], _advice_beside(loads, place, begun, limits))
        for place in places
    }


def _advice_beside(
    loads: Sequence[Load], place: int, begun: Sequence[int], limits: SendingLimits
) -> Advice:
    others = [loads[other] for other in begun if other != place]
    return advice_for(loads[place], others, limits)


def _until_the_close(
    waves: Iterable[RehearsedWave], days: Sequence[date], limits: SendingLimits
) -> Sequence[date]:
    """`days`, and where there are limits every day until the last wave closes."""
    last = days[-1]
    if not limits.none:
        last = max([last, *(wave.period.closes for wave in waves)])
    return [days[0] + timedelta(days=number) for number in range((last - days[0]).days + 1)]


def _already_queued(queued: Mapping[date, Counter[str]], days: Sequence[date]) -> Load:
    """What waits in the outbox goes first; its hours are those of the plan that queued it."""
    forever = days[-1] + timedelta(days=10_000)
    return Load(forever, SendingHours(), queued, admitted=True)


def _tell(
    report: Mapping[date, RehearsedDay], loads: Sequence[Load], limits: SendingLimits
) -> None:
    leaving = flow(loads, limits).leaving if any(load.due for load in loads) else {}
    due = flow(loads, NO_LIMITS).leaving
    waiting = 0
    for day, line in report.items():
        line.messages += due.get(day, Counter())
        line.leaving += leaving.get(day, Counter())
        waiting += line.messages.total() - line.leaving.total()
        line.waiting = waiting


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
            ahead = steps_ahead(wave.period, plan, life, sending)
            steps[life] = tuple(day for day, _ in ahead)
        for day in steps[life][: 1 if person.once else None]:
            if why_unwanted(person.state, now=moments[day], today=day) is None:
                found[day][person.domain] += 1
    return found


def steps_ahead(
    period: FieldPeriod,
    plan: ContactPlan,
    life: tuple[ContactHistory, date],
    sending: Iterable[date],
) -> Iterable[tuple[date, Step]]:
    """The steps of one person on the days on which messages leave, if nothing else happens.

    `life`: what they were written, and since when they are in the frame.
    """
    history, since = life
    for day in sending:
        step: Step | None = due_step(plan, period, history, today=day) if day >= since else None
        if step is not None:
            history = ContactHistory(step, day, history.contacts + 1)
            yield day, step
