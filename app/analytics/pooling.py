"""The figures of small generations: of their pool, and in words what was pooled.

First the generations of the school itself, five at most; where they do not suffice, those of the
small schools of its zone. Pools are built from frozen editions for every reader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.analytics.editions.freezing import Published, published_generations
from app.analytics.frame.tallies import Tally, add_tallies
from app.analytics.nonresponse import Balance, add_balances
from app.analytics.release.pools import Block, Generation, block_with, blocks, is_small
from app.analytics.released import OFFICE_SCHOOLS
from app.chronology.wave_plan import Cohort
from app.units.tables import OrganisationUnit, UnitKind

ByGeneration = Mapping[Cohort, tuple[Published, ...]]


@dataclass(frozen=True, slots=True)
class Pool:
    """What was added: generations, oldest first, of `schools` schools. `zone`: None at the school.

    `words` says it in Spanish.
    """

    cohorts: tuple[Cohort, ...]
    schools: int
    zone: str | None
    answered: int
    frame: int
    words: str


@dataclass(frozen=True, slots=True)
class Pooled:
    """The counts of a pool."""

    pool: Pool
    tally: Tally
    balance: Balance


def pool_of(
    session: Session, school: OrganisationUnit, cohort: Cohort, questionnaire: int, *, now: datetime
) -> Pooled | None:
    """The pool in which a small generation is told; None where even the zone does not suffice."""
    own = published_generations(session, school.id, questionnaire, now=now)
    block = block_with(_blocks(own), cohort)
    if block is not None and block.enough:
        return _pooled(_of(own, block.cohorts), block.cohorts, questionnaire, zone=None)
    zone = session.get(OrganisationUnit, school.parent_id) if school.parent_id else None
    if zone is None or zone.kind is not UnitKind.ZONE:
        return None
    left = _left_over(published_generations(session, zone.id, questionnaire, now=now))
    block = block_with(_blocks(left, whole=True), cohort)
    if block is None or not block.enough:
        return None
    members = _of(left, block.cohorts)
    if all(one.school_id != school.id for one in left[cohort]):
        return None  # in the field still: the pool of its neighbours tells nothing of it
    if len({one.school_id for one in members}) < OFFICE_SCHOOLS:
        return None
    return _pooled(members, block.cohorts, questionnaire, zone=zone.name)


def _blocks(found: ByGeneration, *, whole: bool = False) -> tuple[Block, ...]:
    """Blocks of the generations; `whole`: also of those that suffice alone, each by itself."""
    generations = [Generation(cohort, _answered(editions)) for cohort, editions in found.items()]
    alone = [Block((g.cohort,), g.answered) for g in generations if not is_small(g.answered)]
    return (*blocks(generations), *(alone if whole else ()))


def _left_over(found: ByGeneration) -> ByGeneration:
    """The small generations of a zone that no block of their own school tells."""
    by_school: dict[UUID, dict[Cohort, tuple[Published, ...]]] = {}
    for cohort, editions in found.items():
        for one in editions:
            by_school.setdefault(one.school_id, {})[cohort] = (one,)
    left: dict[Cohort, tuple[Published, ...]] = {}
    for own in by_school.values():
        for block in _blocks(own):
            for cohort in () if block.enough else block.cohorts:
                left[cohort] = (*left.get(cohort, ()), *own[cohort])
    return left


def _of(found: ByGeneration, cohorts: Sequence[Cohort]) -> list[Published]:
    return [one for cohort in cohorts for one in found[cohort]]


def _answered(editions: Sequence[Published]) -> int:
    return sum(one.content.tally.answered for one in editions)


def _pooled(
    members: Sequence[Published], cohorts: tuple[Cohort, ...], questionnaire: int, zone: str | None
) -> Pooled:
    tally = add_tallies([one.content.tally for one in members], questionnaire)
    schools = len({one.school_id for one in members})
    pool = Pool(
        cohorts=cohorts,
        schools=schools,
        zone=zone,
        answered=tally.answered,
        frame=sum(one.content.frame for one in members),
        words=_words(cohorts, schools, zone),
    )
    return Pooled(pool, tally, add_balances(one.content.balance for one in members))


def _words(cohorts: Sequence[Cohort], schools: int, zone: str | None) -> str:
    names = [str(cohort) for cohort in cohorts]
    if len(names) == 1:
        generations = f"Se juntó la generación {names[0]}"
    else:
        generations = f"Se juntaron las generaciones {', '.join(names[:-1])} y {names[-1]}"
    if zone is None:
        return f"{generations} del plantel."
    return f"{generations} de {schools} planteles pequeños de {zone}."
