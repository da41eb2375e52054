"""All outcome indicators of one group of persons, counted and released together.

What one indicator hides another must not tell: indicators of the same answers are protected as a
family, and an indicator goes when the count that is its base goes (domain.md 3.8).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from app.analytics.disclosure import (
    Line,
    hidden_in,
    is_plain,
    release_lines,
    release_table,
    withhold_lines,
)
from app.analytics.estimates import grouped_median, kaplan_meier
from app.analytics.families import CORE, FAMILIES, LINES, parent_of, possible_states
from app.analytics.indicators import Counts, Indicator, Kind, Rows
from app.analytics.joint import Query, State
from app.analytics.measures import (
    READ_AT,
    release_crossing,
    release_curve,
    release_mean,
    release_median,
    release_score,
)
from app.analytics.registry import outcomes_of
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from app.analytics.tallies import Counted, CountedRows
from app.analytics.wages import BAND_EDGES

WHOLE = frozenset({Kind.SCALE, Kind.CURVE, Kind.CROSSING})  # told whole or not at all


def release_wave(
    rows: Rows,
    wave: int,
    context: Context,
    *,
    only: Iterable[Indicator] | None = None,
) -> list[IndicatorRow]:
    """`release_counted` of those who answered, one row each (panel_row.py)."""
    return release_counted(CountedRows(rows, wave), context, only=only)


def release_counted(
    counted: Counted, context: Context, *, only: Iterable[Indicator] | None = None
) -> list[IndicatorRow]:
    """Every indicator of a wave for one audience, in the order of the registry.

    Source: domain.md 3.2 to 3.6 for what is counted, 3.8 for what may be told.

    Args:
        counted: who answered the wave.
        context: for whom, and the frame.
        only: some of the wave's indicators; control is still that of all of them.
    """
    indicators: Sequence[Indicator] = outcomes_of(counted.wave)
    if context.exact and only is not None:  # nothing is hidden, so nothing else need be counted
        names = {entry.id for entry in only}
        indicators = [entry for entry in indicators if entry.id in names]
    lines = [
        line
        for entry in indicators
        if entry.kind in LINES
        for line in lines_of(entry, counted.counts_of(entry), counted.wave)
    ]
    people = [] if context.exact else _people(counted)
    told: dict[str, list[IndicatorRow]] = {entry.id: [] for entry in indicators}
    for row in release_lines(lines, context, people=people):
        told[row.id].append(row)
    gone = context.gone
    for entry in indicators:
        if entry.kind not in LINES and entry.id in gone:
            told[entry.id] += _gone(entry, counted, context)
        elif entry.kind in WHOLE:
            told[entry.id] += _whole(entry, counted, context)
        elif entry.kind not in LINES:
            told[entry.id].append(_measure(entry, counted, context))
    wanted = {entry.id for entry in (indicators if only is None else only)}
    return [row for name, figures in told.items() if name in wanted for row in figures]


def withheld_of(counted: Counted) -> frozenset[Query]:
    """What an office is not told of one school: cells, bases ("base S1"), and measures (no cell).

    The same for every reader above the school, whatever else they see.
    """
    context = Context(audience=Audience.OFFICE)
    hidden: set[Query] = set()
    lines: list[Line] = []
    for entry in outcomes_of(counted.wave):
        if entry.kind in LINES:
            lines += lines_of(entry, counted.counts_of(entry), counted.wave)
        elif entry.kind in WHOLE:
            figures = _whole(entry, counted, context)
            if any(row.withheld for row in figures):
                hidden |= {(entry.id, row.category) for row in figures}
                hidden |= {(entry.id, ""), (f"base {entry.id}", "")}
        elif _measure(entry, counted, context).withheld:
            hidden.add((entry.id, ""))
    return frozenset(hidden | hidden_in(lines, _people(counted)))


def withhold_wave(wave: int) -> list[IndicatorRow]:
    """Every figure of a wave, none of which may be told: the generation is too small alone."""
    lines = []
    for entry in outcomes_of(wave):
        names = tuple(category.id for category in entry.categories)
        told = reported_of(entry, names) if entry.kind in LINES and names else (("", ()),)
        lines.append(Line(id=entry.id, cells={}, reported=told))
    return withhold_lines(lines)


def _whole(entry: Indicator, counted: Counted, context: Context) -> list[IndicatorRow]:
    """An indicator of many cells: outside the school all of it is told, or nothing.

    A cell withheld in it could be had from the figures of the same answers that are told alone
    (a mean, a share of the two highest), so that nothing here is thinned out.
    """
    if entry.kind is Kind.CURVE:
        wait = counted.waits_of(entry)
        return release_curve(entry.id, wait.ended, wait.watched, _months(entry), context)
    if entry.kind is Kind.CROSSING:
        found = counted.crossing_of(entry)
        table = release_table(found.table, rows=found.rows, columns=found.columns, context=context)
        return release_crossing(entry.id, table, context)
    cells = counted.counts_of(entry).cells
    line = Line(
        id=entry.id,
        cells=cells,
        reported=reported_of(entry, tuple(cells)),
        part=not entry.of_everybody,
    )
    told = context.exact or is_plain(cells)
    return release_lines([line], context) if told else withhold_lines([line])


def _gone(entry: Indicator, counted: Counted, context: Context) -> list[IndicatorRow]:
    """A figure of a sum that would give away a part of it."""
    names: Sequence[str] = ("",)
    if entry.kind is Kind.SCALE:
        names = tuple(counted.counts_of(entry).cells)
    elif entry.kind is Kind.CURVE:
        names = tuple(f"{month}" for month in (_months(entry) if context.exact else READ_AT))
    elif entry.kind is Kind.CROSSING:
        found = counted.crossing_of(entry)
        names = tuple(f"{row}|{column}" for row in found.rows for column in found.columns)
    line = Line(id=entry.id, cells={}, reported=tuple((name, ()) for name in names))
    return withhold_lines([line], Reason.PARTS)


def _months(entry: Indicator) -> list[int]:
    return [int(category.id) for category in entry.categories]


def lines_of(entry: Indicator, counted: Counts, wave: int) -> Iterator[Line]:
    """The lines of an indicator that has categories, before control."""
    part, parent = not entry.of_everybody, parent_of(entry, wave)
    if entry.kind is Kind.MULTIPLE:
        for name, n in counted.cells.items():
            cells = {name: n, f"sin {name}": counted.base - n}
            yield Line(
                id=entry.id, cells=cells, reported=((name, (name,)),), part=part, parent=parent
            )
        return
    if not counted.cells:  # an open classification in which nobody was coded
        return
    alone = {"otra": 0} if len(counted.cells) == 1 else {}
    yield Line(
        id=entry.id,
        cells={**counted.cells, **alone},
        reported=reported_of(entry, tuple(counted.cells)),
        part=part,
        minimum_base=entry.minimum_base,
        parent=parent,
    )


def reported_of(
    entry: Indicator, names: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The figures of an indicator, each with the cells it adds."""
    if entry.kind is Kind.PROPORTION:
        return ((names[0], names[:1]),)
    if entry.kind is Kind.CUMULATIVE:
        return tuple((name, names[: i + 1]) for i, name in enumerate(names[:-1]))
    return tuple((name, (name,)) for name in names)


def _measure(entry: Indicator, counted: Counted, context: Context) -> IndicatorRow:
    if entry.kind is Kind.SCORE:
        return release_score(entry.id, counted.counts_of(entry).cells, context)
    if entry.kind is Kind.BANDED_MEDIAN:
        counts = list(counted.counts_of(entry).cells.values())
        return release_median(entry.id, grouped_median(counts, BAND_EDGES), sum(counts), context)
    if entry.kind is Kind.SURVIVAL:
        wait = counted.waits_of(entry)
        base = sum(wait.ended.values()) + sum(wait.watched.values())
        half = kaplan_meier(wait.ended, wait.watched).median
        return release_median(entry.id, half, base, context)
    tally = counted.values_of(entry).tally
    if entry.kind is Kind.MEAN:
        return release_mean(entry.id, tally, context, part=not entry.of_everybody)
    return release_median(entry.id, _median(tally), sum(tally.values()), context)


def _median(tally: Mapping[int, int]) -> float | None:
    """Of persons by number: halfway between the two in the middle."""
    ordered = sorted(tally)
    if not ordered:
        return None
    reached = list(accumulate(tally[number] for number in ordered))
    low, high = (reached[-1] + 1) // 2, reached[-1] // 2 + 1  # the places of the middle two
    return (ordered[bisect_left(reached, low)] + ordered[bisect_left(reached, high)]) / 2


def _people(counted: Counted) -> list[Mapping[State, int]]:
    """Persons by state, for each family; possible states of the core at 0."""
    found: list[Mapping[State, int]] = []
    for family in FAMILIES:
        possible = possible_states(counted.wave) if family is CORE else ()
        states: Counter[State] = Counter(dict.fromkeys(possible, 0))
        states.update(counted.people(family))
        found.append(states)
    return found
