"""A whole generation of a school: its people, its field periods, everybody's past.

Pure: the same seed gives the same generation, whatever else the world holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.chronology.calendar import civil_date, local_midnight
from app.chronology.contact_plan import DEFAULT_PLANS
from app.chronology.wave_plan import Cohort
from app.questionnaires.format import Questionnaire
from app.simulation.chance import Chance
from app.simulation.contacting import Timeline, class_days, timeline
from app.simulation.curps import CurpRegistry
from app.simulation.histories import History, Setting, history
from app.simulation.parameters import Parameters
from app.simulation.people import Roster, roster
from app.simulation.plans import LIST_BEFORE_WAVE, WorldPlan, has_left, left_on, periods
from app.simulation.schools import School


@dataclass(frozen=True, slots=True)
class Place:
    """A school in its time zone."""

    school: School
    zone: str


@dataclass(frozen=True, slots=True)
class Generation:
    """`histories` in the order of `roster.people`; `left`: control escolar has spoken."""

    cohort: Cohort
    roster: Roster
    timelines: tuple[Timeline, ...]
    histories: tuple[History, ...]
    listed_at: datetime
    left: bool


def generation(  # noqa: PLR0913  # everything a generation follows from
    chance: Chance,
    plan: WorldPlan,
    place: Place,
    cohort: Cohort,
    *,
    questionnaires: Mapping[int, Questionnaire],
    assumed: Parameters,
    registry: CurpRegistry,
) -> Generation:
    """Everything that happened to one generation of one school until the plan's `now`."""
    people = roster(chance, place.school, cohort, assumed, registry)
    timelines = opened(plan, place, cohort)
    listed_at = first_list(plan, timelines)
    classes = {
        when.questionnaire: class_days(chance, when, len(people.groups))
        for when in timelines
        if when.questionnaire == 1
    }
    setting = Setting(
        questionnaires=questionnaires,
        timelines=timelines,
        class_days=classes,
        track=place.school.track,
        left_on=left_on(cohort),
        listed_at=listed_at,
        assumed=assumed,
    )
    histories = tuple(history(person, setting, chance) for person in people.people)
    left = has_left(cohort, civil_date(plan.now, place.zone))
    return Generation(cohort, people, timelines, histories, listed_at, left)


def opened(plan: WorldPlan, place: Place, cohort: Cohort) -> tuple[Timeline, ...]:
    """The field periods that have opened, oldest first."""
    return tuple(
        timeline(period, DEFAULT_PLANS[period.wave], place.zone, now=plan.now)
        for period in periods(plan, cohort, place.school.number)
        if local_midnight(period.opens, place.zone) <= plan.now
    )


def first_list(plan: WorldPlan, timelines: tuple[Timeline, ...]) -> datetime:
    """When the school's list was loaded: some weeks before the first field period."""
    first = min((when.opens_at for when in timelines), default=plan.now)
    return min(first, plan.now) - LIST_BEFORE_WAVE + timedelta(hours=16)
