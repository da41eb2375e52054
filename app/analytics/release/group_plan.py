"""The plan of one group of indicators: sums to be told, beside each other and those told before."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.figures.joint import Query
from app.analytics.protection.holding import Schools, Secrets, Sum, hold, told_beside


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What each sum withholds of a group. `told`: which smaller sums may be told beside them."""

    names: Sequence[str]  # of the indicators that are crossed
    held: Sequence[frozenset[Query]]
    told: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Sums to be told: their persons, and what they withhold anyway. `finer`: told beside them."""

    sums: Sequence[Schools]
    answered: Sequence[int]
    few: Sequence[frozenset[Query]]
    finer: Sequence[Schools]


def plan_of(
    names: Sequence[str], secrets: Secrets, asked: Asked, before: Sequence[Sum]
) -> GroupPlan:
    """What each sum withholds of a group beside the others, and beside what was told before."""
    at_first = [one.intersection(secrets.queries) for one in asked.few]
    held = hold(secrets, asked.sums, answered=asked.answered, at_first=at_first, before=before)
    told: Sequence[bool] = ()
    if names and asked.finer:
        every = [*zip(asked.sums, held, strict=True), *before]
        sums, gone = [one for one, _ in every], [one for _, one in every]
        told = told_beside(secrets, sums, gone, asked.finer)
    return GroupPlan(names, [frozenset(one) for one in held], told)
