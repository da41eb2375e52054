"""Weighted shares by another way: the dual of raking, solved by Newton (domain.md 3.7)."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl

from tests.recount.estimates import fitted_weights
from tests.recount.outcomes import Key, counted, derived
from tests.recount.raw import Raw, Wave

LEAST = 5  # answers of a group that stands alone
UNKNOWN, REST = "sin dato", "resto"


@dataclass(frozen=True)
class Again:
    """Shares as if all groups had answered alike; what the weights cost (Kish 1965)."""

    shares: dict[Key, float]
    n_eff: float
    deff: float


def weighted_again(raw: Raw, wave: Wave) -> Again | None:
    """By sex, shift and the plan of Questionnaire 1; None where none of them can be used."""
    told = derived(raw.told(wave), wave.questionnaire)
    listed = raw.listed(wave).filter(pl.col("disposition") != "not_eligible")
    listed = listed.join(raw.plans_of(wave), on="member_id", how="left")
    traits = {"sexo": "sexo", "turno": "turno"}
    if wave.questionnaire > 1:
        traits["plan"] = "q1_plan_egreso"
    members, margins = [], []
    for trait, column in traits.items():
        answers = told[column].cast(pl.String).fill_null(UNKNOWN).to_list()
        frame = Counter(listed[trait].cast(pl.String).fill_null(UNKNOWN).to_list())
        alone = _alone(frame, Counter(answers))
        if alone is not None:
            members.append([one if one in alone else REST for one in answers])
            margin: Counter[str] = Counter()
            for value, persons in frame.items():
                margin[value if value in alone else REST] += persons
            margins.append(dict(margin))
    if not margins:
        return None
    weights = fitted_weights(list(zip(*members, strict=True)), margins)
    return Again(
        shares=_shares(told, wave.questionnaire, weights),
        n_eff=float(weights.sum() ** 2 / (weights**2).sum()),
        deff=float(len(weights) * (weights**2).sum() / weights.sum() ** 2),
    )


def _alone(frame: Counter[str], answered: Counter[str]) -> set[str] | None:
    """Groups large enough; the small ones together, with the smallest other if they are few."""
    if answered.keys() - frame.keys():
        return None
    alone = {value for value in frame if answered[value] >= LEAST}
    small = frame.keys() - alone
    if small and sum(answered[value] for value in small) < LEAST:
        if not alone:
            return None
        alone.remove(min(alone, key=lambda value: (answered[value], value)))
    return alone if len(alone) + (frame.keys() != alone) > 1 else None


def _shares(told: pl.DataFrame, number: int, weights: np.ndarray) -> dict[Key, float]:
    """Of everybody's questions that have one answer each."""
    found: dict[Key, float] = {}
    told = told.with_columns(pl.Series("weight", weights))
    for one in counted(number):
        among = told.filter(one.base)
        total = float(among["weight"].sum())
        if one.some or not total or one.id in {"C1d", "D4"} or one.id.startswith("C2d"):
            continue
        for category, part in one.parts.items():
            found[one.id, category] = float(among.filter(part)["weight"].sum()) / total
    return found
