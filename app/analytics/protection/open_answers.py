"""Whether a mean or a median of few persons leaves open how many gave each answer.

A mean of 4.9 says that nobody gave the lowest answer, and one of 5.0 what everybody said. It is
told outside a school only where each count that may not be told can still lie anywhere in an
interval as wide as the minimum, for who knows the mean as it is rounded, how many answered, and
the counts of the same answers that are told. Source: domain.md 3.8, rules 1 and 2; decisions/0026.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import count, takewhile
from math import gcd

from app.analytics.protection.suppression import MINIMUM_CELL, SMALL_GROUP
from app.fieldwork.percents import half_up

FEW = 48  # persons whose sums are listed one by one; of more, the ends are left out
ENDS = 4  # sums at either end that may be out of reach
Bands = Sequence[int]  # persons by band


def mean_is_open(
    people: Mapping[int, int],
    groups: Sequence[frozenset[int]],
    *,
    told: bool,
    minimum: int = MINIMUM_CELL,
) -> bool:
    """Whether the mean, to one decimal and without an interval, may be told of a school.

    Args:
        people: persons by answer, for every answer there is, also those nobody gave.
        groups: the answers that a share of the same question counts together, neighbours each;
            all of them, and one group where there is no share.
        told: whether that share is told; where it is not, it must stay open too.
        minimum: persons.
    """
    n = sum(people.values())
    if not n:
        return True
    sums = _sums_of_the_same_mean(sum(one * size for one, size in people.items()), n)
    sizes = [sum(people[one] for one in group) for group in groups]
    if not told and len(groups) == 2 and not _share_is_open(groups, sizes, sums, minimum):
        return False
    held = [(group, size) for group, size in zip(groups, sizes, strict=True)]
    if not told:
        held = [(frozenset(people), n)]
    return all(
        _width(answer, people[answer], held, sums, minimum) >= min(minimum, size)
        for group, size in held
        for answer in group
        if people[answer] or n < SMALL_GROUP
    )


def median_is_open(
    bands: Bands,
    hidden: AbstractSet[int],
    tells: Callable[[Bands], object],
    *,
    minimum: int = MINIMUM_CELL,
) -> bool:
    """Whether a median of bands may be told beside a line that hides some of them.

    Args:
        bands: persons by band.
        hidden: places of the bands whose counts are not told.
        tells: what a reader is told of such a line.
        minimum: persons.
    """
    shown = [n for place, n in enumerate(bands) if n and place not in hidden]
    most = min(shown, default=sum(bands) + 1) - 1
    bounds = (0 if sum(bands) < SMALL_GROUP else 1, most)
    return len(hidden) < 2 or all(
        sum(
            max(_moved(bands, (one, other), step, tells, bounds) for other in hidden - {one})
            for step in (1, -1)
        )
        >= minimum
        for one in hidden
    )


def _sums_of_the_same_mean(total: int, n: int) -> range:
    """Every sum of `n` answers that reads as the same mean to one decimal."""

    def reads_the_same(one: int) -> bool:
        return half_up(one / n, digits=1) == half_up(total / n, digits=1)

    first, last = (
        deque(takewhile(reads_the_same, count(total, step)), maxlen=1)[0] for step in (-1, 1)
    )
    return range(first, last + 1)


def _share_is_open(
    groups: Sequence[frozenset[int]], sizes: Sequence[int], sums: range, minimum: int
) -> bool:
    first, second = groups
    n, at = sum(sizes), sizes[0]

    def possible(k: int) -> bool:
        if not 0 <= k <= n:
            return False
        low = k * min(first) + (n - k) * min(second)
        high = k * max(first) + (n - k) * max(second)
        return bool(range(max(low, sums.start), min(high, sums.stop - 1) + 1))

    return _reach(at, possible, minimum) >= min(minimum, n)


def _width(
    answer: int, here: int, held: Sequence[tuple[frozenset[int], int]], sums: range, minimum: int
) -> int:
    """How far apart the least and the greatest number who gave an answer are; up to `minimum`."""
    mine, size = next((group, size) for group, size in held if answer in group)
    low = sum(n * min(group) for group, n in held if group is not mine)
    high = sum(n * max(group) for group, n in held if group is not mine)
    others = tuple(sorted(mine - {answer}))

    def possible(k: int) -> bool:
        if not 0 <= k <= size or (not others and k != size):
            return False
        first, last = sums.start - high - k * answer, sums.stop - 1 - low - k * answer
        return _any_between(others, size - k, first, last)

    return _reach(here, possible, minimum)


def _reach(at: int, possible: Callable[[int], bool], minimum: int) -> int:
    up = sum(1 for _ in takewhile(possible, range(at + 1, at + minimum + 1)))
    down = sum(1 for _ in takewhile(possible, range(at - 1, at - minimum - 1, -1)))
    return min(minimum, up + down)


def _any_between(answers: tuple[int, ...], persons: int, first: int, last: int) -> bool:
    """Whether so many persons can give some of these answers and add to what lies between."""
    if not answers or not persons:
        return first <= 0 <= last
    low, high = persons * answers[0], persons * answers[-1]
    if persons > FEW:
        step = gcd(*(one - answers[0] for one in answers)) or 1
        found = range(low, high + 1, step)
        found = found if len(answers) < 3 else found[ENDS:-ENDS]
        start = max(first, found.start)
        start += -(start - found.start) % step
        return start <= min(last, found.stop - 1)
    first, last = max(first, low), min(last, high)
    if first > last:
        return False
    window = (1 << (last - first + 1)) - 1
    return bool(
        _sums(tuple(one - answers[0] for one in answers), persons) >> (first - low) & window
    )


@cache
def _sums(steps: tuple[int, ...], persons: int) -> int:
    """The sums that so many persons can add to, as bits."""
    if not persons:
        return 1
    before, found = _sums(steps, persons - 1), 0
    for step in steps:
        found |= before << step
    return found


def _moved(
    bands: Bands,
    between: tuple[int, int],
    step: int,
    tells: Callable[[Bands], object],
    bounds: tuple[int, int],
) -> int:
    """By how many persons of another band a count may differ, and the same is told."""
    now, found = tells(bands), 0
    gains, loses = between if step > 0 else between[::-1]
    least, most = min(bounds[0], bands[loses]), max(bounds[1], bands[gains])
    for n in range(1, MINIMUM_CELL + 1):
        world = list(bands)
        world[gains] += n
        world[loses] -= n
        if world[loses] < least or world[gains] > most:
            break
        if tells(world) == now:
            found = n
    return found
