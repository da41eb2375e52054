"""Which editions readers outside a school see: its own in force, or those a sum is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.analytics.editions.content import EditionContent
from app.analytics.editions.freezing import (
    BATCH,
    EditionHead,
    content_of,
    edition_contents,
    heads_by_id,
    in_force,
    is_over,
)
from app.analytics.tables import EditionKind
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave
from app.units.queries import at_or_below
from app.units.scope import WHOLE, Scope


@dataclass(frozen=True, slots=True)
class Published:
    """The outcomes of one school's wave for readers outside. `head`: None until it is kept.

    A closed wave whose edition the worker has not kept yet reads as that edition will.
    """

    school_id: UUID
    wave_id: UUID
    head: EditionHead | None
    content: EditionContent


@dataclass(frozen=True, slots=True)
class Publication:
    """The editions in force of the schools of a unit. `waiting`: schools without one yet."""

    editions: tuple[Published, ...]
    waiting: int

    @property
    def schools(self) -> int:
        """Schools with at least one answer in their edition."""
        return sum(one.content.tally.answered > 0 for one in self.editions)

    @property
    def frame(self) -> int:
        """Persons listed by the waves of the editions."""
        return sum(one.content.frame for one in self.editions)


@dataclass(frozen=True, slots=True)
class EditionsUsed:
    """From which frozen editions the figures of a reader outside the school come.

    `number` and `kind` where it is one school; `frozen_at`: of the newest, None where nothing is
    kept yet. `waiting`: schools of the unit that are not in them yet. `answered` of `frame`:
    persons in them. `cut_at`: of a sum, when it was last decided which schools it is of.
    """

    schools: int
    waiting: int
    number: int | None
    kind: EditionKind | None
    frozen_at: datetime | None
    accepted_at: datetime | None
    reason: str | None
    answered: int
    frame: int
    cut_at: datetime | None = None


def published(
    session: Session,
    scope: Scope,
    unit_id: UUID,
    cohort: Cohort,
    questionnaire: int,
    *,
    now: datetime,
) -> Publication:
    """The edition in force of a questionnaire of a generation of a school.

    Raises:
        EditionAltered: a content that is not what was frozen.
    """
    waves = [wave for wave, row in _waves(session, scope, unit_id, questionnaire) if row == cohort]
    editions = _in_force(session, waves, now=now)
    return Publication(tuple(editions.values()), len(waves) - len(editions))


def count_waves(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> int:
    """How many schools of a unit have this wave of their generation."""
    return session.exec(
        select(func.count())
        .select_from(Wave)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            at_or_below(scope, unit_id, col(Wave.school_id)),
            col(Wave.questionnaire) == questionnaire,
            col(CohortRow.entered) == cohort.entered,
            col(CohortRow.leaves) == cohort.leaves,
        )
    ).one()


def published_as(
    session: Session, scope: Scope, unit_id: UUID, editions: Sequence[UUID]
) -> tuple[Published, ...]:
    """Of the editions that the sum of a unit is made of (cuts.py), those of schools in scope.

    Raises:
        EditionAltered: a content that is not what was frozen.
    """
    heads = {head.wave_id: head for head in heads_by_id(session, editions)}
    schools: dict[UUID, UUID] = {}
    for start in range(0, len(heads), BATCH):
        rows = session.exec(
            select(Wave.id, Wave.school_id).where(
                at_or_below(scope, unit_id, col(Wave.school_id)),
                col(Wave.id).in_(list(heads)[start : start + BATCH]),
            )
        )
        schools.update(rows.all())
    contents = edition_contents(session, [heads[one].id for one in schools])
    return tuple(
        Published(schools[one], one, heads[one], contents[heads[one].id]) for one in sorted(schools)
    )


def settled_generations(
    session: Session, unit_id: UUID, questionnaire: int, *, now: datetime
) -> dict[Cohort, tuple[Published, ...]]:
    """The last editions of the generations of the schools of a unit, whoever asks.

    Up to the first generation of which a wave is in the field or waits for its last edition: what
    is told of these together does not change when another school closes.
    """
    waves = _waves(session, WHOLE, unit_id, questionnaire)
    editions = _in_force(session, [wave for wave, _ in waves], now=now)
    open_ones = [
        cohort
        for wave, cohort in waves
        if not is_over(wave.state, wave.closes_at, now=now) or _is_step(editions[wave.id].head)
    ]
    first = min(((one.leaves, one.entered) for one in open_ones), default=None)
    found: dict[Cohort, tuple[Published, ...]] = {}
    for wave, cohort in waves:
        if first is None or (cohort.leaves, cohort.entered) < first:
            found[cohort] = (*found.get(cohort, ()), editions[wave.id])
    return found


def _is_step(head: EditionHead | None) -> bool:
    return head is not None and head.kind is EditionKind.STEP


def editions_used(found: Publication) -> EditionsUsed:
    """What readers are told of the editions behind a figure."""
    heads = [one.head for one in found.editions if one.head is not None]
    single = heads[0] if len(found.editions) == 1 and heads else None
    return EditionsUsed(
        schools=found.schools,
        waiting=found.waiting,
        number=None if single is None else single.number,
        kind=None if single is None else single.kind,
        frozen_at=max((head.frozen_at for head in heads), default=None),
        accepted_at=None if single is None else single.accepted_at,
        reason=None if single is None else single.reason,
        answered=sum(one.content.tally.answered for one in found.editions),
        frame=found.frame,
    )


def _waves(
    session: Session, scope: Scope, unit_id: UUID, questionnaire: int
) -> list[tuple[Wave, Cohort]]:
    found = session.exec(
        select(Wave, CohortRow)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            at_or_below(scope, unit_id, col(Wave.school_id)),
            col(Wave.questionnaire) == questionnaire,
        )
        .order_by(col(Wave.id))
    )
    return [(wave, Cohort(row.entered, row.leaves)) for wave, row in found]


def _in_force(session: Session, waves: Sequence[Wave], *, now: datetime) -> dict[UUID, Published]:
    """By wave; those that are over and not kept yet are read as they will be."""
    heads = in_force(session, [wave.id for wave in waves])
    contents = edition_contents(session, [head.id for head in heads.values()])
    found = {}
    for wave in waves:
        head = heads.get(wave.id)
        if head is not None:
            found[wave.id] = Published(wave.school_id, wave.id, head, contents[head.id])
        elif is_over(wave.state, wave.closes_at, now=now):
            content, _ = content_of(session, wave.id, None)
            found[wave.id] = Published(wave.school_id, wave.id, None, content)
    return found
