"""Whether released figures say what was counted, for each audience.

What is withheld says nothing; what is told must be the number, rounded as rule 3 of domain.md 3.8
rounds it, and none that rule 2 hides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isclose

from app.analytics.released import Audience, IndicatorRow, Reason
from tests.recount.estimates import fives, half_up, public_share
from tests.recount.outcomes import Figure, Key

LEAST = 5  # persons of a cell
SMALL_GROUP = 50  # below it neither nobody nor everybody is told
PUBLIC_BASE = 23
MEASURE_BASE = 8
TINY = 1e-9
Numbers = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Reader:
    """For whom figures are, and of how many persons. `exact`: told as they are."""

    audience: Audience
    exact: bool
    frame: int
    answered: int

    def population(self, figure: Figure) -> float:
        """Persons of whom those of the base are a part."""
        scaled = figure.some and self.answered
        whole = figure.base * self.frame / self.answered if scaled else self.frame
        return max(figure.base, whole)


def differences(
    rows: Iterable[IndicatorRow], counted: Mapping[Key, Figure], reader: Reader
) -> list[str]:
    """What would be told that was not counted, or not as it is; empty where all agrees."""
    told = {(row.id, row.category): row for row in rows}
    problems = [
        f"{key}: nobody counted it again"
        for key, row in told.items()
        if key not in counted and not (row.withheld and row.value is None)
    ]
    if reader.exact:
        problems += [f"{key}: not told" for key in counted if key not in told]
    for key in sorted(told.keys() & counted.keys()):
        problems += [f"{key}: {said}" for said in _problems(told[key], counted[key], reader)]
    return problems


def _problems(row: IndicatorRow, figure: Figure, reader: Reader) -> Iterator[str]:
    public = reader.audience is Audience.PUBLIC
    base = fives(figure.base) if public else figure.base
    if row.base is not None and row.base != base:
        yield f"base {row.base}, counted {base}"
    # Two traits at once are told a school as they are told an office (domain.md 3.8).
    crossed = figure.kind == "cell" and reader.audience is Audience.OWN
    if row.withheld:
        yield from _withheld(row, figure, exact=reader.exact and not crossed)
        return
    if not reader.exact or crossed:
        yield from _too_much(figure, public=public)
    persons = None if public else figure.numerator
    if row.numerator != persons:
        yield f"{row.numerator} persons, counted {persons}"
    slack = _slack(figure, reader, public=public)
    numbers = zip((row.value, row.low, row.high), told_numbers(figure, reader), strict=True)
    for name, (value, counted) in zip(("value", "low", "high"), numbers, strict=True):
        if not same_number(value, counted, slack):
            yield f"{name} {value}, counted {counted}"


def _withheld(row: IndicatorRow, figure: Figure, *, exact: bool) -> Iterator[str]:
    if (row.numerator, row.value, row.low, row.high) != (None, None, None, None):
        yield "withheld and told"
    few = row.id == "L3" and figure.base < PUBLIC_BASE
    # What a sum withholds for the sake of its schools: tests/analytics/test_sums_of_schools.py.
    if exact and not few and row.reason != Reason.PARTS:
        yield "withheld from who may read it"


def told_numbers(figure: Figure, reader: Reader) -> Numbers:
    """Value, low and high as this reader may have them, before a measure is rounded."""
    if figure.few_alike and not reader.exact:  # it may tell of the extremes (decision 26)
        return figure.value, None, None
    if reader.audience is not Audience.PUBLIC or figure.share is None:
        return figure.value, figure.low, figure.high
    if figure.kind == "cell":
        return float(half_up(figure.share)) / 100, None, None
    return public_share(figure.numerator or 0, figure.base, reader.population(figure))


def same_number(value: float | None, counted: float | None, slack: float) -> bool:
    """Whether both are there and near, or neither is there."""
    if value is None or counted is None:
        return value is counted
    return isclose(value, counted, rel_tol=TINY, abs_tol=slack)


def _slack(figure: Figure, reader: Reader, *, public: bool) -> float:
    """What rounding may have taken: a decimal of a measure, a whole percent of the rest."""
    if reader.exact or figure.kind in {"share", "cell"}:
        return TINY
    if figure.kind in {"mean", "median"}:
        return 0.05 + TINY
    return 0.02 + TINY if figure.kind == "score" and public else 0.005 + TINY


def _too_much(figure: Figure, *, public: bool) -> Iterator[str]:
    """Rules 2 and 3 in their plainest reading, of a figure that is told."""
    n, k = figure.base, figure.numerator
    if figure.kind in {"mean", "median"}:
        if n < MEASURE_BASE:
            yield f"a measure of {n} persons"
        return
    if n and (public or figure.kind == "curve") and n < PUBLIC_BASE - 0.5:
        yield f"a share of {n} persons"
    if k is None or not n:
        return
    if 0 < k < LEAST:
        yield f"{k} persons are told"
    if n < SMALL_GROUP and k in {0, n}:
        yield f"{k} of {n} are told"
