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

from app.analytics.figures.joint import Query, State

Node = tuple[int, State]  # a school and what its readers tell a person as; or -1 and a state
Bounds = tuple[int, int | None]  # persons: the least and the most that a reader must allow for
FREE: Bounds = (0, None)
STATES = -1  # in place of a school
FAR = 1 << 30
Residual = dict[Node, dict[Node, int]]
Looks = Mapping[State, Sequence[State]]  # what a state reads as, and the states that do


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


class Exchange:
    """Schools that are in the same sums, and the persons they might exchange.

    Args:
        parts: one for each school.
        looks: for each, what its readers tell a person of each state as, of all that move in it
            alone (`looks_of`).
    """

    def __init__(self, parts: Sequence[Part], looks: Sequence[Looks]) -> None:
        self.parts, self.looks = parts, looks
        self._arcs: Residual = {}
        for place, (part, mine) in enumerate(zip(parts, looks, strict=True)):
            for look, states in mine.items():
                if len(states) > 1:
                    row = self._arcs.setdefault((place, look), {})
                    for state in states:
                        column = (STATES, state)
                        row[column] = part.up(state)
                        self._arcs.setdefault(column, {})[place, look] = part.down(state)

    def width(self, place: int, query: Query, *, enough: int) -> int:
        """How far apart exchanges move a school's count; no more than `enough`."""
        up = self._moved(place, query, limit=enough, up=True)
        if up >= enough:
            return enough
        return up + self._moved(place, query, limit=enough - up, up=False)

    def _moved(self, place: int, query: Query, *, limit: int, up: bool) -> int:
        part, moved = self.parts[place], 0
        flow = _Flow(self._arcs, without=place)
        for inside, outside in classes(self.looks[place], query):
            into, out_of = (inside, outside) if up else (outside, inside)
            gains = {(STATES, s): min(limit, n) for s in into if (n := part.up(s)) > 0}
            losses = {(STATES, s): min(limit, n) for s in out_of if (n := part.down(s)) > 0}
            if gains and losses:
                moved += flow.push(gains, losses, limit=limit - moved)
            if moved >= limit:
                return limit
        return moved


def looks_of(part: Part, also_hidden: AbstractSet[Query] | None, states: Sequence[State]) -> Looks:
    """States by what remains of them for who reads a school and the sums it alone moves in.

    `also_hidden`: what those sums withhold; None where there is none such.
    """
    found: dict[State, list[State]] = {}
    for state in states:
        found.setdefault(part.look(state, also_hidden), []).append(state)
    return found


def own_width(part: Part, query: Query, looks: Looks, *, enough: int) -> int:
    """How far apart a school's own figures leave a count; no more than `enough`."""
    found = 0
    for inside, outside in classes(looks, query):
        found += min(_room(part, inside, up=True), _room(part, outside, up=False))
        found += min(_room(part, inside, up=False), _room(part, outside, up=True))
        if found >= enough:
            return enough
    return found


def classes(looks: Looks, query: Query) -> Iterable[tuple[list[State], list[State]]]:
    """States that read the same, those with a count and those without it."""
    for states in looks.values():
        inside = [state for state in states if query in state]
        if 0 < len(inside) < len(states):
            yield inside, [state for state in states if query not in state]


def _room(part: Part, states: Iterable[State], *, up: bool) -> int:
    return sum(max(0, part.up(state) if up else part.down(state)) for state in states)


class _Flow:
    """Persons pushed through arcs that stay as they are; without the rows of one school."""

    def __init__(self, arcs: Residual, *, without: int) -> None:
        self.arcs, self.without = arcs, without
        self.used: dict[tuple[Node, Node], int] = {}

    def push(self, gains: dict[Node, int], losses: dict[Node, int], *, limit: int) -> int:
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

    def _room(self, tail: Node, head: Node) -> int:
        return self.arcs[tail][head] - self.used.get((tail, head), 0)

    def _path(self, gains: Mapping[Node, int], losses: Mapping[Node, int]) -> list[Node]:
        """A shortest way with room from a state to be left to one to be taken; empty: none."""
        came: dict[Node, Node] = {node: node for node, room in gains.items() if room > 0}
        waiting = deque(came)
        while waiting:
            node = waiting.popleft()
            if losses.get(node, 0) > 0:
                path = [node]
                while came[node] != node:
                    node = came[node]
                    path.append(node)
                return path[::-1]
            for following, room in self.arcs.get(node, {}).items():
                if following in came or following[0] == self.without:
                    continue
                if room - self.used.get((node, following), 0) > 0:
                    came[following] = node
                    waiting.append(following)
        return []
