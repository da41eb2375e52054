"""The next cut: of which editions each sum of schools is made from now on.

A school enters the sums once, with the edition of its close. Whoever kept the sum before has the
difference, and so it is planned beside every sum that was told. A unit whose sum would tell less
than before, because few schools came, waits for more of them. Source: domain.md 3.8, rule 1;
decisions/0031.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from app.analytics.figures.families import LINES
from app.analytics.figures.indicators import Indicator
from app.analytics.figures.joint import Query
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.tallies import CROSSED
from app.analytics.protection.crossings import crossing_name
from app.analytics.protection.holding import Schools
from app.analytics.release.sum_parts import Each, Summand, one_by_one, withheld_of_sums
from app.analytics.release.told_before import ToldSum


@dataclass(frozen=True, slots=True)
class Entry:
    """An edition that sums are made of, and the school it is of."""

    edition: UUID
    school: UUID


@dataclass(frozen=True, slots=True)
class Cut:
    """Every sum that was told so far, and which of them is that of each unit.

    `entries`: of the places of the sums. `known`: the indicators there were.
    """

    entries: tuple[Entry, ...] = ()
    told: tuple[ToldSum, ...] = ()
    of_unit: Mapping[UUID, int] = field(default_factory=dict)
    known: frozenset[str] = frozenset()


def next_cut(
    before: Cut,
    now: Mapping[Entry, frozenset[UUID]],
    summands: Mapping[UUID, Summand],
    wave: int,
    *,
    each: Each = one_by_one,
) -> Cut:
    """What each unit is told once these editions are there.

    Args:
        before: the last cut; an empty one at first.
        now: of each school whose wave is over and was answered, with the units above it.
        summands: by edition, of them and of those of the last cut.
        wave: the questionnaire.
        each: see withheld_of_sums.
    """
    known = frozenset(entry.id for entry in outcomes_of(wave))
    told = [ToldSum(one.places, withheld_in(before, one, wave)) for one in before.told]
    entries = [*before.entries, *sorted(now.keys() - set(before.entries), key=_by_school)]
    parts = [summands[one.edition] for one in entries]
    wanted = _places_by_unit(entries, now)
    found = {one.places: one for one in told} if known == before.known else {}
    new = sorted({one for one in wanted.values() if len(one) > 1 and one not in found}, key=sorted)
    many = [one for one in told if len(one.places) > 1]
    planned = withheld_of_sums(parts, new, wave, told=many, each=each)
    found |= {one: ToldSum(one, gone) for one, gone in zip(new, planned, strict=True)}
    chosen: dict[UUID, ToldSum] = {}
    worth = _Worth(parts, wave)
    for unit, places in wanted.items():
        chosen[unit] = found.setdefault(places, ToldSum(places, frozenset()))  # of one school
        old = told[before.of_unit[unit]] if unit in before.of_unit else None
        schools = {entries[place].school for place in places}
        if old is not None and all(entries[place].school in schools for place in old.places):
            chosen[unit] = max(chosen[unit], old, key=worth.of)
    return _kept(entries, told, chosen, known)


def withheld_in(cut: Cut, told: ToldSum, wave: int) -> frozenset[Query]:
    """What a sum of a cut withholds: also every indicator that nobody knew when it was planned."""
    if len(told.places) == 1 or all(entry.id in cut.known for entry in outcomes_of(wave)):
        return told.withheld
    new = {
        query for entry in outcomes_of(wave) if entry.id not in cut.known for query in _of(entry)
    }
    return told.withheld | new


def _by_school(one: Entry) -> tuple[UUID, UUID]:
    return one.school, one.edition


def _places_by_unit(
    entries: Sequence[Entry], now: Mapping[Entry, frozenset[UUID]]
) -> dict[UUID, Schools]:
    found: dict[UUID, set[int]] = {}
    for place, one in enumerate(entries):
        for unit in now.get(one, ()):
            found.setdefault(unit, set()).add(place)
    return {unit: frozenset(found[unit]) for unit in sorted(found)}


def _kept(
    entries: Sequence[Entry],
    before: Sequence[ToldSum],
    chosen: Mapping[UUID, ToldSum],
    known: frozenset[str],
) -> Cut:
    """With the editions of the sums that were told, and of no other."""
    told = list(dict.fromkeys([*before, *chosen.values()]))
    used = sorted(frozenset[int]().union(*(one.places for one in told)))
    place_of = {old: new for new, old in enumerate(used)}
    number_of = {one: number for number, one in enumerate(told)}
    return Cut(
        entries=tuple(entries[place] for place in used),
        told=tuple(
            ToldSum(frozenset(place_of[place] for place in one.places), one.withheld)
            for one in told
        ),
        of_unit={unit: number_of[one] for unit, one in chosen.items()},
        known=known,
    )


class _Worth:
    """How much a sum tells: the persons in the cells that it tells, line by line."""

    def __init__(self, parts: Sequence[Summand], wave: int) -> None:
        self.parts = parts
        self.entries = [entry for entry in outcomes_of(wave) if entry.kind in LINES]
        self._cells: dict[int, Mapping[Query, int]] = {}

    def of(self, told: ToldSum) -> int:
        gone: AbstractSet[Query] | None = told.withheld
        if len(told.places) == 1:
            gone = self.parts[next(iter(told.places))].hidden
        if gone is None:
            return 0
        found = Counter[Query]()
        for place in told.places:
            found.update(self._cells_of(place))
        bases = {name.removeprefix("base ") for name, _ in gone if name.startswith("base ")}
        return sum(n for q, n in found.items() if q not in gone and q[0] not in bases)

    def _cells_of(self, place: int) -> Mapping[Query, int]:
        if place not in self._cells:
            tally = self.parts[place].tally
            self._cells[place] = {
                (entry.id, cell): n
                for entry in self.entries
                for cell, n in tally.counts_of(entry).cells.items()
                if n
            }
        return self._cells[place]


@cache
def _of(entry: Indicator) -> frozenset[Query]:
    """What a sum may withhold of an indicator: counts, base, measure and crossings."""
    found = {(f"base {entry.id}", ""), (entry.id, "")}
    found |= {(entry.id, one.id) for one in entry.categories}
    if entry.kind in CROSSED:
        found |= {(crossing_name(entry.id, variable), "") for variable in LATTICE}
    return frozenset(found)
