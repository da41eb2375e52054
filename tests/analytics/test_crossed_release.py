"""Figures by sex under attack: with the totals they must not give a person away."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.analytics.asking import Division, PairNotKept, PairNotOffered, division_of
from app.analytics.figures.indicators import Kind, count
from app.analytics.figures.registry import indicator
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.tallies import add_tallies, tally_of
from app.analytics.panel_row import Row
from app.analytics.release.crossed_release import release_crossed, release_pair
from app.analytics.release.outcome_release import release_wave
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from tests.analytics.attack import Interval, joint_intervals
from tests.analytics.test_outcome_release import a_school, core, possible, state

OFFICE = Context(audience=Audience.OFFICE)
SEX = LATTICE["sexo"]
Cell = tuple[str, str]


def by_sex(n: int, seed: int, *, unknown: int = 0) -> list[Row]:
    chance = random.Random(seed)
    sexes = [*([None] * unknown), *(chance.choice("HM") for _ in range(n - unknown))]
    return [{**row, "sexo": sex} for row, sex in zip(a_school(n, seed), sexes, strict=True)]


def attack(rows: Sequence[Row], *, totals_alone: bool = False) -> list[Interval]:
    """What the office works out of the core, from the totals and the crossing together."""
    told = [("", row) for row in release_wave(rows, 2, OFFICE)]
    told += [(one.group, one.row) for one in release_crossed(tally_of(rows, 2), SEX, OFFICE)]
    names = {entry.id for entry in core(2) if entry.kind is not Kind.CUMULATIVE}
    known: dict[tuple[Cell, ...], int] = {}
    hidden: list[Cell] = []
    for group, row in told:
        if row.id in names:
            _note({} if totals_alone and group else known, hidden, group, row)
    states = [
        frozenset([*cells, *((f"{name}{group}", c) for name, c in cells)])
        for cells in possible(2) | {state(row, 2) for row in rows}
        for group in ("H", "M", "")
    ]
    return joint_intervals(states, known, hidden) if known else []


def _note(
    known: dict[tuple[Cell, ...], int], hidden: list[Cell], group: str, row: IndicatorRow
) -> None:
    name = f"{row.id}{group}"
    if row.base is not None:
        known[((name, "base"),)] = row.base
    if row.numerator is not None:
        known[((name, row.category),)] = row.numerator
    elif row.reason == Reason.SMALL:
        hidden.append((name, row.category))


def attacked(schools: range) -> list[int]:
    """Widths of what is hidden in lines with a small count.

    A line without one goes only so that it does not tell of another, and may be worked out.
    """
    widths = []
    for seed in schools:
        rows = by_sex(24 + 12 * (seed % 12), seed)
        for found, before in zip(attack(rows), attack(rows, totals_alone=True), strict=True):
            name, group, _ = re.split(r"(?<=[a-z0-9])([HM]?)$", str(found.name[0]))
            mine = [row for row in rows if not group or row["sexo"] == group]
            told_before = before.width < 5  # a total of 0 among many says that nobody is in it
            if min(count(indicator(name), mine).cells.values()) < 5 and not told_before:
                widths.append(found.width)
    return widths


def test_a_crossing_and_its_totals_do_not_give_each_other_away() -> None:
    widths = attacked(range(4, 8))

    assert len(widths) > 5
    assert min(widths) >= 5


@pytest.mark.slow
def test_crossings_of_many_schools_do_not_give_each_other_away() -> None:
    widths = attacked(range(60))

    assert len(widths) > 100
    assert min(widths) >= 5


def test_one_person_without_a_sex_hides_what_subtraction_would_tell() -> None:
    rows = by_sex(200, seed=3)
    lonely = by_sex(200, seed=3, unknown=1)

    told_all = release_crossed(tally_of(rows, 2), SEX, OFFICE)
    told_less = release_crossed(tally_of(lonely, 2), SEX, OFFICE)
    shown = [one for one in told_all if not one.row.withheld]
    left = [one for one in told_less if not one.row.withheld]

    assert shown
    assert left == []


def test_groups_of_large_sums_add_up_to_the_total() -> None:
    rows = by_sex(90, seed=5)
    region = Context(audience=Audience.OFFICE, schools=3, frame=100, answered=90)

    crossed = release_crossed(tally_of(rows, 2), SEX, region)

    total = {(row.id, row.category): row.numerator for row in release_wave(rows, 2, region)}
    found: dict[tuple[str, str], int] = {}
    for one in crossed:
        place = (one.row.id, one.row.category)
        found[place] = found.get(place, 0) + (one.row.numerator or 0)
    assert found["S1", "solo_estudia"] > 0
    assert {place: total[place] for place in found if place[0] != "L3"} == {
        place: count for place, count in found.items() if place[0] != "L3"
    }


def test_nobody_answered() -> None:
    assert release_crossed(tally_of([], 2), SEX, OFFICE) == []


def test_no_crossing_adds_up_to_a_total_that_is_withheld() -> None:
    """Seed 6: who studies is large in each sex, and withheld of all to protect another line."""
    rows = by_sex(60, seed=6)

    withheld = {row.id for row in release_wave(rows, 2, OFFICE) if row.withheld}

    crossed = release_crossed(tally_of(rows, 2), SEX, OFFICE)
    assert "S2" in withheld
    assert withheld.isdisjoint(one.row.id for one in crossed if not one.row.withheld)


SHIFT = LATTICE["turno"]
MORNING, EVENING = Division(SEX, SHIFT, 1), Division(SEX, SHIFT, 2)


def by_both(n: int, seed: int) -> list[Row]:
    chance = random.Random(seed + 1_000)
    return [{**row, "turno": chance.choice([1, 1, 2])} for row in by_sex(n, seed)]


def attack_of_both(rows: Sequence[Row], *, with_pair: bool) -> list[Interval]:
    """What is worked out from the totals, both crossings and, if asked, the table of the pair."""
    tally = tally_of(rows, 2)
    told = [("", row) for row in release_wave(rows, 2, OFFICE)]
    for trait, mark in ((SEX, "sexo"), (SHIFT, "turno")):
        told += [(f"/{mark}{one.group}", one.row) for one in release_crossed(tally, trait, OFFICE)]
    for asked in (MORNING, EVENING):
        told += [
            (f"/sexo{one.group}/turno{asked.value}", one.row)
            for one in release_pair(tally, asked, OFFICE)
        ]
    names = {entry.id for entry in core(2) if entry.kind is not Kind.CUMULATIVE}
    known: dict[tuple[Cell, ...], int] = {}
    hidden: list[Cell] = []
    for group, row in told:
        if row.id in names:
            _note(known if with_pair or group.count("/") < 2 else {}, hidden, group, row)
    states = [
        frozenset(
            (f"{name}{group}", c)
            for group in ("", f"/sexo{sex}", f"/turno{shift}", f"/sexo{sex}/turno{shift}")
            for name, c in cells
        )
        for cells in possible(2) | {state(row, 2) for row in rows}
        for sex in "HM"
        for shift in (1, 2)
    ]
    return joint_intervals(states, known, hidden) if known else []


def attacked_both(schools: Sequence[int]) -> tuple[int, int]:
    """How many figures of pairs were told, and how many hidden counts were looked at.

    None of those may be known better with the pair than without it, but where five persons or
    more of uncertainty are left.
    """
    told, hidden = 0, 0
    for seed in schools:
        rows = by_both(200 + 150 * (seed % 5), seed)
        pair = release_pair(tally_of(rows, 2), MORNING, OFFICE)
        told += sum(not one.row.withheld for one in pair)
        before = attack_of_both(rows, with_pair=False)
        for found, alone in zip(attack_of_both(rows, with_pair=True), before, strict=True):
            assert found.name == alone.name
            assert found.width >= min(5, alone.width), (seed, found, alone)
            hidden += 1
    return told, hidden


def test_two_traits_at_once_and_each_alone_do_not_give_each_other_away() -> None:
    told, hidden = attacked_both([1, 4, 5])

    assert told > 50
    assert hidden > 30


@pytest.mark.slow
def test_two_traits_of_many_schools_do_not_give_each_other_away() -> None:
    told, hidden = attacked_both(range(25))

    assert told > 500
    assert hidden > 300


def test_the_groups_of_a_pair_add_up_to_the_crossing_of_one() -> None:
    rows = by_both(90, seed=5)
    region = Context(audience=Audience.OFFICE, schools=3, frame=100, answered=90)
    tally = tally_of(rows, 2)

    alone = {(one.group, one.row.id, one.row.category): one.row.numerator
             for one in release_crossed(tally, SEX, region)}  # fmt: skip
    both: dict[tuple[str, str, str], int] = {}
    for asked in (MORNING, EVENING):
        for one in release_pair(tally, asked, region):
            place = (one.group, one.row.id, one.row.category)
            both[place] = both.get(place, 0) + (one.row.numerator or 0)

    assert both["M", "S1", "solo_estudia"] > 0
    assert {k: n for k, n in both.items() if k[1] != "L3"} == {
        k: alone[k] for k in both if k[1] != "L3"
    }


def test_an_edition_without_the_crossing_says_so() -> None:
    old = replace(tally_of(by_both(90, seed=5), 2), pairs=None)

    with pytest.raises(PairNotKept, match="pair_not_kept"):
        release_pair(old, MORNING, OFFICE)
    with pytest.raises(PairNotKept):
        release_pair(add_tallies([old, tally_of(by_both(90, seed=6), 2)], 2), MORNING, OFFICE)


def test_only_the_pairs_of_the_lattice_are_offered() -> None:
    assert division_of("turno", ("sexo", "M")) == Division(SHIFT, SEX, "M")
    with pytest.raises(PairNotOffered):
        division_of("turno", ("tipo_bachillerato", "2"))
