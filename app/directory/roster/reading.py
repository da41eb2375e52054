"""Bytes of a roster file → rows with the number a spreadsheet shows, under known headings.

Cells stay as typed: numbers without ".0", dates as ISO 8601, formulas never evaluated. What
the values mean is decided in candidates.py.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from app.directory.findings import Finding
from app.directory.headings import ColumnMap, Field, headings_found, map_columns
from app.directory.reference import known_headings
from app.directory.roster.container import FileFault, FileRefused, Wrapping, inspect
from app.directory.roster.encoding import NotText, decode

MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 1_000  # characters; longer ones are cut, no field of ours is so long
_SEARCHED_FOR_HEADING = 40  # rows: title lines above the headings
_SAMPLED = 200  # rows looked at to settle an ambiguous heading
_SEPARATORS = (",", ";", "\t", "|")
_TOO_EXACT = 1e15  # floats above it lost digits: a CURP or telephone in scientific notation

csv.field_size_limit(10_000_000)

Scalar = int | float | str | bool | time | date | datetime | timedelta


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as typed. `number` as a spreadsheet shows it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A file that was understood: where its headings are and what its columns hold."""

    kind: str  # csv, xlsx, ods
    encoding: str | None
    separator: str | None
    sheet: str | None
    heading_row: int
    columns: ColumnMap
    notices: tuple[Finding, ...]
    source: "TextSource | BookSource"

    def rows(self) -> Iterator[SheetRow]:
        """Rows under the heading that are not blank, in order; may be asked for again.

        Raises:
            FileRefused: more rows than one import takes.
        """
        titles = self.columns.titles
        for row in islice(self.source.rows(), self.heading_row, None):
            if row.number > MOST_ROWS + self.heading_row:
                raise FileRefused(FileFault.TOO_MANY_ROWS)
            # A heading repeated on every printed page is no person.
            if any(row.cells) and row.cells[: len(titles)] != titles:
                yield row


@dataclass(frozen=True, slots=True)
class TextSource:
    """Rows of a text file."""

    text: str
    separator: str

    def rows(self) -> Iterator[SheetRow]:
        lines = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.separator)
        for number, cells in enumerate(lines, start=1):
            yield SheetRow(number, tuple(cell.strip()[:LONGEST_CELL] for cell in cells))


@dataclass(frozen=True, slots=True)
class BookSource:
    """Rows of a sheet of a spreadsheet file."""

    sheet: CalamineSheet

    def rows(self) -> Iterator[SheetRow]:
        for number, cells in enumerate(self.sheet.iter_rows(), start=1):
            yield SheetRow(number, tuple(_as_typed(cell) for cell in cells))


def open_roster(content: bytes, *, by_hand: Mapping[int, Field | None] | None = None) -> RosterFile:
    """The file, its headings found and mapped.

    `by_hand`: column index → field, or None for "not used"; it rules over the headings.

    Raises:
        FileRefused: it is dangerous, damaged, or has no heading row.
    """
    wrapping = inspect(content)
    if wrapping.kind == "csv":
        return _open_text(content, by_hand or {})
    return _open_book(content, wrapping, by_hand or {})


def _open_text(content: bytes, by_hand: Mapping[int, Field | None]) -> RosterFile:
    try:
        text, encoding = decode(content)
    except NotText as error:
        raise FileRefused(FileFault.NOT_A_TABLE) from error
    declared, text = _declared_separator(text)
    best: tuple[int, int, TextSource] | None = None
    for separator in (declared,) if declared else _SEPARATORS:
        source = TextSource(text, separator)
        try:
            found, row = _find_heading(source)
        except csv.Error:
            continue
        if best is None or found > best[0]:
            best = (found, row, source)
    if best is None or best[0] == 0:
        raise FileRefused(FileFault.NO_HEADING if text.isprintable() or "\n" in text
                          or "\r" in text else FileFault.NOT_A_TABLE)  # fmt: skip
    _, row, source = best
    columns, notices = _mapped(source, row, by_hand)
    return RosterFile("csv", encoding, source.separator, None, row, columns, notices, source)


def _declared_separator(text: str) -> tuple[str | None, str]:
    """The line `sep=;` that Excel writes and does not show, taken off."""
    first, _, rest = text.partition("\n")
    sign = first.strip().strip('"')
    if sign.lower().startswith("sep=") and len(sign) == 5:
        return sign[4], rest
    return ("\t", rest) if sign.lower() == "sep=" else (None, text)


def _open_book(
    content: bytes, wrapping: Wrapping, by_hand: Mapping[int, Field | None]
) -> RosterFile:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        best = _first_sheet_with_heading(book)
    except (CalamineError, ValueError) as error:
        raise FileRefused(FileFault.DAMAGED) from error
    if best is None:
        raise FileRefused(FileFault.NO_HEADING)
    name, source, row = best
    if source.sheet.total_width > MOST_COLUMNS:
        raise FileRefused(FileFault.TOO_WIDE)
    if source.sheet.total_height > MOST_ROWS + row:
        raise FileRefused(FileFault.TOO_MANY_ROWS)
    columns, notices = _mapped(source, row, by_hand)
    others = [each for each in book.sheet_names if each != name]
    notices += tuple(_book_notices(name, others, wrapping.formulas))
    return RosterFile(wrapping.kind, None, None, name, row, columns, notices, source)


def _first_sheet_with_heading(book: CalamineWorkbook) -> tuple[str, BookSource, int] | None:
    """Visible sheets first: hidden ones are often last year's."""
    shown = sorted(
        book.sheets_metadata, key=lambda each: each.visible is not SheetVisibleEnum.Visible
    )
    for each in shown:
        source = BookSource(book.get_sheet_by_name(each.name))
        found, row = _find_heading(source)
        if found:
            return each.name, source, row
    return None


def _find_heading(source: TextSource | BookSource) -> tuple[int, int]:
    """(how many headings were known, number of the row); (0, 0) where there is none."""
    known = known_headings()
    best = (0, 0)
    for row in islice(source.rows(), _SEARCHED_FOR_HEADING):
        found = headings_found(row.cells[:MOST_COLUMNS], known)
        if found > best[0]:
            best = (found, row.number)
    return best


def _mapped(
    source: TextSource | BookSource, heading_row: int, by_hand: Mapping[int, Field | None]
) -> tuple[ColumnMap, tuple[Finding, ...]]:
    below = list(islice(source.rows(), heading_row - 1, heading_row + _SAMPLED))
    titles = _without_empty_end(below[0].cells)
    if len(titles) > MOST_COLUMNS:
        raise FileRefused(FileFault.TOO_WIDE)
    if not any(any(row.cells) for row in below[1:]):
        raise FileRefused(FileFault.NO_ROWS)
    samples = {
        at: [row.cells[at] for row in below[1:] if at < len(row.cells)] for at in range(len(titles))
    }
    return map_columns(titles, known_headings(), samples, row=heading_row, by_hand=by_hand)


def _without_empty_end(cells: Sequence[str]) -> tuple[str, ...]:
    last = max((at for at, cell in enumerate(cells) if cell), default=-1)
    return tuple(cells[: last + 1])


def _book_notices(name: str, others: Sequence[str], formulas: int) -> Iterator[Finding]:
    if others:
        yield Finding(
            0,
            "",
            "roster.other_sheets",
            f"Se leyó la hoja «{name}». El archivo trae {len(others)} más que no se usaron.",
        )
    if formulas:
        yield Finding(
            0,
            "",
            "roster.formulas",
            f"Hay {formulas} celdas con fórmula; se tomó el último resultado guardado, sin "
            "calcularlo. Si falta algún dato, copie la columna y péguela como valores.",
        )


def _as_typed(cell: Scalar) -> str:
    """The text a person would have typed."""
    if isinstance(cell, str):
        return cell.strip()[:LONGEST_CELL]
    if isinstance(cell, bool):
        return "VERDADERO" if cell else "FALSO"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < _TOO_EXACT
        return str(int(cell)) if whole else repr(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
