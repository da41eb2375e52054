"""Whatever the day, the demonstration has each questionnaire open, and breaks no rule."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.chronology.calendar import civil_date
from app.chronology.wave_plan import exit_day
from app.fieldwork.schedule import why_not_moved, windows_of
from app.simulation.plans import demonstration, official_period, periods, usual_cohorts
from tests.simulation.worlds import MEXICO

TWO_YEARS = [datetime(2026, 1, 1, 18, tzinfo=UTC) + timedelta(days=n) for n in range(0, 731, 3)]


def test_each_questionnaire_is_open_at_the_first_school_on_any_day() -> None:
    for now in TWO_YEARS:
        plan = demonstration("x", now=now, zone=MEXICO)
        today = civil_date(now, MEXICO)
        open_now = [
            period.wave
            for cohort in plan.cohorts
            for period in periods(plan, cohort, 0)
            if today in period
        ]
        assert sorted(set(open_now)) == [1, 2, 3], today


def test_the_moved_window_of_questionnaire_2_is_everybodys() -> None:
    for now in TWO_YEARS:
        plan = demonstration("x", now=now, zone=MEXICO)
        moved = [m for m in plan.moved if m.school is None]
        assert [m.period.wave for m in moved] == [2]
        assert civil_date(now, MEXICO) in moved[0].period


def test_staff_could_have_moved_every_window() -> None:
    for now in TWO_YEARS:
        plan = demonstration("x", now=now, zone=MEXICO)
        for moved in plan.moved:
            windows = windows_of(moved.cohort, "sep")
            leaves = exit_day(moved.cohort.leaves, 7)
            assert why_not_moved(windows, moved=moved.period, leaves_school=leaves) is None


def test_the_natural_calendar_stays_for_the_other_schools() -> None:
    plan = demonstration("x", now=datetime(2026, 8, 20, 18, tzinfo=UTC), zone=MEXICO)
    newest, last = plan.cohorts[-1], plan.cohorts[-3]

    assert periods(plan, newest, 1)[0] == official_period(newest, 1)
    assert periods(plan, last, 2)[2] == official_period(last, 3)


@pytest.mark.parametrize(
    ("today", "leaves"),
    [(date(2026, 7, 31), [2023, 2024, 2025, 2026]), (date(2026, 8, 1), [2024, 2025, 2026, 2027])],
)
def test_generations_change_with_the_school_year(today: date, leaves: list[int]) -> None:
    assert [cohort.leaves for cohort in usual_cohorts(today)] == leaves
