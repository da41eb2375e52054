"""Means, scores and curves of sums of schools under attack, beside the schools themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest

from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.tallies import Tally, add_tallies, tally_of
from app.analytics.release.outcome_release import release_counted
from app.analytics.release.sum_parts import summand_of, withheld_of_sums
from app.analytics.released import Audience, Context, IndicatorRow
from tests.analytics.attack_measures import Knowledge, Numbers, codes, ends
from tests.analytics.test_measures_attacked import MINIMUM, SMALL_GROUP, opinions

WAVE = 3
KINDS = (Kind.MEAN, Kind.SCORE, Kind.CURVE)
Schools = frozenset[int]
QUARTERS = ((0, 3), (4, 6), (7, 9), (10, 12), (13, 16))


@dataclass
class World:
    schools: Sequence[Tally]
    sums: Sequence[Schools]
    withheld: Sequence[frozenset[tuple[str, str]]] = field(default_factory=tuple)

    def figures(self) -> Iterator[tuple[Schools, dict[str, list[IndicatorRow]]]]:
        for place, tally in enumerate(self.schools):
            context = Context(audience=Audience.OFFICE)
            small = tally.answered < 23
            yield frozenset({place}), _by_name([] if small else release_counted(tally, context))
        for schools, gone in zip(self.sums, self.withheld, strict=True):
            total = add_tallies([self.schools[place] for place in sorted(schools)], WAVE)
            context = Context(audience=Audience.OFFICE, schools=len(schools), withheld=gone)
            yield schools, _by_name(release_counted(total, context))


def _by_name(rows: Sequence[IndicatorRow]) -> dict[str, list[IndicatorRow]]:
    found: dict[str, list[IndicatorRow]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    return found


def a_world(zones: Sequence[Sequence[int]], seed: int, *, exact: bool = False) -> World:
    sums, first = [], 0
    for zone in zones:
        sums.append(frozenset(range(first, first + len(zone))))
        first += len(zone)
    sums += [frozenset(range(first))] if len(zones) > 1 else []
    sizes = [n for zone in zones for n in zone]
    schools = [tally_of(opinions(n, seed + i, WAVE), WAVE) for i, n in enumerate(sizes)]
    if exact:
        return World(schools, sums, [frozenset() for _ in sums])
    return World(schools, sums, withheld_of_sums([summand_of(t) for t in schools], sums, WAVE))


def _people(entry: Indicator, tally: Tally) -> dict[str, int]:
    if entry.kind is Kind.CURVE:
        wait = tally.waits_of(entry)
        found = {f"e{m}": n for m, n in wait.ended.items()}
        return found | {f"w{m}": n for m, n in wait.watched.items()}
    if entry.kind is Kind.MEAN:
        return {f"{one}": n for one, n in tally.values_of(entry).tally.items()}
    return dict(tally.counts_of(entry).cells)


def _names(entry: Indicator) -> list[str]:
    if entry.kind is Kind.CURVE:
        return [f"{how}{month}" for how, month in product("ew", range(17))]
    if entry.kind is Kind.MEAN:
        return [f"{one}" for one in codes(entry)]
    return [one.id for one in entry.categories]


def _secrets(entry: Indicator) -> list[frozenset[str]]:
    """The counts that a school tells of nobody: quarters of a curve, answers of the rest."""
    if entry.kind is not Kind.CURVE:
        return [frozenset({name}) for name in _names(entry)]
    return [
        frozenset(f"{how}{month}" for month in range(first, last + 1))
        for how, (first, last) in product("ew", QUARTERS)
    ]


def widths(world: World, entry: Indicator) -> list[tuple[int, int]]:
    """Of each count that a school does not tell: how open beside it alone, and beside all sums.

    A sum is read in full precision, so a reader is taken to know what it is made of; a school
    that tells a curve or a score is taken to tell all its counts, one that tells a mean only that.
    """
    names, many = _names(entry), len(world.schools)
    people = [_people(entry, tally) for tally in world.schools]
    total = np.array([[float(one.get(name, 0)) for name in names] for one in people])
    told, hidden = _seen(world, entry, total)
    most = [float(tally.answered) for tally in world.schools for _ in names]
    every = [np.kron(np.eye(many)[place], np.ones(len(names))) for place in range(many)]
    within = Knowledge(every, [(0.0, float(tally.answered)) for tally in world.schools])
    own = within.also([t.row for t in told if t.alone], [t.between for t in told if t.alone])
    all_of_it = within.also([t.row for t in told], [t.between for t in told])
    found = []
    for place, secret in hidden:
        aim = np.kron(np.eye(many)[place], secret)
        low, high = ends(aim, [own], most)
        if high - low:
            after = ends(aim, [all_of_it], most)
            found.append((high - low, after[1] - after[0]))
    return found


@dataclass(frozen=True)
class Told:
    """A linear sum of persons by school and answer; `alone`: of one school."""

    alone: bool
    row: Numbers
    between: tuple[float, float]


def _seen(
    world: World, entry: Indicator, total: Numbers
) -> tuple[list[Told], list[tuple[int, Numbers]]]:
    """What is told of an indicator, and the counts of schools that are not."""
    names = _names(entry)
    told: list[Told] = []
    hidden: list[tuple[int, Numbers]] = []
    for schools, figures in world.figures():
        row = figures[entry.id][0] if entry.id in figures else None
        inside = np.array([float(place in schools) for place in range(len(total))])
        alone = len(schools) == 1
        if row is not None and row.base is not None:
            base = float(row.base)
            told.append(Told(alone, np.kron(inside, np.ones(len(names))), (base, base)))
        if row is not None and not row.withheld:
            for aim, slack in _said(entry, row, names, alone=alone):
                value = float(inside @ total @ aim)
                told.append(Told(alone, np.kron(inside, aim), (value - slack, value + slack)))
        elif alone:
            (place,) = schools
            hidden += [(place, one) for one in _secrets_at(entry, total, place)]
    return told, hidden


def _secrets_at(entry: Indicator, total: Numbers, place: int) -> Iterator[Numbers]:
    """But what is said to be nobody: in all the schools, or among many (rule 2)."""
    names = _names(entry)
    for secret in _secrets(entry):
        inside = np.array([float(name in secret) for name in names])
        among_many = not total[place] @ inside and total[place].sum() >= SMALL_GROUP
        if total.sum(axis=0) @ inside and not among_many:
            yield inside


def _said(
    entry: Indicator, row: IndicatorRow, names: Sequence[str], *, alone: bool
) -> Iterator[tuple[Numbers, float]]:
    """Sums over the answers that a figure tells, and how far each may be off."""
    if entry.kind is not Kind.MEAN:
        yield from ((aim, 0.0) for aim in np.eye(len(names)))
        return
    answers = np.array([float(name) for name in names])
    if alone:  # one decimal; half of it either way of the rounded one
        yield answers, 0.1 * (row.base or 0)
    else:
        yield answers, 0.0
        yield answers**2, 0.0


ENTRIES = [entry for entry in outcomes_of(WAVE) if entry.kind in KINDS]


def narrow(world: World, names: Sequence[str]) -> tuple[int, list[tuple[int, int]]]:
    found = [pair for e in ENTRIES if e.id in names for pair in widths(world, e)]
    return len(found), [pair for pair in found if pair[1] < min(MINIMUM, pair[0])]


SOME = ("C3b_ingles", "C5", "C6", "L10k")
ZONES = {
    "one zone": [[25, 30, 40, 60, 35]],
    "two zones": [[25, 40, 60, 130], [60, 95, 140, 30]],
    "tiny": [[7, 12, 9, 25, 30, 12, 15]],
}


def test_measures_of_sums_do_not_give_their_schools_away() -> None:
    cells, tight = narrow(a_world(ZONES["two zones"], 3), SOME)

    assert cells > 20
    assert tight == []


def test_the_attack_finds_what_exact_measures_of_sums_give_away() -> None:
    cells, tight = narrow(a_world(ZONES["two zones"], 3, exact=True), SOME)

    assert cells > 20
    assert tight


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", ZONES)
def test_measures_of_sums_of_many_worlds_do_not(shape: str, seed: int) -> None:
    cells, tight = narrow(a_world(ZONES[shape], seed), [entry.id for entry in ENTRIES])

    print(shape, seed, cells)
    assert tight == []
