"""`trayecto chronology`: the chronological table as text, CSV or JSON."""

import csv
import sys
from enum import StrEnum
from typing import Annotated

import typer

from app.chronology.table import ChronologyTable, cell_text, chronology_table, standard_cohorts
from app.cli.terminal import show_json
from app.clock import system_clock
from app.errors import AppError

EARLIEST, LATEST = 1900, 2200  # years a generation may enter; a slip of the finger is outside


class CohortsBackwards(AppError):
    """--from is later than --to."""

    code = "chronology.backwards"
    status = 400
    plantilla = "La primera generación ({first}) es posterior a la última ({last}); inviértalas."


class Format(StrEnum):
    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def chronology(
    first: Annotated[
        int | None,
        typer.Option("--from", help="Primer año de ingreso.", min=EARLIEST, max=LATEST),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--to", help="Último año de ingreso.", min=EARLIEST, max=LATEST),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="text, csv o json.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="Igual que --format json.")] = False,
) -> None:
    """Muestra la tabla cronológica: generaciones por ciclo escolar."""
    this_year = system_clock().year
    start = first if first is not None else (last or this_year) - 5
    end = last if last is not None else max(start, this_year - 2)
    if start > end:
        raise CohortsBackwards(first=start, last=end)
    table = chronology_table(standard_cohorts(start, end))
    if as_json or format_ is Format.JSON:
        show_json(_document(table))
    elif format_ is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows(_grid(table))
    else:
        _print_text(table)


def _grid(table: ChronologyTable) -> list[list[str]]:
    heading = ["Generación", *table.school_years]
    return [heading, *([row.cohort.label, *map(cell_text, row.cells)] for row in table.rows)]


def _document(table: ChronologyTable) -> list[dict[str, object]]:
    return [
        {
            "generation": str(row.cohort),
            "earlier_strategy": row.cohort.earlier_strategy,
            "waves": [
                {
                    "questionnaire": period.wave,
                    "school_year": period.school_year,
                    "opens": period.opens.isoformat(),
                    "closes": period.closes.isoformat(),
                }
                for cell in row.cells
                for period in cell
            ],
        }
        for row in table.rows
    ]


def _print_text(table: ChronologyTable) -> None:
    grid = _grid(table)
    widths = [max(len(line[column]) for line in grid) for column in range(len(grid[0]))]
    for line in grid:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())
    if any(row.cohort.earlier_strategy for row in table.rows):
        print("\n* Se aplicó conforme a la estrategia anterior.")
