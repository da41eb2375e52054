"""The dashboards of each questionnaire: which figures, drawn how, in the order people ask.

A board is a question with the indicators that answer it; its sentence is made of its figures
(headlines.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.analytics.figures.opinion import ASPECTS, SKILLS, THREE_ASPECTS


class Look(StrEnum):
    """How the figures of a board are drawn (trust.md 5.2)."""

    BARS = "bars"
    SORTED_BARS = "sorted_bars"  # mentions: the most frequent first
    SCALE = "scale"  # 100 % stacked, with a net score
    MEANS = "means"  # dots on 1 to 5
    GAPS = "gaps"  # dots around no difference
    CURVE = "curve"
    PATHS = "paths"  # matrix and flow


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard. `otherwise`: indicators drawn as bars where the first may not be told."""

    key: str  # of the address and of the page
    question: str
    indicators: tuple[str, ...]
    look: Look = Look.BARS
    otherwise: tuple[str, ...] = ()


def _each(prefix: str, rows: Mapping[str, str], only: set[str] | None = None) -> tuple[str, ...]:
    return tuple(f"{prefix}_{row}" for row in rows if only is None or row in only)


_SATISFIED = Board(
    "satisfaccion",
    "¿Qué tan satisfechas están con su formación?",
    ("C1d",),
    Look.SCALE,
    otherwise=("C1t",),
)
_SAME = Board("volver", "¿Elegirían lo mismo otra vez?", ("C4", "C4b"))
_ACTIVITY = Board("actividad", "¿Qué hacen hoy?", ("S1",))
_REASONS = Board("motivos", "¿Por qué no siguieron estudiando?", ("H5",), Look.SORTED_BARS)
_WORK = Board("trabajo", "¿Trabajan?", ("L1", "L1b", "L2", "L3"))
_CONDITIONS = Board("condiciones", "¿En qué condiciones trabajan?", ("L6", "L7", "L8b"))
_INCOME = Board("ingreso", "¿Cuánto ganan, en salarios mínimos?", ("L9",))
_MATCH = Board(
    "relacion",
    "¿Su trabajo o estudio tiene que ver con su bachillerato?",
    ("L4", "L4g", "L5", "H4"),
)
_FIRST_JOB = Board(
    "primer_empleo", "¿Cuánto tardaron en tener su primer empleo?", ("L10k",), Look.CURVE
)

BOARDS: Mapping[int, tuple[Board, ...]] = {
    1: (
        Board("plan", "¿Qué planean hacer al egresar?", ("X0",)),
        Board("seguir", "¿Planean seguir estudiando?", ("X0b",)),
        Board("motivos", "¿Por qué no piensan seguir?", ("H5",), Look.SORTED_BARS),
        _SATISFIED,
        Board(
            "opinion",
            "¿Cómo califican a su escuela?",
            _each("C2d", ASPECTS),
            Look.SCALE,
            otherwise=_each("C2t", ASPECTS),
        ),
        Board("preparacion", "¿Para qué los preparó?", _each("C3", SKILLS), Look.MEANS),
        _SAME,
    ),
    2: (
        _ACTIVITY,
        Board("continuidad", "¿Siguieron en educación superior?", ("H1", "H3", "H3c")),
        Board("demanda", "¿Lograron entrar quienes lo intentaron?", ("H2",)),
        _REASONS,
        Board("expectativa", "¿Hicieron lo que planeaban?", ("X1", "X2", "X1e"), Look.PATHS),
        _WORK,
        _CONDITIONS,
        _INCOME,
        _MATCH,
        _FIRST_JOB,
        _SATISFIED,
        Board("preparacion", "¿Para qué los preparó?", _each("C3", SKILLS), Look.MEANS),
        _SAME,
    ),
    3: (
        _ACTIVITY,
        Board("continuidad", "¿Entraron y siguen en educación superior?", ("H1a", "H6", "H6b")),
        _REASONS,
        Board("expectativa", "¿Qué cambió en un año?", ("X1b", "X1e"), Look.PATHS),
        Board("cumplido", "¿Hacen lo que planeaban?", ("X2",)),
        Board("colocacion", "¿Estudian o trabajan?", ("S6",)),
        _WORK,
        _CONDITIONS,
        _INCOME,
        _MATCH,
        _FIRST_JOB,
        _SATISFIED,
        Board(
            "opinion",
            "¿Cómo califican a su escuela?",
            _each("C2d", ASPECTS, THREE_ASPECTS),
            Look.SCALE,
            otherwise=_each("C2t", ASPECTS, THREE_ASPECTS),
        ),
        Board(
            "brechas", "¿Qué necesitan que su escuela no les dio?", _each("C3b", SKILLS), Look.GAPS
        ),
        _SAME,
    ),
}


def board(questionnaire: int, key: str) -> Board | None:
    """The dashboard of that key, if the questionnaire has it."""
    return next((one for one in BOARDS[questionnaire] if one.key == key), None)
