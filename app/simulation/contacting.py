"""What happens to one person during one field period: messages, an answer, or silence.

Pure. The steps and their days are the platform's own (chronology.contact_plan); who answers to
which of them is assumed. Nothing here lies after `until`: a wave that is open has only its past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.chronology.calendar import local_midnight, local_time
from app.chronology.contact_plan import ContactPlan, Step, planned_steps
from app.chronology.due import is_sending_day
from app.chronology.wave_plan import FieldPeriod
from app.simulation.chance import Chance, happens, waiting, weighted, whole
from app.simulation.parameters import Parameters

FIRST_HOUR, LAST_HOUR = 8, 23  # of the day, in which people answer
FIRST_CLASS_DAY, LAST_CLASS_DAY = 4, 24  # of the window of Questionnaire 1

_STILL_AWAITED = frozenset({"started", "break_off"})


@dataclass(frozen=True, slots=True)
class Timeline:
    """A field period as far as it has gone. Instants in UTC; `mailings` in order."""

    questionnaire: int
    period: FieldPeriod
    zone: str
    opens_at: datetime
    closes_at: datetime
    until: datetime
    mailings: tuple[tuple[Step, datetime], ...]

    @property
    def closed(self) -> bool:
        return self.until >= self.closes_at


@dataclass(frozen=True, slots=True)
class Channels:
    """How a person can be reached in this wave.

    `mail`: an address that works; `dying`: one that the first message finds dead; `wanted`: False
    for who asked for no messages, or may not be written to. `class_at`: when the group answers.
    """

    mail: bool
    dying: bool = False
    wanted: bool = True
    class_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What happened by now.

    `ending`: complete, partial, break_off, started, refused; None for silence. `sent`: messages
    that left; `bounced`: the one that found its address dead.
    """

    sent: tuple[tuple[Step, datetime], ...] = ()
    bounced: tuple[Step, datetime] | None = None
    ending: str | None = None
    ended_at: datetime | None = None
    in_class: bool = False
    told_to_a_person: bool = False
    opted_out_at: datetime | None = None


def timeline(period: FieldPeriod, plan: ContactPlan, zone: str, *, now: datetime) -> Timeline:
    """The days of a field period in its zone; a step that falls on a weekend waits for Monday."""
    opens_at, closes_at = local_midnight(period.opens, zone), local_midnight(period.closes, zone)
    until = min(now, closes_at)
    mailings: dict[date, tuple[Step, datetime]] = {}
    for planned in planned_steps(plan, period):
        day = planned.day
        while not is_sending_day(plan.hours, day):
            day += timedelta(days=1)
        at = local_midnight(day, zone) + timedelta(
            hours=(plan.hours.preferred or plan.hours.opens).hour
        )
        if day in period and at < until:
            mailings[day] = (planned.step, at)  # of two steps on one day the newer one is sent
    return Timeline(period.wave, period, zone, opens_at, closes_at, until, tuple(mailings.values()))


def class_days(chance: Chance, when: Timeline, groups: int) -> tuple[datetime, ...]:
    """When each group answers Questionnaire 1 in class: a weekday morning of the first weeks."""
    found = []
    for _ in range(groups):
        day = when.period.opens + timedelta(days=whole(chance, FIRST_CLASS_DAY, LAST_CLASS_DAY))
        while day.weekday() > 4:
            day += timedelta(days=1)
        found.append(local_midnight(day, when.zone) + timedelta(hours=whole(chance, 8, 13)))
    return tuple(found)


def story(chance: Chance, when: Timeline, reach: Channels, assumed: Parameters) -> Story:
    """One person, one wave."""
    response = assumed.response
    if reach.class_at is not None and happens(chance, response.class_attendance):
        if reach.class_at > when.until:
            return Story()
        at = reach.class_at + timedelta(minutes=whole(chance, 6, 25))
        ending = response.class_ending.draw(chance)
        return Story(ending=ending, ended_at=min(at, when.until), in_class=True)
    return _by_link(chance, when, reach, assumed)


def _by_link(chance: Chance, when: Timeline, reach: Channels, assumed: Parameters) -> Story:
    response, number = assumed.response, when.questionnaire
    mailings = when.mailings if reach.mail and reach.wanted else ()
    share = (response.follow_up if mailings else response.without_mail)[number]
    ended_at = None
    if happens(chance, share):
        ended_at = _answered_at(chance, when, mailings, response.answers_after, assumed)
    bounced = when.mailings[0] if reach.dying and reach.wanted and when.mailings else None
    if ended_at is None:
        return _silence(chance, when, mailings, bounced, assumed)
    ending = response.ending.draw(chance)
    # Whoever began and stopped is reminded like the silent ones (fieldwork.wanted).
    sent = tuple(m for m in mailings if ending in _STILL_AWAITED or m[1] < ended_at)
    return Story(sent=sent, bounced=bounced, ending=ending, ended_at=ended_at)


def _answered_at(
    chance: Chance,
    when: Timeline,
    mailings: Sequence[tuple[Step, datetime]],
    answers_after: Mapping[Step, float],
    assumed: Parameters,
) -> datetime | None:
    """When the person answers; None if that is still to come, or too late."""
    if not mailings:
        span = (when.closes_at - when.opens_at).total_seconds()
        at = _waking(when.opens_at + timedelta(seconds=span * chance.random()), when.zone)
        return at if at < when.until else None
    # Drawn over the whole plan, so that a wave half way through has half its answers.
    step = weighted(answers_after).draw(chance)
    sent_at = dict(mailings).get(step)
    if sent_at is None:
        if step is not Step.INVITATION and not when.closed:
            return None
        sent_at = mailings[0][1]
    at = sent_at + timedelta(hours=0.1 + waiting(chance, assumed.response.delay_hours))
    at = _waking(at, when.zone)
    return at if at < when.until else None


def _waking(at: datetime, zone: str) -> datetime:
    """The same moment, or the next one at which people are awake."""
    hour = local_time(at, zone).hour
    return at if FIRST_HOUR <= hour < LAST_HOUR else at + timedelta(hours=9)


def _silence(
    chance: Chance,
    when: Timeline,
    mailings: tuple[tuple[Step, datetime], ...],
    bounced: tuple[Step, datetime] | None,
    assumed: Parameters,
) -> Story:
    response = assumed.response
    if mailings and happens(chance, response.opts_out):
        left_at = mailings[0][1] + timedelta(minutes=whole(chance, 2, 600))
        if left_at < when.until:
            return Story(sent=mailings[:1], opted_out_at=left_at)
    if happens(chance, response.refuses_by_phone):
        span = (when.closes_at - when.opens_at).total_seconds()
        at = _waking(
            when.opens_at + timedelta(seconds=span * (0.3 + 0.6 * chance.random())), when.zone
        )
        if at < when.until:
            sent = tuple(mailing for mailing in mailings if mailing[1] < at)
            return Story(
                sent=sent, bounced=bounced, ending="refused", ended_at=at, told_to_a_person=True
            )
    return Story(sent=mailings, bounced=bounced)
