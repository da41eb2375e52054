"""A tally in little room says what the tally says, and plans the same sums."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.editions.content import EditionContent, read_back, written
from app.analytics.figures.families import FAMILIES
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.small_tallies import SmallTally
from app.analytics.frame.tallies import COUNTED, CROSSED, NUMBERED, WAITED, Counted, Tally, tally_of
from app.analytics.release.sum_parts import Summand, summand_of, withheld_of_sums
from tests.analytics.test_outcome_release import a_person


def a_tally(seed: int, persons: int, wave: int) -> Tally:
    chance = random.Random(seed)
    people = [dict(a_person(chance, wave)) for _ in range(persons)]
    for person in people:
        person["sexo"] = chance.choice(["M", "H", "X", None])
        person["turno"] = chance.choice([1, 2, 7])
        person["campo_amplio"] = chance.choice([None, 1, 4, 7])  # categories of their own
    return read_back(written(EditionContent(tally_of(people, wave), persons))).tally


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), persons=st.integers(0, 40), wave=st.sampled_from([2, 3]))
def test_it_says_what_the_tally_says(seed: int, persons: int, wave: int) -> None:
    tally = a_tally(seed, persons, wave)

    small = SmallTally(tally)

    assert (small.wave, small.answered) == (wave, persons)
    assert list(small.states) == list(tally.states)
    for family in FAMILIES:
        assert list(small.people(family).items()) == list(tally.people(family).items())
    assert [_said(small, entry) for entry in outcomes_of(wave)] == [
        _said(tally, entry) for entry in outcomes_of(wave)
    ]
    for variable in LATTICE:
        assert small.values_had(variable) == tally.values_had(variable)
    again = SmallTally(small.whole()).whole()
    assert again == small.whole()
    assert again.traits == tally.traits


def _said(counted: Counted, entry: Indicator) -> list[object]:
    """All that is counted of an indicator, in its order."""
    found: list[object] = []
    if entry.kind in COUNTED:
        counts = counted.counts_of(entry)
        found += [counts, *counts.cells]
    if entry.kind in CROSSED:
        found += [list(counted.counts_by(entry, variable).items()) for variable in LATTICE]
    if entry.kind in NUMBERED:
        found.append(counted.values_of(entry))
    if entry.kind in WAITED:
        found.append(counted.waits_of(entry))
    if entry.kind is Kind.CROSSING:
        found.append(counted.crossing_of(entry))
    return found


@pytest.mark.slow
def test_the_same_sums_are_planned_of_it() -> None:
    chance = random.Random(3)
    sizes = [chance.choice([9, 25, 40, 80]) for _ in range(12)]
    schools = [summand_of(a_tally(n, size, 2)) for n, size in enumerate(sizes)]
    sums = [frozenset(range(4)), frozenset(range(4, 6)), frozenset(range(6, 12))]
    sums += [frozenset(range(0, 12, 2)), frozenset(range(12))]

    small = [Summand(SmallTally(_whole(one)), one.hidden, one.crossings) for one in schools]

    found = withheld_of_sums(small, sums, 2)
    assert found == withheld_of_sums(schools, sums, 2)
    assert any(found)


def _whole(one: Summand) -> Tally:
    tally = one.tally.whole()
    assert isinstance(one.tally, Tally)
    return tally
