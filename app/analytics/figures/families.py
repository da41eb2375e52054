"""Indicators of the same answers: families that are protected together (domain.md 3.8).

What one indicator hides another must not tell: who only studies, who studies and who works are
three lines of the same persons.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product

from app.analytics.figures.indicators import Indicator, Kind, Rows, category_of, each, reads
from app.analytics.figures.joint import Query, State
from app.analytics.figures.registry import outcomes_of
from app.analytics.outcomes import Answer
from app.analytics.panel_row import Row, panel_row

LINES = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.CUMULATIVE, Kind.MULTIPLE})

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
    ("previo", 0): (("L10c", "no"),),
}
ASKED_WITH: Mapping[str, tuple[str, int]] = {
    "motivo_no_estudio": ("estudia_es", 1),
    "intento_ingreso": ("estudia_es", 1),
    "ingreso_mensual": ("ocupado", 1),
    "satisf_trabajo": ("ocupado", 1),
    "espera_meses": ("previo", 0),
    "espera_tiempo": ("previo", 0),
}


def parent_of(entry: Indicator, wave: int) -> Query | None:
    """The count that this indicator's base would tell, of those that the wave shows."""
    conditions = [(a.variable, c) for a in entry.among for c in a.codes if isinstance(c, int)]
    if entry.variable in ASKED_WITH:
        conditions.append(ASKED_WITH[entry.variable])
    queries = (query for condition in conditions for query in BASES.get(condition, ()))
    return next((query for query in queries if query[0] in _shown(wave)), None)


@cache
def _shown(wave: int) -> frozenset[str]:
    return frozenset(entry.id for entry in outcomes_of(wave))


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


def people_of(family: frozenset[str], wave: int, rows: Rows) -> Counter[State]:
    """Persons by what each indicator of a family says of them."""
    entries = entries_of(family, wave)
    names = tuple(dict.fromkeys(name for entry in entries for name in reads(entry)))
    people: Counter[State] = Counter()
    for row, persons in each(rows, names):
        people[_state(entries, row)] += persons
    return people


@cache
def possible_states(wave: int) -> frozenset[State]:
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


def state_of(told: Mapping[str, str]) -> State:
    """The cells a person is in, by indicator, and the bases, which are told with every figure."""
    return frozenset([*told.items(), *((f"base {name}", "") for name in told)])


def told_of(state: State) -> dict[str, str]:
    """The inverse of `state_of`: the category of each indicator."""
    return {name: category for name, category in state if category}


def _state(entries: Iterable[Indicator], row: Row) -> State:
    found = ((entry.id, category_of(entry, row)) for entry in entries)
    return state_of({name: category for name, category in found if category is not None})
