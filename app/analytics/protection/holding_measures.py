"""When a sum may tell a measure of which schools withhold theirs (holding.py)."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.analytics.figures.joint import Query
from app.analytics.protection.holding import Hidden, Schools, Secret, Secrets, Together


@dataclass(frozen=True, slots=True)
class Base:
    """Of how many persons a school would tell a measure, and whether it withholds it."""

    persons: int
    hidden: bool


class Measures(Secrets):
    """A mean, median or curve: what is left of a sum must itself be one that may be told.

    Taking off the schools that tell theirs leaves the figure of those that do not; it is one of
    two schools or more, and of as many persons as the measure asks of any group.
    """

    def __init__(self, name: str, bases: Sequence[Base], least: int) -> None:
        self.queries, self.bases, self.least = [(name, "")], bases, least

    def all(self) -> Iterator[Secret]:
        for place, base in enumerate(self.bases):
            if base.hidden and base.persons:
                yield Secret(place, self.queries[0], 1)

    def alone(self, secret: Secret, hidden: Hidden) -> bool:  # noqa: ARG002 (of Secrets)
        return True

    def among(self, secret: Secret, together: Together) -> bool:  # noqa: ARG002 (of Secrets)
        found = [self.bases[place] for place in together.places]
        persons = [base.persons for base in found if base.hidden and base.persons]
        return len(persons) > 1 and sum(persons) >= self.least

    def more(self, secret: Secret, hidden: AbstractSet[Query], places: Schools) -> set[Query]:  # noqa: ARG002 (of Secrets)
        return {secret.query}
