"""The shape of an indicator, and how rows are counted into one.

Indicators are data: a variable, code sets, conditions. Whoever counts elsewhere (SQL, a columnar
store) reads the same definition; `tally` is what it means.
"""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.analytics.panel_row import SKILLS, Row, Value

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
        "competencias_tecnica",  # of technical programmes
        *(f"brecha_{skill}" for skill in SKILLS),  # what is needed: of who studies or works
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
    SCALE = "scale"  # a distribution over ordered answers: told whole or not at all
    CURVE = "curve"  # Kaplan-Meier: share whose wait ended by each category's month
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
    """One number per person of the base: persons by number."""

    tally: Mapping[int, int]

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(Counter(self.tally).elements())


@dataclass(frozen=True, slots=True)
class Waits:
    """Persons by months until an event, and by months watched without one."""

    ended: Mapping[int, int]
    watched: Mapping[int, int]

    @property
    def events(self) -> tuple[int, ...]:
        return tuple(Counter(self.ended).elements())

    @property
    def censored(self) -> tuple[int, ...]:
        return tuple(Counter(self.watched).elements())


@dataclass(frozen=True, slots=True)
class Crossing:
    """Persons by two variables; the last row and column are totals."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]


class ManyRows(ABC, Collection[Row]):
    """Rows too many to walk: whoever holds them groups them where they lie (store.py)."""

    @abstractmethod
    def grouped(self, names: Sequence[str]) -> Iterator[tuple[Row, int]]:
        """Each combination of the variables that occurs, and its persons."""

    @abstractmethod
    def split(self, name: str) -> Mapping[Value, "ManyRows"]:
        """The rows of each value of a variable."""


Rows = Iterable[Row] | ManyRows


def each(rows: Rows, names: Sequence[str]) -> Iterator[tuple[Row, int]]:
    """Rows with the persons each stands for; of many rows only `names` are known."""
    return rows.grouped(names) if isinstance(rows, ManyRows) else ((row, 1) for row in rows)


def split(rows: Rows, name: str) -> Mapping[Value, Collection[Row]]:
    """The rows of each value of a variable; None where it is not known."""
    if isinstance(rows, ManyRows):
        return rows.split(name)
    parts: dict[Value, list[Row]] = defaultdict(list)
    for row in rows:
        parts[row.get(name)].append(row)
    return parts


def reads(indicator: Indicator) -> tuple[str, ...]:
    """The variables that decide where a person counts."""
    named = (indicator.variable, indicator.event, *(one.variable for one in indicator.among))
    return tuple(dict.fromkeys(name for name in named if name))


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


def count(indicator: Indicator, rows: Rows) -> Counts:
    """Persons in each category, for every kind made of categories (source: its `source`)."""
    if indicator.kind is Kind.MULTIPLE:
        return _count_mentions(indicator, rows)
    found: Counter[str] = Counter()
    for row, persons in each(rows, reads(indicator)):
        if (category := category_of(indicator, row)) is not OUT:
            found[category] += persons
    names = [category.id for category in indicator.categories] or sorted(found)
    return Counts({name: found[name] for name in names}, found.total())


def values(indicator: Indicator, rows: Rows) -> Values:
    """The numbers of a MEAN or MEDIAN; with categories, only answers that are one of them."""
    found: Counter[int] = Counter()
    for row, persons in each(rows, reads(indicator)):
        if (number := _number(indicator, row)) is not None:
            found[number] += persons
    return Values(found)


def waits(indicator: Indicator, rows: Rows) -> Waits:
    """Months of a SURVIVAL or CURVE indicator, by whether the wait ended."""
    ended: Counter[int] = Counter()
    watched: Counter[int] = Counter()
    for row, persons in each(rows, reads(indicator)):
        months, event = _months(indicator, row), row.get(indicator.event)
        if months is not None and event in {0, 1}:
            (ended if event == 1 else watched)[months] += persons
    return Waits(ended, watched)


def cross(rows_by: Indicator, columns_by: Indicator, rows: Rows) -> Crossing:
    """Persons by the categories of two indicators, where both are known, with totals."""
    pairs: Counter[tuple[str, str]] = Counter()
    for row, persons in each(rows, (*reads(rows_by), *reads(columns_by))):
        first, second = category_of(rows_by, row), category_of(columns_by, row)
        if first is not OUT and second is not OUT:
            pairs[first, second] += persons
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


def _count_mentions(indicator: Indicator, rows: Rows) -> Counts:
    """Mentions, over the persons who mentioned at least one category."""
    found: Counter[str] = Counter()
    base = 0
    for row, persons in each(rows, reads(indicator)):
        marks = row.get(indicator.variable)
        if not isinstance(marks, frozenset) or not is_among(indicator, row):
            continue
        named = [category.id for category in indicator.categories if marks & category.codes]
        found.update(dict.fromkeys(named, persons))
        base += persons * bool(named)
    return Counts({category.id: found[category.id] for category in indicator.categories}, base)


def _number(indicator: Indicator, row: Row) -> int | None:
    value = row.get(indicator.variable)
    known = not indicator.categories or any(value in c.codes for c in indicator.categories)
    return value if isinstance(value, int) and known and is_among(indicator, row) else None


def _months(indicator: Indicator, row: Row) -> int | None:
    """The wait of a person: the categories of a CURVE are where it is read, not its answers."""
    value = row.get(indicator.variable)
    return value if isinstance(value, int) and is_among(indicator, row) else None
