"""Means, medians and scores for an audience: never of few persons, never with hidden decimals.

With disclosure.py the only maker of released figures. Source of the thresholds: HESA, as
domain.md 3.8 rule 3 has it.
"""

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from statistics import NormalDist, stdev

from app.analytics.disclosure import PUBLIC_BASE, nearest_five
from app.analytics.released import KEY, Audience, Context, IndicatorRow, Reason
from app.analytics.suppression import MINIMUM_CELL, suppress_line

MEASURE_BASE = 8  # persons: HESA suppresses means and medians on 7 or fewer
Z95 = NormalDist().inv_cdf(0.975)


def release_mean(
    identifier: str, numbers: Sequence[int], context: Context, *, part: bool = False
) -> IndicatorRow:
    """Mean with its 95 % interval; for outsiders of 8 persons or more, to one decimal.

    Source: domain.md 3.8 rule 3; normal interval with finite population, 3.7.

    Args:
        identifier: of the indicator.
        numbers: one per person.
        context: for whom.
        part: whether the question is asked of some only.
    """
    n = len(numbers)
    if n == 0:
        return _row(identifier, 0, (None, None, None), context, Reason.NOBODY)
    mean = fsum(numbers) / n
    population = context.population(n, part=part)
    unseen = 1.0 if population is None else 1 - n / population
    if n == 1:
        return _row(identifier, n, (mean, None, None), context)
    reach = Z95 * stdev(numbers) * sqrt(unseen / n)
    return _row(identifier, n, (mean, mean - reach, mean + reach), context)


def release_median(
    identifier: str, median: float | None, base: int, context: Context
) -> IndicatorRow:
    """A median of any kind; for outsiders of 8 persons or more, to one decimal.

    Source: domain.md 3.8 rule 3.

    Args:
        identifier: of the indicator.
        median: None where half is not reached: more are in the open band, or still wait.
        base: persons it is the median of.
        context: for whom.
    """
    missing = Reason.NOBODY if base == 0 else Reason.NOT_REACHED
    return _row(
        identifier, base, (median, None, None), context, None if median is not None else missing
    )


def release_score(identifier: str, cells: Mapping[str, int], context: Context) -> IndicatorRow:
    """Net promoter score, from -1 to 1: share of the first category less that of the last.

    Variance (p + d - score²)/n: domain.md C6. For outsiders only where the three shares could
    be shown; for the public from whole percents and the rounded base.

    Raises:
        ValueError: not three categories, or a negative count.
    """
    if len(cells) != 3:
        raise ValueError(f"a score has three categories, not {list(cells)}")
    total, shown = suppress_line(cells)
    up, _, down = cells.values()
    n = sum(cells.values())
    public = context.audience is Audience.PUBLIC
    if n == 0:
        return _row(identifier, 0, (None, None, None), context, Reason.NOBODY)
    if not context.exact and (total is None or None in shown.values()):
        return _hidden(identifier, total, context, Reason.SMALL)
    if public and n < PUBLIC_BASE:
        return _hidden(identifier, n, context, Reason.SMALL_BASE)
    p, d = (up / n, down / n) if not public else (_whole(up, n), _whole(down, n))
    reach = Z95 * sqrt(max(0.0, p + d - (p - d) ** 2) / (nearest_five(n) if public else n))
    told = (p - d, max(-1.0, p - d - reach), min(1.0, p - d + reach))
    if not context.exact:  # whole points
        told = (round(told[0], 2), round(told[1], 2), round(told[2], 2))
    careful = Reason.CAREFUL if n < PUBLIC_BASE else None
    return _built(identifier, _base(n, context), told, careful, withheld=False)


def _row(
    identifier: str,
    n: int,
    told: tuple[float | None, float | None, float | None],
    context: Context,
    reason: Reason | None = None,
) -> IndicatorRow:
    """The figure as this reader may have it."""
    if not context.exact and n < MEASURE_BASE:
        return _hidden(identifier, n, context, Reason.FEW_FOR_A_MEASURE)
    if reason is None and n < PUBLIC_BASE:
        reason = Reason.CAREFUL
    value, low, high = (_short(number, context) for number in told)
    return _built(identifier, _base(n, context), (value, low, high), reason, withheld=False)


def _hidden(identifier: str, n: int | None, context: Context, reason: Reason) -> IndicatorRow:
    return _built(identifier, _base(n, context), (None, None, None), reason, withheld=True)


def _built(
    identifier: str,
    base: int | None,
    told: tuple[float | None, float | None, float | None],
    reason: Reason | None,
    *,
    withheld: bool,
) -> IndicatorRow:
    return IndicatorRow(
        id=identifier,
        category="",
        numerator=None,
        base=base,
        value=told[0],
        low=told[1],
        high=told[2],
        withheld=withheld,
        reason=reason,
        key=KEY,
    )


def _base(n: int | None, context: Context) -> int | None:
    """Rounded for the public; a base of one to four persons is for insiders only."""
    if n is None or context.exact:
        return n
    if context.audience is Audience.PUBLIC:
        return nearest_five(n)
    return None if 0 < n < MINIMUM_CELL else n


def _short(number: float | None, context: Context) -> float | None:
    """One decimal for outsiders: more would give sums back."""
    return number if number is None or context.exact else round(number, 1)


def _whole(count: int, total: int) -> float:
    return (200 * count + total) // (2 * total) / 100
