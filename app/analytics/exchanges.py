"""Whether what one school hides stays hidden beside the sums that it is a part of.

Schools that are in the same sums can exchange persons without changing any of them: one of A who
only studies becomes one who works, and one of B the other way. As far as neither school's own
line tells the two apart, a reader cannot say which of these worlds is ours. A hidden count is safe
where such exchanges move it as far as its own school's line leaves it open, up to the minimum.
Persons are counted by state (joint.py), so that lines of the same answers are exchanged together;
the widest exchange is a maximal flow between schools and states, in whole persons.
Sound and quick; it may find less than there is. Source: domain.md 3.8, rules 1 and 2.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise

from app.analytics.joint import Query, State

Node = tuple[int, State]  # a school and what its readers tell a person as; or -1 and a state
Bounds = tuple[int, int | None]  # persons: the least and the most that a reader must allow for
FREE: Bounds = (0, None)
STATES = -1  # in place of a school
FAR = 1 << 30
Residual = dict[Node, dict[Node, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one school brings to a sum. `hidden`: what its own figures withhold; None: all.

    `bounds`: of the persons in a state, where the rule of the line tells more than nothing.
    """

    people: Mapping[State, int]
    hidden: AbstractSet[Query] | None
    bounds: Mapping[State, Bounds] = field(default_factory=dict)

    def look(self, state: State, also_hidden: AbstractSet[Query] | None) -> State:
        """What remains of a state for who reads this school and the sums it alone moves in."""
        if self.hidden is None:
            return frozenset() if also_hidden is None else state - also_hidden
        if also_hidden is None:
            return state - self.hidden
        return state - (self.hidden & also_hidden)

    def hides(self, query: Query) -> bool:
        """Whether its own figures withhold a count."""
        return self.hidden is None or query in self.hidden

    def up(self, state: State) -> int:
        """How many more persons might be in a state."""
        most = self.bounds.get(state, FREE)[1]
        return FAR if most is None else most - self.people.get(state, 0)

    def down(self, state: State) -> int:
        """How many fewer persons might be in a state."""
        return self.people.get(state, 0) - self.bounds.get(state, FREE)[0]


def own_width(part: Part, query: Query, states: Iterable[State], *, enough: int) -> int:
    """How far apart a school's own figures leave a count; no more than `enough`."""
    found = 0
    for inside, outside in _classes(part, None, states, query):
        found += min(_room(part, inside, up=True), _room(part, outside, up=False))
        found += min(_room(part, inside, up=False), _room(part, outside, up=True))
        if found >= enough:
            return enough
    return found


class Exchange:
    """Schools that are in the same sums, and the persons they might exchange.

    Args:
        parts: one for each school.
        also_hidden: for each, what the sums that it moves in without the others withhold; None
            where there is none such.
        states: every state worth thinking of.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        also_hidden: Sequence[AbstractSet[Query] | None],
        states: Sequence[State],
    ) -> None:
        self.parts, self.also_hidden, self.states = parts, also_hidden, states
        self._looks = [
            {state: part.look(state, also) for state in states}
            for part, also in zip(parts, also_hidden, strict=True)
        ]

    def width(self, place: int, query: Query, *, enough: int) -> int:
        """How far apart exchanges move a school's count; no more than `enough`."""
        up = self._moved(place, query, limit=enough, up=True)
        if up >= enough:
            return enough
        return up + self._moved(place, query, limit=enough - up, up=False)

    def _moved(self, place: int, query: Query, *, limit: int, up: bool) -> int:
        part, moved = self.parts[place], 0
        residual: Residual | None = None
        for inside, outside in _classes(part, self._looks[place], self.states, query):
            into, out_of = (inside, outside) if up else (outside, inside)
            gains = {(STATES, state): min(limit, part.up(state)) for state in into}
            losses = {(STATES, state): min(limit, part.down(state)) for state in out_of}
            gains = {node: room for node, room in gains.items() if room > 0}
            losses = {node: room for node, room in losses.items() if room > 0}
            if not gains or not losses:
                continue
            if residual is None:
                residual = self._residual(place)
            moved += _flow(residual, gains, losses, limit=limit - moved)
            if moved >= limit:
                return limit
        return moved

    def _residual(self, without: int) -> Residual:
        """By how much each other school might grow or shrink in each state."""
        arcs: Residual = {}
        for place, part in enumerate(self.parts):
            if place == without:
                continue
            for state, look in self._looks[place].items():
                row, column = (place, look), (STATES, state)
                up, down = part.up(state), part.down(state)
                arcs.setdefault(row, {})[column] = up
                arcs.setdefault(column, {})[row] = down
        return arcs


def _classes(
    part: Part, looks: Mapping[State, State] | None, states: Iterable[State], query: Query
) -> Iterable[tuple[list[State], list[State]]]:
    """States that read the same at a school, those with the count and those without it."""
    alike: dict[State, tuple[list[State], list[State]]] = {}
    for state in states:
        look = part.look(state, None) if looks is None else looks[state]
        found = alike.setdefault(look, ([], []))
        found[query not in state].append(state)
    return [pair for pair in alike.values() if pair[0] and pair[1]]


def _room(part: Part, states: Iterable[State], *, up: bool) -> int:
    return sum(max(0, part.up(state) if up else part.down(state)) for state in states)


def _flow(arcs: Residual, gains: dict[Node, int], losses: dict[Node, int], *, limit: int) -> int:
    """Persons that the others can take out of `gains` and put into `losses`; changes `arcs`."""
    flow = 0
    while flow < limit:
        path = _path(arcs, gains, losses)
        if not path:
            break
        first, last = path[0], path[-1]
        step = min(
            limit - flow,
            gains[first],
            losses[last],
            *(arcs[tail][head] for tail, head in pairwise(path)),
        )
        for tail, head in pairwise(path):
            arcs[tail][head] -= step
            arcs[head][tail] = arcs[head].get(tail, 0) + step
        gains[first] -= step
        losses[last] -= step
        flow += step
    return flow


def _path(arcs: Residual, gains: Mapping[Node, int], losses: Mapping[Node, int]) -> list[Node]:
    """A shortest way with room from a state to be left to one to be taken; empty: none."""
    starts = [node for node, room in gains.items() if room > 0]
    came: dict[Node, Node] = {node: node for node in starts}
    waiting = deque(starts)
    while waiting:
        node = waiting.popleft()
        if losses.get(node, 0) > 0:
            path = [node]
            while came[node] != node:
                node = came[node]
                path.append(node)
            return path[::-1]
        for following, room in arcs.get(node, {}).items():
            if room > 0 and following not in came:
                came[following] = node
                waiting.append(following)
    return []
