"""What a clever reader can work out of a mean, a median, a curve or mentions, beside the lines.

Like attack.py it uses nothing of what protects them: only the figures that are told, what a figure
is (domain.md 3.2 to 3.6), and how it was rounded. A world is a count of persons for each answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.wages import BAND_EDGES
from app.analytics.released import IndicatorRow

Numbers = NDArray[np.float64]
Range = tuple[float, float]
HALF = 0.05  # what one decimal leaves open
FREE: Range = (-np.inf, np.inf)
Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Guess:
    """A count that is not told: what it is, the least and the most it may be."""

    kind: str
    name: str
    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low


@dataclass(frozen=True)
class Knowledge:
    """Linear sums of the unknown counts, each between two numbers."""

    rows: Sequence[Numbers]
    between: Sequence[Range]

    def also(self, rows: Sequence[Numbers], between: Sequence[Range]) -> "Knowledge":
        return Knowledge([*self.rows, *rows], [*self.between, *between])


def ends(aim: Numbers, worlds: Sequence[Knowledge], most: Sequence[float]) -> tuple[int, int]:
    """The least and the most of a count over all worlds that one of these allows."""
    low, high = np.inf, -np.inf
    for world in worlds:
        limits = [LinearConstraint(np.array(world.rows), *zip(*world.between, strict=True))]
        for sign in (1, -1):
            found = milp(
                sign * aim,
                constraints=limits,
                bounds=Bounds(np.zeros(len(aim)), np.array(most)),
                integrality=np.ones(len(aim)),
            )
            if found.success:
                low, high = min(low, sign * found.fun), max(high, sign * found.fun)
    if high < low:
        raise AssertionError("no world fits what was released")
    return round(low), round(high)


def worlds_of_mean(
    answers: Sequence[int], row: IndicatorRow, n: int, population: float | None, lines: Knowledge
) -> list[Knowledge]:
    """What a mean of `n` answers allows: one world for each sum that reads as it does."""
    if row.value is None:
        return [lines]
    first, squares = np.array(answers, float), np.array(answers, float) ** 2
    found = []
    for total in range(floor((row.value - HALF) * n), floor((row.value + HALF) * n) + 2):
        if abs(total / n - row.value) > HALF + 1e-9:
            continue
        between = FREE
        if row.low is not None and row.high is not None:
            unseen = 1.0 if population is None else 1 - n / population
            between = _squares(total, n, row.low, row.high, unseen)
        found.append(lines.also([first, squares], [(total, total), between]))
    return found


def _squares(total: int, n: int, low: float, high: float, unseen: float) -> Range:
    """Between which sums of squares an interval to one decimal lies."""
    mean = total / n
    reach = sorted((abs(mean - low), abs(high - mean)))
    if not unseen:
        return FREE
    least, most = max(0.0, reach[1] - HALF), reach[0] + HALF
    return tuple((r / Z95) ** 2 * n / unseen * (n - 1) + total * total / n for r in (least, most))  # type: ignore[return-value]


def worlds_of_bands(row: IndicatorRow, n: int, lines: Knowledge) -> list[Knowledge]:
    """What a grouped median allows: one world for each band that it may lie in."""
    if row.value is None:
        last = np.array([*([2.0] * (len(BAND_EDGES) - 1)), 0.0])
        return [lines.also([last], [(0, n - 1)])] if not row.withheld else [lines]
    found = []
    for band in range(len(BAND_EDGES) - 1):
        edge, width = BAND_EDGES[band], BAND_EDGES[band + 1] - BAND_EDGES[band]
        below = np.array([float(i < band) for i in range(len(BAND_EDGES))])
        mine = np.array([float(i == band) for i in range(len(BAND_EDGES))])
        # edge + width (n - 2 F) / 2f between value - half and value + half
        least = 2 * (row.value - HALF - edge) * mine + 2 * width * below
        most = 2 * (row.value + HALF - edge) * mine + 2 * width * below
        rows = [least, most, 2 * below, 2 * (below + mine)]
        slack = 1e-6
        between = [
            (-np.inf, width * n + slack),
            (width * n - slack, np.inf),
            (-np.inf, n),
            (n, np.inf),
        ]
        found.append(lines.also(rows, between))
    return found


def lines_told(
    names: Sequence[str], told: Mapping[str, Sequence[tuple[frozenset[str], int]]], n: int
) -> Knowledge:
    """Counts of answers that are told, and that all of them add to `n`."""
    rows, between = [np.ones(len(names))], [(float(n), float(n))]
    for one in told.values():
        for inside, persons in one:
            rows.append(np.array([float(name in inside) for name in names]))
            between.append((persons, persons))
    return Knowledge(rows, between)


def codes(entry: Indicator) -> list[int]:
    return [code for one in entry.categories for code in one.codes if isinstance(code, int)]


def shares_of(entry: Indicator, entries: Sequence[Indicator]) -> Iterator[Indicator]:
    """The lines and scales of the same answers."""
    for other in entries:
        if other.variable == entry.variable and other.kind in {
            Kind.PROPORTION,
            Kind.SCALE,
            Kind.DISTRIBUTION,
        }:
            yield other
