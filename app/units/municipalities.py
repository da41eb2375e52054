"""A list of municipalities as INEGI publishes it (AGEEML) → codes and names, or why not.

Codes are text: a spreadsheet that ate the leading zero is mended, a shorter one is refused.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.units.texts import can_be_stored, plain, tidy

LARGEST_FILE = 80_000_000  # bytes; the list of localities, of which only the municipality counts
LONGEST_NAME = 120
STATES = frozenset(f"{number:02}" for number in range(1, 33))
# Normal form of a heading (texts.plain) → what it holds.
_WHOLE = ("clave municipio", "cvegeo", "cve geo", "clave")
_STATE, _TOWN = ("clave entidad", "cve ent"), ("cve mun",)
_NAME = ("municipio", "nom mun", "nombre del municipio")


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be used, by the number a spreadsheet shows; 0 for the whole file."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Towns:
    """Names by five-digit code; nothing where there are faults."""

    names: Mapping[str, str]
    faults: tuple[Fault, ...] = ()


def read_towns(data: bytes) -> Towns:
    """The municipalities of a CSV file: comma or semicolon, UTF-8 or what Excel writes."""
    if len(data) > LARGEST_FILE:
        return Towns({}, (Fault(0, "El archivo es demasiado grande."),))
    text = _decoded(data)
    first = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in first else ",")
    columns = {plain(heading): heading for heading in rows.fieldnames or ()}
    name = _column(columns, _NAME)
    whole, state, town = (_column(columns, each) for each in (_WHOLE, _STATE, _TOWN))
    if name is None or (whole is None and (state is None or town is None)):
        sentence = "Faltan columnas: la clave (CVEGEO, o CVE_ENT y CVE_MUN) y el nombre (NOM_MUN)."
        return Towns({}, (Fault(0, sentence),))
    names: dict[str, str] = {}
    faults: list[Fault] = []
    for number, row in enumerate(rows, 2):
        code = _code(row, whole, state, town)
        called = tidy(row.get(name) or "")
        fault = _fault(code, called, names)
        if fault is not None:
            faults.append(Fault(number, fault))
        else:
            names[code] = called
    if not names and not faults:
        faults.append(Fault(0, "El archivo no tiene renglones."))
    return Towns({}, tuple(faults)) if faults else Towns(names)


def town_called(typed: str, names: Iterable[str]) -> str | None:
    """The name as it is written, whatever accents and capitals were typed."""
    wanted = plain(typed)
    return next((name for name in names if plain(name) == wanted), None)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _column(columns: Mapping[str, str], wanted: Iterable[str]) -> str | None:
    return next((columns[each] for each in wanted if each in columns), None)


def _code(
    row: Mapping[str, str | None], whole: str | None, state: str | None, town: str | None
) -> str:
    if state is not None and town is not None:
        return (row.get(state) or "").strip().zfill(2) + (row.get(town) or "").strip().zfill(3)
    code = (row.get(whole or "") or "").strip()
    return code.zfill(5) if len(code) == len("1001") else code


def _fault(code: str, name: str, names: Mapping[str, str]) -> str | None:
    if len(code) != len("01001") or not code.isdecimal() or code[:2] not in STATES:
        return f"La clave «{code[:20]}» no es de un municipio: son cinco dígitos."
    if not name or len(name) > LONGEST_NAME or not can_be_stored(name):
        return "Falta el nombre del municipio, o no se puede guardar."
    if names.get(code, name) != name:
        return f"La clave {code} viene dos veces con nombres distintos."
    return None
