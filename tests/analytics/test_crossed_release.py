"""Figures by sex under attack: with the totals they must not give a person away."""

import random
import re
from collections.abc import Sequence

import pytest

from app.analytics.crossed_release import release_crossed
from app.analytics.indicators import Kind, count
from app.analytics.outcome_release import release_wave
from app.analytics.panel_row import Row
from app.analytics.registry import indicator
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from app.analytics.tallies import tally_of
from app.analytics.traits import LATTICE
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
