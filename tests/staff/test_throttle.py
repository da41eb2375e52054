from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.staff.throttle import PATIENCE, Watch, wait_after


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert wait_after(failures, Watch.PAIR) == timedelta(seconds=seconds)


@given(st.integers(0, 10**9), st.sampled_from(Watch))
def test_no_wait_is_for_good_and_none_grows_shorter(failures: int, watch: Watch) -> None:
    wait = wait_after(failures, watch)

    assert wait <= wait_after(failures + 1, watch) <= PATIENCE[watch].longest


def test_a_stranger_can_delay_an_account_by_half_a_minute_at_most() -> None:
    assert wait_after(10**6, Watch.ACCOUNT) == timedelta(seconds=30)
