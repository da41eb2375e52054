"""Crossings by one trait of sums of schools: what they tell of a school that withholds its own.

A school tells a crossing whole or not at all. Beside the sum, those that tell theirs leave the
table of those that do not; it is safe for one of them where the others could take over what it
might have more, and it what they might. Its line is told, so persons only change places within a
category: a woman of one school for a man of another. Where a school tells another crossing of the
same answers, a second change has to undo what that would show of the first.
Source: domain.md 3.8, rules 1 and 2; decisions/0021.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeVar

from app.analytics.figures.families import FAMILIES, entries_of
from app.analytics.figures.indicators import Indicator
from app.analytics.figures.joint import Query, State
from app.analytics.figures.traits import LATTICE, TraitValue
from app.analytics.frame.small_tallies import SmallTally
from app.analytics.frame.tallies import CROSSED, Tally
from app.analytics.protection.holding import Hidden, Schools, Secret, Secrets, Together
from app.analytics.protection.suppression import MINIMUM_CELL, SMALL_GROUP

OF_SCHOOLS = ("turno", "tipo_bachillerato")  # traits of which many schools have one value

Place = tuple[TraitValue | None, str]  # a value of the trait and a category
Table = Mapping[Place, int]
Key = TypeVar("Key")


def crossing_name(identifier: str, variable: str) -> str:
    """Under what a sum withholds the crossing of an indicator by a trait."""
    return f"{identifier}@{variable}"


@dataclass(frozen=True, slots=True)
class Side:
    """What one school brings to a crossing.

    `together`: where another crossing of the same answers is told, the categories that it does not
    tell apart; None: where none is. `ranges`: of a yes or no, how far it may lie beside that one.
    """

    table: Table
    hidden: bool
    known: bool = False  # everybody has one value, and everybody knows which
    together: tuple[frozenset[str], ...] | None = None
    ranges: Mapping[Place, tuple[int, int]] = field(default_factory=dict)


class Crossings(Secrets):
    """An indicator by a trait."""

    def __init__(self, name: str, sides: Sequence[Side], minimum: int = MINIMUM_CELL) -> None:
        self.queries = [(name, "")]
        self.sides, self.minimum = sides, minimum
        cells = dict.fromkeys(cell for side in sides for cell in side.table)
        self.groups = tuple(dict.fromkeys(group for group, _ in cells))
        self.categories = tuple(dict.fromkeys(category for _, category in cells))
        self._totals: dict[Schools, Mapping[Place, int]] = {}
        self._cells: dict[Schools, Sequence[tuple[Place, int, int]]] = {}
        self._lines = [self._by_category(side) for side in sides]
        self._open: dict[Schools, Sequence[int]] = {}
        self._rooms: dict[Schools, tuple[Mapping[Place, int], Mapping[str, int]]] = {}
        self._twos: dict[tuple[Schools, Place, Place, bool], int] = {}

    def all(self) -> Iterator[Secret]:
        for place, side in enumerate(self.sides):
            if side.hidden and not side.known and any(side.table.values()):
                yield Secret(place, self.queries[0], 1)

    def alone(self, secret: Secret, hidden: Hidden) -> bool:  # noqa: ARG002
        return True

    def more(self, secret: Secret, hidden: AbstractSet[Query], places: Schools) -> set[Query]:  # noqa: ARG002
        return {secret.query}

    def among(self, secret: Secret, together: Together) -> bool:
        mine, among = secret.place, together.schools
        side, line = self.sides[mine], self._lines[mine]
        alone = side.together is None
        for cell, up, down in self._asked(among):
            if alone:  # nearly always it is enough to change places within the category
                whole, here = line.get(cell[1], 0), side.table.get(cell, 0)
                rest = whole - here
                if min(rest, down - here) + min(here, up - rest) >= min(self.minimum, whole):
                    continue
            if not self._is_open(mine, among, cell):
                return False
        return True

    def _asked(self, among: Schools) -> Sequence[tuple[Place, int, int]]:
        """Cells that a sum shows, and by how much all who may change might have more or fewer."""
        if among not in self._cells:
            total = self._total(among)
            many = sum(total.values()) >= SMALL_GROUP
            self._cells[among] = [
                (cell, self._room_of(among, cell, up=True), self._room_of(among, cell, up=False))
                for cell in ((one, other) for one in self.groups for other in self.categories)
                if total.get(cell, 0) or not many
            ]
        return self._cells[among]

    def _by_category(self, side: Side) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for (_, category), n in side.table.items():
            found[category] = found.get(category, 0) + n
        return found

    def _total(self, places: Schools) -> Mapping[Place, int]:
        if places not in self._totals:
            self._totals[places] = _added(self.sides[place].table for place in places)
        return self._totals[places]

    def _is_open(self, mine: int, among: Schools, cell: Place) -> bool:
        need = min(self.minimum, self._own(self.sides[mine], *cell))
        if not need:
            return True
        one = [self._by_one(mine, among, cell, up=up) for up in (True, False)]
        if sum(one) >= need:
            return True
        found = 0
        for up, width in zip((True, False), one, strict=True):
            found += max(width, self._by_two(mine, among, cell, up=up, enough=need - found))
        return found >= need

    def _own(self, side: Side, group: TraitValue | None, category: str) -> int:
        """How far apart a school's own figures leave a count."""
        if side.together is None:
            return sum(side.table.get((one, category), 0) for one in self.groups)
        if (group, category) in side.ranges:
            low, high = side.ranges[group, category]
            return high - low
        if not side.together:  # not worked out: no sum may tell it
            return self.minimum
        return max(
            self._two(side, (group, category), other, second, up=True)
            + self._two(side, (group, category), other, second, up=False)
            for other in self.groups
            for second in self.categories
        )

    def _by_one(self, mine: int, among: Schools, cell: Place, *, up: bool) -> int:
        """Persons of other groups of the same category for whom the others have some of this."""
        if self.sides[mine].together is not None:
            return 0
        others = self._room_of(among, cell, up=not up) - self._room(mine, cell, up=not up)
        return min(self._room(mine, cell, up=up), others)

    def _room_of(self, among: Schools, cell: Place, *, up: bool) -> int:
        """By how much all who may change within a category might have more of it, or fewer."""
        if among not in self._rooms:
            free = [i for i in self._changing(among) if self.sides[i].together is None]
            self._rooms[among] = (
                _added(self.sides[i].table for i in free),
                _added(self._lines[i] for i in free),
            )
        cells, lines = self._rooms[among]
        here = cells.get(cell, 0)
        return lines.get(cell[1], 0) - here if up else here

    def _changing(self, among: Schools) -> Sequence[int]:
        """The schools that may have other values than theirs, for all a reader knows."""
        if among not in self._open:
            self._open[among] = [
                i for i in among if (side := self.sides[i]).hidden and not side.known
            ]
        return self._open[among]

    def _room(self, place: int, cell: Place, *, up: bool) -> int:
        here = self.sides[place].table.get(cell, 0)
        return self._lines[place].get(cell[1], 0) - here if up else here

    def _by_two(self, mine: int, among: Schools, cell: Place, *, up: bool, enough: int) -> int:
        """The same with a second change, in another category, the other way; or `enough`."""
        best = 0
        for group in self.groups:
            for category in self.categories:
                if group != cell[0] and category != cell[1]:
                    own = self._two(self.sides[mine], cell, group, category, up=up)
                    if own > best:
                        other = group, category
                        theirs = self._twos_of(among, cell, other, up=not up)
                        theirs -= self._two(self.sides[mine], cell, *other, up=not up)
                        best = max(best, min(own, theirs))
                        if best >= enough:
                            return best
        return best

    def _twos_of(self, among: Schools, cell: Place, other: Place, *, up: bool) -> int:
        """Of all that may change, together: asked once for each secret of the same sums."""
        key = among, cell, other, up
        if key not in self._twos:
            self._twos[key] = sum(
                self._two(self.sides[place], cell, *other, up=up) for place in self._changing(among)
            )
        return self._twos[key]

    def _two(
        self, side: Side, cell: Place, group: TraitValue | None, category: str, *, up: bool
    ) -> int:
        if group == cell[0] or category == cell[1]:
            return 0
        if side.together is not None and cell in side.ranges:
            low, high = side.ranges[cell]
            here = side.table.get(cell, 0)
            return high - here if up else here - low
        if side.together is not None and not any(
            {cell[1], category} <= one for one in side.together
        ):
            return 0
        plus, minus = ((group, cell[1]), (cell[0], category))
        if not up:
            plus, minus = ((group, category), cell)
        return min(side.table.get(plus, 0), side.table.get(minus, 0))


def _added(tables: Iterable[Mapping[Key, int]]) -> Mapping[Key, int]:
    found: dict[Key, int] = {}
    for table in tables:
        for key, n in table.items():
            found[key] = found.get(key, 0) + n
    return found


def crossings_of(
    tallies: Sequence[Tally | SmallTally],
    told: Sequence[AbstractSet[str]],
    entries: Sequence[Indicator],
) -> Iterator[Crossings]:
    """Every crossing of a wave by one trait.

    Args:
        tallies: of the schools.
        told: for each, the crossings that it tells (`crossing_name`).
        entries: the wave's indicators.
    """
    for entry in entries:
        if entry.kind not in CROSSED:
            continue
        of_wave = {wave: _kin(entry, wave) for wave in {tally.wave for tally in tallies}}
        for variable in LATTICE:
            name = crossing_name(entry.id, variable)
            sides = [
                _side(tally, entry, variable, mine, of_wave[tally.wave])
                for tally, mine in zip(tallies, told, strict=True)
            ]
            if any(side.hidden for side in sides):
                yield Crossings(name, sides)


def _side(
    tally: Tally | SmallTally,
    entry: Indicator,
    variable: str,
    told: AbstractSet[str],
    kin: Sequence[tuple[int, Indicator]],
) -> Side:
    counts = tally.counts_by(entry, variable)
    table = {(group, c): n for group, one in counts.items() for c, n in one.cells.items()}
    if crossing_name(entry.id, variable) in told:
        return Side(table, hidden=False)
    if variable in OF_SCHOOLS and len(counts) == 1:
        return Side(table, hidden=True, known=True)
    other = (one for one in kin if crossing_name(one[1].id, variable) in told)
    family, known = next(other, (-1, None))
    if known is None:
        return Side(table, hidden=True)
    states = tally.states[family]
    if entry.variable == known.variable and not entry.among and not known.among:
        together = _coarser(entry, known)
        return Side(table, hidden=True, together=together)
    groups = [group for group, one in counts.items() if one.base]
    if len(entry.categories) != 2 or len(groups) > 2:
        return Side(table, hidden=True, together=())
    beside = tally.counts_by(known, variable)
    yes, no = (category.id for category in entry.categories)
    ranges: dict[Place, tuple[int, int]] = {}
    for group in groups:
        low, high = _range(states, entry.id, yes, no, known, beside[group].cells)
        ranges[group, yes] = low, high
        whole = counts[group].base
        ranges[group, no] = whole - high, whole - low
    return Side(table, hidden=True, together=(), ranges=ranges)


def _range(
    states: Mapping[State, int],
    name: str,
    yes: str,
    no: str,
    known: Indicator,
    persons: Mapping[str, int],
) -> tuple[int, int]:
    """How many of a group may have said yes, for who knows what else the group said."""
    low = high = 0
    for category in known.categories:
        here = (known.id, category.id)
        agree = sum(n for state, n in states.items() if here in state and (name, yes) in state)
        deny = sum(n for state, n in states.items() if here in state and (name, no) in state)
        # Who is in the other line and not in this one would make more possible: left out.
        mine = persons.get(category.id, 0)
        low += max(0, mine - deny)
        high += min(agree, mine)
    return low, high


def _kin(entry: Indicator, wave: int) -> list[tuple[int, Indicator]]:
    """Other indicators of the same answers, each with the number of its family."""
    families = [(i, entries_of(family, wave)) for i, family in enumerate(FAMILIES)]
    return [
        (i, other) for i, mine in families if entry in mine for other in mine if other is not entry
    ]


def _coarser(entry: Indicator, known: Indicator) -> tuple[frozenset[str], ...]:
    """The categories of one indicator by those of another of the same answers."""
    found: dict[frozenset[str], set[str]] = {}
    for category in entry.categories:
        meets = frozenset(one.id for one in known.categories if category.codes & one.codes)
        found.setdefault(meets, set()).add(category.id)
    return tuple(frozenset(one) for one in found.values())
