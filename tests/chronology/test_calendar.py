from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chronology.calendar import civil_date, local_midnight
from app.chronology.wave_plan import CALENDAR_B, SEP_CALENDAR, Cohort, WaveRule, field_periods

# Fixed all year, with US summer time, and the two that changed in 2022.
EIGHT_ZONES = [
    "America/Mexico_City",
    "America/Cancun",
    "America/Hermosillo",
    "America/Mazatlan",
    "America/Tijuana",
    "America/Ciudad_Juarez",
    "America/Ojinaga",
    "America/Matamoros",
]
days = st.dates(date(2015, 1, 1), date(2040, 12, 31))
zones = st.sampled_from(EIGHT_ZONES)


@pytest.mark.parametrize(
    ("zone", "opens", "closes"),
    [  # Questionnaire 2 of 2027, in UTC; the border left summer time on 7 November
        ("America/Mexico_City", "2027-10-01T06:00", "2027-12-01T06:00"),
        ("America/Cancun", "2027-10-01T05:00", "2027-12-01T05:00"),
        ("America/Hermosillo", "2027-10-01T07:00", "2027-12-01T07:00"),
        ("America/Tijuana", "2027-10-01T07:00", "2027-12-01T08:00"),
        ("America/Ciudad_Juarez", "2027-10-01T06:00", "2027-12-01T07:00"),
        ("America/Ojinaga", "2027-10-01T05:00", "2027-12-01T06:00"),
        ("America/Matamoros", "2027-10-01T05:00", "2027-12-01T06:00"),
        ("America/Mazatlan", "2027-10-01T07:00", "2027-12-01T07:00"),
    ],
)
def test_a_window_opens_and_closes_at_local_midnight(zone: str, opens: str, closes: str) -> None:
    _, q2, _ = field_periods(Cohort(2024, 2027), SEP_CALENDAR)

    assert local_midnight(q2.opens, zone) == datetime.fromisoformat(opens).replace(tzinfo=UTC)
    assert local_midnight(q2.closes, zone) == datetime.fromisoformat(closes).replace(tzinfo=UTC)


@given(days, zones)
def test_midnight_is_the_first_instant_of_its_day(day: date, zone: str) -> None:
    start = local_midnight(day, zone)

    assert civil_date(start, zone) == day
    assert civil_date(start - timedelta(seconds=1), zone) == day - timedelta(days=1)


@given(days, zones, st.sampled_from([SEP_CALENDAR, CALENDAR_B]), st.integers(2010, 2036))
def test_an_instant_is_in_at_most_one_wave_of_a_cohort(
    day: date, zone: str, rules: tuple[WaveRule, ...], leaves: int
) -> None:
    instant = local_midnight(day, zone) + timedelta(hours=23, minutes=59)
    waves = [
        period.wave
        for period in field_periods(Cohort(leaves - 3, leaves), rules)
        if local_midnight(period.opens, zone) <= instant < local_midnight(period.closes, zone)
    ]

    assert len(waves) <= 1
    assert bool(waves) == any(
        day in period for period in field_periods(Cohort(leaves - 3, leaves), rules)
    )


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        civil_date(datetime(2026, 3, 2, 12), "America/Cancun")  # noqa: DTZ001 (that is the test)


def test_zones_come_from_the_pinned_package() -> None:
    """F-59: a server without /usr/share/zoneinfo has the same hours."""
    assert ZoneInfo("America/Ciudad_Juarez").utcoffset(datetime(2027, 1, 15)) is not None  # noqa: DTZ001
