"""The shape of an indicator, and how rows are counted into one.

Indicators are data: a variable, code sets, conditions. Whoever counts elsewhere (SQL, a columnar
store) reads the same definition; `tally` is what it means.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.analytics.panel_row import Row, Value

OUT = None  # a person outside the base
# Questions that only part of the graduates are asked: the frame of their base is not the frame.
ASKED_OF_SOME = frozenset(
    {
        "demanda",
        "intento_ingreso",
        "en_primera_opcion_q1",
        "motivo_no_estudio",
        "permanece",
        "plan_cumplido",
        "brecha_ingreso",
        "ingreso_mensual",
        "espera_meses",
        "espera_tiempo",
        "previo",
        "satisf_trabajo",
        "campo_amplio",
    }
)


class Kind(StrEnum):
    """What an indicator is made of, and so how it is estimated and released."""

    PROPORTION = "proportion"  # the first category of two
    DISTRIBUTION = "distribution"  # categories exclude each other and add to the base
    MULTIPLE = "multiple"  # a person may be in several: shares add to more than 1
    CUMULATIVE = "cumulative"  # each share includes those before it; the last is not shown
    SCORE = "score"  # net promoter: first share less the last
    MEAN = "mean"
    MEDIAN = "median"
    BANDED_MEDIAN = "banded_median"  # interpolated, in the unit of the bands
    SURVIVAL = "survival"  # Kaplan-Meier median
    CROSSING = "crossing"  # two variables with both margins
    PROCESS = "process"  # counted by another package, from cases or the directory


@dataclass(frozen=True, slots=True)
class Category:
    """One answer, or several, that count as one."""

    id: str
    label: str  # Spanish
    codes: frozenset[int | str]


@dataclass(frozen=True, slots=True)
class Among:
    """Only rows whose `variable` has one of `codes`."""

    variable: str
    codes: frozenset[int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A figure the system can tell, with the words that explain it (Spanish)."""

    id: str
    name: str
    numerator: str
    base: str
    source: str
    kind: Kind
    waves: frozenset[int]
    variable: str = ""  # of the row; empty for a process figure
    categories: tuple[Category, ...] = ()  # empty: each code is its own category
    among: tuple[Among, ...] = ()
    crossed_with: str = ""  # the other variable of a crossing
    event: str = ""  # for survival: 1 found, 0 still waiting
    excluded: frozenset[int | str] = frozenset()  # codes that are no answer, where all others are
    minimum_base: int = 0  # persons below which nobody is shown it

    @property
    def of_everybody(self) -> bool:
        """Whether every graduate has an answer, so that its base is a sample of the frame."""
        return not self.among and self.variable not in ASKED_OF_SOME


@dataclass(frozen=True, slots=True)
class Counts:
    """Persons by category. `base` is all of them; in MULTIPLE the cells overlap."""

    cells: Mapping[str, int]
    base: int


@dataclass(frozen=True, slots=True)
class Values:
    """One number per person of the base."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """Months until an event, and months watched without one."""

    events: tuple[int, ...]
    censored: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Persons by two variables; the last row and column are totals."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]


def is_among(indicator: Indicator, row: Row) -> bool:
    """Whether every condition of the base holds; a missing answer meets none."""
    return all(row.get(condition.variable) in condition.codes for condition in indicator.among)


def category_of(indicator: Indicator, row: Row) -> str | None:
    """The category of a person, or None outside the base: 98, 99 and blanks are unknown.

    For kinds whose categories exclude each other (domain.md 3: "all percentages exclude
    null, 98 and 99 of that item unless stated").
    """
    if not is_among(indicator, row):
        return OUT
    return _category(indicator, row.get(indicator.variable))


def count(indicator: Indicator, rows: Iterable[Row]) -> Counts:
    """Persons in each category, for every kind made of categories (source: its `source`)."""
    if indicator.kind is Kind.MULTIPLE:
        return _count_mentions(indicator, rows)
    found = Counter(
        category for row in rows if (category := category_of(indicator, row)) is not OUT
    )
    names = [category.id for category in indicator.categories] or sorted(found)
    return Counts({name: found[name] for name in names}, found.total())


def values(indicator: Indicator, rows: Iterable[Row]) -> Values:
    """The numbers of a MEAN or MEDIAN; with categories, only answers that are one of them."""
    return Values(tuple(n for row in rows if (n := _number(indicator, row)) is not None))


def waits(indicator: Indicator, rows: Iterable[Row]) -> Waits:
    """Months of a SURVIVAL indicator, by whether the wait ended."""
    timed = [
        (months, row.get(indicator.event))
        for row in rows
        if (months := _number(indicator, row)) is not None
    ]
    return Waits(
        events=tuple(months for months, event in timed if event == 1),
        censored=tuple(months for months, event in timed if event == 0),
    )


def cross(rows_by: Indicator, columns_by: Indicator, rows: Sequence[Row]) -> Crossing:
    """Persons by the categories of two indicators, where both are known, with totals."""
    pairs = Counter(
        (first, second)
        for row in rows
        if (first := category_of(rows_by, row)) is not OUT
        and (second := category_of(columns_by, row)) is not OUT
    )
    down = [c.id for c in rows_by.categories] or sorted({first for first, _ in pairs})
    across = [c.id for c in columns_by.categories] or sorted({second for _, second in pairs})
    body = [[pairs[first, second] for second in across] for first in down]
    body = [[*line, sum(line)] for line in body]
    total = [sum(line[j] for line in body) for j in range(len(across) + 1)]
    return Crossing(tuple(down), tuple(across), (*(tuple(line) for line in body), tuple(total)))


def _category(indicator: Indicator, value: Value) -> str | None:
    if value is None or value in indicator.excluded or isinstance(value, frozenset):
        return OUT
    if not indicator.categories:
        return str(value)
    return next((c.id for c in indicator.categories if value in c.codes), OUT)


def _count_mentions(indicator: Indicator, rows: Iterable[Row]) -> Counts:
    """Mentions, over the persons who mentioned at least one category."""
    found: Counter[str] = Counter()
    base = 0
    for row in rows:
        marks = row.get(indicator.variable)
        if not isinstance(marks, frozenset) or not is_among(indicator, row):
            continue
        named = [category.id for category in indicator.categories if marks & category.codes]
        found.update(named)
        base += bool(named)
    return Counts({category.id: found[category.id] for category in indicator.categories}, base)


def _number(indicator: Indicator, row: Row) -> int | None:
    value = row.get(indicator.variable)
    known = not indicator.categories or any(value in c.codes for c in indicator.categories)
    return value if isinstance(value, int) and known and is_among(indicator, row) else None
