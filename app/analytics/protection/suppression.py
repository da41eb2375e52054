"""Which cells of a table with two margins must not be shown.

Line by line, as one line is released (disclosure.py), until nothing changes; then every hidden
cell is bounded over the whole table, and what a reader could still narrow down gets company.
Rules: domain.md 3.8. The only door is disclosure.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.analytics.protection.feasible import Cell, Hidden, width

MINIMUM_CELL = 5  # persons
SMALL_GROUP = 50  # persons: below it "nobody" and "everybody" are told of real people

Line = list[Cell]  # the cells of a row or column; the last one is their total


def suppress(
    table: Sequence[Sequence[int]], minimum: int, *, small_group: int = SMALL_GROUP
) -> list[list[int | None]]:
    """The table with None where a number must not be, and where it would give one away.

    Counts from 1 to `minimum` - 1 are withheld, margins too; a zero in a row or column of
    fewer than `small_group` persons likewise. With them go the next smallest of their line,
    ties together, until the withheld cells of every line whose total is shown add to the
    minimum and each withheld cell may lie anywhere in an interval at least `minimum` wide for
    a reader who knows every shown number, both thresholds and that the smallest go first.
    Where a line has nothing left to withhold its total goes, and at last the grand total.

    Args:
        table: whole persons, rows × columns; the last row and the last column are totals.
        minimum: smallest count that may be shown; at least 1.
        small_group: persons.

    Raises:
        ValueError: no table, negative counts, or totals that are not the sums.
    """
    _check(table, minimum)
    state = _Table(table, minimum, small_group)
    state.hide_what_is_small()
    while unsafe := state.unsafe_lines():
        state.hide_company(unsafe)
    return [
        [None if (i, j) in state.hidden else count for j, count in enumerate(row)]
        for i, row in enumerate(table)
    ]


def suppress_line(
    counts: Mapping[str, int], *, minimum: int = MINIMUM_CELL, small_group: int = SMALL_GROUP
) -> tuple[int | None, dict[str, int | None]]:
    """Total and cells of one line with its total; None where a number must not be.

    Source: domain.md 3.8, rule 2. Arguments and errors as of disclosure.release_row.
    """
    if len(counts) < 2 or min(counts.values()) < 0:
        raise ValueError(f"not a row of a table: {dict(counts)}")
    total = sum(counts.values())
    if total == 0:
        return 0, dict(counts)
    least = 0 if total < small_group else 1  # the least a withheld cell may be
    sizes = sorted(n for n in counts.values() if n >= least)
    small = sum(n < minimum for n in sizes)
    taken = small
    while not _is_safe(sizes, taken, small=small, least=least, minimum=minimum):
        if taken == len(sizes):
            return None, dict.fromkeys(counts)
        # Equal cells go together: which of two was taken would tell them from a third.
        taken += sizes.count(sizes[taken])
    largest = sizes[taken - 1] if taken else -1
    return total, {label: None if least <= n <= largest else n for label, n in counts.items()}


def _is_safe(sizes: Sequence[int], taken: int, *, small: int, least: int, minimum: int) -> bool:
    """Whether the first `taken` of `sizes` may be withheld, each uncertain by `minimum`.

    The reader knows their sum, that some are small (least … minimum - 1) and that the
    others are `minimum` or more and below the smallest cell shown, but not which is which.
    """
    if taken == 0:
        return True
    others = taken - small
    if others == 0:
        return False  # all known to be small
    withheld = sum(sizes[:taken])
    cap = sizes[taken] - 1 if taken < len(sizes) else withheld
    highest = min(cap, withheld - small * least - (others - 1) * minimum)
    lowest = max(least, withheld - others * cap - (small - 1) * (minimum - 1))
    return highest - lowest >= minimum


@dataclass(slots=True)
class _Table:
    """The table while it is being thinned out."""

    counts: Sequence[Sequence[int]]
    minimum: int
    small_group: int
    hidden: set[Cell] = field(default_factory=set)
    sound: set[Cell] = field(default_factory=set)  # wide enough already; more company only widens

    @property
    def last(self) -> Cell:
        return len(self.counts) - 1, len(self.counts[0]) - 1

    def value(self, cell: Cell) -> int:
        return self.counts[cell[0]][cell[1]]

    def cells(self) -> Iterator[Cell]:
        return ((i, j) for i in range(self.last[0] + 1) for j in range(self.last[1] + 1))

    def row(self, cell: Cell) -> Line:
        return [(cell[0], j) for j in range(self.last[1] + 1)]

    def column(self, cell: Cell) -> Line:
        return [(i, cell[1]) for i in range(self.last[0] + 1)]

    def lines(self) -> Iterator[Line]:
        yield from (self.row((i, 0)) for i in range(self.last[0] + 1))
        yield from (self.column((0, j)) for j in range(self.last[1] + 1))

    def hide_what_is_small(self) -> None:
        self.hidden.update(
            cell for cell in self.cells() if self._least(cell) <= self.value(cell) < self.minimum
        )

    def unsafe_lines(self) -> list[Line]:
        """Lines of which one must withhold more, the narrowest scope first; empty when safe."""
        telling = [line for line in self.lines() if self._line_tells(line)]
        if telling:
            return telling
        tight = self._tight_cells()
        return [line for cell in tight for line in (self.row(cell), self.column(cell))]

    def hide_company(self, lines: list[Line]) -> None:
        """Withhold the smallest company these lines offer; else a total; else everything.

        What costs the same goes together, so that no order of rows or columns matters.
        """
        _, least, offered = self._offer(lines)
        self.hidden.update(*(group for group in offered if self._sum(group) == least))
        if self.value(self.last) < self.small_group and any(
            line[-1] in self.hidden for line in self.lines()
        ):
            # In a small table a margin shown beside hidden ones tells why they were hidden.
            self.hidden.update(cell for cell in self.cells() if cell != self.last)

    def _tight_cells(self) -> list[Cell]:
        """Withheld cells that a reader can narrow down, of those whose company costs least."""
        bounds = self._bounds()
        costs = {
            cell: self._offer([self.row(cell), self.column(cell)])[:2]
            for cell in self.hidden - self.sound
        }
        tight: list[Cell] = []
        for cell in sorted(costs, key=lambda cell: costs[cell]):
            if tight and costs[cell] > costs[tight[0]]:
                break
            if width(bounds, cell, last=self.last, enough=self.minimum) < self.minimum:
                tight.append(cell)
            else:
                self.sound.add(cell)  # for good: whatever is withheld later only widens it
        return tight

    def _offer(self, lines: list[Line]) -> tuple[int, int, list[Line]]:
        """What may be withheld next for these lines: how drastic, how many persons, what."""
        for drastic, choice in enumerate((lines, [self.row(self.last), self.column(self.last)])):
            groups = [group for line in choice if (group := self._next_smallest(line))]
            totals = [[line[-1]] for line in choice if line[-1] not in self.hidden]
            if groups or totals:
                offered = groups or totals
                level = 2 * drastic + (not groups)
                return level, min(self._sum(group) for group in offered), offered
        rest = [cell for cell in self.cells() if cell not in self.hidden]
        return 4, self._sum(rest), [rest]

    def _line_tells(self, line: Line) -> bool:
        """Whether the cells withheld in a line are given away by the line alone."""
        withheld = [cell for cell in line[:-1] if cell in self.hidden]
        if not withheld or line[-1] in self.hidden:
            return False
        return len(withheld) == 1 or not self._line_is_safe(withheld, self._shown(line))

    def _line_is_safe(self, withheld: Line, shown: Line) -> bool:
        """As one line is judged, if its smallest cells are withheld; else by their sum."""
        hidden = sorted(self.value(cell) for cell in withheld)
        rest = sorted(self.value(cell) for cell in shown)
        if sum(hidden) < self.minimum:
            return False
        if rest and hidden[-1] >= rest[0]:
            return True
        return _is_safe(
            [*hidden, *rest],
            len(hidden),
            small=sum(n < self.minimum for n in hidden),
            least=min(1, hidden[0]),
            minimum=self.minimum,
        )

    def _next_smallest(self, line: Line) -> Line:
        """The smallest cells of a line that may still be withheld.

        Equal cells go together: which of two was taken would tell them from a third.
        """
        shown = self._shown(line)
        least = min((self.value(cell) for cell in shown), default=0)
        return [cell for cell in shown if self.value(cell) == least]

    def _shown(self, line: Line) -> Line:
        return [c for c in line[:-1] if c not in self.hidden and self.value(c) >= self._least(c)]

    def _sum(self, cells: Iterable[Cell]) -> int:
        return sum(self.value(cell) for cell in cells)

    def _bounds(self) -> dict[Cell, Hidden]:
        # Whether a withheld zero is possible may follow from what is shown: taken as known.
        return {
            cell: Hidden(
                self.value(cell),
                least=min(1, self.value(cell)),
                most=self._most(cell),
            )
            for cell in self.hidden
        }

    def _least(self, cell: Cell) -> int:
        """The least a withheld cell may be: a zero is withheld only where a group is small."""
        row, column = self.value(self.row(cell)[-1]), self.value(self.column(cell)[-1])
        empty = 0 in {row, column}  # of a row with nobody in it there is nothing to tell
        total = self.value(self.last)
        told_of_few = total < self.small_group or (
            not empty and min(row, column) < self.small_group
        )
        return 0 if told_of_few and total else 1

    def _most(self, cell: Cell) -> int | None:
        """The most a withheld cell may be: below what its row or its column still shows.

        Which of the two it was withheld for is not known; the closer bound is taken as known.
        """
        lines = [line for line in (self.row(cell), self.column(cell)) if line[-1] != cell]
        least_shown = [
            min(self.value(other) for other in shown)
            for line in lines
            if (shown := self._shown(line))
        ]
        return min((n - 1 for n in least_shown if n > self.value(cell)), default=None)


def _check(table: Sequence[Sequence[int]], minimum: int) -> None:
    if len(table) < 2 or len(table[0]) < 2 or len({len(row) for row in table}) != 1:
        raise ValueError("a table needs rows of one length, a row and a column of totals")
    if minimum < 1 or any(count < 0 for row in table for count in row):
        raise ValueError("counts are not negative and a minimum is at least 1")
    lines = (*table, *zip(*table, strict=True))
    if any(sum(line[:-1]) != line[-1] for line in lines):
        raise ValueError("the last row and the last column are not the totals")
