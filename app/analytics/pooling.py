"""The figures of small generations: of their pool, and in words what was pooled.

First the generations of the school itself, five at most; where they do not suffice, those of the
small schools of its zone. Pools are built for every reader from the editions of waves that are
over, and so are the same from the first day on (decisions/0029).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlmodel import Session

from app.analytics.editions.cuts import kept_summand, newest_cut
from app.analytics.editions.publishing import Published, settled_generations
from app.analytics.figures.joint import Query
from app.analytics.frame.kept_frames import KeptFrames
from app.analytics.frame.tallies import Tally, add_tallies
from app.analytics.nonresponse import Balance, add_balances
from app.analytics.release.own_pools import withheld_of_own
from app.analytics.release.pools import (
    Block,
    Generation,
    age,
    block_with,
    blocks,
    withheld_by_others,
)
from app.analytics.release.sum_parts import summand_of
from app.chronology.wave_plan import Cohort
from app.units.tables import OrganisationUnit, UnitKind

ByGeneration = Mapping[Cohort, tuple[Published, ...]]
_planned: KeptFrames[Mapping[Block, frozenset[Query]]] = KeptFrames(room=500)  # zones


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
    """The counts of a pool, and what of them would tell what others hide (Context)."""

    pool: Pool
    tally: Tally
    balance: Balance
    withheld: frozenset[Query]


def pool_of(
    session: Session, school: OrganisationUnit, cohort: Cohort, questionnaire: int, *, now: datetime
) -> Pooled | None:
    """The pool in which a small generation is told; None where even the zone does not suffice."""
    zone = session.get(OrganisationUnit, school.parent_id) if school.parent_id else None
    around = school if zone is None or zone.kind is not UnitKind.ZONE else zone
    found = settled_generations(session, around.id, questionnaire, now=now)
    every = blocks(_generations(found))
    block = block_with(every, school.id, cohort)
    if block is None:
        return None
    members = [
        one
        for cohort in block.cohorts
        for one in found[cohort]
        if block.holds(one.school_id, cohort)
    ]
    tally = add_tallies([one.content.tally for one in members], questionnaire)
    pool = Pool(
        cohorts=block.cohorts,
        schools=len({one.school_id for one in members}),
        zone=around.name if block.zone else None,
        answered=tally.answered,
        frame=sum(one.content.frame for one in members),
        words=_words(block, around.name),
    )
    withheld = (
        _beside_the_zone(session, around.id, block, found)
        if block.zone
        else _beside_its_sums(session, block, every, found)
    )
    return Pooled(pool, tally, add_balances(one.content.balance for one in members), withheld)


def _generations(found: ByGeneration) -> list[Generation]:
    return [
        Generation(one.school_id, cohort, one.content.tally.answered)
        for cohort, editions in found.items()
        for one in editions
    ]


def _beside_the_zone(
    session: Session, zone_id: UUID, block: Block, found: ByGeneration
) -> frozenset[Query]:
    """What the pool withholds for the sake of the others of the zone, of all its generations."""
    withheld: set[Query] = set()
    for cohort in block.cohorts if block.zone else ():
        answered = [one for one in found[cohort] if one.content.tally.answered]
        others = [
            _hidden(session, one) for one in answered if not block.holds(one.school_id, cohort)
        ]
        wave = found[cohort][0].content.tally.wave
        cut = newest_cut(session, cohort, wave)
        told = None if cut is None else cut.of_unit(zone_id)
        if told is None or told.editions != {one.head.id for one in answered if one.head}:
            others.append(None)  # the zone is not told of just these
        withheld |= withheld_by_others(wave, told.withheld if told else (), others)
    return frozenset(withheld)


def _beside_its_sums(
    session: Session, block: Block, every: Sequence[Block], found: ByGeneration
) -> frozenset[Query]:
    """What the pool of one school withholds, planned with those of the other schools around."""
    own = [one for one in every if not one.zone]
    cohorts = sorted({cohort for one in own for cohort in one.cohorts}, key=age)
    wave = found[cohorts[0]][0].content.tally.wave
    editions = [
        (Generation(one.school_id, cohort, one.content.tally.answered), one.head)
        for cohort in cohorts
        for one in found[cohort]
        if one.content.tally.answered
    ]
    heads = [head.id for _, head in editions if head is not None]
    if len(heads) < len(editions):
        return withheld_by_others(wave, (), [None])  # until the last of them is kept
    cuts = [cut for cohort in cohorts if (cut := newest_cut(session, cohort, wave)) is not None]
    known_by = (wave, *heads, *(cut.basis for cut in cuts))
    planned = _planned.get(known_by)
    if planned is None:
        places = {generation: place for place, (generation, _) in enumerate(editions)}
        rounds = [
            [frozenset(places[one] for one in pool.members) for pool in together]
            for _, together in groupby(sorted(own, key=_last), key=_last)
        ]
        place_of = {edition: place for place, edition in enumerate(heads)}
        told = [one for cut in cuts for one in cut.told_within(place_of)]
        summands = [kept_summand(session, edition) for edition in heads]
        by_places = withheld_of_own(rounds, summands, told, wave)
        planned = {pool: by_places[frozenset(places[one] for one in pool.members)] for pool in own}
        _planned.put(known_by, planned)
    return planned[block]


def _last(block: Block) -> tuple[int, int]:
    return age(block.cohorts[-1])


def _hidden(session: Session, one: Published) -> AbstractSet[Query] | None:
    head = one.head
    return (
        summand_of(one.content.tally) if head is None else kept_summand(session, head.id)
    ).hidden


def _words(block: Block, zone: str) -> str:
    names = [str(cohort) for cohort in block.cohorts]
    if len(names) == 1:
        generations = f"Se juntó la generación {names[0]}"
    else:
        generations = f"Se juntaron las generaciones {', '.join(names[:-1])} y {names[-1]}"
    if not block.zone:
        return f"{generations} del plantel."
    schools = len({one.school for one in block.members})
    return f"{generations} de {schools} planteles pequeños de {zone}."
