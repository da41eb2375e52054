"""The chronological table: generations down, school years across, a wave in each cell.

Source of the layout and of the wording of a cell: SEP, Seguimiento de Egresados, anexo 1.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.chronology.wave_plan import (
    SEP_CALENDAR,
    Cohort,
    FieldPeriod,
    WaveRule,
    field_periods,
    school_year,
)

MONTHS = (
    "Enero",
    "Febrero",
    "Marzo",
    "Abril",
    "Mayo",
    "Junio",
    "Julio",
    "Agosto",
    "Septiembre",
    "Octubre",
    "Noviembre",
    "Diciembre",
)
STANDARD_YEARS = 3  # of upper-secondary studies; other plans come from the directory

PeriodsOf = Callable[[Cohort], Sequence[FieldPeriod]]


@dataclass(frozen=True, slots=True)
class ChronologyRow:
    """One generation: its periods by school year.

    By the SEP calendar each falls in a year of its own; calendar B puts 1 and 2 in one.
    """

    cohort: Cohort
    cells: tuple[tuple[FieldPeriod, ...], ...]


@dataclass(frozen=True, slots=True)
class ChronologyTable:
    """`school_years` heads the columns; every row has one cell for each."""

    school_years: tuple[str, ...]
    rows: tuple[ChronologyRow, ...]


def by_rules(rules: Sequence[WaveRule] = SEP_CALENDAR) -> PeriodsOf:
    """Periods straight from a calendar, with nothing moved."""
    return lambda cohort: field_periods(cohort, rules)


def standard_cohorts(first: int, last: int) -> list[Cohort]:
    """Three-year generations that enter from `first` to `last`, oldest first."""
    return [Cohort(year, year + STANDARD_YEARS) for year in range(first, last + 1)]


def chronology_table(
    cohorts: Iterable[Cohort], periods_of: PeriodsOf | None = None
) -> ChronologyTable:
    """The table of `cohorts`, in their order, over every school year that holds a wave."""
    find = periods_of or by_rules()
    found = [(cohort, tuple(find(cohort))) for cohort in cohorts]
    years = _consecutive({period.school_year for _, periods in found for period in periods})
    return ChronologyTable(years, tuple(_row(cohort, periods, years) for cohort, periods in found))


def months(period: FieldPeriod) -> str:
    """The months of a period as the document writes them: "Mayo-Junio"."""
    last = period.closes - timedelta(days=1)
    first_month, last_month = MONTHS[period.opens.month - 1], MONTHS[last.month - 1]
    return first_month if first_month == last_month else f"{first_month}-{last_month}"


def cell_text(cell: Iterable[FieldPeriod]) -> str:
    """A cell of the document: "CUESTIONARIO 1 Mayo-Junio", or nothing."""
    return " / ".join(f"CUESTIONARIO {period.wave} {months(period)}" for period in cell)


def column_of(day: date, table: ChronologyTable) -> str | None:
    """The school year of the table in which `day` falls, if it is one of its columns."""
    year = school_year(day)
    return year if year in table.school_years else None


def _row(cohort: Cohort, periods: Sequence[FieldPeriod], years: Sequence[str]) -> ChronologyRow:
    return ChronologyRow(
        cohort,
        tuple(tuple(period for period in periods if period.school_year == year) for year in years),
    )


def _consecutive(years: set[str]) -> tuple[str, ...]:
    """Without holes: a school year in which nothing is applied is still a column."""
    if not years:
        return ()
    first, last = int(min(years)[:4]), int(max(years)[:4])
    return tuple(f"{year}-{year + 1}" for year in range(first, last + 1))
