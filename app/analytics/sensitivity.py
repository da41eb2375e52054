"""The figures as they would be if those who answered were as mixed as the frame.

Shown beside the unweighted figures, never instead (domain.md 3.7): where both say the same, who
did not answer changes little by what is known of them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import fsum

from app.analytics.figures.indicators import OUT, Indicator, Kind, category_of, reads
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.grouped_rows import ColumnRows
from app.analytics.nonresponse import Balance
from app.analytics.panel_row import Value
from app.analytics.released import Weighted
from app.analytics.weighting import LEAST_STRATUM, design_effect, effective_size, rake_weights

# Where a trait of the balance stands in a row. Programmes are many and small: left out.
MARGINS: Mapping[str, str] = {"sexo": "sexo", "turno": "turno", "plan": "q1_plan_egreso"}
UNKNOWN, REST = "sin dato", "resto"
WEIGHTED = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.CUMULATIVE})


def weighted_figures(rows: ColumnRows, wave: int, balance: Balance) -> Weighted | None:
    """The shares of everybody's questions, raked to the frame; None where no trait can be used.

    A group with fewer than five answers is merged with the other small ones; a trait of which one
    group is left says nothing.

    Args:
        rows: those who answered.
        wave: 1, 2 or 3.
        balance: the frame by trait (nonresponse.py), of the same persons.
    """
    members: list[list[str]] = [[] for _ in range(len(rows))]
    margins: list[Mapping[str, float]] = []
    traits = []
    for trait, variable in MARGINS.items():
        frame = {group.value: group.frame for group in balance.get(trait, ()) if group.frame}
        found = [UNKNOWN if v is None else str(v) for v in rows.column(variable)]
        kept = _kept(frame, Counter(found))
        if kept is None:
            continue
        margin: Counter[str] = Counter()
        for value, persons in frame.items():
            margin[kept.get(value, REST)] += persons
        for member, value in zip(members, found, strict=True):
            member.append(kept.get(value, REST))
        margins.append(dict(margin))
        traits.append(trait)
    if not margins:
        return None
    try:
        weights = rake_weights(members, margins)
    except ValueError:  # the margins cannot be met together
        return None
    return Weighted(
        traits=tuple(traits),
        shares=_shares(rows, wave, weights),
        n_eff=effective_size(weights) or 0.0,
        deff=design_effect(weights) or 1.0,
    )


def _kept(frame: Mapping[str, int], answered: Mapping[str, int]) -> dict[str, str] | None:
    """The groups that stand alone, by value; None where the trait cannot be used."""
    if set(answered) - set(frame):
        return None
    large = {value: value for value in frame if answered.get(value, 0) >= LEAST_STRATUM}
    small = set(frame) - set(large)
    rest = sum(answered.get(value, 0) for value in small)
    if small and rest < LEAST_STRATUM:
        if not large:
            return None
        least = min(large, key=lambda value: (answered[value], value))
        del large[least]  # the smallest of the others joins them
    groups = len(large) + bool(set(frame) - set(large))
    return large if groups > 1 else None


def _shares(rows: ColumnRows, wave: int, weights: Sequence[float]) -> dict[tuple[str, str], float]:
    shares: dict[tuple[str, str], float] = {}
    for entry in outcomes_of(wave):
        if entry.kind not in WEIGHTED or not entry.of_everybody:
            continue
        told = _weights_told(entry, rows, weights)
        base = fsum(weight for mine in told.values() for weight in mine)
        if not base:
            continue
        reached = 0.0
        for category in entry.categories:
            mine = fsum(told.get(category.id, ())) / base
            reached += mine
            shares[entry.id, category.id] = reached if entry.kind is Kind.CUMULATIVE else mine
    return shares


def _weights_told(
    entry: Indicator, rows: ColumnRows, weights: Sequence[float]
) -> dict[str, list[float]]:
    """The weights of the persons in each category; persons who said the same are read once."""
    names = reads(entry)
    categories: dict[tuple[Value, ...], str | None] = {}
    told: dict[str, list[float]] = defaultdict(list)
    for weight, values in zip(weights, zip(*map(rows.column, names), strict=True), strict=True):
        if values not in categories:
            row = dict(zip(names, values, strict=True))
            categories[values] = category_of(entry, row)
        if (category := categories[values]) is not OUT:
            told[category].append(weight)
    return told
