"""Released figures over time: the curve of first jobs, and a figure over generations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.analytics.charts.drawing import (
    Dot,
    Drawing,
    Key,
    Path,
    Shape,
    Stroke,
    Words,
    points,
    stairs,
)
from app.analytics.charts.headlines import percent
from app.analytics.released import IndicatorRow

HEIGHT = 220  # pixels from 0 % to 100 %
TOP = 24  # pixels above 100 %, for words
LEFT = 14  # percent before the scale, for the words of its levels


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of a series: a share as it is released, or as a paper of the time told it.

    `broken`: not to be compared with the one before, and why.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    broken: str = ""
    earlier: bool = False  # of the earlier strategy: grey, not comparable


@dataclass(frozen=True, slots=True)
class Rise:
    """Shares reached over a window: where (0 to 1 of it) and how much, at each step."""

    steps: Sequence[tuple[float, float]]
    until: float  # where it ends, or is today


def progress_chart(
    rise: Rise, *, before: Rise | None, target: float, days: Sequence[str], words: tuple[str, str]
) -> Drawing:
    """The rate of response day by day, with the target and the generation before in grey.

    Args:
        rise: of this generation.
        before: of the one before, by its own window; None without.
        target: from 0 to 1.
        days: the first, the middle and the last of the window, in words.
        words: the title and the description.
    """
    line = _risen(rise)
    level = f"Meta {100 * target:.0f}\u00a0%"
    shapes: list[Shape] = [
        *_levels(),
        Stroke(LEFT, _down(target), 100, _down(target), "beside"),
        Words(LEFT + 1, _down(target) - 6, level, "quiet"),
    ]
    if before is not None:
        shapes.append(Path(points(_risen(before)), "trace earlier"))
    x, y = line[-1]
    anchor: Literal["start", "end"] = "end" if x > 80 else "start"
    share = percent(rise.steps[-1][1], whole=True)
    shapes += [
        Path(points(line), "trace"),
        Dot(x, y, 5, "dot-main"),
        Words(x, y - 12 if y > TOP + HEIGHT - 40 else y + 24, share, "end", anchor),
    ]
    ends: tuple[Literal["start", "middle", "end"], ...] = ("start", "middle", "end")
    for place, (day, end) in enumerate(zip(days, ends, strict=True)):
        at = LEFT + (100 - LEFT) * place / 2
        shapes.append(Words(at, TOP + HEIGHT + 22, day, "quiet", end))
    return Drawing("avance", words[0], words[1], TOP + HEIGHT + 30, tuple(shapes))


def _risen(rise: Rise) -> list[tuple[float, float]]:
    """Steps: the share stays where it is until somebody answers."""
    corners = [(0.0, 0.0), *rise.steps, (rise.until, rise.steps[-1][1])]
    width = 100 - LEFT
    return stairs([(round(LEFT + width * x, 2), _down(share)) for x, share in corners])


def curve_chart(
    rows: Sequence[IndicatorRow], *, key: str, title: str, whole_percents: bool
) -> Drawing | None:
    """The share who had a first job by each month; None where nothing is told."""
    told = [(int(row.category), row) for row in rows if row.value is not None]
    if len(told) < 2:
        return None
    last = told[-1][0]
    # Outsiders know single months only: between them a straight line, not a staircase.
    turn = list if whole_percents else stairs
    line = turn([(_right(month, last), _down(row.value or 0.0)) for month, row in told])
    high = [(_right(m, last), _down(row.high)) for m, row in told if row.high is not None]
    low = [(_right(m, last), _down(row.low)) for m, row in told if row.low is not None]
    row = told[-1][1]
    shapes: list[Shape] = _levels()
    if len(high) == len(low) > 1:
        shapes.append(Path(f"{points([*turn(high), *reversed(turn(low))])}Z", "band"))
    shapes.append(Path(points(line), "trace"))
    shapes += [
        Dot(*line[-1], 5, "dot-main"),
        Words(line[-1][0], line[-1][1] - 12, percent(row.value, whole=True), "end", "end"),
        *(
            Words(_right(m, last), TOP + HEIGHT + 22, f"{m}", "quiet", "middle")
            for m in sorted({0, last // 2, last})
        ),
        Words(LEFT, TOP + HEIGHT + 44, "meses desde el egreso", "quiet"),
    ]
    return Drawing(
        key=key,
        title=title,
        description="; ".join(
            f"mes {m}: {percent(one.value, whole=whole_percents)}" for m, one in told
        ),
        height=TOP + HEIGHT + 52,
        shapes=tuple(shapes),
    )


def series_chart(
    generations: Sequence[Generation], *, key: str, title: str, whole_percents: bool
) -> Drawing | None:
    """A share over generations, oldest first, with intervals; None where nothing is told.

    The line stops where a generation is missing or is not comparable.
    """
    if all(one.value is None for one in generations):
        return None
    shapes: list[Shape] = _levels()
    pieces: list[list[tuple[float, float]]] = [[]]
    for place, one in enumerate(generations):
        at = LEFT + (100 - LEFT) * (place + 0.5) / len(generations)
        edge = LEFT + (100 - LEFT) * place / len(generations)
        shapes.append(Words(at, TOP + HEIGHT + 22, _short(one.name), "quiet small", "middle"))
        if one.broken:
            shapes.append(Stroke(edge, TOP, edge, TOP + HEIGHT, "break"))
        if one.broken or one.earlier or one.value is None:
            pieces.append([])
        if one.value is not None:
            shapes += _point(one, one.value, at)
            pieces[-1].append((at, _down(one.value)))
        if one.earlier:
            pieces.append([])
    shapes += [Path(points(piece), "trace") for piece in pieces if len(piece) > 1]
    return Drawing(
        key=key,
        title=title,
        description="; ".join(_said(one, whole=whole_percents) for one in generations),
        height=TOP + HEIGHT + 32,
        shapes=tuple(shapes),
        keys=tuple(_keys(generations)),
    )


def _point(one: Generation, share: float, at: float) -> list[Shape]:
    found: list[Shape] = []
    if one.low is not None and one.high is not None:
        found.append(Stroke(at, _down(one.low), at, _down(one.high), "whisker"))
    above = _down(one.high if one.high is not None else share)
    return [
        *found,
        Dot(at, _down(share), 6, "dot-before" if one.earlier else "dot-main"),
        Words(at, max(14, above - 10), percent(share, whole=True), "end", "middle"),
    ]


def _keys(generations: Sequence[Generation]) -> Iterator[Key]:
    yield Key("dot-main", "una generación, con su margen de 95\u00a0%")
    if any(one.broken for one in generations):
        yield Key("break", "desde aquí no se compara con lo anterior")
    if any(one.earlier for one in generations):
        yield Key("dot-before", "estrategia anterior: no comparable")


def _said(one: Generation, *, whole: bool) -> str:
    number = "no se muestra" if one.value is None else percent(one.value, whole=whole)
    return f"{one.name}: {number}"


def _short(name: str) -> str:
    """Generation 2013-2016 as it fits under a dot: its last year."""
    return name.rsplit("-", 1)[-1]


def _levels() -> list[Shape]:
    found: list[Shape] = []
    for level in (0, 50, 100):
        y = _down(level / 100)
        found += [
            Stroke(LEFT, y, 100, y, "axis"),
            Words(LEFT - 2, y + 5, f"{level}\u00a0%", "quiet", "end"),
        ]
    return found


def _right(month: int, last: int) -> float:
    return round(LEFT + (98 - LEFT) * month / max(1, last), 2)


def _down(share: float) -> float:
    return round(TOP + HEIGHT * (1 - share), 1)
