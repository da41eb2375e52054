"""Proportions, medians and waiting times, each with what its source says of uncertainty.

A wave is a census with non-response, not a sample: intervals take those who answered as a
simple random sample of the frame, as a working model only (domain.md 3.7).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import sqrt
from statistics import NormalDist
from typing import TypeVar

Unit = TypeVar("Unit", float, Fraction)

CHI_SQUARE_95 = Fraction(3841, 1000)  # one degree of freedom, as Krejcie and Morgan printed it


def wilson(
    successes: float,
    n: float,
    population: float | None = None,
    confidence: float = 0.95,
    *,
    deff: float = 1.0,
) -> tuple[float, float] | None:
    """Wilson interval of a proportion, `successes` of `n` persons out of `population`.

    Source: Wilson (1927); finite population by n* = n(N - 1)/(N - n), domain.md 3.7.

    Args:
        successes: persons with the trait.
        n: persons who answered.
        population: persons in the frame; None for an endless one.
        confidence: between 0 and 1.
        deff: design effect of weights; n* is divided by it.

    Returns:
        (low, high) in [0, 1]; both equal to the share in a census (n = population); None
        when nobody answered.

    Raises:
        ValueError: more successes than persons, or more persons than exist.
    """
    if not 0 <= successes <= n or (population is not None and n > population):
        raise ValueError(f"no interval for {successes} of {n} out of {population}")
    if not 0 < confidence < 1 or not deff > 0:
        raise ValueError(f"no interval at confidence {confidence} with design effect {deff}")
    if n == 0:
        return None
    p = successes / n
    if n == population:
        return p, p
    m = (n if population is None else n * (population - 1) / (population - n)) / deff
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (p + z**2 / (2 * m)) / (1 + z**2 / m)
    reach = z / (1 + z**2 / m) * sqrt(p * (1 - p) / m + z**2 / (4 * m**2))
    # At 0 and at n the bound is the share itself; the difference below is rounding noise.
    low = 0.0 if successes == 0 else max(0.0, centre - reach)
    high = 1.0 if successes == n else min(1.0, centre + reach)
    return low, high


def newcombe_difference(
    k1: float, n1: float, k2: float, n2: float, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Interval of k1/n1 - k2/n2 for two independent groups.

    Source: Newcombe (1998), method 10: the two Wilson intervals combined.

    Returns:
        (low, high) in [-1, 1]; None when one of the groups is empty.

    Raises:
        ValueError: more successes than persons.
    """
    first, second = wilson(k1, n1, None, confidence), wilson(k2, n2, None, confidence)
    if first is None or second is None:
        return None
    p1, p2 = k1 / n1, k2 / n2
    below = sqrt((p1 - first[0]) ** 2 + (second[1] - p2) ** 2)
    above = sqrt((first[1] - p1) ** 2 + (p2 - second[0]) ** 2)
    return p1 - p2 - below, p1 - p2 + above


def median_band(counts: Sequence[int]) -> int | None:
    """Index of the band where half of the persons are reached; None when there is nobody.

    Source: domain.md L9.

    Raises:
        ValueError: a negative count.
    """
    if any(count < 0 for count in counts):
        raise ValueError(f"a count of persons is negative: {list(counts)}")
    total = sum(counts)
    if total == 0:
        return None
    return next(i for i, reached in enumerate(accumulate(counts)) if 2 * reached >= total)


def grouped_median(counts: Sequence[int], edges: Sequence[Unit]) -> Unit | None:
    """Interpolated median of banded values: L + (n/2 - F)/f × width (domain.md L9).

    Args:
        counts: persons per band, lowest band first; the last band is open above.
        edges: lower bound of each band, in any unit (pesos, minimum wages), as many as
            `counts`; the last one is where the open band begins.

    Returns:
        The median in the unit of `edges`. None when there is nobody, and when it falls in the
        open band, where nothing can be interpolated: `median_band(counts)` is then the last
        band, and a report says "más de" its edge.

    Raises:
        ValueError: edges that do not rise or are not as many as the counts; a negative count.
    """
    if len(edges) != len(counts) or any(low >= high for low, high in pairwise(edges)):
        raise ValueError(f"{len(counts)} bands need as many rising lower bounds, not {edges}")
    band = median_band(counts)
    if band is None or band == len(counts) - 1:
        return None
    below = sum(counts[:band])
    width = edges[band + 1] - edges[band]
    return edges[band] + width * (sum(counts) - 2 * below) / (2 * counts[band])


class SurvivalCurve(list[tuple[float, Fraction]]):
    """Steps (time, share still waiting after it), one for each time with an event."""

    @property
    def median(self) -> float | None:
        """First time at which half or fewer still wait; None while more than half do."""
        return next((time for time, waiting in self if 2 * waiting <= 1), None)


def kaplan_meier(events: Iterable[float], censored: Iterable[float]) -> SurvivalCurve:
    """Share still waiting after each time, for persons watched for different lengths of time.

    Source: Kaplan and Meier (1958); domain.md L10b. Whoever is censored at the time of an
    event still counts as waiting at it.

    Args:
        events: waiting time of each person whose wait ended, in any one unit; or persons by time.
        censored: time watched of each person who was still waiting when last seen; likewise.

    Raises:
        ValueError: a negative time.
    """
    ended, left = Counter(events), Counter(censored)
    times = sorted(ended.keys() | left.keys())
    if times and not times[0] >= 0:
        raise ValueError(f"nobody waits a negative time: {times[0]}")
    at_risk = ended.total() + left.total()
    waiting = Fraction(1)
    curve = SurvivalCurve()
    for time in times:
        if ended[time]:
            waiting *= 1 - Fraction(ended[time], at_risk)
            curve.append((time, waiting))
        at_risk -= ended[time] + left[time]
    return curve


def krejcie_morgan(
    population: int, *, margin: Fraction = Fraction(5, 100), proportion: Fraction = Fraction(1, 2)
) -> int:
    """Persons needed to know a proportion to within `margin` at 95 %, rounded to the nearest.

    Source: Krejcie and Morgan (1970): X²NP(1-P) / (d²(N-1) + X²P(1-P)); their own table
    rounds to the nearest, not up (domain.md T7).

    Raises:
        ValueError: a negative population, or a margin or proportion outside (0, 1).
    """
    if population < 0 or not 0 < margin < 1 or not 0 < proportion < 1:
        raise ValueError(f"no sample size for {population}, {margin}, {proportion}")
    if population == 0:
        return 0
    spread = CHI_SQUARE_95 * proportion * (1 - proportion)
    exact = spread * population / (margin**2 * (population - 1) + spread)
    return int(exact + Fraction(1, 2))


def planned_half_width(population: int, response: Fraction) -> float | None:
    """Half width of the 95 % interval of one half, if a share `response` of the frame answers.

    Source: domain.md 3.7, planning table (Wilson with finite population).

    Returns:
        A proportion (0.05 is ±5 points); None when nobody would answer.

    Raises:
        ValueError: a negative population, or a response outside [0, 1].
    """
    if population < 0 or not 0 <= response <= 1:
        raise ValueError(f"{response} of {population} persons cannot answer")
    answering = round(population * response)  # whole persons
    interval = wilson(answering / 2, answering, population)
    return None if interval is None else (interval[1] - interval[0]) / 2
