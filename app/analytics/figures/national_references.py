"""Published national figures to compare with: each with its source, year, population and caution.

The shipped file is ours, compiled in November 2026 from the publications that its rows name; a
later edition is a later file. Only figures whose definition is near ours stand beside a chart.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from app.fieldwork.percents import as_percent

EDITION = "noviembre de 2026"
COMPARABLE = {"si": "", "si_con_cautela": "Compare con cautela"}

# Our figure (indicator, category) and the published one with the nearest definition.
BESIDE: Mapping[tuple[str, str], str] = {
    ("H1", "si"): "enilems19_estudia_superior",
    ("H5", "1"): "enilems19_motivo_dinero",
    ("H5", "2"): "enilems19_motivo_trabajo",
    ("H5", "3"): "enilems19_motivo_no_admitido",
    ("H5", "8"): "enilems19_motivo_no_interes",
}


@dataclass(frozen=True, slots=True)
class NationalReference:
    """A published figure, as a share from 0 to 1."""

    id: str
    name: str
    share: float
    source: str
    year: int
    population: str
    definition: str
    caution: str


@cache
def national_references() -> Mapping[str, NationalReference]:
    """The comparable percentages of the shipped file, by their id."""
    text = (files("app.analytics") / "data" / "national_references.csv").read_text("utf-8")
    return {
        row["id"]: NationalReference(
            id=row["id"],
            name=row["indicador"],
            share=float(row["valor"]) / 100,
            source=row["fuente"],
            year=int(row["anio"]),
            population=row["poblacion"],
            definition=row["definicion"],
            caution=": ".join(filter(None, (COMPARABLE[row["comparable"]], row["nota"]))),
        )
        for row in csv.DictReader(text.splitlines())
        if row["unidad"] == "porcentaje" and row["comparable"] in COMPARABLE
    }


def beside(indicator: str, category: str) -> NationalReference | None:
    """The published figure to set beside ours, if there is one."""
    name = BESIDE.get((indicator, category))
    return None if name is None else national_references()[name]


def in_words(found: Sequence[NationalReference]) -> str:
    """Published figures of one publication, with what they are of and how near to ours."""
    told = "; ".join(f"{one.name}, {as_percent(one.share, digits=1)}" for one in found)
    cautions = " ".join(
        f"{text[:1].upper()}{text[1:]}."
        for text in dict.fromkeys(one.caution for one in found)
        if text
    )
    return (
        f"Referencia nacional: {told}. Fuente: {found[0].source}; {found[0].population}. "
        f"{cautions} Recopilado en {EDITION}."
    )
