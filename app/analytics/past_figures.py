"""Figures of earlier generations as a paper of the time gives them, read and checked.

They say what somebody published, not what the system counted: shown grey, with their source, and
never compared. Pure: text in, figures or problems out.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.analytics.figures.indicators import Kind
from app.analytics.figures.registry import REGISTRY, indicator
from app.chronology.wave_plan import Cohort, parse_cohort

MOST_ROWS = 2_000
LARGEST_FILE = 2_000_000  # bytes
LONGEST_SOURCE = 300
NAMES = ("generation", "questionnaire", "figure", "value", "base", "source")
HEADINGS: Mapping[str, str] = {
    **dict.fromkeys(("generacion", "generation"), "generation"),
    **dict.fromkeys(("cuestionario", "questionnaire"), "questionnaire"),
    **dict.fromkeys(("cifra", "indicador", "figure"), "figure"),
    **dict.fromkeys(("valor", "porcentaje", "value"), "value"),
    **dict.fromkeys(("base", "n"), "base"),
    **dict.fromkeys(("fuente", "source"), "source"),
    **dict.fromkeys(("unidad", "cct", "plantel", "unit"), "unit"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A figure that may be told of the past: "S1|solo_estudia" and its words."""

    key: str
    words: str
    questionnaires: frozenset[int]


@dataclass(frozen=True, slots=True)
class TypedFigure:
    """What was told of one figure. `value` from 0 to 1; `base`: persons, where the paper says.

    `unit`: of whom, where the file says it; `row` of the file, 0 of a form.
    """

    cohort: Cohort
    questionnaire: int
    indicator: str
    category: str
    value: float
    base: int | None
    source: str
    unit: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Wrong:
    """What to mend: the row as a spreadsheet shows it (0: a form), the column, a sentence."""

    row: int
    column: str
    sentence: str


def offered() -> tuple[Choice, ...]:
    """The response rate, and every share of the registry, in its order."""
    shares = (entry for entry in REGISTRY if entry.kind in {Kind.PROPORTION, Kind.DISTRIBUTION})
    rate = indicator("R2")
    found = [Choice("R2|", f"{rate.name}", rate.waves)]
    for entry in shares:
        kept = entry.categories[:1] if entry.kind is Kind.PROPORTION else entry.categories
        for category in kept:
            alone = entry.kind is Kind.PROPORTION
            words = entry.name if alone else f"{entry.name}: {category.label}"
            found.append(Choice(f"{entry.id}|{category.id}", words, entry.waves))
    return tuple(found)


def read_figure(  # noqa: PLR0911 (one return a column)
    cells: Mapping[str, str], *, row: int = 0
) -> TypedFigure | Wrong:
    """One figure as somebody typed it; the first thing that is wrong with it."""
    try:
        cohort = parse_cohort(cells["generation"])
    except ValueError:
        return Wrong(row, "generation", "Escriba la generación, por ejemplo 2012-2015.")
    chosen = next((one for one in offered() if one.key == _key(cells["figure"])), None)
    if chosen is None:
        return Wrong(row, "figure", "Elija una cifra de la lista, por ejemplo «S1|solo_estudia».")
    number = cells["questionnaire"]
    if not number.isdecimal() or int(number) not in chosen.questionnaires:
        which = " o ".join(str(one) for one in sorted(chosen.questionnaires))
        return Wrong(row, "questionnaire", f"Esa cifra es del cuestionario {which}.")
    value = _percent(cells["value"])
    if value is None:
        return Wrong(row, "value", "Escriba el porcentaje de 0 a 100, por ejemplo 26.9.")
    base = cells["base"].replace(",", "").replace(" ", "")
    if base and not (base.isdecimal() and 0 < int(base) < 10_000_000):
        return Wrong(row, "base", "Escriba cuántas personas son la base, o déjela vacía.")
    source = " ".join(cells["source"].split())
    if len(source) < 5:
        return Wrong(row, "source", "Escriba de dónde sale la cifra: documento, página y fecha.")
    name, _, category = chosen.key.partition("|")
    return TypedFigure(
        cohort=cohort,
        questionnaire=int(number),
        indicator=name,
        category=category,
        value=value,
        base=int(base) if base else None,
        source=source[:LONGEST_SOURCE],
        unit=cells.get("unit", "").upper(),
        row=row,
    )


def read_file(data: bytes) -> tuple[list[TypedFigure], list[Wrong]]:
    """Every row of a CSV (comma or semicolon, UTF-8 or Windows); all its problems."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    rows = list(_rows(text))
    if not rows:
        return [], [Wrong(1, "", "El archivo está vacío.")]
    headings = [HEADINGS.get(_plain(cell), "") for cell in rows[0]]
    missing = [name for name in NAMES if name not in headings and name != "base"]
    if missing:
        words = "generacion, cuestionario, cifra, valor, base y fuente"
        return [], [Wrong(1, "", f"Faltan columnas. El archivo lleva {words}.")]
    if len(rows) - 1 > MOST_ROWS:
        return [], [Wrong(1, "", f"Son más de {MOST_ROWS:,} filas. Divida el archivo.")]
    figures: list[TypedFigure] = []
    wrong: list[Wrong] = []
    for number, row in enumerate(rows[1:], 2):
        cells = dict.fromkeys(NAMES, "") | {
            name: cell.strip() for name, cell in zip(headings, row, strict=False) if name
        }
        if not any(cells.values()):
            continue
        found = read_figure(cells, row=number)
        if isinstance(found, Wrong):
            wrong.append(found)
        else:
            figures.append(found)
    return figures, wrong


def _rows(text: str) -> Iterator[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    yield from csv.reader(text.replace("\0", "").splitlines(keepends=True), delimiter=delimiter)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _key(text: str) -> str:
    """A name alone means its only share; spaces around the bar are forgiven."""
    name, _, category = (part.strip() for part in text.partition("|"))
    if category or name == "R2":
        return f"{name}|{category}"
    return f"{name}|si"


def _percent(text: str) -> float | None:
    found = re.fullmatch(r"(\d{1,3}(?:[.,]\d{1,4})?)\s*%?", text.strip())
    value = float(found[1].replace(",", ".")) if found else -1.0
    return round(value / 100, 6) if 0 <= value <= 100 else None
