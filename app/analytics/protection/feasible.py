"""How far a hidden cell of a two-way table may lie from its value, for all a reader knows.

The reader knows every margin and cell shown, and bounds of every hidden one. With margins a
table is a network: each cell is an arc between the node of its row and that of its column, and
what holds is that each node receives what it sends. Changes that keep every sum are then
circulations, and the widest change of one cell is a maximal flow around it: whole persons,
exact, and in plain Python (Ahuja, Magnanti and Orlin, Network Flows, 1993, ch. 6).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

Cell = tuple[int, int]  # row, column; the last of each is the total
Node = tuple[bool, int]  # whether a row, and which


@dataclass(frozen=True, slots=True)
class Hidden:
    """A cell that is not shown: what it is and what a reader knows it to lie between."""

    value: int
    least: int
    most: int | None = None


def width(hidden: Mapping[Cell, Hidden], cell: Cell, *, last: Cell, enough: int) -> int:
    """How many persons apart the least and the greatest possible value of `cell` are.

    Args:
        hidden: every cell not shown.
        cell: one of them.
        last: row and column of the totals.
        enough: the search stops there; a wider interval is returned as `enough`.
    """
    around = {other: bounds for other, bounds in hidden.items() if other != cell}
    arcs = _residual(around, last=last, cap=enough)
    start, end = _ends(cell, last)
    own = hidden[cell]
    room_up = enough if own.most is None else own.most - own.value
    up = _flow(arcs, end, start, limit=min(enough, room_up))
    if up >= enough:
        return enough
    arcs = _residual(around, last=last, cap=enough)
    return up + _flow(arcs, start, end, limit=min(enough - up, own.value - own.least))


def _ends(cell: Cell, last: Cell) -> tuple[Node, Node]:
    """Where the arc of a cell begins and ends; a total runs against the cells it sums."""
    row, column = (True, cell[0]), (False, cell[1])
    forward = (cell[0] == last[0]) == (cell[1] == last[1])
    return (row, column) if forward else (column, row)


def _residual(
    hidden: Mapping[Cell, Hidden], *, last: Cell, cap: int
) -> dict[Node, dict[Node, int]]:
    """By how much each cell may grow (along its arc) and shrink (against it).

    No room above `cap` is ever needed. A cell and no other joins its row and column, so one
    number per pair of nodes and direction is enough.
    """
    arcs: dict[Node, dict[Node, int]] = {}
    for cell, bounds in hidden.items():
        tail, head = _ends(cell, last)
        room = cap if bounds.most is None else bounds.most - bounds.value
        arcs.setdefault(tail, {})[head] = min(cap, room)
        arcs.setdefault(head, {})[tail] = min(cap, bounds.value - bounds.least)
    return arcs


def _flow(arcs: dict[Node, dict[Node, int]], source: Node, sink: Node, *, limit: int) -> int:
    """Maximal flow from source to sink, at most `limit`; uses `arcs` up."""
    flow = 0
    while flow < limit:
        path = _path(arcs, source, sink)
        if not path:
            break
        step = min(limit - flow, *(arcs[tail][head] for tail, head in path))
        for tail, head in path:
            arcs[tail][head] -= step
            arcs[head][tail] += step
        flow += step
    return flow


def _path(
    arcs: Mapping[Node, Mapping[Node, int]], source: Node, sink: Node
) -> list[tuple[Node, Node]]:
    """A shortest path with room on every arc; empty when there is none."""
    came: dict[Node, Node] = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        node = waiting.popleft()
        for following, room in arcs.get(node, {}).items():
            if room > 0 and following not in came:
                came[following] = node
                waiting.append(following)
    if sink not in came:
        return []
    path = []
    node = sink
    while node != source:
        path.append((came[node], node))
        node = came[node]
    return path
