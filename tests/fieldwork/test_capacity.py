"""What leaves through the limits of a sending identity, and which wave does not fit."""

from collections import Counter
from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.chronology.contact_plan import EVENINGS, SendingHours
from app.fieldwork.capacity import Advice, Load, SendingLimits, admit, advice_for, flow

OPENS, CLOSES = date(2026, 10, 1), date(2026, 12, 1)  # a Thursday; 61 days
DAY = timedelta(days=1)


def a_load(count: int, *, domain: str = "gmail.com", admitted: bool = False) -> Load:
    return Load(CLOSES, EVENINGS, {OPENS: Counter({domain: count})}, admitted)


def test_the_nation_of_the_book_does_not_fit_by_one_identity() -> None:
    """trust.md 4.3: at 30 a minute from 17:00 to 20:00 one identity sends 5,400 a day.

    What the evening left goes on from 9:00: 19,800 a day. 840,000 need 43 days of the 56.
    """
    limits = SendingLimits(rate=60, slower={"gmail.com": 30})

    found = flow([a_load(840_000)], limits)
    five_steps = Load(
        CLOSES, EVENINGS, {OPENS + n * DAY: Counter({"gmail.com": 840_000}) for n in (0, 4)}
    )

    assert found.leaving[OPENS] == {"gmail.com": 180 * 30}
    assert found.leaving[OPENS + DAY] == {"gmail.com": 660 * 30}
    assert found.late == {}
    assert len(found.leaving) == 44
    assert admit([a_load(840_000)], limits) == ()
    assert admit([five_steps], limits) == (0,)


def test_what_did_not_leave_waits_for_the_next_day_and_the_limit_is_of_all_domains() -> None:
    loads = [a_load(700), a_load(600, domain="escuela.mx")]

    found = flow(loads, SendingLimits(daily=500))

    assert [sum(found.leaving[OPENS + n * DAY].values()) for n in range(3)] == [500, 500, 300]
    assert found.late == {}


def test_without_limits_everything_leaves_on_its_day() -> None:
    load = a_load(1_000_000)

    assert flow([load], SendingLimits()).leaving == load.due
    assert admit([load], SendingLimits()) == ()


def test_no_weekends_where_they_are_out() -> None:
    hours = SendingHours(preferred=time(17), weekdays_only=True)
    load = Load(CLOSES, hours, {OPENS: Counter({"gmail.com": 2500})})

    found = flow([load], SendingLimits(daily=1000))

    assert sorted(found.leaving) == [OPENS, OPENS + DAY, date(2026, 10, 5)]


def test_whoever_began_goes_on_and_the_newcomer_is_refused_with_what_would_help() -> None:
    limits = SendingLimits(daily=100)
    old, new = a_load(4000, admitted=True), a_load(3000)

    refused = admit([old, new], limits)

    assert refused == (1,)
    assert admit([old, a_load(1500)], limits) == ()
    # 57 days until five before the close take 5,700 of 7,000; 123 a day would do, in hundreds 200.
    assert advice_for(new, [old], limits) == Advice(
        late=1300, all_day=False, daily=200, identities=2
    )


def test_longer_hours_may_be_what_helps() -> None:
    short = SendingHours(time(19), time(20))
    load = Load(CLOSES, short, {OPENS: Counter({"gmail.com": 200_000})})
    limits = SendingLimits(rate=30)

    assert admit([load], limits) == (0,)
    found = advice_for(load, [], limits)
    assert (found.all_day, found.daily, found.identities) == (True, None, 2)


def test_those_who_fit_are_not_refused_with_the_one_who_does_not() -> None:
    limits = SendingLimits(daily=100)
    loads = [a_load(1000), a_load(9000), a_load(1000), a_load(1000)]

    assert admit(loads, limits) == (1,)


counts = st.lists(st.integers(1, 4000), min_size=1, max_size=6)


@given(counts, st.integers(1, 300), st.none() | st.integers(1, 5))
def test_every_message_leaves_once_or_is_late_and_no_limit_is_passed(
    sizes: list[int], daily: int, rate: int | None
) -> None:
    limits = SendingLimits(daily=daily, rate=rate)
    loads = [a_load(size, domain=f"d{size % 3}.mx") for size in sizes]

    found = flow(loads, limits)

    left = sum(sum(day.values()) for day in found.leaving.values())
    assert left <= sum(sizes)
    assert sum(sizes) - left <= sum(found.late.values())
    for day in found.leaving.values():
        assert sum(day.values()) <= daily
        assert rate is None or max(day.values()) <= 660 * rate


@given(counts, st.integers(50, 300))
def test_those_admitted_are_in_time_together(sizes: list[int], daily: int) -> None:
    limits = SendingLimits(daily=daily)
    loads = [a_load(size) for size in sizes]

    refused = admit(loads, limits)

    admitted = [load for place, load in enumerate(loads) if place not in refused]
    assert flow(admitted, limits).late == {}
    for place in refused:
        assert flow([*admitted, loads[place]], limits).late != {}


def test_a_new_identity_begins_slowly_and_earns_more() -> None:
    """The steps of pacing.py: 200, 500, 1,000, then twice the day before."""
    found = flow([a_load(4000)], SendingLimits(sent_before=()))

    left = [sum(day.values()) for day in found.leaving.values()]
    assert left == [200, 500, 1000, 2000, 300]
    later = flow([a_load(4000)], SendingLimits(daily=1500, sent_before=(200, 10, 500)))
    assert [sum(day.values()) for day in later.leaving.values()] == [1000, 1500, 1500]


def test_telephones_are_not_under_the_limits_of_mail() -> None:
    load = Load(CLOSES, EVENINGS, {OPENS: Counter({"gmail.com": 5, "sms": 900})})

    found = flow([load], SendingLimits(daily=1, rate=1))

    assert found.leaving[OPENS] == {"gmail.com": 1, "sms": 900}


def test_of_very_many_waves_those_that_fit_together_are_admitted() -> None:
    loads = [a_load(100) for _ in range(80)]

    refused = admit(loads, SendingLimits(daily=100))

    assert refused == tuple(range(57, 80))  # 57 days until five before the close
