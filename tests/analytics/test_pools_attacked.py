"""Pools of small schools under attack, beside the sums of their zone and its other schools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from app.analytics.figures.joint import Query
from app.analytics.frame.tallies import add_tallies
from app.analytics.protection.holding import Schools
from app.analytics.release.outcome_release import release_counted
from app.analytics.release.own_pools import withheld_of_own
from app.analytics.release.pools import is_small, withheld_by_others
from app.analytics.release.sum_parts import summand_of
from app.analytics.release.told_before import ToldSum
from app.analytics.released import Audience, Context, IndicatorRow
from tests.analytics.test_sums_of_schools import WAVE, World, a_world, audit, groups, protected

LINES = groups()[:-1]


@dataclass
class PooledWorld(World):
    """A world in which the small schools of a zone are also told together, by its office."""

    pools: list[tuple[Schools, frozenset[Query]]] = field(default_factory=list)

    def figures(self) -> Iterator[tuple[Schools, list[IndicatorRow]]]:
        yield from World.figures(self)
        for schools, gone in self.pools:
            total = add_tallies([self.schools[place] for place in sorted(schools)], WAVE)
            yield schools, release_counted(total, Context(audience=Audience.OFFICE, withheld=gone))


def pooled(seed: int, zones: Sequence[Sequence[int]], *, guarded: bool = True) -> PooledWorld:
    world = protected(a_world(seed, zones))
    found = PooledWorld(world.sizes, world.sums, world.schools, world.withheld)
    hidden = [summand_of(tally).hidden for tally in world.schools]
    for sizes, zone, gone in zip(zones, world.sums, world.withheld, strict=False):
        small = frozenset(place for place in zone if is_small(world.sizes[place]))
        others = [hidden[place] for place in zone - small]
        if len(small) >= 3 and sum(map(int, filter(is_small, sizes))) >= 23:
            away = withheld_by_others(WAVE, gone, others) if guarded else frozenset()
            found.pools.append((small, away))
    assert found.pools
    return found


ZONES = {
    "small and large": [[7, 12, 9, 40, 130], [25, 60, 240]],
    "one larger": [[7, 12, 9, 40]],
    "two zones": [[9, 9, 9, 60], [12, 8, 10, 95, 30]],
}


LEAKS = 1, ZONES["small and large"]
LINE = [entries for entries in LINES if entries[0].id == "X3"]


def test_a_pool_does_not_give_the_other_schools_of_its_zone_away() -> None:
    world = pooled(*LEAKS)
    _, least, narrow = audit(world, LINE)
    *_, (_, rows) = world.figures()

    assert any(not row.withheld for row in rows)
    assert (least >= 5, narrow) == (True, 0)


def test_the_attack_finds_what_a_pool_by_its_own_rule_gives_away() -> None:
    """Who subtracts it and the larger schools from the zone reads what one of them hides."""
    _, least, narrow = audit(pooled(*LEAKS, guarded=False), LINE)

    assert (least, narrow) == (0, 1)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", ZONES)
def test_pools_of_many_zones_give_no_other_school_away(shape: str, seed: int) -> None:
    world = pooled(seed, ZONES[shape])
    cells, least, narrow = audit(world, groups())
    told = [[row.withheld for row in rows].count(False) for _, rows in world.figures()]

    print(shape, seed, cells, least, narrow, told[-len(world.pools) :])
    assert narrow == 0


def generations(seed: int, zone: Sequence[int], *, guarded: bool = True) -> PooledWorld:
    """A zone in four years, its sum told in each; and the pools of its small schools."""
    years = [protected(a_world(seed * 100 + year, [zone])) for year in range(4)]
    many = len(zone)
    found = PooledWorld(
        sizes=[n for year in years for n in year.sizes],
        sums=[
            frozenset(place + many * i for place in one)
            for i, year in enumerate(years)
            for one in year.sums
        ],
        schools=[tally for year in years for tally in year.schools],
        withheld=[gone for year in years for gone in year.withheld],
    )
    pools = [frozenset(range(place, 4 * many, many)) for place, n in enumerate(zone) if is_small(n)]
    told = map(ToldSum, found.sums, found.withheld)
    summands = [summand_of(tally) for tally in found.schools]
    away = withheld_of_own([pools], summands, told, WAVE)
    found.pools = [(pool, away[pool] if guarded else frozenset()) for pool in pools]
    return found


YEARS = {
    "two small": [7, 8, 40, 60, 95],
    "three": [7, 7, 9, 60, 30],
    "one": [7, 60, 95, 40],
}


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", YEARS)
def test_pools_of_a_school_give_none_of_its_generations_away(shape: str, seed: int) -> None:
    world = generations(seed, YEARS[shape])
    cells, least, narrow = audit(world, groups())
    told = [[row.withheld for row in rows].count(False) for _, rows in world.figures()]

    print(shape, seed, cells, least, narrow, told[-len(world.pools) :])
    assert narrow == 0
    assert any(told[-len(world.pools) :])


OWN = 0, YEARS["two small"]


def test_a_pool_of_a_school_does_not_give_its_generations_away() -> None:
    world = generations(*OWN)
    _, least, narrow = audit(world, groups()[:12])
    *_, (_, rows) = world.figures()

    assert any(not row.withheld for row in rows)
    assert (least >= 5, narrow) == (True, 0)


def test_the_attack_finds_what_a_pool_tells_beside_the_sums_of_its_years() -> None:
    _, least, narrow = audit(generations(*OWN, guarded=False), groups()[:12])

    assert least < 5
    assert narrow
