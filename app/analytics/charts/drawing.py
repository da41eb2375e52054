"""What a chart is made of: a few shapes, that one template draws and one renderer turns into PNG.

Down is in pixels and across in percent of the drawing, so that it stretches with its box while its
letters keep their size. A look is a class of staff.css; none tells anything by colour alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8C9399"  # on white 5.2, 3.9 and 3.1 to 1
INK, LINE = "#16212B", "#C9C5BC"
SCALE = ("#16212B", "#6F777B", "#C9C5BC", "#7FB8DA", "#0072B2")  # worst to best answer
ACROSS = 1000  # units of the width in a path


@dataclass(frozen=True, slots=True)
class Rect:
    """A bar or a field."""

    x: float
    y: float
    width: float
    height: float
    look: str
    kind: Literal["rect"] = field(default="rect", init=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    look: str = ""
    anchor: Literal["start", "middle", "end"] = "start"
    kind: Literal["words"] = field(default="words", init=False)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    look: str
    kind: Literal["stroke"] = field(default="stroke", init=False)


@dataclass(frozen=True, slots=True)
class Dot:
    """A round mark."""

    x: float
    y: float
    radius: float
    look: str
    kind: Literal["dot"] = field(default="dot", init=False)


@dataclass(frozen=True, slots=True)
class Path:
    """A line or field of several corners, in 1000 across and pixels down."""

    d: str
    look: str
    kind: Literal["path"] = field(default="path", init=False)


Shape = Rect | Words | Stroke | Dot | Path


@dataclass(frozen=True, slots=True)
class Key:
    """What a look stands for, above the drawing."""

    look: str
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart. `key` is unique on its page; `description` says all its numbers."""

    key: str
    title: str
    description: str
    height: int
    shapes: tuple[Shape, ...]
    look: str = "drawing"
    keys: tuple[Key, ...] = ()


def points(corners: Iterable[tuple[float, float]]) -> str:
    """A path through corners given in percent across and pixels down."""
    steps = [f"{round(ACROSS * x / 100, 1):g} {round(y, 1):g}" for x, y in corners]
    return f"M{'L'.join(steps)}" if steps else ""


def stairs(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a staircase: it stays where it is until the next corner."""
    turned = [corner for (_, y), (x2, y2) in pairwise(corners) for corner in ((x2, y), (x2, y2))]
    return [*corners[:1], *turned]
