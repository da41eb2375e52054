"""The field periods of a cohort as they really are: the calendar's rule, and what was moved.

Pure. The newest change made for the school or for anything above it rules, whatever its level.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.chronology.wave_plan import CALENDARS, Cohort, FieldPeriod, field_periods, refuse_overlap
from app.fieldwork.eligibility import FIRST_AFTER_EXIT


@dataclass(frozen=True, slots=True)
class Change:
    """A window that staff moved; [opens, closes) in civil dates."""

    questionnaire: int
    opens: date
    closes: date
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The window of one questionnaire in force; `reason` only where it was moved."""

    period: FieldPeriod
    official: FieldPeriod
    reason: str | None = None

    @property
    def questionnaire(self) -> int:
        return self.period.wave

    @property
    def moved(self) -> bool:
        return self.reason is not None


def windows_of(cohort: Cohort, calendar: str, changes: Iterable[Change] = ()) -> tuple[Window, ...]:
    """The three windows of a cohort; `changes` are those of its school and all above it."""
    newest: dict[int, Change] = {}
    for change in sorted(changes, key=lambda change: change.at):
        newest[change.questionnaire] = change
    return tuple(
        _window(official, newest.get(official.wave))
        for official in field_periods(cohort, CALENDARS[calendar])
    )


def why_not_moved(
    windows: Iterable[Window], *, moved: FieldPeriod, leaves_school: date
) -> str | None:
    """What forbids the windows of a cohort once one is `moved`; None when nothing does.

    `overlap`: two waves would be open on one day, or in another order. `before_exit`: a wave
    for graduates would open before `leaves_school`.
    """
    periods = [moved if w.questionnaire == moved.wave else w.period for w in windows]
    try:
        refuse_overlap(sorted(periods, key=lambda period: period.wave))
    except ValueError:
        return "overlap"
    if moved.wave >= FIRST_AFTER_EXIT and moved.opens < leaves_school:
        return "before_exit"
    return None


def in_window_on(days: Iterable[date]) -> set[tuple[str, int, int]]:
    """(calendar, questionnaire, year of leaving) whose official window contains one of `days`.

    The inverse of the calendar, so that the scheduler asks the database only for cohorts that
    can be due.
    """
    return {
        (name, rule.wave, day.year - rule.years_after)
        for name, rules in CALENDARS.items()
        for rule in rules
        for day in days
        if date(day.year, *rule.opens) <= day < date(day.year, *rule.closes)
    }


def _window(official: FieldPeriod, change: Change | None) -> Window:
    if change is None:
        return Window(official, official)
    moved = FieldPeriod(official.wave, change.opens, change.closes)
    return Window(moved, official, change.reason)
