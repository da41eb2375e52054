"""The one week a wave asks about (routing vector 16)."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.chronology.reference_week import ReferenceWeek, reference_week


def test_a_wave_of_october_asks_about_the_last_whole_week_of_september() -> None:
    assert reference_week(date(2026, 10, 1)) == ReferenceWeek(date(2026, 9, 21), date(2026, 9, 27))


def test_opening_on_a_monday_the_week_ended_the_day_before() -> None:
    assert reference_week(date(2026, 10, 5)).sunday == date(2026, 10, 4)


def test_opening_on_a_sunday_the_week_ended_seven_days_before() -> None:
    assert reference_week(date(2026, 10, 4)).sunday == date(2026, 9, 27)


@given(st.dates(min_value=date(2000, 1, 1)))
def test_it_is_the_latest_whole_week_that_is_over(opens: date) -> None:
    week = reference_week(opens)

    assert (week.monday.isoweekday(), week.sunday.isoweekday()) == (1, 7)
    assert week.sunday - week.monday == timedelta(days=6)
    assert week.sunday < opens <= week.sunday + timedelta(days=7)
