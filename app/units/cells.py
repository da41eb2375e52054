"""What the cells of one row say about a unit, or what to write instead.

Looks at one row alone; whether the units fit together: placement.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from app.units.geography import Geography, municipality_code
from app.units.placement import KIND_WORDS
from app.units.sheet import Column
from app.units.texts import can_be_stored, plain, shown, tidy
from app.units.tree import Node, Tree, UnitKind, is_cct

LONGEST_NAME = 200  # characters, as organisation_unit.name
# Codes travel in addresses of pages and in spreadsheets: no slash, nothing a formula begins with.
_CODE = re.compile(r"\w(?:[\w .-]{0,38}[\w.-])?")
# Letters no unit's name has; they appear when a file was opened with the wrong encoding.
_SPOILT = re.compile("[Ã¤\ufffd]")
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)

_KINDS: Mapping[str, UnitKind] = {
    **{kind.value: kind for kind in UnitKind},
    **{plain(word): kind for kind, word in KIND_WORDS.items()},
    **dict.fromkeys(("nacional", "pais"), UnitKind.NATION),
    **dict.fromkeys(("entidad", "entidad federativa"), UnitKind.STATE),
    **dict.fromkeys(("zona escolar", "sector"), UnitKind.ZONE),
    "plantel": UnitKind.SCHOOL,
}

Value = TypeVar("Value")


class Complaint(Exception):
    """A cell that cannot be used; `message` says in Spanish what was found and what to do."""

    def __init__(self, column: Column, code: str, message: str) -> None:
        super().__init__(code)
        self.column = column
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Reading:
    """The unit a row describes (time zone empty if still to be found), or complaints."""

    code: str
    node: Node | None
    complaints: tuple[Complaint, ...] = ()


def read_unit(cells: Mapping[Column, str], stored: Tree, geography: Geography) -> Reading:
    """A row as a unit. A column the file lacks keeps what is stored; a blank cell empties it."""
    row = _Row(cells)
    code = row.take(Column.CODE, _code, "")
    kind = row.take(Column.KIND, _kind, None)
    before = stored.get(code)
    row.require(_code_suits(code, kind))
    row.require(_kind_stays(before, kind))
    old = before or Node(code, "", UnitKind.SCHOOL)
    node = Node(
        code=code,
        name=row.take(Column.NAME, _name, old.name),
        kind=kind or old.kind,
        parent=row.reference(Column.PARENT, old.parent),
        subsystem_parent=row.reference(Column.SUBSYSTEM_PARENT, old.subsystem_parent),
        municipality=row.take(
            Column.MUNICIPALITY, lambda text: _municipality(text, geography), old.municipality
        ),
        valid_from=row.date(Column.VALID_FROM, old.valid_from),
        valid_until=row.date(Column.VALID_UNTIL, old.valid_until),
        successor=row.reference(Column.SUCCESSOR, old.successor),
    )
    # Who moves a unit to another municipality means its clock too.
    kept = old.time_zone if node.municipality == old.municipality else ""
    zone = row.take(Column.TIME_ZONE, lambda text: _zone(text, geography), kept)
    if row.complaints:
        return Reading(code, None, tuple(row.complaints))
    return Reading(code, replace(node, time_zone=zone))


class _Row:
    """Cells of a row, and the complaints found while taking them."""

    def __init__(self, cells: Mapping[Column, str]) -> None:
        self.cells = cells
        self.complaints: list[Complaint] = []

    def take(self, column: Column, parse: Callable[[str], Value], kept: Value) -> Value:
        """The cell's value; `kept` where the file has no such column or the cell is no good."""
        if column not in self.cells:
            return kept
        try:
            return parse(tidy(self.cells[column]))
        except Complaint as complaint:
            self.complaints.append(complaint)
            return kept

    def reference(self, column: Column, kept: str | None) -> str | None:
        return self.take(column, lambda text: _reference(column, text), kept)

    def date(self, column: Column, kept: date | None) -> date | None:
        return self.take(column, lambda text: _date(column, text), kept)

    def require(self, complaint: Complaint | None) -> None:
        if complaint is not None:
            self.complaints.append(complaint)


def _code(text: str) -> str:
    if not text:
        raise Complaint(Column.CODE, "units.code_missing", "Falta la clave de la unidad.")
    if not can_be_stored(text) or not _CODE.fullmatch(text):
        raise Complaint(
            Column.CODE,
            "units.bad_code",
            f"«{shown(text)}» no sirve como clave. Use hasta 40 letras, números, puntos o "
            "guiones, y empiece con letra o número.",
        )
    return _capital_cct(text)


def _code_suits(code: str, kind: UnitKind | None) -> Complaint | None:
    if kind is not UnitKind.SCHOOL or not code or is_cct(code):
        return None
    return Complaint(
        Column.CODE,
        "units.bad_cct",
        f"«{shown(code)}» no es una CCT. Son 10 caracteres: dos números del estado (01 a 32), "
        "tres letras, cuatro números y una letra, por ejemplo 09DPR1802X.",
    )


def _kind(text: str) -> UnitKind:
    kind = _KINDS.get(plain(text))
    if kind is None:
        found = f"«{shown(text)}» no es un tipo de unidad" if text else "Falta el tipo de unidad"
        raise Complaint(
            Column.KIND,
            "units.bad_kind",
            f"{found}. Escriba nation, region, state, subsystem, zone o school "
            "(nación, región, estado, subsistema, zona o escuela).",
        )
    return kind


def _kind_stays(before: Node | None, kind: UnitKind | None) -> Complaint | None:
    """A school keeps groups and people; an office keeps units: neither turns into the other."""
    if before is None or kind is None or kind is before.kind:
        return None
    if UnitKind.SCHOOL not in {kind, before.kind}:
        return None
    return Complaint(
        Column.KIND,
        "units.kind_is_fixed",
        f"«{before.code}» ya está registrada con tipo {KIND_WORDS[before.kind]} y no puede pasar a "
        f"{KIND_WORDS[kind]}. Conserve el tipo, o registre la otra unidad con su propia clave.",
    )


def _name(text: str) -> str:
    if not text:
        raise Complaint(Column.NAME, "units.name_missing", "Falta el nombre de la unidad.")
    if len(text) > LONGEST_NAME:
        raise Complaint(
            Column.NAME,
            "units.name_too_long",
            f"El nombre tiene {len(text)} caracteres. Escriba {LONGEST_NAME} o menos.",
        )
    if not can_be_stored(text):
        raise Complaint(
            Column.NAME,
            "units.name_unstorable",
            f"El nombre «{shown(text)}» trae caracteres de control. Escríbalo de nuevo a mano.",
        )
    if _SPOILT.search(text):
        raise Complaint(
            Column.NAME,
            "units.name_spoilt",
            f"El nombre «{shown(text)}» trae letras estropeadas. Guarde el archivo original "
            "como CSV UTF-8 y cárguelo otra vez.",
        )
    return text


def _reference(column: Column, text: str) -> str | None:
    """Code of another unit; whether it exists is asked when all rows are known."""
    if text and not _CODE.fullmatch(text):
        raise Complaint(
            column,
            "units.bad_code",
            f"«{shown(text)}» no es la clave de una unidad. Escriba la clave tal como está en la "
            "columna code de su fila.",
        )
    return _capital_cct(text) or None


def _capital_cct(text: str) -> str:
    return text.upper() if is_cct(text.upper()) else text


def _municipality(text: str, geography: Geography) -> str | None:
    if not text:
        return None
    code = municipality_code(text)
    if code is None or geography.zone_of_municipality(code) is None:
        raise Complaint(
            Column.MUNICIPALITY,
            "units.bad_municipality",
            f"«{shown(text)}» no es la clave de un municipio. Son cinco números: dos del estado "
            "y tres del municipio, por ejemplo 09015.",
        )
    return code


def _zone(text: str, geography: Geography) -> str:
    if text and not geography.is_zone(text):
        raise Complaint(
            Column.TIME_ZONE,
            "units.bad_time_zone",
            f"«{shown(text)}» no es una zona horaria. Escriba su nombre IANA, por ejemplo "
            "America/Mexico_City o America/Tijuana, o deje la celda vacía.",
        )
    return text


def _date(column: Column, text: str) -> date | None:
    if not text:
        return None
    parts = _DAY_MONTH_YEAR.fullmatch(text)
    try:
        if parts:
            return date(int(parts[3]), int(parts[2]), int(parts[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise Complaint(
            column,
            "units.bad_date",
            f"«{shown(text)}» no es una fecha. Escriba año-mes-día, por ejemplo 2026-07-31.",
        ) from None
