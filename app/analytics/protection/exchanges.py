"""Whether what one school hides stays hidden beside the sums that it is a part of.

Schools that are in the same sums can exchange persons without changing any of them: one of A who
only studies becomes one who works, and one of B the other way. As far as neither school's own
line tells the two apart, a reader cannot say which of these worlds is ours. A hidden count is safe
where such exchanges move it as far as its own school's line leaves it open, up to the minimum.
Persons are counted by state (joint.py), so that lines of the same answers are exchanged together;
the widest exchange is a maximal flow between schools and states, in whole persons.
Sound and quick; it may find less than there is. Source: domain.md 3.8, rules 1 and 2.

A nation asks this a million times: states and counts are numbers here, a set of counts is the bits
of one, what schools that hide the same have in common is made once, and a flow is looked for only
where two bounds that are soon counted do not meet.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise

from app.analytics.figures.joint import Query, State

Bounds = tuple[int, int | None]  # persons: the least and the most that a reader must allow for
FREE: Bounds = (0, None)
FAR = 1 << 30
Bits = int  # a set of counts
EVERY: Bits = -1


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one school brings to a sum. `hidden`: what its own figures withhold; None: all.

    `bounds`: of the persons in a state, where the rule of the line tells more than nothing.
    """

    people: Mapping[State, int]
    hidden: AbstractSet[Query] | None
    bounds: Mapping[State, Bounds] = field(default_factory=dict)


class Looks:
    """States by what remains of them for who reads a school and the sums it alone moves in.

    Args:
        states: the counts that each is in.
        gone: counts that neither the school nor those sums tell.
    """

    def __init__(self, states: Sequence[Bits], gone: Bits) -> None:
        found: dict[Bits, list[int]] = {}
        for state, counts in enumerate(states):
            found.setdefault(counts & ~gone, []).append(state)
        self.rows = [alike for alike in found.values() if len(alike) > 1]
        self.row_of = [-1] * len(states)  # by state; of one that is told apart, none
        for row, alike in enumerate(self.rows):
            for state in alike:
                self.row_of[state] = row
        self._states = states
        self._classes: dict[Bits, Sequence[tuple[list[int], list[int]]]] = {}

    def classes(self, count: Bits) -> Sequence[tuple[list[int], list[int]]]:
        """States that read the same, those with a count and those without it."""
        if count not in self._classes:
            found = []
            for alike in self.rows:
                inside = [state for state in alike if self._states[state] & count]
                if 0 < len(inside) < len(alike):
                    outside = [state for state in alike if not self._states[state] & count]
                    found.append((inside, outside))
            self._classes[count] = found
        return self._classes[count]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A part in numbers: by state, how many more persons might be in it, and how many fewer."""

    people: Sequence[int]
    up: Sequence[int]
    down: Sequence[int]
    hidden: Bits
    withheld: int  # counts of any group; all of them: as many as there could be

    def own_width(self, looks: Looks, count: Bits, *, enough: int) -> int:
        """How far apart a school's own figures leave a count; no more than `enough`."""
        up, down, found = self.up, self.down, 0
        for inside, outside in looks.classes(count):
            found += min(_room(up, inside), _room(down, outside))
            found += min(_room(down, inside), _room(up, outside))
            if found >= enough:
                return enough
        return found


def side_of(part: Part, states: Sequence[State], bits: Mapping[Query, Bits]) -> Side:
    """A part in numbers. `bits`: of each count of the group."""
    people = tuple(part.people.get(state, 0) for state in states)
    up, down = (FAR,) * len(states), people
    if part.bounds:
        bounds = [part.bounds.get(state, FREE) for state in states]
        both = list(zip(people, bounds, strict=True))
        up = tuple(FAR if most is None else most - n for n, (_, most) in both)
        down = tuple(n - least for n, (least, _) in both)
    if part.hidden is None:
        return Side(people, up, down, EVERY, FAR)
    return Side(people, up, down, bits_of(part.hidden, bits), len(part.hidden))


def bits_of(counts: AbstractSet[Query], bits: Mapping[Query, Bits]) -> Bits:
    """Counts as one number; those of other groups are left out."""
    found = 0
    for query, bit in bits.items():
        if query in counts:
            found |= bit
    return found


Way = tuple[
    dict[int, int], dict[int, int]
]  # by state: how many more might be in it; how many fewer


class Exchange:
    """Schools that are in the same sums, and the persons they might exchange.

    Args:
        places: of the schools.
        sides: one for each school.
        looks: for each, what its readers tell a person of each state as, of all that move in it
            alone.
    """

    def __init__(
        self, places: Sequence[int], sides: Sequence[Side], looks: Sequence[Looks]
    ) -> None:
        self.places = places
        self.known: dict[tuple[int, Bits, Bits], bool] = {}  # answers; who asks keeps them
        self.moving = [
            (place, one.row_of, side.down, side.up, one.rows)
            for place, side, one in zip(places, sides, looks, strict=True)
            if one.rows
        ]
        self._rooms: dict[int, int] = {}

    def opens(self, place: int, side: Side, looks: Looks, count: Bits, *, need: int) -> bool:
        """Whether a school and the others of these can move its count by so many persons.

        Nearly always whoever leaves a state goes straight to another one, in one school: two
        bounds that are soon counted then meet, and no flow is looked for.
        """
        up, down = (_ways(side, looks, count, limit=need, up=up) for up in (True, False))
        if len(up) < 2 and len(down) < 2:
            one_way = [*up, *down]
            if sum(self._at_most(place, side, way) for way in one_way) < need:
                return False
            if sum(self._at_least(place, way, limit=need) for way in one_way) >= need:
                return True
        return self.width(place, side, looks, count, enough=need) >= need

    def _at_most(self, place: int, side: Side, way: Way) -> int:
        """What the persons of the others and of the school itself allow."""
        gains, losses = way
        mine = place in self.places
        found = 0
        for state, most in gains.items():
            if state not in self._rooms:
                moving = (down[state] for _, row_of, down, *_ in self.moving if row_of[state] >= 0)
                self._rooms[state] = sum(moving)
            found += min(most, self._rooms[state] - (side.down[state] if mine else 0))
        return min(found, sum(losses.values()))

    def _at_least(self, place: int, way: Way, *, limit: int) -> int:
        """Persons whom the others move in one step each."""
        gains, losses = dict(way[0]), dict(way[1])
        found = 0
        for other, row_of, down, up, _ in self.moving:
            if other != place:
                found += _given(row_of, down, up, gains, losses)
                if found >= limit:
                    break
        return found

    def width(self, place: int, side: Side, looks: Looks, count: Bits, *, enough: int) -> int:
        """How far apart exchanges move the count of one of them; no more than `enough`."""
        found = 0
        for up in (True, False):
            limit = enough - found
            flow = _Flow(self, without=place, size=len(side.people))
            for gains, losses in _ways(side, looks, count, limit=limit, up=up):
                limit -= flow.push(gains, losses, limit=limit)
            found = enough - limit
            if not limit:
                break
        return found


def _ways(side: Side, looks: Looks, count: Bits, *, limit: int, up: bool) -> list[Way]:
    """What a school itself might gain and lose, where its readers tell no two states apart."""
    found = []
    for inside, outside in looks.classes(count):
        into, out_of = (inside, outside) if up else (outside, inside)
        losses = {s: min(limit, n) for s in out_of if (n := side.down[s]) > 0}
        if losses:
            gains = {s: min(limit, n) for s in into if (n := side.up[s]) > 0}
            if gains:
                found.append((gains, losses))
    return found


def _given(
    row_of: Sequence[int],
    down: Sequence[int],
    up: Sequence[int],
    gains: dict[int, int],
    losses: dict[int, int],
) -> int:
    """Persons whom one school takes out of `gains` and puts into `losses`, which it uses up."""
    found = 0
    taken: dict[int, int] = {}
    for state, wanted in gains.items():
        row, room = row_of[state], min(down[state], wanted)
        if row < 0 or room <= 0:
            continue
        for end, left in losses.items():
            if left > 0 and row_of[end] == row:
                step = min(room, left, up[end] - taken.get(end, 0))
                if step > 0:
                    taken[end] = taken.get(end, 0) + step
                    losses[end] = left - step
                    gains[state] -= step
                    found += step
                    room -= step
                    if not room:
                        break
    return found


class _Flow:
    """Persons pushed between schools, all but one, through the states that they tell alike.

    A node is a state, or a row of states that read the same in one school.
    """

    def __init__(self, exchange: Exchange, *, without: int, size: int) -> None:
        self.size = size
        self.moving = [one for one in exchange.moving if one[0] != without]
        self.used: dict[tuple[int, int], int] = {}

    def push(self, gains: dict[int, int], losses: dict[int, int], *, limit: int) -> int:
        """Persons that the others can take out of `gains` and put into `losses`."""
        flow = 0
        while flow < limit:
            path = self._path(gains, losses)
            if not path:
                break
            steps = list(pairwise(path))
            step = min(
                limit - flow,
                gains[path[0]],
                losses[path[-1]],
                *(self._room(tail, head) for tail, head in steps),
            )
            for tail, head in steps:
                self.used[tail, head] = self.used.get((tail, head), 0) + step
                self.used[head, tail] = self.used.get((head, tail), 0) - step
            gains[path[0]] -= step
            losses[path[-1]] -= step
            flow += step
        return flow

    def _room(self, tail: int, head: int) -> int:
        if head < self.size:
            rest = self.moving[tail // self.size - 1][3][head]
        else:
            rest = self.moving[head // self.size - 1][2][tail]
        return rest - self.used.get((tail, head), 0)

    def _path(self, gains: Mapping[int, int], losses: Mapping[int, int]) -> list[int]:
        """A shortest way with room from a state to be left to one to be taken; empty: none."""
        came = {node: node for node, room in gains.items() if room > 0}
        waiting = list(came)
        for node in waiting:  # grows as nodes are reached
            if node < self.size:
                self._reach_rows(node, came, waiting)
            else:
                end = self._reach_states(node, came, waiting, losses)
                if end is not None:
                    return _way(came, end)
        return []

    def _reach_rows(self, state: int, came: dict[int, int], waiting: list[int]) -> None:
        used = self.used
        for number, (_, row_of, down, *_) in enumerate(self.moving, start=1):
            row, first = row_of[state], number * self.size
            if row < 0 or first + row in came:
                continue
            if down[state] - (used.get((state, first + row), 0) if used else 0) > 0:
                came[first + row] = state
                waiting.append(first + row)

    def _reach_states(
        self, node: int, came: dict[int, int], waiting: list[int], losses: Mapping[int, int]
    ) -> int | None:
        """The first of the states to be taken, where it is reached."""
        used = self.used
        number, row = divmod(node, self.size)
        *_, up, rows = self.moving[number - 1]
        for state in rows[row]:
            if state in came:
                continue
            if up[state] - (used.get((node, state), 0) if used else 0) > 0:
                came[state] = node
                if losses.get(state, 0) > 0:
                    return state
                waiting.append(state)
        return None


def _way(came: Mapping[int, int], node: int) -> list[int]:
    path = [node]
    while came[node] != node:
        node = came[node]
        path.append(node)
    return path[::-1]


def _room(rooms: Sequence[int], states: Sequence[int]) -> int:
    return sum(rooms[state] for state in states if rooms[state] > 0)
