"""A table as a CSV file that a spreadsheet opens as text and numbers, never as formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi.responses import Response

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")  # noqa: RUF001
_BOM = "\ufeff"  # without it spreadsheets of Windows misread the accents

Cell = str | int | float | None


def csv_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    """The rows as a download called `name` (letters, digits, `-`, `_` and `.` only)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return Response(
        (_BOM + text.getvalue()).encode(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would run gets an apostrophe before it (trust.md SEC-43)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_DANGEROUS) else cell
