from fractions import Fraction
from statistics import median as plain_median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from app.analytics.estimates import (
    grouped_median,
    kaplan_meier,
    krejcie_morgan,
    median_band,
    newcombe_difference,
    planned_half_width,
    wilson,
)

F = Fraction


@pytest.mark.parametrize(
    ("k", "n", "frame", "low", "high"),
    [
        (81, 263, None, 0.2553, 0.3662),  # T4: Newcombe 1998, Table I
        (15, 148, None, 0.0624, 0.1605),
        (0, 20, None, 0.0, 0.1611),
        (1, 29, None, 0.0061, 0.1718),
        (48, 80, 120, 0.5366, 0.6602),  # T6
        (15, 25, 30, 0.5187, 0.6762),
        (139, 516, 516, 139 / 516, 139 / 516),  # T6, T16: a census
    ],
)
def test_wilson(k: int, n: int, frame: int | None, low: float, high: float) -> None:
    assert wilson(k, n, frame) == pytest.approx((low, high), abs=5e-5)


def test_a_census_of_telebachillerato() -> None:
    """domain.md T16: 139 of 279 + 237."""
    assert round(100 * 139 / (279 + 237), 1) == 26.9


@given(st.integers(1, 3_000), st.data())
def test_wilson_is_that_of_another_library(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    other = binomtest(k, n).proportion_ci(confidence_level=0.95, method="wilson")

    assert wilson(k, n) == pytest.approx((other.low, other.high), abs=1e-9)


@given(st.integers(1, 500), st.integers(0, 500), st.data())
def test_wilson_holds_the_share_and_narrows_with_the_frame(
    n: int, missed: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, n))
    endless, finite = wilson(k, n), wilson(k, n, n + missed)

    assert endless is not None
    assert finite is not None
    assert 0 <= endless[0] <= finite[0] + 1e-12
    assert finite[0] - 1e-12 <= k / n <= finite[1] + 1e-12
    assert finite[1] <= endless[1] + 1e-12 <= 1 + 2e-12


def test_wilson_of_nobody_is_undefined_and_of_the_impossible_refused() -> None:
    assert wilson(0, 0) is None
    for k, n, frame in ((3, 2, None), (-1, 2, None), (1, 5, 4), (0, -1, None)):
        with pytest.raises(ValueError, match="no interval"):
            wilson(k, n, frame)
    for confidence in (0, 1):
        with pytest.raises(ValueError, match="confidence"):
            wilson(1, 2, None, confidence)
    with pytest.raises(ValueError, match="design effect"):
        wilson(1, 2, deff=0)


def test_a_design_effect_widens() -> None:
    assert wilson(50, 100, deff=2) == pytest.approx(wilson(25, 50))


def test_newcombe_difference() -> None:
    """Newcombe 1998 (Statistics in Medicine 17:873), Table II a, method 10: 56/70 - 48/80."""
    assert newcombe_difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe_difference(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)
    assert newcombe_difference(0, 0, 1, 2) is None


def test_krejcie_morgan() -> None:
    """domain.md T7, and the last column of the planning table."""
    table = {10: 10, 100: 80, 250: 152, 500: 217, 1000: 278, 1500: 306, 9000: 368}
    plan = {30: 28, 95: 76, 128: 96, 300: 169, 600: 234}

    assert {n: krejcie_morgan(n) for n in table | plan} == table | plan
    assert krejcie_morgan(0) == 0
    with pytest.raises(ValueError, match="no sample size"):
        krejcie_morgan(-1)


def test_planning_table() -> None:
    """domain.md 3.7: half widths in points at 30, 40, 60 and 80 % response."""
    table = {
        20: [28.3, 24.1, 17.2, 11.0],
        30: [24.3, 20.4, 14.2, 9.0],
        95: [14.9, 12.0, 8.1, 5.0],
        128: [12.9, 10.4, 7.0, 4.4],
        300: [8.5, 6.9, 4.6, 2.8],
        600: [6.1, 4.9, 3.3, 2.0],
    }

    ours = {
        n: [round(100 * (planned_half_width(n, F(r, 100)) or 0), 1) for r in (30, 40, 60, 80)]
        for n in table
    }

    assert ours == table
    assert planned_half_width(0, F(1, 2)) is None
    with pytest.raises(ValueError, match="cannot answer"):
        planned_half_width(10, F(3, 2))


def test_grouped_median_of_income_bands() -> None:
    """By hand: n = 60, half 30; below the third band 25; 1 + 5/20 × 0.5 = 1.125."""
    edges = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]

    assert grouped_median([10, 15, 20, 10, 4, 1], edges) == 1.125
    assert grouped_median([10, 15, 20, 10, 4, 1], [F(e) for e in edges]) == F(9, 8)


def test_grouped_median_where_there_is_none() -> None:
    assert grouped_median([0, 0], [0.0, 1.0]) is None
    assert grouped_median([1, 2], [0.0, 1.0]) is None  # in the open band
    assert (median_band([0, 0]), median_band([1, 2]), median_band([2, 2])) == (None, 1, 0)
    for counts, edges in (([1, 2], [0.0]), ([1, 2], [1.0, 1.0])):
        with pytest.raises(ValueError, match="lower bounds"):
            grouped_median(counts, edges)
    with pytest.raises(ValueError, match="negative"):
        median_band([1, -1])


@given(st.lists(st.integers(0, 99), min_size=1, max_size=200))
def test_grouped_median_lies_in_the_band_of_the_median(values: list[int]) -> None:
    counts = [sum(v // 10 == band for v in values) for band in range(10)]
    value = grouped_median([*counts, 0], [10.0 * band for band in range(11)])

    low = sorted(values)[(len(values) - 1) // 2]
    assert value is not None
    assert low // 10 * 10 <= value <= low // 10 * 10 + 10
    assert low <= plain_median(values)


def test_kaplan_meier_of_a_classic() -> None:
    """Freireich 1963, 6-MP arm, as in every textbook: median 23 weeks."""
    curve = kaplan_meier(
        [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    )

    assert [(t, round(float(s), 3)) for t, s in curve] == [
        (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448),
    ]  # fmt: skip
    assert curve.median == 23


def test_kaplan_meier_without_half() -> None:
    assert kaplan_meier([], []) == []
    assert kaplan_meier([], []).median is None
    assert kaplan_meier([1], [2, 3]).median is None
    with pytest.raises(ValueError, match="negative"):
        kaplan_meier([-1], [])


@given(st.lists(st.integers(0, 24)), st.lists(st.integers(0, 24)))
def test_kaplan_meier_falls_whatever_the_order(events: list[int], censored: list[int]) -> None:
    curve = kaplan_meier(events, censored)
    shares = [share for _, share in curve]

    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share < 1 for share in shares)
    assert curve == kaplan_meier(sorted(events), sorted(censored, reverse=True))
    if not censored and events:
        assert curve.median == sorted(events)[(len(events) - 1) // 2]
