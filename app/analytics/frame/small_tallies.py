"""A tally in a twentieth of its room, for who must hold those of a whole nation at once.

The counts of a wave lie in one row of numbers, in an order that is the same for every school; what
is asked for is made of it when it is asked for. What is counted for two traits at once stays out:
no sum of schools is planned by it.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from app.analytics.figures.families import FAMILIES
from app.analytics.figures.indicators import Counts, Crossing, Indicator, Kind, Values, Waits
from app.analytics.figures.joint import State
from app.analytics.figures.registry import column, outcomes_of
from app.analytics.figures.traits import LATTICE, TraitPair, TraitValue
from app.analytics.frame.tallies import (
    COUNTED,
    CROSSED,
    NUMBERED,
    WAITED,
    Both,
    Counted,
    Pair,
    Tally,
)

Key = tuple[str, TraitValue | None] | None  # a trait and its value; None: everybody


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the counts of each indicator begin: its base, then its categories."""

    starts: Mapping[tuple[str, Key], int]
    crossings: Mapping[str, int]
    names: Mapping[str, tuple[str, ...]]  # of the categories
    size: int


class SmallTally(Counted):
    """The counts of one wave of one school (Tally), but for those by two traits."""

    __slots__ = ("_groups", "_numbers", "_open", "_people", "_rest", "answered", "wave")

    def __init__(self, tally: Tally) -> None:
        self.wave, self.answered = tally.wave, tally.answered
        layout, entries = _layout(tally.wave), outcomes_of(tally.wave)
        numbers = [0] * layout.size
        rest: dict[tuple[str, Key], Counts] = {}
        for entry, key, counts in _every(tally, entries):
            if not entry.categories:
                if counts.base:
                    rest[entry.id, key] = counts
                continue
            start = layout.starts[entry.id, key]
            told = [counts.base, *(counts.cells.get(c.id, 0) for c in entry.categories)]
            numbers[start : start + len(told)] = told
        for entry in entries:
            if entry.kind is Kind.CROSSING:
                pairs = tally.crossings.get(entry.id, {})
                told = [pairs.get(pair, 0) for pair in _pairs_of(entry)]
                start = layout.crossings[entry.id]
                numbers[start : start + len(told)] = told
        self._numbers = array("H" if max(numbers, default=0) < 1 << 16 else "L", numbers)
        self._rest = rest
        self._groups = {variable: tuple(groups) for variable, groups in tally.traits.items()}
        self._open = _measures(tally, entries)
        self._people = tuple(_shared_states(people) for people in tally.states)

    def counts_of(self, entry: Indicator) -> Counts:
        return self._counts(entry, None)

    def counts_by(self, entry: Indicator, variable: str) -> Mapping[TraitValue | None, Counts]:
        groups = self._groups.get(variable, ())
        return {
            value: self._counts(entry, (variable, value))
            for value in (*LATTICE[variable].values, None)
            if value in groups
        }

    def counts_by_both(self, entry: Indicator, pair: TraitPair) -> Mapping[Both, Counts] | None:  # noqa: ARG002
        return None

    def values_of(self, entry: Indicator) -> Values:
        return Values(dict(_by_twos(self._open.get((entry.id, 0), _NOBODY))))

    def waits_of(self, entry: Indicator) -> Waits:
        ended, watched = (self._open.get((entry.id, side), _NOBODY) for side in (0, 1))
        return Waits(dict(_by_twos(ended)), dict(_by_twos(watched)))

    def crossing_of(self, entry: Indicator) -> Crossing:
        down = tuple(category.id for category in entry.categories)
        across = tuple(category.id for category in column(entry).categories)
        start, wide = _layout(self.wave).crossings[entry.id], len(across)
        found = self._numbers[start : start + len(down) * wide].tolist()
        body = [found[i * wide : (i + 1) * wide] for i in range(len(down))]
        lines = [(*line, sum(line)) for line in body]
        total = tuple(sum(line[j] for line in lines) for j in range(wide + 1))
        return Crossing(down, across, (*lines, total))

    def people(self, family: frozenset[str]) -> Mapping[State, int]:
        return self.states[FAMILIES.index(family)]

    @property
    def states(self) -> Sequence[Mapping[State, int]]:
        """For each of FAMILIES, persons by state."""
        return tuple(dict(zip(states, persons, strict=True)) for states, persons in self._people)

    @property
    def traits(self) -> Mapping[str, Mapping[TraitValue | None, Mapping[str, Counts]]]:
        """Persons by category, for each value of each trait that somebody has."""
        entries = [entry for entry in outcomes_of(self.wave) if entry.kind in CROSSED]
        return {
            variable: {
                value: {entry.id: self._counts(entry, (variable, value)) for entry in entries}
                for value in groups
            }
            for variable, groups in self._groups.items()
        }

    def values_had(self, variable: str) -> tuple[TraitValue | None, ...]:
        """The values of a trait that somebody has."""
        return self._groups.get(variable, ())

    def whole(self) -> Tally:
        """As it was, but for the counts by two traits."""
        entries = outcomes_of(self.wave)
        return Tally(
            wave=self.wave,
            answered=self.answered,
            counts={e.id: self.counts_of(e) for e in entries if e.kind in COUNTED},
            states=tuple(self.states),
            numbers={e.id: self.values_of(e).tally for e in entries if e.kind in NUMBERED},
            waiting={
                e.id: ((wait := self.waits_of(e)).ended, wait.watched)
                for e in entries
                if e.kind in WAITED
            },
            crossings={e.id: self._pairs(e) for e in entries if e.kind is Kind.CROSSING},
            traits=self.traits,
        )

    def _pairs(self, entry: Indicator) -> Mapping[Pair, int]:
        start, pairs = _layout(self.wave).crossings[entry.id], _pairs_of(entry)
        found = self._numbers[start : start + len(pairs)]
        return {pair: n for pair, n in zip(pairs, found, strict=True) if n}

    def _counts(self, entry: Indicator, key: Key) -> Counts:
        if not entry.categories:
            found = self._rest.get((entry.id, key), Counts({}, 0))
            return Counts({name: found.cells[name] for name in sorted(found.cells)}, found.base)
        layout = _layout(self.wave)
        start = layout.starts[entry.id, key]
        names = layout.names[entry.id]
        numbers = self._numbers
        cells = numbers[start + 1 : start + 1 + len(names)]
        return Counts(dict(zip(names, cells, strict=True)), numbers[start])


_NOBODY: "array[int]" = array("L")
_states: dict[State, State] = {}  # each made once


@cache
def _pairs_of(entry: Indicator) -> tuple[Pair, ...]:
    return tuple((a.id, b.id) for a in entry.categories for b in column(entry).categories)


@cache
def _layout(wave: int) -> _Layout:
    sizes: dict[tuple[str, Key], int] = {}
    entries = outcomes_of(wave)
    for entry in entries:
        if entry.kind in COUNTED and entry.categories:
            sizes[entry.id, None] = 1 + len(entry.categories)
        if entry.kind in CROSSED and entry.categories:
            for variable, trait in LATTICE.items():
                for value in (*trait.values, None):
                    sizes[entry.id, (variable, value)] = 1 + len(entry.categories)
    crossed = {e.id: len(_pairs_of(e)) for e in entries if e.kind is Kind.CROSSING}
    starts = accumulate((*sizes.values(), *crossed.values()), initial=0)
    places = dict(zip((*sizes, *crossed), starts, strict=False))
    return _Layout(
        {key: places[key] for key in sizes},
        {name: places[name] for name in crossed},
        {e.id: tuple(category.id for category in e.categories) for e in entries},
        sum(sizes.values()) + sum(crossed.values()),
    )


def _every(tally: Tally, entries: Sequence[Indicator]) -> Iterator[tuple[Indicator, Key, Counts]]:
    for entry in entries:
        if entry.kind in COUNTED:
            yield entry, None, tally.counts_of(entry)
        if entry.kind in CROSSED:
            for variable, groups in tally.traits.items():
                for value, lines in groups.items():
                    if entry.id in lines:
                        yield entry, (variable, value), lines[entry.id]


def _measures(tally: Tally, entries: Sequence[Indicator]) -> "Mapping[tuple[str, int], array[int]]":
    """Numbers with the persons of each, in turn; what nobody has is left out."""
    found = {}
    for entry in entries:
        if entry.kind in NUMBERED:
            found[entry.id, 0] = tally.values_of(entry).tally
        elif entry.kind in WAITED:
            wait = tally.waits_of(entry)
            found[entry.id, 0], found[entry.id, 1] = wait.ended, wait.watched
    return {
        key: array("l", [number for pair in persons.items() for number in pair])
        for key, persons in found.items()
        if persons
    }


def _by_twos(numbers: "array[int]") -> Iterator[tuple[int, int]]:
    return zip(numbers[::2], numbers[1::2], strict=True)


def _shared_states(people: Mapping[State, int]) -> "tuple[tuple[State, ...], array[int]]":
    states = tuple(_states.setdefault(state, state) for state in people)
    return states, array("L", people.values())
