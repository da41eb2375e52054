"""Where questionnaires and minimum wages lie on disk.

The folder `questionnaires/` stands beside `app/` in a checkout, and under `share/trayecto/` of the
environment where the program was installed.
"""

import csv
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path

from app.errors import AppError
from app.questionnaires.wage_bands import MinimumWage

FOLDER = "questionnaires"
NUMBERS = (1, 2, 3)


class LibraryMissing(AppError):
    """The folder of questionnaires was not found where it is looked for."""

    code = "questionnaire.library_missing"
    status = 503
    plantilla = "Falta el archivo de cuestionario «{file}». Reinstale el programa completo."


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the library."""

    number: int
    name: str
    text: str


def source_file(number: int) -> SourceFile:
    """The file of questionnaire 1, 2 or 3.

    Raises:
        LibraryMissing: there is none.
    """
    name = f"{number}.yaml"
    for folder in _folders():
        path = folder / name
        if path.is_file():
            return SourceFile(number, name, path.read_text("utf-8"))
    raise LibraryMissing(file=f"{FOLDER}/{name}")


def source_files() -> tuple[SourceFile, ...]:
    """The three questionnaires."""
    return tuple(source_file(number) for number in NUMBERS)


@cache
def minimum_wages() -> tuple[MinimumWage, ...]:
    """The general minimum wages that ship with the program (CONASAMI), oldest first."""
    table = files("app.questionnaires").joinpath("data", "minimum_wages.csv")
    rows = csv.DictReader(table.read_text("utf-8").splitlines())
    return tuple(
        MinimumWage(
            zone=row["zone"],
            daily=Decimal(row["daily"]),
            starts=date.fromisoformat(row["starts"]),
            ends=date.fromisoformat(row["ends"]),
        )
        for row in rows
    )


def _folders() -> tuple[Path, ...]:
    checkout = Path(__file__).parents[2] / FOLDER
    return (checkout, Path(sys.prefix) / "share" / "trayecto" / FOLDER)
