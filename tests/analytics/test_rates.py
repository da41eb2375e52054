from dataclasses import fields
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.rates import (
    Dispositions,
    OutcomeRates,
    career_outcomes_rate,
    knowledge_rate,
    outcome_rates,
    share,
)

F = Fraction

people = st.integers(0, 5_000)
waves = st.builds(Dispositions, people, people, people, people, people, people, people)


def told(rates: OutcomeRates) -> dict[str, Fraction | None]:
    return {field.name: getattr(rates, field.name) for field in fields(rates)}


def test_a_published_example() -> None:
    """domain.md T1, README of the R package outcomerate; its UH = 1 is added to UO."""
    d = Dispositions(I=4, P=2, R=1, NC=1, O=1, UO=2, NE=1)

    assert outcome_rates(d, F(9, 10)) == OutcomeRates(
        rr1=F(4, 11), rr2=F(6, 11), rr3=F(10, 27), rr4=F(5, 9), rr5=F(4, 9), rr6=F(2, 3),
        coop1=F(1, 2), coop2=F(3, 4), coop3=F(4, 7), coop4=F(6, 7),
        ref1=F(1, 11), ref2=F(5, 54), ref3=F(1, 9),
        con1=F(8, 11), con2=F(20, 27), con3=F(8, 9), e=F(9, 10),
    )  # fmt: skip
    assert outcome_rates(d, 0.9) == outcome_rates(d, F(9, 10)) == outcome_rates(d)


def test_the_unit_test_of_the_same_package() -> None:
    """domain.md T2."""
    assert outcome_rates(Dispositions(I=5, P=3, R=2, NC=1, O=2, UO=2), 0.5) == OutcomeRates(
        rr1=F(1, 3), rr2=F(8, 15), rr3=F(5, 14), rr4=F(4, 7), rr5=F(5, 13), rr6=F(8, 13),
        coop1=F(5, 12), coop2=F(2, 3), coop3=F(1, 2), coop4=F(4, 5),
        ref1=F(2, 15), ref2=F(1, 7), ref3=F(2, 13),
        con1=F(4, 5), con2=F(6, 7), con3=F(12, 13), e=F(1, 2),
    )  # fmt: skip


def test_only_unknown_eligibility_is_undefined_where_nobody_is_sure() -> None:
    """domain.md T2b."""
    rates = told(outcome_rates(Dispositions(UO=1), 0.3))

    assert {rates[name] for name in ("rr1", "rr2", "rr3", "rr4")} == {0}
    assert {rates[name] for name in ("rr5", "rr6", "coop1", "coop2", "coop3", "coop4")} == {None}


def test_without_known_eligibility_e_is_undefined() -> None:
    """domain.md R3."""
    rates = told(outcome_rates(Dispositions(UO=7)))

    undefined = {"e", "rr3", "rr4", "ref2", "con2", "rr5", "rr6", "ref3", "con3"}
    assert {name for name, rate in rates.items() if rate is None} >= undefined
    assert {rates["rr1"], rates["rr2"], rates["con1"]} == {0}


def test_a_wave_in_which_nobody_was_fielded() -> None:
    assert set(told(outcome_rates(Dispositions())).values()) == {None}
    rates = told(outcome_rates(Dispositions(NE=12)))
    assert rates.pop("e") == 0
    assert set(rates.values()) == {None}


def test_everybody_refuses() -> None:
    rates = outcome_rates(Dispositions(R=95))

    assert {rates.rr2, rates.coop2} == {0}
    assert {rates.ref1, rates.con1} == {1}


@given(waves)
def test_rates_are_proportions_in_their_order(d: Dispositions) -> None:
    rates = outcome_rates(d)

    assert all(rate is None or 0 <= rate <= 1 for rate in told(rates).values())
    for lower, middle, upper in (
        (rates.rr1, rates.rr3, rates.rr5),
        (rates.rr2, rates.rr4, rates.rr6),
    ):
        if lower is not None and middle is not None and upper is not None:
            assert lower <= middle <= upper


@given(waves)
def test_not_eligible_cases_are_in_no_denominator_but_that_of_e(d: Dispositions) -> None:
    without = Dispositions(I=d.I, P=d.P, R=d.R, NC=d.NC, O=d.O, UO=d.UO)

    assert outcome_rates(d, 1) == outcome_rates(without, 1)


@pytest.mark.parametrize("e", [-0.1, 1.1, F(3, 2), float("nan")])
def test_e_is_a_share(e: float) -> None:
    with pytest.raises(ValueError, match=r"share|Invalid"):
        outcome_rates(Dispositions(I=1), e)


def test_counts_are_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Dispositions(I=-1)


def test_knowledge_and_career_outcomes() -> None:
    """domain.md T11: 96 + 2 + 1 + 118 placed, 24 seeking, 9 not seeking, of 320."""
    assert knowledge_rate(96 + 2 + 1 + 118 + 24 + 9, 0, 320) == F(25, 32)
    assert knowledge_rate(200, 50, 320) == F(25, 32)
    assert career_outcomes_rate(217, 24) == F(217, 241)
    assert round(float(F(217, 241)), 4) == 0.9004


def test_shares_of_persons() -> None:
    assert knowledge_rate(0, 0, 0) is None
    assert share(59_259, 120_509) == F(59_259, 120_509)  # T17
    assert round(100 * 59_259 / 120_509, 2) == 49.17
    for part, whole in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="no part"):
            share(part, whole)
    with pytest.raises(ValueError, match="negative"):
        knowledge_rate(5, -1, 10)
    with pytest.raises(ValueError, match="negative"):
        career_outcomes_rate(-1, 1)
