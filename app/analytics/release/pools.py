"""Which small generations are told together, until there are enough persons for a percentage.

A generation with fewer than 23 answers is told to readers outside its school only in its pool.
Pools never overlap and hold no generation that is told alone, so that no pool can be subtracted
from another. Source: domain.md 3.8, "Consequence found".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.analytics.disclosure import PUBLIC_BASE
from app.chronology.wave_plan import Cohort

MOST_GENERATIONS = 5


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of a school (or of the small ones of a zone) with its answers."""

    cohort: Cohort
    answered: int


@dataclass(frozen=True, slots=True)
class Block:
    """Generations told together. `enough`: whether they have 23 answers."""

    cohorts: tuple[Cohort, ...]
    answered: int

    @property
    def enough(self) -> bool:
        return self.answered >= PUBLIC_BASE


def is_small(answered: int) -> bool:
    """Whether a generation is never told alone outside its school."""
    return answered < PUBLIC_BASE


def blocks(generations: Iterable[Generation]) -> tuple[Block, ...]:
    """The small generations, oldest first, in blocks of five at most that end when they suffice.

    A block that is told stays as it is when a younger generation comes: nobody learns the
    younger one from two blocks.
    """
    found: list[Block] = []
    pending: list[Generation] = []
    ordered = sorted(generations, key=lambda one: (one.cohort.leaves, one.cohort.entered))
    for generation in ordered:
        if not is_small(generation.answered):
            continue
        pending.append(generation)
        block = _block(pending)
        if block.enough or len(pending) == MOST_GENERATIONS:
            found.append(block)
            pending = []
    return (*found, _block(pending)) if pending else tuple(found)


def block_with(found: Sequence[Block], cohort: Cohort) -> Block | None:
    """The block of a generation; None where it is not small."""
    return next((block for block in found if cohort in block.cohorts), None)


def _block(generations: Sequence[Generation]) -> Block:
    return Block(tuple(one.cohort for one in generations), sum(one.answered for one in generations))
