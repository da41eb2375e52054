"""Bytes of a units file → rows with the number a spreadsheet shows, or why they cannot be read.

Says nothing about whether the units make sense: review.py.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.units.texts import plain, shown

LARGEST_FILE = 10_000_000  # bytes; the whole nation with every column takes about 2 million
LONGEST_CELL = 10_000  # characters
MOST_ROWS = 50_000  # three nations


class Column(StrEnum):
    """Columns by their contract names; headings in Spanish are welcome (HEADINGS)."""

    CODE = "code"
    NAME = "name"
    KIND = "kind"
    PARENT = "parent"
    SUBSYSTEM_PARENT = "subsystem_parent"
    TIME_ZONE = "time_zone"
    MUNICIPALITY = "municipality"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    SUCCESSOR = "successor"


REQUIRED = (Column.CODE, Column.NAME, Column.KIND, Column.PARENT)

# Normal form of a heading (texts.plain) → column.
HEADINGS: Mapping[str, Column] = {
    **{plain(column): column for column in Column},
    **dict.fromkeys(("clave", "cct", "codigo", "clave cct"), Column.CODE),
    **dict.fromkeys(("nombre", "nombre de la unidad", "plantel"), Column.NAME),
    **dict.fromkeys(("tipo", "tipo de unidad", "nivel"), Column.KIND),
    **dict.fromkeys(("depende de", "unidad superior", "superior"), Column.PARENT),
    **dict.fromkeys(("subsistema", "clave subsistema"), Column.SUBSYSTEM_PARENT),
    **dict.fromkeys(("zona horaria", "huso horario"), Column.TIME_ZONE),
    **dict.fromkeys(("municipio", "clave municipio", "clave de municipio"), Column.MUNICIPALITY),
    **dict.fromkeys(("existe desde", "fecha de alta"), Column.VALID_FROM),
    **dict.fromkeys(("deja de existir", "fecha de baja"), Column.VALID_UNTIL),
    **dict.fromkeys(("sucesora", "sucesor", "unidad sucesora"), Column.SUCCESSOR),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct or to know. `row` counts the heading row, as a spreadsheet does."""

    row: int
    column: str  # empty when the whole row or file is meant
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One row: the columns the file has, each with its text; a blank cell is the empty text."""

    row: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read. With problems, the rows serve only to find more of them."""

    rows: tuple[UnitRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Heading:
    row: int
    width: int
    places: Mapping[int, Column]
    unknown: tuple[str, ...] = field(default=())


class _Unreadable(Exception):
    """Stops the reading; becomes the one problem of the file."""

    def __init__(self, code: str, message: str, *, row: int = 1, column: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(row, column, code, message)


def read_sheet(data: bytes) -> Sheet:
    """Rows of a CSV file.

    UTF-8 (with or without mark), UTF-16 with mark, or Windows-1252; comma, semicolon, tab or
    bar; headings in any order. Empty rows are skipped, and counted.
    """
    try:
        lines, delimiter = _delimiter(_lines(_decode(data)))
        records = _records(lines, delimiter)
        heading = _heading(records)
        return _body(records, heading)
    except _Unreadable as stop:
        return Sheet(problems=(stop.problem,))


def _decode(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        megabytes = LARGEST_FILE // 1_000_000
        raise _Unreadable(
            "file.too_large",
            f"El archivo pasa de {megabytes} MB. Divídalo en partes y cárguelas una tras otra.",
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text
    raise _Unreadable(
        "file.not_text",
        "El archivo no es texto CSV. En la hoja de cálculo elija "
        "«Guardar como: CSV UTF-8 (delimitado por comas)» y cargue ese archivo.",
    )


def _is_text(text: str) -> bool:
    return re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text) is None


def _lines(text: str) -> list[str]:
    """Lines as a spreadsheet breaks them; str.splitlines also breaks at U+2028 and others."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _delimiter(lines: Sequence[str]) -> tuple[list[str], str]:
    """The delimiter under which the first written line has most known headings."""
    first = next((line for line in lines if line.strip()), "")
    declared = re.fullmatch(r"sep=([,;\t|])\s*", first, re.IGNORECASE)
    if declared:  # written by Excel, and not shown by it as a row
        return list(lines[lines.index(first) + 1 :]), declared[1]

    def known(delimiter: str) -> int:
        return sum(plain(cell) in HEADINGS for cell in first.split(delimiter))

    return list(lines), max(",;\t|", key=known)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the row in a spreadsheet (a cell may hold line breaks), cells."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken_quotes(row) from error
        # An unclosed quote swallows the rest of the file into one cell.
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise _broken_quotes(row)
        if any(cell.strip() for cell in cells):
            yield row, cells


def _broken_quotes(row: int) -> _Unreadable:
    return _Unreadable(
        "file.broken_quotes",
        f"Desde la fila {row} las comillas no están bien cerradas. Revise las comillas "
        "de esa fila, o guarde de nuevo el archivo desde la hoja de cálculo.",
        row=row,
    )


def _heading(records: Iterator[tuple[int, list[str]]]) -> _Heading:
    row, cells = next(records, (1, []))
    if not cells:
        raise _Unreadable("file.empty", "El archivo está vacío. Elija otro.")
    places: dict[int, Column] = {}
    unknown = []
    for place, cell in enumerate(cells):
        column = HEADINGS.get(plain(cell))
        if column is None:
            unknown += [cell.strip()] if cell.strip() else []
        elif column in places.values():
            raise _Unreadable(
                "file.heading_twice",
                f"Dos encabezados quieren decir lo mismo ({column}). Deje solo uno.",
                row=row,
                column=column,
            )
        else:
            places[place] = column
    missing = [column for column in REQUIRED if column not in places.values()]
    if missing:
        raise _Unreadable(
            "file.heading_missing",
            f"Faltan encabezados: {', '.join(missing)}. La primera fila debe decir "
            "code,name,kind,parent (y, si quiere, subsystem_parent,time_zone), "
            "separados por coma, punto y coma o tabulador.",
            row=row,
            column=missing[0],
        )
    return _Heading(row, len(cells), places, tuple(unknown))


def _body(records: Iterator[tuple[int, list[str]]], heading: _Heading) -> Sheet:
    rows: list[UnitRow] = []
    problems = []
    for row, cells in records:
        if len(rows) == MOST_ROWS:
            raise _Unreadable(
                "file.too_many_rows",
                f"El archivo tiene más de {MOST_ROWS} unidades. Divídalo en partes: primero las "
                "oficinas, después las escuelas.",
                row=row,
            )
        if any(cell.strip() for cell in cells[heading.width :]):
            problems.append(
                Problem(
                    row,
                    "",
                    "units.too_many_cells",
                    f"La fila tiene {len(cells)} celdas y el encabezado {heading.width}. "
                    "Si un nombre lleva coma, escríbalo entre comillas.",
                )
            )
        texts = dict(zip(range(heading.width), cells, strict=False))
        rows.append(
            UnitRow(
                row, {column: texts.get(at, "").strip() for at, column in heading.places.items()}
            )
        )
    if not rows:
        raise _Unreadable(
            "file.no_rows",
            "El archivo solo tiene encabezados. Agregue una fila por unidad.",
            row=heading.row,
        )
    return Sheet(tuple(rows), tuple(problems), tuple(_not_used(heading)))


def _not_used(heading: _Heading) -> Iterator[Problem]:
    for text in heading.unknown:
        yield Problem(
            heading.row,
            shown(text),
            "file.column_not_used",
            f"La columna «{shown(text)}» no se usó: no conocemos ese encabezado.",
        )
