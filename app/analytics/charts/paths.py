"""The released matrix of what was planned and what came of it, as a heat table and as a flow."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.charts.drawing import ACROSS, Drawing, Path, Rect, Shape, Words
from app.analytics.charts.headlines import percent
from app.analytics.figures.indicators import Category
from app.analytics.figures.registry import column, indicator
from app.analytics.released import IndicatorRow
from app.fieldwork.percents import as_percent

FLOW = 280  # pixels of all persons, one under the other
GAP = 26  # pixels between two groups, for the words of the lower one
SIDE = 24  # percent of each side, for words
NODE = 2  # percent
SHADES = 5  # of the heat table


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A share of a row. `shade` from 0 to 4; None where it is not shown."""

    text: str
    people: str
    shade: int | None
    kept: bool  # the same before and after


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """Those who said one thing before."""

    name: str
    base: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Row by row, shares that add to 100 %."""

    before: str
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class _Stream:
    """Persons who went from one group to another; by place in both lists."""

    source: int
    target: int
    persons: float


def matrix_of(rows: Sequence[IndicatorRow], *, whole_percents: bool) -> Matrix | None:
    """The heat table; None where no cell is told."""
    if not any(row.value is not None for row in rows):
        return None
    crossing = indicator(rows[0].id)
    found = {row.category: row for row in rows}
    after = column(crossing).categories
    return Matrix(
        before=crossing.name,
        columns=tuple(one.label for one in after),
        rows=tuple(
            _matrix_row(before, after, found, whole=whole_percents)
            for before in crossing.categories
            if f"{before.id}|{after[0].id}" in found
        ),
    )


def flow_chart(rows: Sequence[IndicatorRow], *, key: str, title: str) -> Drawing | None:
    """The same as streams from left to right; None unless every cell is told.

    A stream is as thick as its persons are many, of all that are linked.
    """
    if not rows or any(row.value is None and row.base != 0 for row in rows):
        return None
    crossing = indicator(rows[0].id)
    before, after = crossing.categories, column(crossing).categories
    found = {row.category: row for row in rows}
    streams = [
        _Stream(i, j, row.value * row.base)
        for i, first in enumerate(before)
        for j, second in enumerate(after)
        if (row := found.get(f"{first.id}|{second.id}")) and row.value and row.base
    ]
    total = sum(stream.persons for stream in streams)
    if not total:
        return None
    left = [sum(s.persons for s in streams if s.source == i) for i in range(len(before))]
    right = [sum(s.persons for s in streams if s.target == j) for j in range(len(after))]
    starts, ends = _stacked(left, total), _stacked(right, total)
    shapes: list[Shape] = [
        *_streams(streams, starts, ends, total),
        *_nodes(before, left, starts, total, at=SIDE),
        *_nodes(after, right, ends, total, at=100 - SIDE - NODE),
    ]
    height = max(y + FLOW * n / total for y, n in ((starts[-1], left[-1]), (ends[-1], right[-1])))
    said = (
        f"{before[s.source].label} → {after[s.target].label}: {as_percent(s.persons / total)}"
        for s in streams
    )
    return Drawing(key, title, "; ".join(said), round(height) + 8, tuple(shapes))


def _matrix_row(
    before: Category,
    after: Sequence[Category],
    found: dict[str, IndicatorRow],
    *,
    whole: bool,
) -> MatrixRow:
    cells = [found[f"{before.id}|{one.id}"] for one in after]
    base = cells[0].base
    return MatrixRow(
        name=before.label,
        base="no se muestra" if base is None else f"{base:,}",
        cells=tuple(
            MatrixCell(
                text=percent(cell.value, whole=whole),
                people="" if cell.numerator is None else f"{cell.numerator:,}",
                shade=None if cell.value is None else min(SHADES - 1, int(cell.value * SHADES)),
                kept=before.codes == one.codes,
            )
            for one, cell in zip(after, cells, strict=True)
        ),
    )


def _stacked(persons: Sequence[float], total: float) -> list[float]:
    """Where each group begins, in pixels."""
    at, places = 20.0, []
    for n in persons:
        places.append(at)
        at += FLOW * n / total + (GAP if n else 0)
    return places


def _streams(
    streams: Sequence[_Stream], starts: Sequence[float], ends: Sequence[float], total: float
) -> list[Shape]:
    """Each from where the one before left its group, to where it came into the other."""
    leaving, coming = list(starts), list(ends)
    x1, x2 = ACROSS * (SIDE + NODE) / 100, ACROSS * (100 - SIDE - NODE) / 100
    bend = (x1 + x2) / 2
    found: list[Shape] = []
    for stream in streams:
        thick = FLOW * stream.persons / total
        a, b = leaving[stream.source], coming[stream.target]
        leaving[stream.source] += thick
        coming[stream.target] += thick
        path = (
            f"M{x1:g} {a:.1f}C{bend:g} {a:.1f} {bend:g} {b:.1f} {x2:g} {b:.1f}V{b + thick:.1f}"
            f"C{bend:g} {b + thick:.1f} {bend:g} {a + thick:.1f} {x1:g} {a + thick:.1f}Z"
        )
        kept = stream.source == stream.target
        found.append(Path(path, "stream-kept" if kept else "stream"))
    return found


def _nodes(
    groups: Sequence[Category],
    persons: Sequence[float],
    places: Sequence[float],
    total: float,
    *,
    at: float,
) -> list[Shape]:
    found: list[Shape] = []
    for group, n, y in zip(groups, persons, places, strict=True):
        if not n:
            continue
        left = at < 50
        words = f"{group.label} {as_percent(n / total)}"
        found += [
            Rect(at, y, NODE, FLOW * n / total, "node"),
            Words(0 if left else 100, y - 6, words, "small", "start" if left else "end"),
        ]
    return found
