"""Which small generations are told together, until there are enough persons for a percentage.

A generation with fewer than 23 answers is told to readers outside its school only in its pool.
No generation is in two pools or told alone beside one, and a pool stays as it is whatever comes
later, so that no pool can be subtracted from another. Source: domain.md 3.8, "Consequence
found"; decisions/0029.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from app.analytics.disclosure import PUBLIC_BASE
from app.analytics.figures.joint import Query
from app.analytics.figures.registry import outcomes_of
from app.analytics.released import OFFICE_SCHOOLS
from app.chronology.wave_plan import Cohort

MOST_GENERATIONS = 5


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of a school with its answers."""

    school: UUID
    cohort: Cohort
    answered: int


@dataclass(frozen=True, slots=True)
class Block:
    """Generations that are told together. `zone`: of several schools."""

    members: tuple[Generation, ...]
    zone: bool

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        """Oldest first."""
        return tuple(dict.fromkeys(sorted((one.cohort for one in self.members), key=age)))

    def holds(self, school: UUID, cohort: Cohort) -> bool:
        return any(one.school == school and one.cohort == cohort for one in self.members)


def is_small(answered: int) -> bool:
    """Whether a generation is never told alone outside its school."""
    return answered < PUBLIC_BASE


def blocks(generations: Iterable[Generation]) -> tuple[Block, ...]:
    """The pools of the schools of a zone, generation by generation, as they came to suffice.

    First what one school has waiting, then what all of them have, of five generations at most.
    A generation of which a school is told in a pool of its own is in no pool of the zone, which
    holds all small ones of its generations: else the sum of the zone would tell the rest.
    """
    found: list[Block] = []
    waiting: list[Generation] = []
    apart: set[Cohort] = set()  # of some school told by itself
    ordered = sorted((one for one in generations if one.answered), key=lambda g: age(g.cohort))
    for _, together in groupby(ordered, key=lambda one: one.cohort):
        new = [one for one in together if is_small(one.answered)]
        waiting += new
        for school in sorted({one.school for one in new}):
            own = [one for one in waiting if one.school == school][-MOST_GENERATIONS:]
            if _suffices(own):
                found.append(Block(tuple(own), zone=False))
                waiting = [one for one in waiting if one not in own]
                apart |= {one.cohort for one in own}
        shared = _newest([one for one in waiting if one.cohort not in apart])
        many = {one.school for one in shared}
        if new and len(many) >= OFFICE_SCHOOLS and _suffices(shared):
            found.append(Block(tuple(shared), zone=True))
            waiting = [one for one in waiting if one not in shared]
    return tuple(found)


def block_with(found: Sequence[Block], school: UUID, cohort: Cohort) -> Block | None:
    """The block of a generation; None where nothing suffices, or where it is not small."""
    return next((block for block in found if block.holds(school, cohort)), None)


def withheld_by_others(
    wave: int, zone: Iterable[Query], others: Iterable[AbstractSet[Query] | None]
) -> frozenset[Query]:
    """What the pool of a zone withholds of a generation: whatever its sum or another school does.

    What is left is the sum of the zone less what its other schools tell, so that nobody learns
    from the pool what could not be had without it.

    Args:
        wave: of the outcomes.
        zone: what the sum of the zone withholds.
        others: what each of its schools that is not in the pool withholds; None: everything.
    """
    withheld = {*zone}
    for hidden in others:
        if hidden is None:
            withheld |= {(f"base {entry.id}", "") for entry in outcomes_of(wave)}
        else:
            withheld |= hidden
    return frozenset(withheld)


def _newest(waiting: Sequence[Generation]) -> list[Generation]:
    cohorts = sorted({one.cohort for one in waiting}, key=age)[-MOST_GENERATIONS:]
    return [one for one in waiting if one.cohort in cohorts]


def _suffices(some: Iterable[Generation]) -> bool:
    return sum(one.answered for one in some) >= PUBLIC_BASE


def age(cohort: Cohort) -> tuple[int, int]:
    """Generations in the order in which they left."""
    return cohort.leaves, cohort.entered
