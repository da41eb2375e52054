"""Sums told on several days, under attack by whoever kept all of them (decisions/0031)."""

import random
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

import pytest

from app.analytics.figures.joint import Query
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.tallies import Tally
from app.analytics.release.cuts import Cut, Entry, next_cut
from app.analytics.release.sum_parts import summand_of, withheld_of_sums
from tests.analytics import test_crossings_attacked as crossings
from tests.analytics import test_measures_of_sums as measures
from tests.analytics.test_sums_of_schools import (
    WAVE,
    ZONES,
    Schools,
    World,
    a_world,
    audit,
    check,
    groups,
)

pytestmark = pytest.mark.slow


class Told(Protocol):
    """A world of any of the attacks: schools, and sums with what they withhold."""

    @property
    def schools(self) -> Sequence[Tally]: ...

    sums: Sequence[Schools]
    withheld: Sequence[frozenset[Query]]


def cuts(world: Told, days: Sequence[Iterable[int]], wave: int = WAVE) -> list[Cut]:
    """The cut of each day on which some schools closed."""
    summands = {UUID(int=n): summand_of(tally) for n, tally in enumerate(world.schools)}
    over: set[int] = set()
    found = [Cut()]
    for day in days:
        over |= set(day)
        now = {
            Entry(UUID(int=n), UUID(int=n)): frozenset(
                UUID(int=1000 + i) for i, schools in enumerate(world.sums) if n in schools
            )
            for n in over
        }
        found.append(next_cut(found[-1], now, summands, wave))
    return found[1:]


def tell(world: Told, cut: Cut) -> None:
    """The same schools beside every sum that was ever told of them."""
    told = [one for one in cut.told if len(one.places) > 1]
    place = [entry.edition.int for entry in cut.entries]
    world.sums = [frozenset(place[n] for n in one.places) for one in told]
    world.withheld = [one.withheld for one in told]


def by_lot(schools: int, seed: int) -> list[set[int]]:
    """Half of the schools close on the first of three days."""
    chance = random.Random(seed)
    days: list[set[int]] = [set(), set(), set()]
    for place in range(schools):
        days[chance.choice([0, 0, 1, 2])].add(place)
    return days


def each_day_by_itself(world: World, days: Sequence[Iterable[int]]) -> World:
    """As it was told before: the sums of each day planned without those of the days before."""
    summands = [summand_of(tally) for tally in world.schools]
    found: dict[Schools, frozenset[tuple[str, str]]] = {}
    over: set[int] = set()
    for day in days:
        over |= set(day)
        sums = list(dict.fromkeys(one & over for one in world.sums if len(one & over) > 1))
        found |= dict(zip(sums, withheld_of_sums(summands, sums, WAVE), strict=True))
    world.sums, world.withheld = list(found), list(found.values())
    return world


LATE = [{1, 2, 3, 4, 5, 6}, {0}]  # the smallest school closes by itself
IN_TWO = [{0, 2, 4, 6}, {1, 3, 5}]
ONE_A_DAY = [{0, 1, 2}, {3}, {4}, {5}, {6}]


@pytest.mark.parametrize(
    ("shape", "days"),
    [
        ("small and large", LATE),
        ("small and large", IN_TWO),
        ("small and large", ONE_A_DAY),
        ("many small", LATE),
    ],
)
def test_sums_of_several_days_do_not_give_a_school_away(
    shape: str, days: Sequence[set[int]]
) -> None:
    world = a_world(7, ZONES[shape])

    tell(world, cuts(world, days)[-1])

    check(world)


def test_the_attack_finds_what_a_sum_tells_beside_that_of_the_day_before() -> None:
    world = each_day_by_itself(a_world(7, ZONES["many small"]), LATE)

    _, least, narrow = audit(world, groups()[:5])

    assert least == 0
    assert narrow > 5


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("subsystems", [0, 2])
@pytest.mark.parametrize("shape", ZONES)
def test_sums_of_many_days_do_not_give_a_school_away(
    shape: str, subsystems: int, seed: int
) -> None:
    world = a_world(seed, ZONES[shape], subsystems=subsystems)
    tell(world, cuts(world, by_lot(len(world.sizes), seed))[-1])

    print(shape, subsystems, seed, check(world))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", measures.ZONES)
def test_measures_of_many_days_do_not_give_a_school_away(shape: str, seed: int) -> None:
    world = measures.a_world(measures.ZONES[shape], seed, exact=True)
    tell(world, cuts(world, by_lot(len(world.schools), seed), measures.WAVE)[-1])

    cells, tight = measures.narrow(world, [entry.id for entry in measures.ENTRIES])

    print(shape, seed, cells)
    assert tight == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("variable", ["turno", "tipo_bachillerato"])
def test_crossings_of_many_days_do_not_give_a_school_away(variable: str, seed: int) -> None:
    world = crossings.a_world(seed, LATTICE[variable])
    tell(world, cuts(world, by_lot(len(world.schools), seed))[-1])

    found = crossings.attacked(world, variable, crossings.LINES)

    print(variable, seed, len(found), min((after for _, after in found), default=None))
    assert [pair for pair in found if pair[1] < min(5, pair[0])] == []
