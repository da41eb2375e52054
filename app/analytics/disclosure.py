"""Keep small groups unpublished: rows, tables and lines of figures, for an audience.

With measures.py the only maker of released figures (released.py). One line with its total; a
table with margins in both directions (suppression.py); lines that count the same persons
(joint.py). Rules and audiences: domain.md 3.8.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import ceil, floor

from app.analytics.estimates import wilson
from app.analytics.figures.joint import Query, State, hide_together
from app.analytics.protection.suppression import MINIMUM_CELL, SMALL_GROUP, suppress, suppress_line
from app.analytics.released import (
    KEY,
    Audience,
    Context,
    IndicatorRow,
    PublicRow,
    PublicShare,
    Reason,
    ReleasedRow,
    ReleasedTable,
)

__all__ = [
    "Audience",
    "Context",
    "IndicatorRow",
    "Line",
    "PublicRow",
    "PublicShare",
    "ReleasedRow",
    "ReleasedTable",
    "hidden_in",
    "is_plain",
    "nearest_five",
    "public_row",
    "release_lines",
    "release_row",
    "release_some",
    "release_table",
    "suppress",
    "thin",
    "told_alone",
    "withhold_lines",
]

PUBLIC_BASE = 23  # persons: HESA suppresses percentages on fewer than 22.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Counts of one indicator before control: categories exclude each other and exhaust it."""

    id: str
    cells: Mapping[str, int]
    reported: tuple[tuple[str, tuple[str, ...]], ...]  # a figure and the cells it adds
    part: bool = False  # its base is asked of some only
    minimum_base: int = 0
    parent: Query | None = None  # the count that is its base: hidden with it


def release_row(
    counts: Mapping[str, int], *, minimum: int = MINIMUM_CELL, small_group: int = SMALL_GROUP
) -> ReleasedRow:
    """One row of a table, with what is too small withheld, and what would give it away.

    The reader knows the total, every shown cell, both thresholds and that the smallest
    cells go first. Cells are withheld until each withheld one may still lie anywhere in
    an interval at least `minimum` wide. If no choice reaches that, the total goes too.
    Source: domain.md 3.8, rule 2.

    Args:
        counts: persons by category; categories exclude each other and exhaust the row.
        minimum: counts from 1 to `minimum` - 1 are withheld.
        small_group: in a row of fewer persons a zero is withheld like any small cell, so
            that neither 0 % nor 100 % is ever told of a small group.

    Raises:
        ValueError: fewer than two categories, or a negative count.
    """
    total, cells = suppress_line(counts, minimum=minimum, small_group=small_group)
    return ReleasedRow(total, cells, key=KEY)


def public_row(row: ReleasedRow, *, frame: float | None = None) -> PublicRow:
    """The same row for readers outside the administration (domain.md 3.8, rule 3).

    Every number is a function of a whole percent and of a base rounded to 5, the interval
    too, so that the exact counts cannot be had back from the decimals. What `row`
    withholds stays withheld.

    Args:
        row: a row already released.
        frame: eligible persons, for the finite population correction.
    """
    if row.total is None:
        return PublicRow(base=None, shares=dict.fromkeys(row.cells), key=KEY)
    base = nearest_five(row.total)
    population = _rounded_frame(frame, row.total)
    shown = row.total >= PUBLIC_BASE
    return PublicRow(
        base=base,
        shares={
            label: _share(n, row.total, base, population) if shown and n is not None else None
            for label, n in row.cells.items()
        },
        key=KEY,
    )


def nearest_five(count: int) -> int:
    """`count` to the nearest 5 (HESA): 2 gives 0, 3 gives 5.

    Raises:
        ValueError: a negative count.
    """
    if count < 0:
        raise ValueError(f"{count} persons")
    return (count + 2) // 5 * 5


def release_table(
    table: Sequence[Sequence[int]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    context: Context,
) -> ReleasedTable:
    """Two traits at once, with totals, for an audience (domain.md 3.8).

    Args:
        table: whole persons; the last row and the last column are totals.
        rows: names of the rows but the last.
        columns: names of the columns but the last.
        context: `crossed` is taken for granted: only sums of three schools are exact.
    """
    if context.audience is Audience.OFFICE and context.exact:
        cells: list[list[int | None]] = [list(line) for line in table]
    else:
        cells = suppress(table, MINIMUM_CELL)
    public = context.audience is Audience.PUBLIC
    shares = tuple(_shares_of(line, whole=public) for line in cells)
    if public:
        cells = [[None if n is None else nearest_five(n) for n in line] for line in cells]
    told = tuple(tuple(line) for line in cells)
    return ReleasedTable(tuple(rows), tuple(columns), told, shares, key=KEY)


def _shares_of(line: Sequence[int | None], *, whole: bool) -> tuple[float | None, ...]:
    """The cells of a row over its total, the last; whole percents only of bases that allow them."""
    *cells, total = line
    if not total or (whole and total < PUBLIC_BASE):
        return tuple(None for _ in cells)
    if whole:
        return tuple(None if n is None else _percent(n, total) / 100 for n in cells)
    return tuple(None if n is None else n / total for n in cells)


def release_lines(
    lines: Sequence[Line], context: Context, thinned: Sequence[ReleasedRow] | None = None
) -> list[IndicatorRow]:
    """The figures of lines that one reader sees together (domain.md 3.8).

    Args:
        lines: the most important first; what must go so that others may stay goes from the end.
        context: for whom.
        thinned: what `thin` made of them; None where they count nobody in common.

    Raises:
        ValueError: a line of fewer than two categories, or a negative count.
    """
    if context.exact:
        released = [_exact(line) for line in lines]
    else:
        released = thin(lines, ()) if thinned is None else list(thinned)
    if context.withheld:
        rows = zip(lines, released, strict=True)
        released = [_without(row, line.id, context.withheld) for line, row in rows]
    return [
        _figure(line, row, name, parts, context)
        for line, row in zip(lines, released, strict=True)
        for name, parts in line.reported
    ]


def hidden_in(lines: Sequence[Line], thinned: Sequence[ReleasedRow]) -> frozenset[Query]:
    """What was thinned out of lines: cells, and bases as families.py names them."""
    hidden = set()
    for line, row in zip(lines, thinned, strict=True):
        hidden |= {(line.id, name) for name, n in row.cells.items() if n is None}
        if row.total is None:
            hidden.add((f"base {line.id}", ""))
    return frozenset(hidden)


def told_alone(line: Line, hidden: AbstractSet[Query]) -> ReleasedRow:
    """A school's line as it is told alone. `hidden`: what `hidden_in` says of the school."""
    return _without(_exact(line), line.id, hidden)


def release_some(line: Line, rows: Sequence[ReleasedRow], context: Context) -> list[IndicatorRow]:
    """The sum of a line over schools that tell it alone: it says nothing that they do not.

    Args:
        line: what is reported; its cells are those of any of the schools.
        rows: of schools that tell their base; a cell is told where each of them tells it.
        context: of these schools.
    """
    cells: dict[str, int | None] = {}
    for name in line.cells:
        counts = [row.cells.get(name, 0) for row in rows]
        cells[name] = None if None in counts else sum(n for n in counts if n is not None)
    row = ReleasedRow(sum(row.total or 0 for row in rows), cells, key=KEY)
    figures = [_figure(line, row, name, parts, context) for name, parts in line.reported]
    return [one if one.withheld else replace(one, reason=Reason.SOME, key=KEY) for one in figures]


def withhold_lines(lines: Sequence[Line], reason: Reason = Reason.SMALL) -> list[IndicatorRow]:
    """The figures of lines of which nothing may be told, not even the base."""
    return [
        IndicatorRow(
            id=line.id,
            category=name,
            numerator=None,
            base=None,
            value=None,
            low=None,
            high=None,
            withheld=True,
            reason=reason,
            key=KEY,
        )
        for line in lines
        for name, _ in line.reported
    ]


def is_plain(cells: Mapping[str, int]) -> bool:
    """Whether no count of a line would have to be withheld (domain.md 3.8, rule 2)."""
    least = 1 if sum(cells.values()) >= SMALL_GROUP else 0
    return all(n >= MINIMUM_CELL or n < least for n in cells.values())


def _exact(line: Line) -> ReleasedRow:
    if len(line.cells) < 2 or min(line.cells.values()) < 0:
        raise ValueError(f"not a row of a table: {dict(line.cells)}")
    return ReleasedRow(sum(line.cells.values()), dict(line.cells), key=KEY)


def _without(row: ReleasedRow, name: str, withheld: AbstractSet[Query]) -> ReleasedRow:
    gone = (f"base {name}", "") in withheld
    cells = {k: None if gone or (name, k) in withheld else n for k, n in row.cells.items()}
    return ReleasedRow(None if gone else row.total, cells, key=KEY)


def thin(
    lines: Sequence[Line],
    people: Sequence[Mapping[State, int]],
    anyway: AbstractSet[Query] = frozenset(),
) -> list[ReleasedRow]:
    """Each line by its own rule, then all together, then the lines whose base would tell.

    Args:
        lines: the most important first.
        people: for each family of lines that count the same persons, persons by the cells they
            are in; a combination that could exist and has nobody is worth giving, with 0.
        anyway: what is withheld whatever it is.
    """
    rows = [_without(release_row(line.cells), line.id, anyway) for line in lines]
    # Mentions of one question share a base: it stays or goes with all of them.
    without = {line.id for line, row in zip(lines, rows, strict=True) if row.total is None}
    hidden = {
        (line.id, name)
        for line, row in zip(lines, rows, strict=True)
        for name, n in row.cells.items()
        if n is None
    }
    order = list(dict.fromkeys(line.id for line in lines))
    for family in people:
        hidden |= hide_together(family, hidden, order=order, minimum=MINIMUM_CELL)
    thinned = []
    for line, row in zip(lines, rows, strict=True):
        gone = line.id in without or line.parent in hidden
        if gone:
            hidden |= {(line.id, name) for name in line.cells}
        cells = {name: None if (line.id, name) in hidden else n for name, n in row.cells.items()}
        thinned.append(ReleasedRow(None if gone else row.total, cells, key=KEY))
    return thinned


def _figure(
    line: Line, row: ReleasedRow, name: str, parts: Sequence[str], context: Context
) -> IndicatorRow:
    count, total = _sum_of(row, parts), row.total
    public = context.audience is Audience.PUBLIC
    if total is None or count is None:
        why = Reason.PARTS if context.exact else Reason.SMALL
        return _withheld(line.id, name, total, context, why)
    if total < line.minimum_base or (public and total < PUBLIC_BASE):
        return _withheld(line.id, name, total, context, Reason.SMALL_BASE)
    if total == 0:
        return _told(line.id, name, (0, 0), (None, None, None), Reason.NOBODY)
    population = context.population(total, part=line.part)
    if public:
        base = nearest_five(total)
        told = _share(count, total, base, _rounded_frame(population, total))
        shares = (told.percent / 100, told.low / 100, told.high / 100)
        return _told(line.id, name, (None, base), shares, None)
    low, high = wilson(count, total, population) or (None, None)
    careful = Reason.CAREFUL if total < PUBLIC_BASE else None
    return _told(line.id, name, (count, total), (count / total, low, high), careful)


def _told(
    identifier: str,
    name: str,
    counts: tuple[int | None, int | None],
    told: tuple[float | None, float | None, float | None],
    reason: Reason | None,
) -> IndicatorRow:
    return IndicatorRow(
        id=identifier,
        category=name,
        numerator=counts[0],
        base=counts[1],
        value=told[0],
        low=told[1],
        high=told[2],
        withheld=False,
        reason=reason,
        key=KEY,
    )


def _withheld(
    identifier: str, name: str, total: int | None, context: Context, reason: Reason
) -> IndicatorRow:
    rounds = total is not None and context.audience is Audience.PUBLIC
    return IndicatorRow(
        id=identifier,
        category=name,
        numerator=None,
        base=nearest_five(total) if rounds and total is not None else total,
        value=None,
        low=None,
        high=None,
        withheld=True,
        reason=reason,
        key=KEY,
    )


def _sum_of(row: ReleasedRow, parts: Sequence[str]) -> int | None:
    """Persons in some cells, if what is shown tells it: by them, or by all the others."""
    inside = [row.cells[name] for name in parts]
    outside = [n for name, n in row.cells.items() if name not in parts]
    if None not in inside:
        return sum(n for n in inside if n is not None)
    if None not in outside and row.total is not None:
        return row.total - sum(n for n in outside if n is not None)
    return None


def _rounded_frame(frame: float | None, total: int) -> int | None:
    """The frame to the nearest 5; rounding does not turn a wave that somebody missed into a census.

    Raises:
        ValueError: fewer persons in the frame than answered.
    """
    if frame is None:
        return None
    if frame < total:
        raise ValueError(f"{total} answers of {frame} persons")
    missed = 5 if frame > total else 0
    return max(nearest_five(round(frame)), nearest_five(total) + missed)


def _percent(count: int, total: int) -> int:
    """Whole percents of unrounded counts, half up."""
    return (200 * count + total) // (2 * total)


def _share(count: int, total: int, base: int, frame: int | None) -> PublicShare:
    percent = _percent(count, total)
    low, high = wilson(percent * base / 100, base, frame) or (0.0, 1.0)
    return PublicShare(percent, floor(round(low * 100, 6)), ceil(round(high * 100, 6)))
