"""Means, medians, scores, curves and crossings: never of few persons, never with hidden decimals.

With disclosure.py the only maker of released figures. Source of the thresholds: HESA, as
domain.md 3.8 rule 3 has it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import exp, log, sqrt
from statistics import NormalDist

from app.analytics.disclosure import PUBLIC_BASE, is_plain, nearest_five
from app.analytics.estimates import kaplan_meier
from app.analytics.protection.suppression import MINIMUM_CELL, suppress_line
from app.analytics.released import KEY, Audience, Context, IndicatorRow, Reason, ReleasedTable
from app.fieldwork.percents import half_up

MEASURE_BASE = 8  # persons: HESA suppresses means and medians on 7 or fewer
MEDIAN_BASE = 2 * MINIMUM_CELL  # it tells that half of them are on one side
READ_AT = (3, 6, 9, 12)  # months at which outsiders read a curve
Z95 = NormalDist().inv_cdf(0.975)


def release_mean(
    identifier: str,
    numbers: Iterable[int],
    context: Context,
    *,
    part: bool = False,
    spread: bool = True,
) -> IndicatorRow:
    """Mean with its 95 % interval; for outsiders of 8 persons or more, to one decimal.

    Source: domain.md 3.8 rule 3; normal interval with finite population, 3.7.

    Args:
        identifier: of the indicator.
        numbers: one per person, or persons by number.
        context: for whom.
        part: whether the question is asked of some only.
        spread: whether outsiders may read the interval too, which tells of the extremes.
    """
    tally = Counter(numbers)
    n = tally.total()
    if n == 0:
        return _row(identifier, 0, (None, None, None), context, Reason.NOBODY)
    total = sum(number * persons for number, persons in tally.items())
    mean = total / n
    population = context.population(n, part=part)
    unseen = 1.0 if population is None else 1 - n / population
    if n == 1 or not (spread or context.exact):
        return _row(identifier, n, (mean, None, None), context)
    squares = sum(number * number * persons for number, persons in tally.items())
    variance = (n * squares - total * total) / (n * (n - 1))  # whole numbers until here
    reach = Z95 * sqrt(variance * unseen / n)
    return _row(identifier, n, (mean, mean - reach, mean + reach), context)


def release_median(
    identifier: str, median: float | None, base: int, context: Context
) -> IndicatorRow:
    """A median of any kind; for outsiders of 10 persons or more, to one decimal.

    Source: domain.md 3.8 rule 3.

    Args:
        identifier: of the indicator.
        median: None where half is not reached: more are in the open band, or still wait.
        base: persons it is the median of.
        context: for whom.
    """
    missing = Reason.NOBODY if base == 0 else Reason.NOT_REACHED
    if not context.exact and 0 < base < MEDIAN_BASE:
        return _hidden(identifier, base, context, Reason.FEW_FOR_A_MEDIAN)
    return _row(
        identifier, base, (median, None, None), context, None if median is not None else missing
    )


def release_closed(identifier: str, base: int, context: Context) -> IndicatorRow:
    """A measure that would say almost exactly what each person answered."""
    return _hidden(identifier, base, context, Reason.EXTREME)


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


def release_curve(
    identifier: str,
    ended: Mapping[int, int],
    watched: Mapping[int, int],
    months: Sequence[int],
    context: Context,
) -> list[IndicatorRow]:
    """Share whose wait ended by each month, as far as anybody was watched (Kaplan-Meier).

    For outsiders by quarters, in whole percents, and only where every quarter's count of those
    whose wait ended, and of those last seen waiting, could be shown. The interval is that of the
    log-minus-log of the curve with Greenwood's variance (Kalbfleisch and Prentice, 1980).

    Args:
        identifier: of the indicator.
        ended: persons by month in which their wait ended.
        watched: persons by month in which they were last seen waiting.
        months: where the curve is read.
        context: for whom.
    """
    n = sum(ended.values()) + sum(watched.values())
    last = max((*ended, *watched), default=0)
    read = [m for m in months if m <= last and (context.exact or m in READ_AT)] or [months[0]]
    if n == 0:
        nobody = (None, None, None)
        return [_built(identifier, 0, nobody, Reason.NOBODY, withheld=False, category=f"{read[0]}")]
    if not context.exact and (n < PUBLIC_BASE or not _curve_is_plain(ended, watched, read)):
        hidden = _hidden(identifier, n, context, Reason.SMALL)
        return [_named(hidden, f"{month}") for month in read]
    digits = None if context.exact else 2
    careful = Reason.CAREFUL if n < PUBLIC_BASE else None
    return [
        _built(
            identifier,
            _base(n, context),
            _ended_by(month, ended, watched, digits),
            careful,
            withheld=False,
            category=f"{month}",
        )
        for month in read
    ]


def release_crossing(identifier: str, table: ReleasedTable, context: Context) -> list[IndicatorRow]:
    """Each cell of a released table as a share of its row; the category is "row|column".

    A single school reads what its table shows; other outsiders read it whole or not at all.
    """
    public = context.audience is Audience.PUBLIC
    outside = public or (context.audience is Audience.OFFICE and not context.exact)
    gone = outside and any(n is None for line in table.cells for n in line)
    found = []
    for row, line, shares in zip(table.rows, table.cells, table.shares, strict=False):
        base = None if gone else line[-1]
        for column, cell, share in zip(table.columns, line, shares, strict=False):
            small = public and (base or 0) < PUBLIC_BASE
            told = base is not None and cell is not None and not small
            found.append(
                IndicatorRow(
                    id=identifier,
                    category=f"{row}|{column}",
                    numerator=cell if told and not public else None,
                    base=base,
                    value=share if told else None,
                    low=None,
                    high=None,
                    withheld=not told,
                    reason=None if told else Reason.SMALL_BASE if small else Reason.SMALL,
                    key=KEY,
                )
            )
    return found


def _curve_is_plain(
    ended: Mapping[int, int], watched: Mapping[int, int], read: Sequence[int]
) -> bool:
    """Whether the counts between the months at which it is read could be shown."""
    spans = list(pairwise((-1, *read, max((*ended, *watched)))))
    counts = {
        f"{name} {last}": _within(persons, first, last)
        for name, persons in (("ended", ended), ("watched", watched))
        for first, last in spans
    }
    return is_plain(counts)


def _within(persons: Mapping[int, int], after: int, until: int) -> int:
    return sum(n for month, n in persons.items() if after < month <= until)


def _ended_by(
    month: int, ended: Mapping[int, int], watched: Mapping[int, int], digits: int | None
) -> tuple[float | None, float | None, float | None]:
    """Share whose wait ended by a month, with its interval."""
    waiting = float(next((s for t, s in reversed(kaplan_meier(ended, watched)) if t <= month), 1))
    spread = 0.0
    for time in (t for t in ended if t <= month):
        at_risk = sum(n for t, n in (*ended.items(), *watched.items()) if t >= time)
        if at_risk > ended[time]:
            spread += ended[time] / (at_risk * (at_risk - ended[time]))
    told: tuple[float | None, float | None, float | None] = (1 - waiting, None, None)
    if 0 < waiting < 1:
        reach = Z95 * sqrt(spread) / abs(log(waiting))
        told = (1 - waiting, 1 - waiting ** exp(-reach), 1 - waiting ** exp(reach))
    if digits is None:
        return told
    value, low, high = (None if number is None else round(number, digits) for number in told)
    return value, low, high


def _named(row: IndicatorRow, category: str) -> IndicatorRow:
    return _built(
        row.id, row.base, (None, None, None), row.reason, withheld=True, category=category
    )


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
    reason: str | None,
    *,
    withheld: bool,
    category: str = "",
) -> IndicatorRow:
    return IndicatorRow(
        id=identifier,
        category=category,
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
    return number if number is None or context.exact else float(half_up(number, digits=1))


def _whole(count: int, total: int) -> float:
    return (200 * count + total) // (2 * total) / 100
