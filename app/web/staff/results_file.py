"""Figures as lines of a file, for spreadsheets."""

from collections.abc import Iterable, Iterator, Sequence

from app.analytics.figures.registry import indicator
from app.analytics.released import IndicatorRow, Weighted
from app.web.sheets import Cell
from app.web.staff.results_findings import label_of

HEADINGS = (
    "clave", "indicador", "categoria", "numerador", "base", "valor", "inferior", "superior",
    "se_muestra", "nota", "ponderado",
)  # fmt: skip


def figure_lines(
    rows: Iterable[IndicatorRow], weighted: Weighted | None = None
) -> Iterator[Sequence[Cell]]:
    """Figures for a spreadsheet, one a line, with their headings; the weighted share comes last."""
    yield HEADINGS
    for row in rows:
        yield (
            row.id,
            indicator(row.id).name,
            label_of(row),
            row.numerator,
            row.base,
            row.value,
            row.low,
            row.high,
            "no" if row.withheld else "sí",
            None if row.reason is None else str(row.reason),
            None if weighted is None else weighted.shares.get((row.id, row.category)),
        )
