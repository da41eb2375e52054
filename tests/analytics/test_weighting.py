from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.analytics.weighting import (
    collapse,
    design_effect,
    effective_size,
    post_stratify,
    rake,
    rake_weights,
    trim,
)

F = Fraction


def test_post_stratification() -> None:
    """domain.md T10."""
    result = post_stratify([(180, 120, 78), (140, 60, 24)])

    assert (result.unweighted, result.estimate) == (F(17, 30), F(173, 320))
    assert result.standard_error == pytest.approx(0.02543, abs=5e-6)
    assert result.interval() == pytest.approx((0.4908, 0.5905), abs=5e-5)
    assert result.n_eff == pytest.approx(171.62, abs=5e-3)
    assert result.deff == pytest.approx(1.0488, abs=5e-5)


strata = st.lists(
    st.tuples(st.integers(1, 300), st.integers(0, 300), st.integers(0, 300)).map(
        lambda t: (t[0] + t[1] + t[2] + 1, t[1] + t[2] + 1, t[2])
    ),
    min_size=1,
    max_size=6,
)


@given(strata)
def test_post_stratified_shares(some: list[tuple[int, int, int]]) -> None:
    result = post_stratify(some)

    assert result == post_stratify([*some, (0, 0, 0)])
    assert result.estimate == post_stratify(some[::-1]).estimate
    assert result.estimate is not None
    assert 0 <= result.estimate <= 1
    assert result.deff is not None
    assert result.deff >= 1 - 1e-9
    if len(some) == 1:
        assert result.estimate == result.unweighted


def test_post_stratification_at_its_edges() -> None:
    nobody = post_stratify([])
    assert (nobody.estimate, nobody.standard_error, nobody.interval()) == (None, None, None)
    assert post_stratify([(10, 10, 4)]).standard_error == 0  # a census
    assert post_stratify([(10, 1, 1)]).standard_error is None
    with pytest.raises(ValueError, match="nobody answered"):
        post_stratify([(10, 0, 0)])
    for impossible in ((10, 11, 0), (10, 5, 6), (10, 5, -1)):
        with pytest.raises(ValueError, match="no stratum"):
            post_stratify([impossible])


def test_small_strata_join_their_neighbours() -> None:
    assert collapse([(30, 12, 4), (9, 3, 1), (40, 20, 9)]) == [(39, 15, 5), (40, 20, 9)]
    assert collapse([(9, 3, 1), (40, 20, 9)]) == [(49, 23, 10)]
    assert collapse([]) == []


def test_raking_a_published_problem() -> None:
    """domain.md T8."""
    fitted = rake([[7, 9], [12, 7]], [5, 15], [10, 10])

    assert fitted[0] == pytest.approx([1.7757, 3.2243], abs=5e-5)
    assert fitted[1] == pytest.approx([8.2243, 6.7757], abs=5e-5)
    odds = fitted[0][0] * fitted[1][1] / (fitted[0][1] * fitted[1][0])
    assert odds == pytest.approx(49 / 108)


@given(
    st.lists(st.lists(st.integers(1, 60), min_size=3, max_size=3), min_size=2, max_size=5),
    st.lists(st.integers(1, 60), min_size=15, max_size=15),
)
def test_raking_meets_its_margins(seed: list[list[int]], other: list[int]) -> None:
    target = [other[3 * i : 3 * i + 3] for i in range(len(seed))]
    rows, columns = [sum(row) for row in target], [sum(c) for c in zip(*target, strict=True)]
    try:
        fitted = rake(seed, rows, columns)
    except ValueError:
        assume(False)

    assert [sum(row) for row in fitted] == pytest.approx(rows, abs=1e-6)
    assert [sum(c) for c in zip(*fitted, strict=True)] == pytest.approx(columns, abs=1e-6)


@pytest.mark.parametrize(
    ("table", "rows", "columns", "words"),
    [
        ([[0, 1], [1, 1]], [1, 1], [1, 1], "empty"),
        ([[1, 1], [1, 1]], [1, 1], [1, 2], "rows add"),
        ([[1, 1], [1, 1]], [1, 1, 1], [1, 2], "shape"),
        ([[1, 1], [1]], [1, 1], [1, 1], "shape"),
        ([[1, 1], [1, 1]], [0, 2], [1, 1], "above zero"),
        ([[1, 1e-6], [1e-6, 1]], [50.5, 49.5], [49.5, 50.5], "not met"),
        ([], [], [], "shape"),
    ],
)
def test_raking_refuses(
    table: list[list[float]], rows: list[float], columns: list[float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        rake(table, rows, columns)


def test_weights_of_persons_meet_every_margin() -> None:
    members = [("M", "mat")] * 40 + [("M", "ves")] * 20 + [("H", "mat")] * 15 + [("H", "ves")] * 25
    margins = [{"M": 90.0, "H": 110.0}, {"mat": 120.0, "ves": 80.0}]

    weights = rake_weights(members, margins)

    for position, margin in enumerate(margins):
        for category, total in margin.items():
            got = sum(w for m, w in zip(members, weights, strict=True) if m[position] == category)
            assert got == pytest.approx(total, abs=1e-5)


@pytest.mark.parametrize(
    ("members", "margins", "words"),
    [
        ([], [{"M": 1.0}], "needs persons"),
        ([("M",)], [{"M": 1.0, "H": 2.0}], "categories"),
        ([("M", "a")], [{"M": 1.0}, {"a": 2.0}], "different totals"),
        (
            [("M", "a"), ("H", "b"), ("M", "b")] + [("H", "b")] * 9,
            [{"M": 1.0, "H": 99.0}, {"a": 50.0, "b": 50.0}],
            "not met",
        ),
    ],
)
def test_weights_are_refused(
    members: list[tuple[str, ...]], margins: list[dict[str, float]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        rake_weights(members, margins)


def test_trimming_and_kish() -> None:
    assert trim([]) == []
    assert trim([1.0] * 9 + [91.0]) == pytest.approx([10 / 3] * 9 + [30.0])
    assert effective_size([2.0, 2.0, 2.0]) == pytest.approx(3)
    assert (effective_size([]), design_effect([])) == (None, None)
