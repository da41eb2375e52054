"""All outcome indicators of one group of persons, counted and released together.

What one indicator hides another must not tell: indicators of the same answers are protected as a
family, and an indicator goes when the count that is its base goes (domain.md 3.8).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import accumulate, product

from app.analytics.disclosure import (
    Line,
    is_plain,
    release_lines,
    release_table,
    withhold_lines,
)
from app.analytics.estimates import grouped_median, kaplan_meier
from app.analytics.indicators import (
    Indicator,
    Kind,
    Rows,
    category_of,
    count,
    cross,
    each,
    reads,
    values,
    waits,
)
from app.analytics.joint import Query, State
from app.analytics.measures import (
    release_crossing,
    release_curve,
    release_mean,
    release_median,
    release_score,
)
from app.analytics.outcomes import Answer
from app.analytics.panel_row import Row, panel_row
from app.analytics.registry import column, outcomes_of
from app.analytics.released import Context, IndicatorRow
from app.analytics.wages import BAND_EDGES

LINES = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.CUMULATIVE, Kind.MULTIPLE})
WHOLE = frozenset({Kind.SCALE, Kind.CURVE, Kind.CROSSING})  # told whole or not at all

# Each family reads the same answers: their counts must not be subtracted from one another.
CORE = frozenset(
    {
        "situacion",
        "ninguna_estricta",
        "colocado",
        "jerarquia_14",
        "estudia_es",
        "ocupado",
        "desocupado",
        "pea",
        "estudia_algo",
    }
)
FAMILIES = (
    CORE,
    frozenset({"mudanza", "mudanza_estado"}),
    frozenset({"primera_opcion"}),
    frozenset({"misma_escuela"}),
    frozenset({"demanda", "intento_ingreso"}),
    frozenset({"plan_egreso"}),
)
# The count that is the base of an indicator: by condition, and by a question asked of some.
BASES: Mapping[tuple[str, int], tuple[Query, ...]] = {
    ("estudia_es", 1): (("H1", "si"), ("S6", "A"), ("X0b", "si")),
    ("ocupado", 1): (("L1", "si"),),
    ("pea", 1): (("L2", "si"),),
    ("estudia_algo", 0): (("S2", "no"),),
}
ASKED_WITH: Mapping[str, tuple[str, int]] = {
    "motivo_no_estudio": ("estudia_es", 1),
    "intento_ingreso": ("estudia_es", 1),
    "ingreso_mensual": ("ocupado", 1),
    "satisf_trabajo": ("ocupado", 1),
}


def release_wave(
    rows: Rows,
    wave: int,
    context: Context,
    *,
    only: Iterable[Indicator] | None = None,
) -> list[IndicatorRow]:
    """Every indicator of a wave for one audience, in the order of the registry.

    Source: domain.md 3.2 to 3.6 for what is counted, 3.8 for what may be told.

    Args:
        rows: those who answered, one row each (panel_row.py).
        wave: 1, 2 or 3.
        context: for whom, and the frame.
        only: some of the wave's indicators; control is still that of all of them.
    """
    indicators = outcomes_of(wave)
    lines = [
        line for entry in indicators if entry.kind in LINES for line in _lines(entry, rows, wave)
    ]
    people = [] if context.exact else [_people(family, wave, rows) for family in FAMILIES]
    told: dict[str, list[IndicatorRow]] = {entry.id: [] for entry in indicators}
    for row in release_lines(lines, context, people=people):
        told[row.id].append(row)
    for entry in indicators:
        if entry.kind in WHOLE:
            told[entry.id] += _whole(entry, rows, context)
        elif entry.kind not in LINES:
            told[entry.id].append(_measure(entry, rows, context))
    wanted = {entry.id for entry in (indicators if only is None else only)}
    return [row for name, figures in told.items() if name in wanted for row in figures]


def _whole(entry: Indicator, rows: Rows, context: Context) -> list[IndicatorRow]:
    """An indicator of many cells: outside the school all of it is told, or nothing.

    A cell withheld in it could be had from the figures of the same answers that are told alone
    (a mean, a share of the two highest), so that nothing here is thinned out.
    """
    if entry.kind is Kind.CURVE:
        wait = waits(entry, rows)
        return release_curve(entry.id, wait.ended, wait.watched, _months(entry), context)
    if entry.kind is Kind.CROSSING:
        counted = cross(entry, column(entry), rows)
        table = release_table(
            counted.table, rows=counted.rows, columns=counted.columns, context=context
        )
        return release_crossing(entry.id, table, context)
    cells = count(entry, rows).cells
    line = Line(
        id=entry.id,
        cells=cells,
        reported=reported_of(entry, tuple(cells)),
        part=not entry.of_everybody,
    )
    told = context.exact or is_plain(cells)
    return release_lines([line], context) if told else withhold_lines([line])


def _months(entry: Indicator) -> list[int]:
    return [int(category.id) for category in entry.categories]


def _lines(entry: Indicator, rows: Rows, wave: int) -> Iterator[Line]:
    counted = count(entry, rows)
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


def parent_of(entry: Indicator, wave: int) -> Query | None:
    """The count that this indicator's base would tell, of those that the wave shows."""
    conditions = [(a.variable, c) for a in entry.among for c in a.codes if isinstance(c, int)]
    if entry.variable in ASKED_WITH:
        conditions.append(ASKED_WITH[entry.variable])
    shown = {other.id for other in outcomes_of(wave)}
    queries = (query for condition in conditions for query in BASES.get(condition, ()))
    return next((query for query in queries if query[0] in shown), None)


def _measure(entry: Indicator, rows: Rows, context: Context) -> IndicatorRow:
    if entry.kind is Kind.SCORE:
        return release_score(entry.id, count(entry, rows).cells, context)
    if entry.kind is Kind.BANDED_MEDIAN:
        counts = list(count(entry, rows).cells.values())
        return release_median(entry.id, grouped_median(counts, BAND_EDGES), sum(counts), context)
    if entry.kind is Kind.SURVIVAL:
        wait = waits(entry, rows)
        base = sum(wait.ended.values()) + sum(wait.watched.values())
        half = kaplan_meier(wait.ended, wait.watched).median
        return release_median(entry.id, half, base, context)
    tally = values(entry, rows).tally
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


def _people(family: frozenset[str], wave: int, rows: Rows) -> Counter[State]:
    """Persons by what each indicator of a family says of them; possible states at 0."""
    entries = entries_of(family, wave)
    people = Counter(dict.fromkeys(_possible(wave), 0)) if family is CORE else Counter[State]()
    names = tuple(dict.fromkeys(name for entry in entries for name in reads(entry)))
    for row, persons in each(rows, names):
        people[_state(entries, row)] += persons
    return people


@cache
def entries_of(family: frozenset[str], wave: int) -> tuple[Indicator, ...]:
    """The indicators of a wave that read only the answers of a family."""
    return tuple(
        entry
        for entry in outcomes_of(wave)
        if entry.kind in LINES
        and entry.variable in family
        and all(condition.variable in family | CORE for condition in entry.among)
    )


def _state(entries: Iterable[Indicator], row: Row) -> State:
    """The cells a person is in, and the bases, which are told with every figure."""
    found = [(entry.id, category_of(entry, row)) for entry in entries]
    cells = [(name, category) for name, category in found if category is not None]
    return frozenset([*cells, *((f"base {name}", "") for name, _ in cells)])


@cache
def _possible(wave: int) -> frozenset[State]:
    """Every state that complete answers to the core can lead to."""
    entries = entries_of(CORE, wave)
    states = set()
    for estudia, trabaja, hours, busca, otra in product(
        (1, 3, 4, 5), (1, 2, 4), (10, 40), (1, 2, 4), (1, 2, 4, 5)
    ):
        answers: dict[str, Answer] = {
            "estudia": estudia,
            "trabaja": trabaja,
            "horas_semana": hours if trabaja != 4 else None,
            "busca_trabajo": busca if trabaja == 4 else None,
            "actividad_otra": otra if trabaja == 4 and estudia == 5 else None,
        }
        states.add(_state(entries, panel_row(wave, {wave: answers}, {})))
    return frozenset(states)
