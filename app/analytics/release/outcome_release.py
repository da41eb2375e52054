"""All outcome indicators of one group of persons, counted and released together.

What one indicator hides another must not tell: indicators of the same answers are protected as a
family, and an indicator goes when the count that is its base goes (domain.md 3.8).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from itertools import accumulate

from app.analytics.disclosure import (
    Line,
    hidden_in,
    is_plain,
    release_lines,
    release_table,
    thin,
    withhold_lines,
)
from app.analytics.estimates import grouped_median, kaplan_meier
from app.analytics.figures.families import CORE, FAMILIES, LINES, parent_of, possible_states
from app.analytics.figures.indicators import Category, Counts, Indicator, Kind, Rows
from app.analytics.figures.joint import Query, State
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.wages import BAND_EDGES
from app.analytics.frame.tallies import Counted, CountedRows
from app.analytics.protection.open_answers import mean_is_open, median_is_open
from app.analytics.release.measures import (
    READ_AT,
    release_closed,
    release_crossing,
    release_curve,
    release_mean,
    release_median,
    release_score,
)
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from app.fieldwork.percents import half_up

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
    thinned = None if context.exact else thin(lines, _people(counted), counted.set_aside())
    told: dict[str, list[IndicatorRow]] = {entry.id: [] for entry in indicators}
    for row in release_lines(lines, context, thinned):
        told[row.id].append(row)
    hidden = frozenset[Query]() if thinned is None else hidden_in(lines, thinned)
    gone = context.gone
    for entry in indicators:
        if entry.kind not in LINES and entry.id in gone:
            told[entry.id] += _gone(entry, counted, context)
        elif entry.kind not in LINES:
            told[entry.id] += _beside(entry, counted, context, hidden)
    wanted = {entry.id for entry in (indicators if only is None else only)}
    return [row for name, figures in told.items() if name in wanted for row in figures]


def withheld_of(counted: Counted) -> frozenset[Query]:
    """What an office is not told of one school: cells, bases ("base S1"), and measures (no cell).

    The same for every reader above the school, whatever else they see.
    """
    context = Context(audience=Audience.OFFICE)
    entries = outcomes_of(counted.wave)
    lines = [
        line
        for entry in entries
        if entry.kind in LINES
        for line in lines_of(entry, counted.counts_of(entry), counted.wave)
    ]
    of_lines = hidden_in(lines, thin(lines, _people(counted), counted.set_aside()))
    hidden = set(of_lines)
    for entry in entries:
        if entry.kind in LINES:
            continue
        figures = _beside(entry, counted, context, of_lines)
        if any(row.withheld for row in figures):
            hidden.add((entry.id, ""))
            if entry.kind in WHOLE:
                hidden |= {(entry.id, row.category) for row in figures}
                hidden.add((f"base {entry.id}", ""))
    return frozenset(hidden)


def withhold_wave(wave: int, reason: Reason) -> list[IndicatorRow]:
    """Every figure of a wave, none of which may be told: the generation is too small alone."""
    lines = []
    for entry in outcomes_of(wave):
        names = tuple(category.id for category in entry.categories)
        told = reported_of(entry, names) if entry.kind in LINES and names else (("", ()),)
        lines.append(Line(id=entry.id, cells={}, reported=told))
    return withhold_lines(lines, reason)


def _beside(
    entry: Indicator, counted: Counted, context: Context, hidden: AbstractSet[Query]
) -> list[IndicatorRow]:
    """A figure that is no line, beside lines of which `hidden` is withheld."""
    mine = {entry.id, *(one.id for one in _of_the_same(entry, counted.wave))}
    bases = {f"base {name}" for name in mine}
    if parent_of(entry, counted.wave) in hidden or any(query[0] in bases for query in hidden):
        return _gone(entry, counted, context, Reason.SMALL)
    if entry.kind in WHOLE:
        return _whole(entry, counted, context)
    return [_measure(entry, counted, context, hidden)]


def _of_the_same(entry: Indicator, wave: int) -> list[Indicator]:
    """The lines of the same answers of the same persons."""
    return [
        other
        for other in outcomes_of(wave)
        if other.kind in LINES and other.variable == entry.variable and other.among == entry.among
    ]


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


def _gone(
    entry: Indicator, counted: Counted, context: Context, why: Reason = Reason.PARTS
) -> list[IndicatorRow]:
    """A figure that would give away what is withheld, its base too."""
    names: Sequence[str] = ("",)
    if entry.kind is Kind.SCALE:
        names = tuple(counted.counts_of(entry).cells)
    elif entry.kind is Kind.CURVE:
        names = tuple(f"{month}" for month in (_months(entry) if context.exact else READ_AT))
    elif entry.kind is Kind.CROSSING:
        found = counted.crossing_of(entry)
        names = tuple(f"{row}|{column}" for row in found.rows for column in found.columns)
    line = Line(id=entry.id, cells={}, reported=tuple((name, ()) for name in names))
    return withhold_lines([line], why)


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


def _measure(
    entry: Indicator, counted: Counted, context: Context, hidden: AbstractSet[Query]
) -> IndicatorRow:
    if entry.kind is Kind.SCORE:
        return release_score(entry.id, counted.counts_of(entry).cells, context)
    if entry.kind is Kind.BANDED_MEDIAN:
        return _banded(entry, counted, context, hidden)
    if entry.kind is Kind.SURVIVAL:
        wait = counted.waits_of(entry)
        base = sum(wait.ended.values()) + sum(wait.watched.values())
        half = kaplan_meier(wait.ended, wait.watched).median
        return release_median(entry.id, half, base, context)
    tally = counted.values_of(entry).tally
    if entry.kind is Kind.MEAN:
        return _mean(entry, tally, counted.wave, context, hidden)
    return release_median(entry.id, _median(tally), sum(tally.values()), context)


def _banded(
    entry: Indicator, counted: Counted, context: Context, hidden: AbstractSet[Query]
) -> IndicatorRow:
    """A median of bands, beside the line of the bands."""
    cells = counted.counts_of(entry).cells
    bands = list(cells.values())
    found = release_median(entry.id, grouped_median(bands, BAND_EDGES), sum(bands), context)
    if context.exact or found.withheld:
        return found
    gone = {
        place
        for place, name in enumerate(cells)
        if any((other.id, name) in hidden for other in _of_the_same(entry, counted.wave))
    }
    if median_is_open(bands, gone, _told_of_bands):
        return found
    return release_closed(entry.id, sum(bands), context)


def _told_of_bands(bands: Sequence[int]) -> Decimal | None:
    median = grouped_median(bands, BAND_EDGES)
    return None if median is None else half_up(median, digits=1)


def _mean(
    entry: Indicator,
    tally: Mapping[int, int],
    wave: int,
    context: Context,
    hidden: AbstractSet[Query],
) -> IndicatorRow:
    """A mean of answers, beside the share of some of them."""
    answers = sorted(
        code for one in entry.categories for code in one.codes if isinstance(code, int)
    )
    people = {answer: tally.get(answer, 0) for answer in answers}
    plain = is_plain({f"{answer}": n for answer, n in people.items()})
    part = not entry.of_everybody
    found = release_mean(entry.id, tally, context, part=part, spread=plain)
    if context.exact or plain or found.withheld:
        return found
    shares = _of_the_same(entry, wave)
    groups = [_codes(one) for share in shares[:1] for one in share.categories]
    told = bool(shares) and not any(query[0] == shares[0].id for query in hidden)
    if mean_is_open(people, groups or [frozenset(people)], told=told):
        return found
    return release_closed(entry.id, sum(people.values()), context)


def _answers(entry: Indicator) -> list[int]:
    return sorted(code for one in entry.categories for code in _codes(one))


def _codes(category: Category) -> frozenset[int]:
    return frozenset(code for code in category.codes if isinstance(code, int))


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
