"""Intervals, medians and weights by other ways than the app's: SciPy, roots and arrays.

Formulas: domain.md 3.7 and 3.8. Rounding is decimal and half up, as people round.
"""

import warnings
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np
from scipy import stats

Z = float(stats.norm.ppf(0.975))
WAGE_BANDS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


def score_interval(k: float, n: float, population: float | None) -> tuple[float, float] | None:
    """Where the score test of a proportion does not reject: roots of its quadratic.

    (p - π)² = z² π (1 - π) / m, with m = n (N - 1) / (N - n) (domain.md 3.7).
    """
    if not n:
        return None
    p = k / n
    if population is not None and population <= n:
        return p, p
    m = n if population is None else n * (population - 1) / (population - n)
    roots = np.roots([1 + Z**2 / m, -2 * p - Z**2 / m, p * p])
    low, high = sorted(float(root.real) for root in roots)
    return max(0.0, low), min(1.0, high)


def mean_interval(values: Sequence[int], population: float) -> tuple[float, float, float]:
    """Mean and its normal interval, with finite population."""
    array = np.array(values, dtype=float)
    mean = float(array.mean())
    error = float(stats.sem(array)) * max(0.0, 1 - len(array) / population) ** 0.5
    return mean, mean - Z * error, mean + Z * error


def banded_median(counts: Sequence[int], edges: Sequence[float] = WAGE_BANDS) -> float | None:
    """Where the cumulative line reaches half; None in the open band."""
    total = sum(counts)
    if not total:
        return None
    reached = np.concatenate([[0], np.cumsum(counts[:-1])])
    if reached[-1] < total / 2:
        return None
    rises = np.concatenate([[True], np.diff(reached) > 0])
    # A band with nobody is a flat piece: only the end of each rise and its own start matter.
    place = int(np.searchsorted(reached, total / 2))
    low, high = reached[place - 1], reached[place]
    assert rises[place]
    share = (total / 2 - low) / (high - low)
    return float(edges[place - 1] + share * (edges[place] - edges[place - 1]))


def waiting_curve(ended: Sequence[int], watched: Sequence[int]) -> stats.ecdf:
    """Share still waiting, by Kaplan and Meier, as SciPy has it."""
    times = np.array([*ended, *watched], dtype=float)
    data = stats.CensoredData.right_censored(times, [False] * len(ended) + [True] * len(watched))
    return stats.ecdf(data).sf


def waited(
    ended: Sequence[int], watched: Sequence[int], last: int
) -> list[tuple[float, float | None, float | None]]:
    """Share whose wait ended by each month; log-log interval with Greenwood's variance."""
    curve = waiting_curve(ended, watched)
    with warnings.catch_warnings():  # at 0 and 1 there is no interval, and SciPy says so
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.confidence_interval(confidence_level=0.95, method="log-log")
    found: list[tuple[float, float | None, float | None]] = []
    for month in range(last + 1):
        still = float(curve.evaluate(month))
        if 0 < still < 1:
            edges = (1 - float(band.high.evaluate(month)), 1 - float(band.low.evaluate(month)))
            found.append((1 - still, *edges))
        else:
            found.append((1 - still, None, None))
    return found


def half_waited(ended: Sequence[int], watched: Sequence[int]) -> float | None:
    """First month by which half or more had their event."""
    curve = waiting_curve(ended, watched)
    reached = curve.quantiles[curve.probabilities <= 0.5 + 1e-12]
    return float(reached[0]) if len(reached) else None


def fitted_weights(
    members: Sequence[Sequence[str]], margins: Sequence[Mapping[str, float]]
) -> np.ndarray:
    """Raking as least distance: Newton on the dual, then trimmed to [1/3, 3] of the mean, again.

    The raked weights are exp(A'λ) with A w = totals (Deville and Särndal 1992): no IPF at all.
    """
    rows, totals = [], []
    for place, margin in enumerate(margins):
        for value, persons in margin.items():
            rows.append([float(member[place] == value) for member in members])
            totals.append(float(persons))
    design, wanted = np.array(rows), np.array(totals)
    first = _dual(design, wanted, np.ones(design.shape[1]))
    return _dual(design, wanted, np.clip(first, first.mean() / 3, first.mean() * 3))


def _dual(design: np.ndarray, wanted: np.ndarray, start: np.ndarray) -> np.ndarray:
    turn = np.zeros(len(wanted))
    turn[: len(wanted)] = np.log(wanted.sum() / start.sum()) / max(1, design.sum(axis=0)[0])
    for _ in range(200):
        weights = start * np.exp(design.T @ turn)
        gap = wanted - design @ weights
        if np.abs(gap).max() < 1e-9:
            break
        step = np.linalg.lstsq((design * weights) @ design.T, gap, rcond=None)[0]
        turn = turn + step
    return start * np.exp(design.T @ turn)


def half_up(share: Fraction, digits: int = 0) -> Decimal:
    """A share in percent, rounded half up."""
    exact = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def fives(count: int) -> int:
    """To the nearest five (HESA): floor(n/5 + 1/2) × 5."""
    return floor(count / 5 + 0.5) * 5


def public_share(k: int, n: int, population: float) -> tuple[float, float, float]:
    """Whole percent, and whole points of an interval from it and the rounded base and frame."""
    whole = int(half_up(Fraction(k, n)))
    base = fives(n)
    missed = 5 if population > n else 0
    frame = max(fives(round(population)), base + missed)
    low, high = score_interval(whole * base / 100, base, frame) or (0.0, 1.0)
    return (
        whole / 100,
        floor(round(low * 100, 6)) / 100,
        ceil(round(high * 100, 6)) / 100,
    )
