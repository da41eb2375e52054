"""Crossings by shift and by programme of sums of schools, under attack by whoever sees them all.

Of a school that has one shift or one programme everybody knows which it is: what a sum tells of
that value is, to a reader, a sum of those schools and a part of the others.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from app.analytics.figures.indicators import Indicator
from app.analytics.figures.registry import indicator
from app.analytics.figures.traits import LATTICE, Trait
from app.analytics.frame.tallies import add_tallies, tally_of
from app.analytics.release.crossed_release import CrossedRow, release_crossed
from app.analytics.released import Audience, Context
from tests.analytics.attack import Told, sums_intervals
from tests.analytics.test_outcome_release import a_school
from tests.analytics.test_sums_of_schools import WAVE, Cell, Schools, World, exact, protected, seen

ZONES = [[25, 40, 60, 130], [60, 95, 240, 30], [30, 45, 55, 80]]
LINES = ("S1", "S2", "L1", "C1t")


def a_world(seed: int, trait: Trait) -> World:
    """Three zones and their state; two schools in three have one value of the trait alone."""
    chance = random.Random(seed)
    sizes = [n for zone in ZONES for n in zone]
    sums, first = [], 0
    for zone in ZONES:
        sums.append(frozenset(range(first, first + len(zone))))
        first += len(zone)
    world = World(sizes, [*sums, frozenset(range(first))])
    for n in sizes:
        values = list(trait.values)[:2]
        mine = values if chance.random() < 1 / 3 else [chance.choice(values)]
        rows = a_school(n, chance.randrange(10**6))
        given = [{**row, trait.variable: chance.choice(mine)} for row in rows]
        world.schools.append(tally_of(given, WAVE))
    return world


@dataclass
class Crossed:
    told: list[Told] = field(default_factory=list)
    hidden: list[tuple[int, Cell]] = field(default_factory=list)


def _told(world: World, trait: Trait) -> Iterator[tuple[Schools, list[CrossedRow]]]:
    for place, tally in enumerate(world.schools):
        alone = Context(audience=Audience.OFFICE)
        yield frozenset({place}), release_crossed(tally, trait, alone)
    for schools, gone in zip(world.sums, world.withheld, strict=True):
        total = add_tallies([world.schools[place] for place in sorted(schools)], WAVE)
        context = Context(audience=Audience.OFFICE, schools=len(schools), withheld=gone)
        yield schools, release_crossed(total, trait, context)


def _seen(world: World, trait: Trait, entry: Indicator) -> Crossed:
    found = Crossed()
    for schools, rows in _told(world, trait):
        shown: set[Cell] = set()
        for one in rows:
            if one.row.id != entry.id:
                continue
            for name, n in (("base", one.row.base), (one.row.category, one.row.numerator)):
                if n is not None:
                    shown.add((one.group, name))
                    found.told.append(Told(schools, frozenset({(one.group, name)}), n))
        if len(schools) == 1:
            (place,) = schools
            counts = world.schools[place].counts_by(entry, trait.variable)
            found.hidden += [
                (place, (str(value), category.id))
                for value in counts
                for category in entry.categories
                if (str(value), category.id) not in shown and len(counts) > 1
            ]
    return found


def widths(world: World, trait: Trait, entry: Indicator) -> list[tuple[int, int]]:
    """Of every hidden count: how open it is beside all lines, and beside all crossings too."""
    names = [category.id for category in entry.categories]
    groups = [str(value) for value in list(trait.values)[:2]]
    states = [
        frozenset({(group, name), (group, "base"), (entry.id, name), (entry.id, "base")})
        for group in groups
        for name in names
    ]
    lines, crossed = seen(world, [entry]), _seen(world, trait, entry)
    everybody = frozenset(cell for state in states for cell in state)
    limits = {
        (place, kind): (0, 0)  # of a school of one value nobody has another
        for place, tally in enumerate(world.schools)
        for kind, state in enumerate(states)
        if not any((str(v), "base") in state for v in tally.traits[trait.variable])
    }
    zero = {
        (place, cell)
        for one in (*crossed.told, *lines.told)
        for cell in one.cells & everybody
        if not one.persons and len(one.schools) > 1
        for place in one.schools
    }
    # Of a school of one value the line is the crossing: it stays as open as it was.
    secret = [*crossed.hidden, *((p, c) for p, c in lines.hidden if c[1] in names)]
    hidden = [one for one in secret if one not in zero]
    answered = [tally.answered for tally in world.schools]
    states = [*states, frozenset[Cell]()]
    told = [one for one in crossed.told if len(one.schools) == 1]
    before = sums_intervals(states, [*lines.told, *told], answered, hidden, limits)
    after = sums_intervals(states, [*lines.told, *crossed.told], answered, hidden, limits)
    return [(a.width, b.width) for a, b in zip(before, after, strict=True)]


def attacked(world: World, variable: str, names: Sequence[str]) -> list[tuple[int, int]]:
    return [pair for name in names for pair in widths(world, LATTICE[variable], indicator(name))]


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("variable", ["turno", "tipo_bachillerato"])
def test_crossings_of_many_worlds_do_not_give_their_schools_away(variable: str, seed: int) -> None:
    found = attacked(protected(a_world(seed, LATTICE[variable])), variable, LINES)

    print(variable, seed, len(found), min((after for _, after in found), default=None))
    assert [pair for pair in found if pair[1] < min(5, pair[0])] == []


def test_crossings_by_shift_do_not_give_their_schools_away() -> None:
    found = attacked(protected(a_world(1, LATTICE["turno"])), "turno", ("S2",))

    assert found
    assert [pair for pair in found if pair[1] < min(5, pair[0])] == []


def test_the_attack_finds_what_exact_crossings_by_shift_give_away() -> None:
    found = attacked(exact(a_world(1, LATTICE["turno"])), "turno", ("S2",))

    assert min(after for _, after in found) < 5
