"""Units beside each other: sorted dots with a target, and the funnel that ranks nobody.

Rates of response are process figures, live and exact for whoever may see the units (domain.md 3.8,
rule 1); dots of outcomes are made of released figures alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import sqrt
from statistics import NormalDist

from app.analytics.charts.drawing import Dot, Drawing, Key, Path, Shape, Stroke, Words, points
from app.fieldwork.percents import as_percent

ROW = 52  # pixels of a dot with its label above it
TRACK = 84  # percent of the drawing that the scale is wide
LETTER = 2.9  # percent of the drawing on a phone, where it is narrowest
FUNNEL = 300  # pixels from the top to the foot of the funnel
LEFT = 10  # percent before the funnel, for the words of its levels
LIMITS = (0.95, 0.998)  # Spiegelhalter (2005): about 2 and 3 standard deviations
CURVE = 40  # corners of a limit
OVERDISPERSED = 2.0  # spread of the standardised rates above which limits say too little
MOST_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class DotLine:
    """One unit or item: where its dot is (0 to 1 of the scale), its interval, its number."""

    name: str
    at: float | None
    text: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A dotted line down the chart."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A unit in the funnel: `answered` of `base` persons."""

    name: str
    answered: float  # of whole percents no whole number
    base: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """The drawing, and what to say with it."""

    drawing: Drawing
    outside: tuple[Place, ...]  # beyond the wide limits
    spread: float  # of the standardised rates; 1 where only chance differs
    overdispersed: bool


def dot_chart(
    lines: Sequence[DotLine], *, key: str, title: str, mark: Mark | None = None
) -> Drawing | None:
    """Dots in the order given; None without any that is told."""
    if not any(line.at is not None for line in lines):
        return None
    top = 28 if mark else 0
    shapes: list[Shape] = []
    found: list[Shape] = []
    for place, line in enumerate(lines):
        y = top + ROW * place
        found += [Words(0, y + 16, line.name), Stroke(0, y + 34, TRACK, y + 34, "axis")]
        if line.at is None:
            found.append(Words(0, y + 39, line.text, "quiet"))
            continue
        if line.low is not None and line.high is not None:
            found.append(Stroke(_track(line.low), y + 34, _track(line.high), y + 34, "whisker"))
        found.append(Dot(_track(line.at), y + 34, 7, "dot-main"))
        found.append(_beside(line, y + 39))
    height = top + ROW * len(lines)
    if mark is not None:
        shapes = [
            Stroke(_track(mark.at), 22, _track(mark.at), height, "beside"),
            Words(_track(mark.at), 16, mark.text, "quiet", "end" if mark.at > 0.5 else "start"),
        ]
    return Drawing(
        key=key,
        title=title,
        description="; ".join(f"{line.name}: {line.text}" for line in lines)
        + (f". {mark.text}." if mark else "."),
        height=height,
        shapes=(*shapes, *found),
    )


def _beside(line: DotLine, y: float) -> Words:
    """The number behind its dot, or before it where a phone's edge would cut it."""
    at = line.at or 0.0
    behind = _track(max(at, line.high or 0.0)) + 3
    if behind + LETTER * len(line.text) <= 100:
        return Words(behind, y, line.text, "end")
    before = at if line.low is None else min(at, line.low)
    return Words(_track(before) - 3, y, line.text, "end", "end")


def funnel(places: Sequence[Place], *, key: str, title: str) -> Funnel | None:
    """Rates against the size of the list, with the limits that chance alone would keep to.

    Limits are normal, at 95 % and 99.8 % around the rate of all together: Spiegelhalter,
    "Funnel plots for comparing institutional performance" (2005). Nobody is ranked.

    Returns:
        None for fewer than three places with people, or where everybody or nobody answered.
    """
    known = [place for place in places if place.base > 0]
    whole = sum(place.base for place in known)
    mean = sum(place.answered for place in known) / whole if whole else 0.0
    if len(known) < 3 or not 0 < mean < 1:
        return None
    largest = max(place.base for place in known)
    scores = [_score(place, mean) for place in known]
    spread = sum(score * score for score in scores) / len(scores)
    wide = _z(LIMITS[1])
    outside = tuple(p for p, score in zip(known, scores, strict=True) if abs(score) > wide)
    near = (p for p, score in zip(known, scores, strict=True) if abs(score) <= wide)
    drawn = [*islice(near, max(0, MOST_POINTS - len(outside))), *outside]
    shapes = (*_levels(), *_limits(mean, largest), *_dots(drawn, outside, largest))
    drawing = Drawing(
        key=key,
        title=title,
        description=(
            f"{len(known):,} planteles por el tamaño de su lista. "
            f"La tasa de todos es {as_percent(mean)}. "
            f"Fuera de los límites de 99.8\u00a0%: {len(outside):,}."
        ),
        height=FUNNEL + 56,
        shapes=shapes,
        keys=(
            Key("dot-main", "un plantel"),
            Key("dot-far", "fuera del límite de 99.8\u00a0%"),
            Key("limit-near", "límite de 95\u00a0%"),
            Key("limit-far", "límite de 99.8\u00a0%"),
        ),
    )
    return Funnel(drawing, outside, spread, spread > OVERDISPERSED)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _score(place: Place, mean: float) -> float:
    return (place.answered / place.base - mean) / sqrt(mean * (1 - mean) / place.base)


def _levels() -> list[Shape]:
    found: list[Shape] = []
    for percent in (0, 25, 50, 75, 100):
        y = _down(percent / 100)
        found += [
            Stroke(LEFT, y, 100, y, "axis"),
            Words(LEFT - 1, y + 5, f"{percent}\u00a0%", "quiet", "end"),
        ]
    return found


def _limits(mean: float, largest: int) -> list[Shape]:
    found: list[Shape] = [Stroke(LEFT, _down(mean), 100, _down(mean), "beside")]
    for confidence, look in zip(LIMITS, ("limit-near", "limit-far"), strict=True):
        for side in (-1, 1):
            corners = []
            for step in range(1, CURVE + 1):
                base = largest * (step / CURVE) ** 2  # closer together where the limit bends
                rate = mean + side * _z(confidence) * sqrt(mean * (1 - mean) / base)
                corners.append((_right(base, largest), _down(min(1.0, max(0.0, rate)))))
            found.append(Path(points(corners), look))
    foot = FUNNEL + 44
    return [
        *found,
        Words(LEFT, foot, "0", "quiet"),
        Words(100, foot, f"{largest:,} personas en la lista", "quiet", "end"),
    ]


def _dots(known: Sequence[Place], outside: Sequence[Place], largest: int) -> list[Shape]:
    far = set(outside)
    return [
        Dot(
            _right(place.base, largest),
            _down(place.answered / place.base),
            6 if place in far else 4,
            "dot-far" if place in far else "dot-main",
        )
        for place in known
    ]


def _right(base: float, largest: int) -> float:
    return round(LEFT + (99 - LEFT) * base / largest, 2)


def _down(rate: float) -> float:
    return round(16 + FUNNEL * (1 - rate), 1)


def _track(share: float) -> float:
    return round(TRACK * share, 2)
