"""What a simulated world contains: schools, generations, and the windows that were moved.

Pure. The demonstration moves windows so that, whatever the day, each questionnaire is open
somewhere; everything else follows the natural calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.chronology.calendar import civil_date
from app.chronology.wave_plan import (
    SCHOOL_YEAR_STARTS,
    SEP_CALENDAR,
    Cohort,
    FieldPeriod,
    field_periods,
)

GENERATIONS = 4
YEARS = 3  # of studies
REASON = "Demostración: la ventana se movió para que hoy esté abierta."
LIST_BEFORE_WAVE = timedelta(days=25)  # a list is loaded so long before the first wave
DAYS_BEFORE, DAYS_AFTER = 18, 43  # of the moved windows, around today


@dataclass(frozen=True, slots=True)
class Moved:
    """A window that staff moved: for one school, by its place in the world, or for all."""

    cohort: Cohort
    period: FieldPeriod
    school: int | None = None


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """What to simulate. `schools`: how many; `now`: the instant up to which things happened."""

    seed: str
    schools: int
    cohorts: tuple[Cohort, ...]
    now: datetime
    moved: tuple[Moved, ...] = ()


def usual_cohorts(today: date) -> tuple[Cohort, ...]:
    """The four generations that matter today: three that left, and the one about to leave."""
    newest = newest_leaves(today)
    return tuple(
        Cohort(newest - back - YEARS, newest - back) for back in reversed(range(GENERATIONS))
    )


def newest_leaves(today: date) -> int:
    """The year in which those leave who are now in their last school year."""
    return today.year + (today.month >= SCHOOL_YEAR_STARTS)


def has_left(cohort: Cohort, today: date) -> bool:
    """Whether control escolar has spoken about the exits of a generation."""
    return today >= date(cohort.leaves, SCHOOL_YEAR_STARTS, 1)


def left_on(cohort: Cohort) -> date:
    """The day of the exit: `fecha_egreso` of everybody of a generation."""
    return date(cohort.leaves, 7, 3)


def demonstration(seed: str, *, now: datetime, zone: str) -> WorldPlan:
    """Three schools, four generations, and a questionnaire open on whatever day this is.

    Questionnaire 2 of the generation that left last is moved for everybody. Questionnaires 1
    and 3 are moved for the first school alone, and only where the calendar does not have them
    open: so there is a personal link to each.
    """
    today = civil_date(now, zone)
    cohorts = usual_cohorts(today)
    last, gone, newest = cohorts[-3], cohorts[-2], cohorts[-1]
    moved = [Moved(gone, _around(today, 2))]
    for cohort, questionnaire in ((newest, 1), (last, 3)):
        official = official_period(cohort, questionnaire)
        if not official.opens + timedelta(days=2) <= today < official.closes - timedelta(days=7):
            moved.append(Moved(cohort, _around(today, questionnaire), school=0))
    return WorldPlan(seed, 3, cohorts, now, tuple(moved))


def official_period(cohort: Cohort, questionnaire: int) -> FieldPeriod:
    """The window of a questionnaire by the natural calendar."""
    return field_periods(cohort, SEP_CALENDAR)[questionnaire - 1]


def periods(plan: WorldPlan, cohort: Cohort, school: int) -> tuple[FieldPeriod, ...]:
    """The windows in force for a generation of a school that have opened, in order."""
    if cohort.earlier_strategy:
        return ()
    found: Sequence[FieldPeriod] = field_periods(cohort, SEP_CALENDAR)
    for moved in plan.moved:
        if moved.cohort == cohort and moved.school in {None, school}:
            found = [moved.period if p.wave == moved.period.wave else p for p in found]
    return tuple(found)


def _around(today: date, questionnaire: int) -> FieldPeriod:
    return FieldPeriod(
        questionnaire,
        today - timedelta(days=DAYS_BEFORE),
        today + timedelta(days=DAYS_AFTER),
    )
