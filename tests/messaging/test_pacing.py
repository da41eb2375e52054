"""How fast one receiver is written to, whatever the order of events (trust.md 4.3, F-30)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.pace_setting import PaceRefused, read_pace
from app.messaging.pacing import (
    MINUTE,
    TRUSTED_AFTER,
    Asking,
    PacePolicy,
    ReceiverState,
    admit,
    settled,
    slowed,
    warm_up_limit,
)

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)


def asking(wanted: int, at: datetime = NOON, holder: str = "a") -> Asking:
    return Asking(holder, wanted, at, LEASE)


def test_a_minute_has_so_many_places_and_the_others_get_the_next_ones() -> None:
    state, admission = admit(ReceiverState(), asking(70), 30)

    assert (admission.now, admission.at_once, admission.reason) == (30, 1, "domain_pace")
    assert admission.later == (NOON + MINUTE,) * 30 + (NOON + 2 * MINUTE,) * 10
    _, again = admit(state, asking(25), 30)
    assert again.now == 0
    assert again.later == (NOON + 2 * MINUTE,) * 20 + (NOON + 3 * MINUTE,) * 5


def test_one_worker_at_a_time_writes_to_a_receiver() -> None:
    state, first = admit(ReceiverState(), asking(2, holder="a"), 30)
    _, second = admit(state, asking(2, holder="b"), 30)
    _, same = admit(state, asking(2, holder="a"), 30)
    _, after_death = admit(state, asking(2, NOON + LEASE, holder="b"), 30)
    freed = settled(state, "a", taken=2, released=0)
    _, later = admit(freed, asking(2, holder="b"), 30)

    assert [one.now for one in (first, second, same, after_death, later)] == [2, 0, 2, 2, 2]
    assert second.reason == "domain_busy"


def test_what_is_taken_makes_faster_and_a_complaint_makes_slow() -> None:
    state = ReceiverState()
    grown = [state.at_once]
    for _ in range(5):
        state = settled(state, "a", taken=1, released=0)
        grown.append(state.at_once)

    assert grown == [1, 2, 3, 4, 4, 4]
    assert slowed(state, now=NOON).at_once == 1


def test_pauses_grow_with_each_complaint_and_end_with_success() -> None:
    state, at, pauses = ReceiverState(), NOON, []
    for _ in range(7):
        state = slowed(state, now=at)
        assert state.paused_until is not None
        pauses.append((state.paused_until - at).total_seconds() / 60)
        _, waiting = admit(state, asking(1, at), None)
        assert (waiting.now, waiting.later) == (0, (state.paused_until,))
        assert slowed(state, now=at) == state  # the same complaint by another connection
        at = state.paused_until

    assert pauses == [5, 15, 45, 120, 240, 240, 240]
    well = settled(state, "a", taken=1, released=0)
    assert slowed(well, now=at).paused_until == at + timedelta(minutes=5)


def test_without_a_rate_everything_goes_at_once() -> None:
    assert admit(ReceiverState(), asking(500), None)[1].now == 500


def test_places_that_were_not_used_are_given_back() -> None:
    state, _ = admit(ReceiverState(), asking(30), 30)
    _, again = admit(settled(state, "a", taken=10, released=20), asking(30), 30)

    assert again.now == 20


@given(
    st.integers(1, 60),
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 100), st.sampled_from("abc"), st.booleans())
    ),
)
def test_no_order_of_events_lets_more_through(
    rate: int, events: list[tuple[int, int, str, bool]]
) -> None:
    state, now, let_go = ReceiverState(), NOON, []
    for seconds, wanted, holder, complaint in events:
        now += timedelta(seconds=seconds)
        state, admission = admit(state, asking(wanted, now, holder), rate)
        assert admission.now + len(admission.later) == wanted
        assert all(until > now for until in admission.later)
        let_go += [now] * admission.now
        taken = 0 if complaint else admission.now
        state = settled(state, holder, taken=taken, released=0)
        if complaint and admission.now:
            state = slowed(state, now=now)
        assert 1 <= state.at_once <= 4

    for moment in let_go:  # a minute may begin in the middle of another: twice is the bound
        assert sum(moment <= other < moment + MINUTE for other in let_go) <= 2 * rate


def test_a_new_identity_begins_with_two_hundred_a_day() -> None:
    assert warm_up_limit([]) == 200
    assert warm_up_limit([200]) == 500
    assert warm_up_limit([200, 500]) == 1_000
    assert warm_up_limit([200, 500, 1_000]) == 2_000
    assert warm_up_limit([200, 500, 1_000, 2_000]) == 4_000
    assert warm_up_limit([3, 5, 1, 0, 7]) == 200  # a few messages a day prove nothing
    assert warm_up_limit([10**9] * 100) == 1_000 * 2**20


def test_gmail_is_slower_until_it_knows_us() -> None:
    policy = read_pace(None, None, production=True)

    assert policy.warm_up
    assert policy.rate_of("y.mx", 0) == 60
    assert policy.rate_of("gmail.com", 0) == 30
    assert policy.rate_of("gmail.com", TRUSTED_AFTER) == 60


def test_development_does_not_wait_unless_told_to() -> None:
    assert read_pace(None, None, production=False) == PacePolicy()
    assert read_pace("off", "off", production=True) == PacePolicy()
    assert read_pace("5, a.mx=2", "on", production=False) == PacePolicy(5, {"a.mx": 2}, True)


@pytest.mark.parametrize("pace", ["fast", "0", "60,gmail.com", "60,gmail.com=x", "-1", "9" * 20])
def test_a_pace_that_cannot_be_meant_is_named(pace: str) -> None:
    with pytest.raises(PaceRefused, match="TRAYECTO_MAIL_PACE"):
        read_pace(pace, None, production=True)


def test_a_warm_up_that_cannot_be_meant_is_named() -> None:
    with pytest.raises(PaceRefused, match="TRAYECTO_MAIL_WARM_UP"):
        read_pace(None, "quizás", production=True)
