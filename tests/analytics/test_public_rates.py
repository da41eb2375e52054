"""Rates of response for anybody: rules 2 and 3 of domain.md 3.8."""

import pytest

from app.analytics.release.public_rates import PublicRate, public_rate


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        (148, 239, PublicRate(62, 240)),
        (14, 23, PublicRate(61, 25)),
        (14, 22, None),  # fewer than 23 persons
        (4, 40, None),  # four answered
        (36, 40, None),  # four did not
        (0, 40, None),  # nobody of a small group
        (0, 60, PublicRate(0, 60)),
        (60, 60, PublicRate(100, 60)),
        (0, 0, None),
    ],
)
def test_a_rate_is_told_in_whole_percents_of_enough_persons(
    part: int, whole: int, told: PublicRate | None
) -> None:
    assert public_rate(part, whole) == told


def test_more_answers_than_persons_are_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        public_rate(8, 7)
