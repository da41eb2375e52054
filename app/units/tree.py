"""What stands above and below a unit: two hierarchies, dates and successors.

A unit stands in the territory (`parent`) and, beside it, in a subsystem (`subsystem_parent`).
"Above" and "below" mean through either of the two. Units are named by their code.
Which unit may stand where: placement.py.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class UnitKind(StrEnum):
    """Levels of the tree. A school is always a leaf."""

    NATION = "nation"
    REGION = "region"
    STATE = "state"
    SUBSYSTEM = "subsystem"
    ZONE = "zone"
    SCHOOL = "school"


# domain.md §2. The last letter is a check letter whose rule is not public: never refuse on it.
_CCT = re.compile(r"(0[1-9]|[12][0-9]|3[0-2])[A-Z]{3}[0-9]{4}[A-Z]", re.ASCII)


def is_cct(text: str) -> bool:
    """Whether this has the form of a school's key (clave de centro de trabajo)."""
    return _CCT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Node:
    """One unit with everything that is kept about it; other units by their code."""

    code: str
    name: str
    kind: UnitKind
    parent: str | None = None
    subsystem_parent: str | None = None
    municipality: str | None = None  # AGEEML, five digits
    time_zone: str = ""  # IANA; empty only before it is resolved
    valid_from: date | None = None
    valid_until: date | None = None  # first day on which the unit is no more
    successor: str | None = None

    @property
    def above(self) -> tuple[str, ...]:
        """The units directly above, in either hierarchy."""
        return tuple(code for code in (self.subsystem_parent, self.parent) if code is not None)

    def exists_on(self, day: date) -> bool:
        """Whether the unit is there on this civil date; [valid_from, valid_until)."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day < self.valid_until)


Tree = Mapping[str, Node]


def tree_of(nodes: Iterable[Node]) -> Tree:
    """Nodes by their code.

    Raises:
        ValueError: a code comes twice.
    """
    tree: dict[str, Node] = {}
    for node in nodes:
        if tree.setdefault(node.code, node) is not node:
            raise ValueError(f"code {node.code!r} comes twice")
    return tree


def ancestors(tree: Tree, code: str) -> frozenset[str]:
    """Everything above the unit, itself included. Defined even where the tree has a cycle."""
    found = {code}
    waiting = [code]
    while waiting:
        uppers = [c for c in tree[waiting.pop()].above if c in tree and c not in found]
        found.update(uppers)
        waiting += uppers
    return frozenset(found)


def nearest_first(tree: Tree, code: str) -> tuple[str, ...]:
    """The unit and everything above it: no unit before one that stands below it.

    Told by the longest way up; at one distance the subsystem leads, for a school is known by it.

    Raises:
        ValueError: there is a cycle above the unit.
    """
    own = {upper: tree[upper] for upper in ancestors(tree, code)}
    steps = dict.fromkeys(own, 0)
    for lower in reversed(parents_first(own)):
        for upper in own[lower].above:
            if upper in own:
                steps[upper] = max(steps[upper], steps[lower] + 1)
    return tuple(sorted(own, key=lambda c: (steps[c], own[c].kind is not UnitKind.SUBSYSTEM, c)))


def descendants(tree: Tree, code: str) -> frozenset[str]:
    """Everything below the unit, itself included."""
    return below(tree, [code])


def below(tree: Tree, codes: Collection[str]) -> frozenset[str]:
    """Everything below any of the units, themselves included."""
    lower: dict[str, list[str]] = {}
    for node in tree.values():
        for upper in node.above:
            lower.setdefault(upper, []).append(node.code)
    found = set(codes)
    waiting = list(codes)
    while waiting:
        for code in lower.get(waiting.pop(), ()):
            if code not in found:
                found.add(code)
                waiting.append(code)
    return frozenset(found)


def path_to(tree: Tree, code: str) -> tuple[str, ...]:
    """From the top down to the unit, by territory; by subsystem where territory ends."""
    path = [code]
    while True:
        node = tree[path[-1]]
        upper = next((c for c in (node.parent, node.subsystem_parent) if c in tree), None)
        if upper is None or upper in path:
            return tuple(reversed(path))
        path.append(upper)


def parents_first(tree: Tree) -> tuple[str, ...]:
    """Every code, each after the units above it; units not in the tree are ignored.

    Raises:
        ValueError: the tree has a cycle.
    """
    order = _without_cycles(tree)
    if len(order) < len(tree):
        raise ValueError("the tree has a cycle")
    return tuple(order)


def levels(tree: Tree) -> Mapping[str, int]:
    """How deep each unit stands by its longest way up, tops are 1; without units in a cycle."""
    found: dict[str, int] = {}
    for code in _without_cycles(tree):
        found[code] = 1 + max((found[c] for c in tree[code].above if c in tree), default=0)
    return found


def closure(tree: Tree) -> Mapping[str, frozenset[str]]:
    """For every unit, everything above it and itself: the content of `unit_ancestor`.

    Raises:
        ValueError: the tree has a cycle.
    """
    found: dict[str, frozenset[str]] = {}
    for code in parents_first(tree):
        uppers = [found[upper] for upper in tree[code].above if upper in tree]
        found[code] = frozenset({code}).union(*uppers)
    return found


def cycles(tree: Tree) -> tuple[tuple[str, ...], ...]:
    """Rings of units that stand above themselves, through either hierarchy; each told once."""
    sound = set(_without_cycles(tree))
    done: set[str] = set()
    found = []
    for start in tree:
        walk: dict[str, None] = {}
        code: str | None = start
        while code is not None and code not in done and code not in sound and code not in walk:
            walk[code] = None
            # Whatever is not sound has something above it that is not sound either.
            code = next((c for c in tree[code].above if c in tree and c not in sound), None)
        if code in walk:
            steps = list(walk)
            found.append(tuple(steps[steps.index(code) :]))
        done.update(walk)
    return tuple(found)


def successor_rings(tree: Tree) -> tuple[tuple[str, ...], ...]:
    """Units that follow each other for ever; each ring told once."""
    done: set[str] = set()
    found = []
    for start in tree:
        walk: dict[str, None] = {}
        code: str | None = start
        while code is not None and code in tree and code not in done and code not in walk:
            walk[code] = None
            code = tree[code].successor
        if code in walk:
            steps = list(walk)
            found.append(tuple(steps[steps.index(code) :]))
        done.update(walk)
    return tuple(found)


def living(tree: Tree, code: str, *, today: date) -> str:
    """The unit itself, or who took its place: successors are followed while a unit is over."""
    seen = {code}
    while True:
        node = tree[code]
        over = node.valid_until is not None and node.valid_until <= today
        if not over or node.successor is None or node.successor in seen:
            return code
        code = node.successor
        seen.add(code)


def _without_cycles(tree: Tree) -> list[str]:
    """Codes, each after those above it, as far as that goes: units in or below a ring miss."""
    missing = {node.code: sum(upper in tree for upper in set(node.above)) for node in tree.values()}
    lower: dict[str, list[str]] = {}
    for node in tree.values():
        for upper in set(node.above):
            lower.setdefault(upper, []).append(node.code)
    order = [code for code, count in missing.items() if count == 0]
    for code in order:  # grows while we walk it
        for child in lower.get(code, ()):
            missing[child] -= 1
            if missing[child] == 0:
                order.append(child)
    return order
