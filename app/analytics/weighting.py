"""Weights that make those who answered resemble the frame, and what they cost.

Results are unweighted by default; these figures are the sensitivity shown beside them
(domain.md 3.7).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, sqrt
from statistics import NormalDist

TOLERANCE = 1e-6  # persons: largest error of a margin that counts as met
ITERATIONS = 100
LEAST_TRIM, MOST_TRIM = 1 / 3, 3.0  # times the mean weight
LEAST_STRATUM = 5  # persons who answered: smaller strata are merged


@dataclass(frozen=True, slots=True)
class PostStratified:
    """A proportion weighted by strata. Everything None where nobody is in the frame."""

    estimate: Fraction | None
    standard_error: float | None  # None too when a stratum that is no census has one answer
    unweighted: Fraction | None
    n_eff: float | None
    deff: float | None

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """Estimate ± z standard errors, within [0, 1] (domain.md T10)."""
        if self.estimate is None or self.standard_error is None:
            return None
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * self.standard_error
        return max(0.0, float(self.estimate) - reach), min(1.0, float(self.estimate) + reach)


def post_stratify(strata: Iterable[tuple[int, int, int]]) -> PostStratified:
    """Proportion of the frame, from what each stratum of it answered.

    p = Σ N_h p_h / N; Var = Σ (N_h/N)² (1 - n_h/N_h) p_h (1 - p_h)/(n_h - 1).
    Source: domain.md 3.7, T10; the variance is that of stratified sampling (Cochran 1977).

    Args:
        strata: (persons in the frame, persons who answered, persons with the trait).

    Raises:
        ValueError: numbers that contradict each other, or a stratum of the frame in which
            nobody answered (`collapse` first).
    """
    filled = [_checked(stratum) for stratum in strata if stratum != (0, 0, 0)]
    frame = sum(size for size, _, _ in filled)
    if frame == 0:
        return PostStratified(None, None, None, None, None)
    weights = [Fraction(size, n) for size, n, _ in filled for _ in range(n)]
    return PostStratified(
        estimate=sum((Fraction(size * y, n * frame) for size, n, y in filled), Fraction()),
        standard_error=_standard_error(filled, frame),
        unweighted=Fraction(sum(y for _, _, y in filled), sum(n for _, n, _ in filled)),
        n_eff=effective_size(weights),
        deff=design_effect(weights),
    )


def collapse(
    strata: Sequence[tuple[int, int, int]], *, at_least: int = LEAST_STRATUM
) -> list[tuple[int, int, int]]:
    """The same strata, each with fewer than `at_least` answers merged with its neighbour.

    Strata come in an order in which neighbours are alike. Source: domain.md 3.7.
    """
    merged: list[tuple[int, int, int]] = []
    for stratum in strata:
        if merged and (merged[-1][1] < at_least or stratum[1] < at_least):
            size, n, y = merged.pop()
            merged.append((size + stratum[0], n + stratum[1], y + stratum[2]))
        else:
            merged.append(stratum)
    return merged


def rake(
    table: Sequence[Sequence[float]],
    row_totals: Sequence[float],
    column_totals: Sequence[float],
) -> list[list[float]]:
    """`table` scaled by rows and columns until it has the given totals (IPF).

    Source: Deming and Stephan (1940); limits of domain.md 3.7, T8. Odds ratios stay.

    Raises:
        ValueError: an empty cell, totals that do not fit the table or each other, or margins
            not met after 100 iterations.
    """
    _check_seed(table, row_totals, column_totals)
    fitted = [[float(cell) for cell in row] for row in table]
    for _ in range(ITERATIONS):
        for row, total in zip(fitted, row_totals, strict=True):
            _scale(row, total)
        columns = [list(column) for column in zip(*fitted, strict=True)]
        for column, total in zip(columns, column_totals, strict=True):
            _scale(column, total)
        fitted = [list(row) for row in zip(*columns, strict=True)]
        if _worst(fitted, row_totals) < TOLERANCE:
            return fitted
    raise ValueError(f"the margins were not met in {ITERATIONS} iterations")


def rake_weights(
    members: Sequence[Sequence[str]], margins: Sequence[Mapping[str, float]]
) -> list[float]:
    """One weight per person, trimmed once, so that any number of margins is met.

    Raked, trimmed to [1/3, 3] × mean, raked again (domain.md 3.7); the second raking may
    move a weight a little beyond the limits.

    Args:
        members: for each person who answered, the category in each margin (sex, shift, …).
        margins: for each of them, persons in the frame by category.

    Raises:
        ValueError: a category of the frame that nobody answered in, or the reverse; totals
            that differ between margins; margins not met after 100 iterations.
    """
    _check_margins(members, margins)
    first = _raked([1.0] * len(members), members, margins)
    return _raked(trim(first), members, margins)


def trim(weights: Sequence[float]) -> list[float]:
    """Weights held within [1/3, 3] times their mean (domain.md 3.7)."""
    if not weights:
        return []
    mean = fsum(weights) / len(weights)
    return [min(max(weight, LEAST_TRIM * mean), MOST_TRIM * mean) for weight in weights]


def effective_size(weights: Sequence[Fraction] | Sequence[float]) -> float | None:
    """Kish (1965): (Σw)²/Σw², the answers that equal weights would need; None without any."""
    squares = fsum(float(w) ** 2 for w in weights)
    return fsum(float(w) for w in weights) ** 2 / squares if squares else None


def design_effect(weights: Sequence[Fraction] | Sequence[float]) -> float | None:
    """Kish (1965): n Σw²/(Σw)², by how much weights widen a variance; None without any."""
    size = effective_size(weights)
    return len(weights) / size if size else None


def _checked(stratum: tuple[int, int, int]) -> tuple[int, int, int]:
    size, n, y = stratum
    if not 0 <= y <= n <= size:
        raise ValueError(f"{y} of {n} answers out of {size} persons is no stratum")
    if n == 0:
        raise ValueError(f"nobody answered of {size} persons: merge the stratum with another")
    return stratum


def _standard_error(strata: Sequence[tuple[int, int, int]], frame: int) -> float | None:
    variance = Fraction()
    for size, n, y in strata:
        if n == size:
            continue  # a census has no sampling error
        if n == 1:
            return None
        p = Fraction(y, n)
        variance += Fraction(size, frame) ** 2 * (1 - Fraction(n, size)) * p * (1 - p) / (n - 1)
    return sqrt(variance)


def _check_seed(
    table: Sequence[Sequence[float]], row_totals: Sequence[float], column_totals: Sequence[float]
) -> None:
    fits = len(table) == len(row_totals) > 0 and all(
        len(row) == len(column_totals) > 0 for row in table
    )
    if not fits:
        raise ValueError("the totals do not fit the shape of the table")
    if not all(cell > 0 for row in table for cell in row):
        raise ValueError("a cell is empty: merge categories first")
    if not all(total > 0 for total in (*row_totals, *column_totals)):
        raise ValueError("a total is not above zero")
    if abs(fsum(row_totals) - fsum(column_totals)) >= TOLERANCE:
        raise ValueError(f"rows add to {fsum(row_totals)}, columns to {fsum(column_totals)}")


def _scale(line: list[float], total: float) -> None:
    factor = total / fsum(line)
    line[:] = [cell * factor for cell in line]


def _worst(table: Sequence[Sequence[float]], totals: Sequence[float]) -> float:
    return max(abs(fsum(row) - total) for row, total in zip(table, totals, strict=True))


def _check_margins(
    members: Sequence[Sequence[str]], margins: Sequence[Mapping[str, float]]
) -> None:
    if not members or not margins:
        raise ValueError("raking needs persons and margins")
    for position, margin in enumerate(margins):
        if {member[position] for member in members} != set(margin) or min(margin.values()) <= 0:
            raise ValueError(f"frame and answers differ in the categories of margin {position}")
    sums = [fsum(margin.values()) for margin in margins]
    if max(sums) - min(sums) >= TOLERANCE:
        raise ValueError(f"the margins add to different totals: {sums}")


def _raked(
    start: Sequence[float],
    members: Sequence[Sequence[str]],
    margins: Sequence[Mapping[str, float]],
) -> list[float]:
    weights = list(start)
    for _ in range(ITERATIONS):
        worst = 0.0  # of the margins as they are met, before each is scaled
        for position, margin in enumerate(margins):
            sums = dict.fromkeys(margin, 0.0)
            for member, weight in zip(members, weights, strict=True):
                sums[member[position]] += weight
            worst = max(worst, *(abs(sums[c] - total) for c, total in margin.items()))
            weights = [
                weight * margin[member[position]] / sums[member[position]]
                for member, weight in zip(members, weights, strict=True)
            ]
        if worst < TOLERANCE:
            return weights
    raise ValueError(f"the margins were not met in {ITERATIONS} iterations")
