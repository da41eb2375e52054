"""What holds of the figures of any wave, whoever answered what: totals, order, permutation, one.

The people answer by lot every question that their questionnaire asks (tests/recount/world.py).
"""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.analytics.figures.indicators import Kind
from app.analytics.figures.registry import indicator, outcomes_of
from app.analytics.frame.grouped_rows import in_columns
from app.analytics.frame.tallies import add_tallies, tally_of
from app.analytics.panel_row import Row, panel_row
from app.analytics.rates import Dispositions, outcome_rates
from app.analytics.release.outcome_release import release_counted, release_wave
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from app.analytics.weighting import rake_weights
from tests.analytics.survey import moment
from tests.recount.world import people_by_lot

NUMBERS = st.sampled_from([1, 2, 3])
SEEDS = st.integers(0, 2**30)
LEFT = date(2026, 7, 10)
ADDING = (Kind.DISTRIBUTION, Kind.SCALE)


def rows_of(number: int, seed: int, size: int) -> list[Row]:
    """The rows of those who answered."""
    days = {n: moment(n).date() for n in range(1, number + 1)}
    roster = {"sexo": "M", "turno": 1, "tipo_bachillerato": 2, "municipio_plantel": "15106"}
    return [
        panel_row(number, one.answers, roster, graduated=LEFT, interviewed=days)  # type: ignore[arg-type]
        for one in people_by_lot(seed, size, number)
        if number in one.answers
    ]


def own(frame: int) -> Context:
    return Context(audience=Audience.OWN, frame=frame)


def told(rows: Sequence[Row], number: int, context: Context) -> list[IndicatorRow]:
    return release_wave(in_columns(rows), number, context)


@settings(max_examples=20)
@given(NUMBERS, SEEDS, st.integers(0, 80))
def test_parts_add_to_their_total_and_shares_to_one(number: int, seed: int, size: int) -> None:
    figures = told(rows_of(number, seed, size), number, own(80))

    for entry in outcomes_of(number):
        mine = [row for row in figures if row.id == entry.id]
        if entry.kind in ADDING and mine:
            assert sum(row.numerator or 0 for row in mine) == mine[0].base, entry.id
        if entry.kind is Kind.CROSSING:
            for line in {row.category.partition("|")[0] for row in mine}:
                cells = [row.value for row in mine if row.category.startswith(f"{line}|")]
                known = [value for value in cells if value is not None]
                assert len(known) < len(cells) or sum(known) == pytest.approx(1), entry.id
        if entry.kind is Kind.MULTIPLE:
            assert all((row.numerator or 0) <= (row.base or 0) for row in mine), entry.id


@settings(max_examples=20)
@given(NUMBERS, SEEDS, st.integers(0, 80))
def test_what_accumulates_never_falls_and_margins_hold_their_figure(
    number: int, seed: int, size: int
) -> None:
    figures = told(rows_of(number, seed, size), number, own(80))

    for entry in outcomes_of(number):
        mine = [row.value for row in figures if row.id == entry.id and row.value is not None]
        if entry.kind in {Kind.CUMULATIVE, Kind.CURVE}:
            assert all(a <= b + 1e-12 for a, b in pairwise(mine)), entry.id
    for row in figures:
        if row.value is not None and row.low is not None and row.high is not None:
            assert row.low - 1e-12 <= row.value <= row.high + 1e-12, (row.id, row.category)
            bounded = indicator(row.id).kind not in {Kind.MEAN, Kind.MEDIAN, Kind.SCORE}
            assert not bounded or 0 <= row.low <= row.high <= 1


@settings(max_examples=20)
@given(NUMBERS, SEEDS, st.integers(0, 60), st.sampled_from(list(Audience)))
def test_the_order_of_persons_says_nothing(
    number: int, seed: int, size: int, audience: Audience
) -> None:
    rows = rows_of(number, seed, size)
    mixed = random.Random(seed).sample(rows, len(rows))
    context = Context(audience=audience, frame=60, answered=len(rows))

    assert told(mixed, number, context) == told(rows, number, context)


@settings(max_examples=10)
@given(NUMBERS, SEEDS, st.integers(0, 60), st.sampled_from(list(Audience)))
def test_one_school_is_its_own_sum(number: int, seed: int, size: int, audience: Audience) -> None:
    """Added to nothing, and split in three and added again, the figures are the same."""
    rows = rows_of(number, seed, size)
    parts = [tally_of(in_columns(rows[start::3]), number) for start in range(3)]
    alone = add_tallies([tally_of(in_columns(rows), number)], number)
    context = Context(audience=audience, frame=60, answered=len(rows))

    together = release_counted(add_tallies(parts, number), context)
    assert release_counted(alone, context) == together == told(rows, number, context)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("audience", list(Audience))
def test_of_nobody_nothing_is_told(number: int, audience: Audience) -> None:
    figures = told([], number, Context(audience=audience, frame=40, answered=0))

    assert figures
    assert {row.value for row in figures} == {None}
    if audience is Audience.OWN:
        exact = [row for row in figures if indicator(row.id).kind is not Kind.CROSSING]
        assert {row.reason for row in exact} <= {Reason.NOBODY, Reason.SMALL_BASE}


COUNTS = st.integers(0, 400)


@given(COUNTS, COUNTS, COUNTS, st.integers(1, 400), COUNTS, COUNTS)
def test_one_more_answer_lifts_every_response_rate(
    complete: int, partial: int, refused: int, silent: int, other: int, unsure: int
) -> None:
    before = Dispositions(complete, partial, refused, silent, other, unsure)
    after = Dispositions(complete + 1, partial, refused, silent - 1, other, unsure)

    for name in ("rr1", "rr2", "rr3", "rr4", "rr5", "rr6", "con1", "con2", "con3"):
        was, now = getattr(outcome_rates(before), name), getattr(outcome_rates(after), name)
        assert was is not None
        assert now > was, name


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from("MH"), st.sampled_from("mv")), min_size=8, max_size=120),
    st.lists(st.tuples(st.sampled_from("MH"), st.sampled_from("mv")), max_size=200),
)
def test_weights_of_anybody_meet_both_margins(
    answered: list[tuple[str, str]], silent: list[tuple[str, str]]
) -> None:
    """The frame is who answered and who did not: its margins can be met."""
    frame = [*answered, *silent]
    margins = [Counter(person[place] for person in frame) for place in (0, 1)]
    assume(all({one[p] for one in answered} == set(margins[p]) for p in (0, 1)))
    try:
        weights = rake_weights(answered, margins)
    except ValueError:  # an empty corner: the margins cannot be met together
        assume(False)

    for place, margin in enumerate(margins):
        for value, total in margin.items():
            mine = (w for w, one in zip(weights, answered, strict=True) if one[place] == value)
            assert sum(mine) == pytest.approx(total, abs=1e-5)
    assert min(weights) > 0
