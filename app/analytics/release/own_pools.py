"""What a pool of one school's generations withholds, beside the sums that each of them is in.

Of each generation a reader knows what its zone counts, less the schools that tell theirs; the pool
adds what all of them count together. Where the bounds that follow leave a generation's count
closer than its zone does, and closer than the minimum, the pool withholds the line.
Source: domain.md 3.8, rules 1 and 2; decisions/0029.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.analytics.figures.families import LINES
from app.analytics.figures.indicators import Indicator
from app.analytics.figures.joint import Query
from app.analytics.figures.registry import outcomes_of
from app.analytics.protection.holding import Schools
from app.analytics.protection.suppression import MINIMUM_CELL
from app.analytics.release.sum_parts import Summand, with_what_follows
from app.analytics.release.told_before import ToldSum

Range = tuple[int, int]
Total = tuple[Schools, int]  # of places whose counts are not told, how many persons they are


@dataclass(frozen=True, slots=True)
class _Count:
    """A count of an indicator, by place; `open`: the places that do not tell it."""

    query: Query
    persons: Mapping[int, int]
    open: Schools

    def rest(self, places: Schools) -> Total:
        """What is left of a sum less the schools that tell their counts."""
        hidden = places & self.open
        return hidden, sum(self.persons[place] for place in hidden)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A count, and that of its base: `of` the persons who might be in it."""

    count: _Count
    of: _Count


def withheld_of_own(
    rounds: Sequence[Sequence[Schools]],
    summands: Sequence[Summand],
    told: Iterable[ToldSum],
    wave: int,
) -> dict[Schools, frozenset[Query]]:
    """By pool, what it withholds for the sake of its generations.

    Args:
        rounds: pools of single schools, by the places of their generations; those that came
            together in one. A later one takes nothing from those before it.
        summands: every generation of the schools around, by place.
        told: sums of these places alone.
        wave: of the tallies.
    """
    found: dict[Schools, set[Query]] = {pool: set() for pools in rounds for pool in pools}
    sums = list(told)
    for entry in outcomes_of(wave):
        for cell in _cells(entry, summands) if entry.kind in LINES else ():
            kept: list[Schools] = []
            for pools in rounds:
                gone = list(_too_close(cell, kept, pools, summands, sums))
                kept += [pool for pool in pools if pool not in gone]
                for pool in gone:
                    found[pool].add(cell.of.query)
    return {pool: with_what_follows(gone, wave) for pool, gone in found.items()}


def _cells(entry: Indicator, summands: Sequence[Summand]) -> Iterable[_Cell]:
    counted = [summand.tally.counts_of(entry) for summand in summands]
    base = (f"base {entry.id}", "")
    of = _Count(
        base,
        {place: one.base for place, one in enumerate(counted)},
        frozenset(p for p, one in enumerate(summands) if _hides(one, base)),
    )
    for name in dict.fromkeys(name for one in counted for name in one.cells):
        query = (entry.id, name)
        persons = {place: one.cells.get(name, 0) for place, one in enumerate(counted)}
        hidden = frozenset(p for p, one in enumerate(summands) if _hides(one, query))
        yield _Cell(_Count(query, persons, hidden | of.open), of)


def _hides(summand: Summand, query: Query) -> bool:
    return summand.hidden is None or query in summand.hidden


def _too_close(
    cell: _Cell,
    before: Sequence[Schools],
    pools: Sequence[Schools],
    summands: Sequence[Summand],
    told: Sequence[ToldSum],
) -> Iterable[Schools]:
    """The pools that may not tell a count beside those `before`: the closest first."""
    alone = _known(cell, [], summands, told)
    left = list(pools)
    while left:
        every = [*before, *left]
        beside = _known(cell, every, summands, told)
        room = {pool: _room(pool & cell.count.open, alone, beside) for pool in every}
        if min(room.values()) >= 0:
            return
        worst = min(left, key=lambda pool: (room[pool], sorted(pool)))
        left.remove(worst)
        yield worst


def _known(
    cell: _Cell, pools: Sequence[Schools], summands: Sequence[Summand], told: Sequence[ToldSum]
) -> Mapping[int, Range]:
    """What a reader knows of a count, by place: it is at most what may be known of its base."""
    most = {place: (0, summands[place].tally.answered) for place in cell.of.open}
    bases = _bounds(most, _totals(cell.of, cell, pools, told))
    free = {p: (0, bases[p][1] if p in bases else cell.of.persons[p]) for p in cell.count.open}
    return _bounds(free, _totals(cell.count, cell, pools, told))


def _totals(
    count: _Count, cell: _Cell, pools: Sequence[Schools], told: Sequence[ToldSum]
) -> list[Total]:
    sums = [
        count.rest(one.places)
        for one in told
        if count.query not in one.withheld and cell.of.query not in one.withheld
    ]
    mine = [count.rest(pool) for pool in pools]
    return [*sums, *mine, _left_of_all(mine, sums)]


def _left_of_all(pools: Sequence[Total], sums: Sequence[Total]) -> Total:
    """What is left of all pools together less the sums of years whose schools are all in them."""
    places = frozenset[int]().union(*(pool for pool, _ in pools))
    persons = sum(n for _, n in pools)
    for year, n in sorted(sums, key=lambda one: (-len(one[0]), sorted(one[0]))):
        if year and year <= places:
            places, persons = places - year, persons - n
    return places, persons


def _room(places: Schools, alone: Mapping[int, Range], beside: Mapping[int, Range]) -> int:
    """By how much the closest count is wider than it must be; below 0: too close."""
    return min((_width(beside[p]) - min(MINIMUM_CELL, _width(alone[p])) for p in places), default=0)


def _width(found: Range) -> int:
    return found[1] - found[0]


def _bounds(free: Mapping[int, Range], totals: Sequence[Total]) -> dict[int, Range]:
    """The least and the most of each count that agree with every total taken by itself."""
    found, changed = dict(free), True
    while changed:
        changed = False
        for places, persons in totals:
            least = sum(found[place][0] for place in places)
            most = sum(found[place][1] for place in places)
            for place in places:
                low, high = found[place]
                new = (max(low, persons - most + high), min(high, persons - least + low))
                if new != (low, high):
                    found[place], changed = new, True
                    least, most = least + new[0] - low, most + new[1] - high
    return found
