"""What a clever reader can work out of released figures, by integer programming.

An independent opponent of app/analytics/protection/suppression.py and figures/joint.py: it uses
nothing of them, only what a reader sees and the rule as domain.md 3.8 states it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

Shown = Sequence[Sequence[int | None]]
FAR = 10_000  # persons: no table of the audit is larger
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    name: tuple[object, object]
    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low


def table_intervals(shown: Shown, *, small_group: int) -> list[Interval]:
    """Least and greatest value of each hidden cell of a table with totals.

    The reader knows all sums, every shown cell, that a zero is withheld only near a small group,
    and that what is withheld without being small is smaller than what its row or its column
    still shows.
    """
    rows, columns = len(shown), len(shown[0])
    numbers = np.arange(rows * columns).reshape(rows, columns)
    sums = [_sums_to(line[:-1], line[-1], numbers.size) for line in (*numbers, *numbers.T)]
    low, high = np.zeros(numbers.size), np.full(numbers.size, float(FAR))
    for (i, j), k in np.ndenumerate(numbers):
        value = shown[i][j]
        bounds = (
            (value, value) if value is not None else _told_by_the_rule(shown, i, j, small_group)
        )
        low[k], high[k] = bounds
    world = LinearConstraint(np.array(sums), 0, 0)
    return [
        _interval((i, j), np.eye(numbers.size)[k], world, Bounds(low, high))
        for (i, j), k in np.ndenumerate(numbers)
        if shown[i][j] is None
    ]


def joint_intervals(
    states: Sequence[frozenset[tuple[str, str]]],
    known: Mapping[tuple[tuple[str, str], ...], int],
    hidden: Sequence[tuple[str, str]],
) -> list[Interval]:
    """Least and greatest count of each hidden cell, given sums of cells over the same persons.

    Args:
        states: the cells one person may be in.
        known: for some cells that exclude each other, how many persons are in one of them.
        hidden: the cells that are not shown.
    """
    sums = np.array([[float(any(c in s for c in cells)) for s in states] for cells in known])
    totals = np.array(list(known.values()), dtype=float)
    world = LinearConstraint(sums, totals, totals)
    bounds = Bounds(np.zeros(len(states)), np.full(len(states), float(FAR)))
    return [
        _interval(cell, np.array([float(cell in state) for state in states]), world, bounds)
        for cell in hidden
    ]


def withheld_sums(shown: Shown, table: Sequence[Sequence[int]]) -> list[int]:
    """Persons in the withheld cells of each line whose total is shown."""
    pairs = [list(zip(s, t, strict=True)) for s, t in zip(shown, table, strict=True)]
    lines = [*pairs, *(list(column) for column in zip(*pairs, strict=True))]
    return [
        sum(n for s, n in line[:-1] if s is None)
        for line in lines
        if line[-1][0] is not None and any(s is None for s, _ in line[:-1])
    ]


def _sums_to(parts: NDArray[np.int64], total: int, size: int) -> Numbers:
    line = np.zeros(size)
    line[parts], line[total] = 1, -1
    return line


def _told_by_the_rule(shown: Shown, i: int, j: int, small_group: int) -> tuple[int, int]:
    """What the rule says of a hidden cell, for a reader who sees only the shown numbers."""
    totals = (shown[i][-1], shown[-1][j], shown[-1][-1])
    # A total that is hidden may be of a small group.
    least = 0 if any(total is None or total < small_group for total in totals) else 1
    row = [n for n in shown[i][:-1] if n]
    column = [n for n in [line[j] for line in shown][:-1] if n]
    inside_row, inside_column = j < len(shown[0]) - 1, i < len(shown) - 1
    member = [row] * inside_row + [column] * inside_column
    if not row or not column or not member:
        return least, FAR
    return least, max(min(line) for line in member) - 1


def _interval(
    name: tuple[object, object], aim: Numbers, world: LinearConstraint, bounds: Bounds
) -> Interval:
    ends = []
    for direction in (1, -1):
        found = milp(
            direction * aim, constraints=world, bounds=bounds, integrality=np.ones(len(aim))
        )
        if not found.success:
            raise AssertionError(f"no world fits what was released: {found.message}")
        ends.append(round(direction * found.fun))
    return Interval(name, *ends)


@dataclass(frozen=True)
class Told:
    """How many persons of some schools are in one of some cells that exclude each other."""

    schools: frozenset[int]
    cells: frozenset[tuple[str, str]]
    persons: int


def sums_intervals(
    states: Sequence[frozenset[tuple[str, str]]],
    told: Sequence[Told],
    answered: Sequence[int],
    hidden: Sequence[tuple[int, tuple[str, str]]],
    limits: Mapping[tuple[int, int], tuple[int, int]],
) -> list[Interval]:
    """Least and greatest count of cells that single schools hide, beside sums of schools.

    Args:
        states: the cells one person may be in; the empty one is of who is in no base.
        told: everything a reader sees, of schools and of sums.
        answered: persons of each school, which everybody knows.
        hidden: school and cell.
        limits: what the rule says of the persons of a school in a state.
    """
    many, kinds = len(answered), len(states)
    rows = [np.repeat(np.eye(many)[place], kinds) for place in range(many)]
    totals = [float(n) for n in answered]
    for one in told:
        inside = np.array([float(bool(one.cells & state)) for state in states])
        rows.append(np.concatenate([inside * (place in one.schools) for place in range(many)]))
        totals.append(float(one.persons))
    low, high = np.zeros(many * kinds), np.repeat(np.array(answered, dtype=float), kinds)
    for (place, kind), (least, most) in limits.items():
        low[place * kinds + kind] = least
        high[place * kinds + kind] = min(high[place * kinds + kind], most)
    world = LinearConstraint(np.array(rows), np.array(totals), np.array(totals))
    found = []
    for place, cell in hidden:
        aim = np.zeros(many * kinds)
        aim[place * kinds : (place + 1) * kinds] = [float(cell in state) for state in states]
        found.append(_interval((place, cell), aim, world, Bounds(low, high)))
    return found
