"""Weighted shares beside the unweighted ones."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.frame.grouped_rows import in_columns
from app.analytics.nonresponse import Group
from app.analytics.panel_row import Row
from app.analytics.sensitivity import weighted_figures


def answers(sex: str, yes: int, no: int) -> list[Row]:
    studies: Row = {"sexo": sex, "situacion": 1}
    works: Row = {"sexo": sex, "situacion": 2}
    return [studies] * yes + [works] * no


def test_one_trait_is_post_stratification() -> None:
    """domain.md T10: 78 of 120 of 180 women, 24 of 60 of 140 men: .5406, n_eff 171.62."""
    rows = [*answers("M", 78, 42), *answers("H", 24, 36)]
    balance = {"sexo": (Group("M", 180, 120), Group("H", 140, 60))}

    found = weighted_figures(in_columns(rows), 2, balance)

    assert found is not None
    assert found.traits == ("sexo",)
    assert round(found.shares["S2", "si"], 4) == 0.5406
    assert (round(found.n_eff, 2), round(found.deff, 4)) == (171.62, 1.0488)
    assert found.shares["S1", "solo_estudia"] == pytest.approx(found.shares["S2", "si"])


def test_a_group_of_few_answers_is_merged_and_one_group_says_nothing() -> None:
    rows = [*answers("M", 10, 10), *answers("X", 1, 1)]

    alone = weighted_figures(in_columns(rows), 2, {"sexo": (Group("M", 30, 20), Group("X", 4, 2))})
    nobody = weighted_figures(in_columns([]), 2, {"sexo": (Group("M", 30, 0), Group("H", 4, 0))})

    assert alone is None
    assert nobody is None


def test_margins_of_the_frame_are_met_by_a_group_without_answers_too() -> None:
    rows = [*answers("M", 10, 10), *answers("H", 10, 0)]
    balance = {"sexo": (Group("M", 40, 20), Group("H", 30, 10), Group("X", 2, 0))}

    found = weighted_figures(in_columns(rows), 2, balance)

    assert found is not None
    # H is the smallest and joins who has no answer: 40 women, 32 others.
    assert found.shares["S2", "si"] == pytest.approx((40 * 0.5 + 32) / 72)


@settings(max_examples=30)
@given(st.integers(10, 60), st.integers(0, 999))
def test_where_answers_are_mixed_as_the_frame_nothing_changes(n: int, seed: int) -> None:
    chance = random.Random(seed)
    rows: list[Row] = [
        {"sexo": "HM"[i % 2], "situacion": chance.choice([1, 2, 3, 4])} for i in range(2 * n)
    ]
    balance = {"sexo": (Group("H", 3 * n, n), Group("M", 3 * n, n))}

    found = weighted_figures(in_columns(rows), 2, balance)

    assert found is not None
    studies = sum(row["situacion"] in {1, 3} for row in rows) / (2 * n)
    assert found.shares["S2", "si"] == pytest.approx(studies)
    assert found.deff == pytest.approx(1)
