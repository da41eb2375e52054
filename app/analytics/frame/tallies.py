"""Everything that a release needs of the persons who answered, as counts that can be added.

A tally is what an edition freezes and what is pooled over schools and generations: no row of a
person is needed to release a figure, only how many are in each cell, and how many are in each
combination of cells that must be protected together.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.analytics.figures.families import FAMILIES, LINES, people_of
from app.analytics.figures.indicators import (
    Counts,
    Crossing,
    Indicator,
    Kind,
    ManyRows,
    Rows,
    Values,
    Waits,
    count,
    cross,
    each,
    split,
    values,
    waits,
)
from app.analytics.figures.joint import Query, State
from app.analytics.figures.registry import column, outcomes_of
from app.analytics.figures.traits import LATTICE, PAIRS, TraitPair, TraitValue, known_value
from app.analytics.frame.grouped_rows import in_columns
from app.analytics.released import OFFICE_SCHOOLS

COUNTED = LINES | {Kind.SCORE, Kind.BANDED_MEDIAN, Kind.SCALE}
NUMBERED = frozenset({Kind.MEAN, Kind.MEDIAN})
WAITED = frozenset({Kind.SURVIVAL, Kind.CURVE})
CROSSED = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.CUMULATIVE})

K = TypeVar("K")
V = TypeVar("V")
Histogram = Mapping[int, int]  # persons by number
Pair = tuple[str, str]
Both = tuple[TraitValue | None, TraitValue | None]  # a value of each trait of a pair


class Counted(ABC):
    """The persons who answered a wave, as a release asks for them."""

    wave: int

    def set_aside(self) -> frozenset[Query]:
        """Counts that are withheld whatever they are (beside_earlier.py)."""
        return frozenset()

    @abstractmethod
    def counts_of(self, entry: Indicator) -> Counts:
        """Persons by category, in the order of the registry; open classifications by name."""

    @abstractmethod
    def counts_by(self, entry: Indicator, variable: str) -> Mapping[TraitValue | None, Counts]:
        """The same for each value of a trait that somebody has; None: not known."""

    @abstractmethod
    def counts_by_both(self, entry: Indicator, pair: TraitPair) -> Mapping[Both, Counts] | None:
        """The same for each value of two traits together; None where that was not kept."""

    @abstractmethod
    def values_of(self, entry: Indicator) -> Values:
        """One number per person of a MEAN or MEDIAN."""

    @abstractmethod
    def waits_of(self, entry: Indicator) -> Waits:
        """Months of a SURVIVAL or CURVE."""

    @abstractmethod
    def crossing_of(self, entry: Indicator) -> Crossing:
        """The table of a CROSSING with its totals."""

    @abstractmethod
    def people(self, family: frozenset[str]) -> Mapping[State, int]:
        """Persons by what the indicators of a family say of them."""


@dataclass(frozen=True, slots=True)
class CountedRows(Counted):
    """Rows (panel_row.py) that are counted when they are asked for."""

    rows: Rows
    wave: int

    def counts_of(self, entry: Indicator) -> Counts:
        return count(entry, self.rows)

    def counts_by(self, entry: Indicator, variable: str) -> Mapping[TraitValue | None, Counts]:
        found: dict[TraitValue | None, Counts] = {}
        for value, mine in split(self.rows, variable).items():
            key, counted = known_value(variable, value), count(entry, mine)
            found[key] = _add_counts([found[key], counted]) if key in found else counted
        return {value: found[value] for value in _values(variable) if value in found}

    def counts_by_both(self, entry: Indicator, pair: TraitPair) -> Mapping[Both, Counts]:
        first, second = pair
        found: dict[Both, Counts] = {}
        for value, mine in split(self.rows, first).items():
            for other, counted in CountedRows(mine, self.wave).counts_by(entry, second).items():
                key = known_value(first, value), other
                found[key] = _add_counts([found[key], counted]) if key in found else counted
        return {key: found[key] for key in _both_values(pair) if key in found}

    def values_of(self, entry: Indicator) -> Values:
        return values(entry, self.rows)

    def waits_of(self, entry: Indicator) -> Waits:
        return waits(entry, self.rows)

    def crossing_of(self, entry: Indicator) -> Crossing:
        return cross(entry, column(entry), self.rows)

    def people(self, family: frozenset[str]) -> Mapping[State, int]:
        return people_of(family, self.wave, self.rows)


@dataclass(frozen=True, slots=True)
class Tally(Counted):
    """Counts of one wave, kept. `answered`: persons; all mappings are by indicator, but `states`.

    `states`: for each of FAMILIES, persons by state. `waiting`: persons by month of the event,
    and by month in which they still waited. `crossings`: persons by pair of categories. `traits`:
    persons by category, for each value of each variable of the lattice that somebody has. `pairs`:
    the same for two variables at once; None in editions of before these were kept. `gone`: what
    it withholds because of earlier editions of its school.
    """

    wave: int
    answered: int
    counts: Mapping[str, Counts]
    states: tuple[Mapping[State, int], ...]
    numbers: Mapping[str, Histogram]
    waiting: Mapping[str, tuple[Histogram, Histogram]]
    crossings: Mapping[str, Mapping[Pair, int]]
    traits: Mapping[str, Mapping[TraitValue | None, Mapping[str, Counts]]]
    pairs: Mapping[TraitPair, Mapping[Both, Mapping[str, Counts]]] | None = None
    gone: frozenset[Query] = frozenset()

    def set_aside(self) -> frozenset[Query]:
        return self.gone

    def counts_of(self, entry: Indicator) -> Counts:
        return _in_order(entry, self.counts.get(entry.id, Counts({}, 0)))

    def counts_by(self, entry: Indicator, variable: str) -> Mapping[TraitValue | None, Counts]:
        groups = self.traits.get(variable, {})
        return {
            value: _in_order(entry, groups[value].get(entry.id, Counts({}, 0)))
            for value in _values(variable)
            if value in groups
        }

    def counts_by_both(self, entry: Indicator, pair: TraitPair) -> Mapping[Both, Counts] | None:
        if self.pairs is None:
            return None
        groups = self.pairs.get(pair, {})
        return {
            both: _in_order(entry, groups[both].get(entry.id, Counts({}, 0)))
            for both in _both_values(pair)
            if both in groups
        }

    def values_of(self, entry: Indicator) -> Values:
        return Values(self.numbers.get(entry.id, {}))

    def waits_of(self, entry: Indicator) -> Waits:
        return Waits(*self.waiting.get(entry.id, ({}, {})))

    def crossing_of(self, entry: Indicator) -> Crossing:
        pairs = self.crossings.get(entry.id, {})
        down, across = _names(entry, pairs, 0), _names(column(entry), pairs, 1)
        body = [[pairs.get((first, second), 0) for second in across] for first in down]
        body = [[*line, sum(line)] for line in body]
        total = tuple(sum(line[j] for line in body) for j in range(len(across) + 1))
        return Crossing(tuple(down), tuple(across), (*(tuple(line) for line in body), total))

    def people(self, family: frozenset[str]) -> Mapping[State, int]:
        return dict(zip(FAMILIES, self.states, strict=True))[family]

    def values_had(self, variable: str) -> tuple[TraitValue | None, ...]:
        """The values of a trait that somebody has."""
        return tuple(self.traits.get(variable, {}))

    def whole(self) -> "Tally":
        """Itself (small_tallies.py)."""
        return self


@dataclass(frozen=True, slots=True)
class CountedTogether(Counted):
    """Several counts of one wave, added where they are asked for."""

    parts: Sequence[Counted]
    wave: int

    def counts_of(self, entry: Indicator) -> Counts:
        return _in_order(entry, _add_counts([part.counts_of(entry) for part in self.parts]))

    def counts_by(self, entry: Indicator, variable: str) -> Mapping[TraitValue | None, Counts]:
        groups = [part.counts_by(entry, variable) for part in self.parts]
        return {
            value: _in_order(entry, _add_counts([one[value] for one in groups if value in one]))
            for value in _values(variable)
            if any(value in one for one in groups)
        }

    def counts_by_both(self, entry: Indicator, pair: TraitPair) -> Mapping[Both, Counts] | None:
        groups = []
        for part in self.parts:
            found = part.counts_by_both(entry, pair)
            if found is None:
                return None
            groups.append(found)
        return {
            both: _in_order(entry, _add_counts([one[both] for one in groups if both in one]))
            for both in _both_values(pair)
            if any(both in one for one in groups)
        }

    def values_of(self, entry: Indicator) -> Values:
        return Values(_add(part.values_of(entry).tally for part in self.parts))

    def waits_of(self, entry: Indicator) -> Waits:
        found = [part.waits_of(entry) for part in self.parts]
        return Waits(_add(one.ended for one in found), _add(one.watched for one in found))

    def crossing_of(self, entry: Indicator) -> Crossing:
        found = [part.crossing_of(entry) for part in self.parts]
        tables = zip(*(one.table for one in found), strict=True)
        table = tuple(tuple(map(sum, zip(*lines, strict=True))) for lines in tables)
        return Crossing(found[0].rows, found[0].columns, table)

    def people(self, family: frozenset[str]) -> Mapping[State, int]:
        return _add(part.people(family) for part in self.parts)


def tally_of(rows: Rows, wave: int) -> Tally:
    """The counts of those who answered a wave, one row each (panel_row.py)."""
    rows = rows if isinstance(rows, ManyRows) else in_columns(rows)
    entries, counted = outcomes_of(wave), CountedRows(rows, wave)
    waiting = {e.id: waits(e, rows) for e in entries if e.kind in WAITED}
    return Tally(
        wave=wave,
        answered=sum(persons for _, persons in each(rows, ())),
        counts={e.id: count(e, rows) for e in entries if e.kind in COUNTED},
        states=tuple(people_of(family, wave, rows) for family in FAMILIES),
        numbers={e.id: values(e, rows).tally for e in entries if e.kind in NUMBERED},
        waiting={name: (wait.ended, wait.watched) for name, wait in waiting.items()},
        crossings={
            e.id: _pairs(counted.crossing_of(e)) for e in entries if e.kind is Kind.CROSSING
        },
        traits={variable: _by_trait(counted, variable, entries) for variable in LATTICE},
        pairs={pair: _by_pair(counted, pair, entries) for pair in PAIRS},
    )


def add_tallies(tallies: Sequence[Tally], wave: int) -> Tally:
    """The counts of all of them together; of none, those of nobody.

    Raises:
        ValueError: of another wave.
    """
    if any(tally.wave != wave for tally in tallies):
        raise ValueError(f"not all of wave {wave}")
    return Tally(
        wave=wave,
        answered=sum(tally.answered for tally in tallies),
        counts=_merged([tally.counts for tally in tallies], _add_counts),
        states=tuple(_add(tally.states[i] for tally in tallies) for i in range(len(FAMILIES))),
        numbers=_merged([tally.numbers for tally in tallies], _add),
        waiting=_merged([tally.waiting for tally in tallies], _add_waits),
        crossings=_merged([tally.crossings for tally in tallies], _add),
        traits=_merged(
            [tally.traits for tally in tallies],
            lambda groups: _merged(groups, lambda lines: _merged(lines, _add_counts)),
        ),
        pairs=_added_pairs([t.pairs for t in tallies if t.answered or t.pairs is not None]),
        gone=_gone_of([tally for tally in tallies if tally.answered]),
    )


def _gone_of(parts: Sequence[Tally]) -> frozenset[Query]:
    """Of sums of three schools and more, sum_parts.py decides what goes."""
    if len(parts) >= OFFICE_SCHOOLS:
        return frozenset()
    return frozenset[Query]().union(*(part.gone for part in parts))


def _in_order(entry: Indicator, found: Counts) -> Counts:
    names = [category.id for category in entry.categories] or sorted(found.cells)
    return Counts({name: found.cells.get(name, 0) for name in names}, found.base)


def _names(entry: Indicator, pairs: Iterable[Pair], side: int) -> list[str]:
    return [category.id for category in entry.categories] or sorted({pair[side] for pair in pairs})


def _pairs(found: Crossing) -> dict[Pair, int]:
    return {
        (first, second): n
        for first, line in zip(found.rows, found.table[:-1], strict=True)
        for second, n in zip(found.columns, line[:-1], strict=True)
        if n
    }


def _by_trait(
    counted: CountedRows, variable: str, entries: Iterable[Indicator]
) -> dict[TraitValue | None, dict[str, Counts]]:
    groups: dict[TraitValue | None, dict[str, Counts]] = {}
    for entry in entries:
        if entry.kind in CROSSED:
            for value, counts in counted.counts_by(entry, variable).items():
                groups.setdefault(value, {})[entry.id] = counts
    return groups


def _by_pair(
    counted: CountedRows, pair: TraitPair, entries: Iterable[Indicator]
) -> dict[Both, dict[str, Counts]]:
    groups: dict[Both, dict[str, Counts]] = {}
    for entry in entries:
        if entry.kind in CROSSED:
            for both, counts in counted.counts_by_both(entry, pair).items():
                groups.setdefault(both, {})[entry.id] = counts
    return groups


def _added_pairs(
    parts: Sequence[Mapping[TraitPair, Mapping[Both, Mapping[str, Counts]]] | None],
) -> Mapping[TraitPair, Mapping[Both, Mapping[str, Counts]]] | None:
    """None where one of them did not keep them: a sum without it would be of others."""
    kept = [part for part in parts if part is not None]
    if len(kept) < len(parts):
        return None
    return _merged(kept, lambda groups: _merged(groups, lambda lines: _merged(lines, _add_counts)))


def _values(variable: str) -> tuple[TraitValue | None, ...]:
    """In the order of the lattice; not known comes last."""
    return (*LATTICE[variable].values, None)


def _both_values(pair: TraitPair) -> list[Both]:
    first, second = pair
    return [(one, other) for one in _values(first) for other in _values(second)]


def _merged(parts: Sequence[Mapping[K, V]], together: Callable[[Sequence[V]], V]) -> dict[K, V]:
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: together([part[key] for part in parts if key in part]) for key in keys}


def _add(parts: Iterable[Mapping[K, int]]) -> dict[K, int]:
    total: Counter[K] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


def _add_counts(parts: Sequence[Counts]) -> Counts:
    return Counts(_add(part.cells for part in parts), sum(part.base for part in parts))


def _add_waits(parts: Sequence[tuple[Histogram, Histogram]]) -> tuple[Histogram, Histogram]:
    return _add(ended for ended, _ in parts), _add(watched for _, watched in parts)
