"""Sums of schools that readers already have, as the next ones must know them.

Who kept yesterday's sum can take it off today's: what is left is of the schools that came between,
and of nobody else. So a new sum is planned beside all those that were told. Source: domain.md 3.8,
rule 1; decisions/0031.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.figures.joint import Query
from app.analytics.protection.crossings import crossing_name
from app.analytics.protection.holding import Schools, Secrets, Sum


@dataclass(frozen=True, slots=True)
class ToldSum:
    """A sum of schools, by their places, as it was told. Nothing of it changes any more."""

    places: Schools
    withheld: frozenset[Query]


class ToldBefore:
    """Sums that were told.

    `finer`: the smaller sums that a crossing of one of them told of schools with one value of a
    variable: its number, the variable, their places.
    """

    def __init__(self, told: Sequence[ToldSum], finer: Sequence[tuple[int, str, Schools]]) -> None:
        self.told, self.finer = told, finer

    def of(self, names: Sequence[str], secrets: Secrets) -> list[Sum]:
        """What readers have of a group; of a smaller sum all of it, where they have any line."""
        found: list[Sum] = [
            (one.places, one.withheld.intersection(secrets.queries)) for one in self.told
        ]
        for number, variable, places in self.finer:
            gone = self.told[number].withheld
            if any((crossing_name(name, variable), "") not in gone for name in names):
                found.append((places, frozenset()))
        return found
