"""Frozen editions: what readers outside a school see of its outcomes, and when it changes.

While a wave is open an edition comes with every ten answers, and leaves the ten newest out, so
that the edition of the close adds at least ten persons too: no two editions isolate anybody. After
it, figures change only by a correction with a reason (sign_off.py), and what an office accepted
stays in force until the correction is accepted. Source: domain.md 3.8, rule 1; decisions/0011.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.analytics.editions.content import EditionContent, content_hash, read_back, written
from app.analytics.editions.guarding import guarded
from app.analytics.editions.kept import RowsToKeep, keep_rows, rows_to_keep, who_answered
from app.analytics.editions.texts import edition_texts
from app.analytics.frame.balance import balance_of
from app.analytics.frame.datasets import analysis_frame
from app.analytics.frame.grouped_rows import ColumnRows
from app.analytics.frame.tallies import tally_of
from app.analytics.tables import EditionKind, ResultEdition
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.inserting import insert_missing
from app.fieldwork.tables import Case, Wave, WaveState
from app.responses.rows import ANSWERED
from app.units.queries import in_scope
from app.units.scope import WHOLE, Scope
from app.units.tables import UnitAncestor

STEP = 10  # answers between two editions of an open wave
GRACE = timedelta(hours=72)  # after the close, for answers that waited without a network
BATCH = 200  # contents read at once


@dataclass(frozen=True, slots=True)
class EditionHead:
    """An edition without its content."""

    id: UUID
    wave_id: UUID
    number: int
    kind: EditionKind
    frozen_at: datetime
    answered: int
    frame: int
    reason: str | None
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class DueEdition:
    """An edition to be made: of the first `answers` to arrive, or of all of them."""

    wave_id: UUID
    number: int
    kind: EditionKind
    answers: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An edition that is written but not kept yet. `rows`: its persons, where they are kept."""

    due: DueEdition
    content: EditionContent
    rows: RowsToKeep | None = None


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
    kept yet. `waiting`: schools of the unit that have no edition yet. `answered` of `frame`:
    persons in them. `stored_at`: when a big office's store was made of them.
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
    stored_at: datetime | None = None


def due_editions(session: Session, *, now: datetime) -> tuple[DueEdition, ...]:
    """The editions to make now, oldest wave first; at most one a wave."""
    closed = (
        select(ResultEdition.id)
        .where(
            col(ResultEdition.wave_id) == col(Wave.id),
            col(ResultEdition.kind) != EditionKind.STEP,
        )
        .exists()
    )
    last = (
        select_columns(
            col(ResultEdition.wave_id).label("wave_id"),
            func.max(col(ResultEdition.number)).label("number"),
            func.max(col(ResultEdition.answered)).label("answered"),
        )
        .group_by(col(ResultEdition.wave_id))
        .subquery()
    )
    rows = session.connection().execute(
        select_columns(
            col(Wave.id), col(Wave.state), col(Wave.closes_at), last.c.number, last.c.answered
        )
        .outerjoin(last, last.c.wave_id == col(Wave.id))
        .where(~closed)
        .order_by(col(Wave.closes_at), col(Wave.id))
    )
    found = [
        (wave, state, at, number or 0, so_far or 0) for wave, state, at, number, so_far in rows
    ]
    in_field = [wave for wave, state, at, _, _ in found if not is_over(state, at, now=now)]
    counts = _answered_counts(session, in_field)
    due = []
    for wave, state, at, number, so_far in found:
        if is_over(state, at, now=now):
            due.append(DueEdition(wave, number + 1, EditionKind.CLOSE, None))
            continue
        answers = (counts.get(wave, 0) - STEP) // STEP * STEP
        if answers > so_far:
            due.append(DueEdition(wave, number + 1, EditionKind.STEP, answers))
    return tuple(due)


def draft_edition(session: Session, due: DueEdition) -> Draft:
    """The content of an edition, from the answers as they are. Reads only."""
    cases = who_answered(session, due.wave_id)
    content, rows = _content_of(session, due.wave_id, due.answers)
    return Draft(due, content, rows_to_keep(session, rows, content.tally, cases))


def keep_edition(
    session: Session,
    draft: Draft,
    *,
    now: datetime,
    reason: str | None = None,
    by: UUID | None = None,
) -> UUID | None:
    """Freeze a draft; its id, or None if somebody else froze that number first."""
    text, identifier = written(draft.content), uuid4()
    values = {
        "id": identifier,
        "wave_id": draft.due.wave_id,
        "number": draft.due.number,
        "kind": draft.due.kind,
        "frozen_at": now,
        "answered": draft.content.tally.answered,
        "frame": draft.content.frame,
        "content": text,
        "content_hash": content_hash(text),
        "reason": reason,
        "made_by": by,
    }
    taken = insert_missing(session, ResultEdition, values, key=["wave_id", "number"])
    if not taken:
        return None
    if draft.rows is not None:
        keep_rows(session, identifier, draft.due.wave_id, draft.rows)
    return identifier


def published(
    session: Session,
    scope: Scope,
    unit_id: UUID,
    cohort: Cohort,
    questionnaire: int,
    *,
    now: datetime,
) -> Publication:
    """The editions in force of a questionnaire of a generation over the schools of a unit.

    Raises:
        EditionAltered: a content that is not what was frozen.
    """
    waves = [wave for wave, row in _waves(session, scope, unit_id, questionnaire) if row == cohort]
    editions = _in_force(session, waves, now=now)
    return Publication(tuple(editions.values()), len(waves) - len(editions))


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


def in_force(session: Session, wave_ids: Sequence[UUID]) -> dict[UUID, EditionHead]:
    """By wave: the newest accepted edition, or else the newest."""
    found: dict[UUID, EditionHead] = {}
    for start in range(0, len(wave_ids), BATCH):
        for head in _heads(session, wave_ids[start : start + BATCH]):
            found.setdefault(head.wave_id, head)
    return found


def editions_of(session: Session, wave_id: UUID) -> list[EditionHead]:
    """Every edition of a wave: the one in force first, then by number, newest first."""
    return _heads(session, [wave_id])


def edition_content(session: Session, edition_id: UUID) -> EditionContent:
    """What one edition says.

    Raises:
        EditionAltered: it is not what was frozen.
    """
    return edition_contents(session, [edition_id])[edition_id]


def edition_contents(session: Session, ids: Sequence[UUID]) -> dict[UUID, EditionContent]:
    """What some editions say, by id.

    Raises:
        EditionAltered: one is not what was frozen.
    """
    return {one: read_back(text) for one, text in edition_texts(session, ids).items()}


def _waves(
    session: Session, scope: Scope, unit_id: UUID, questionnaire: int
) -> list[tuple[Wave, Cohort]]:
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    found = session.exec(
        select(Wave, CohortRow)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            in_scope(scope, col(Wave.school_id)),
            col(Wave.school_id).in_(below),
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
            content, _ = _content_of(session, wave.id, None)
            found[wave.id] = Published(wave.school_id, wave.id, None, content)
    return found


def is_over(state: WaveState, closes_at: datetime, *, now: datetime) -> bool:
    """Whether a wave is closed, and its late queues have had their time."""
    return state is WaveState.CLOSED and closes_at + GRACE <= now


def _answered_counts(session: Session, wave_ids: Sequence[UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for start in range(0, len(wave_ids), BATCH):
        counts.update(
            session.exec(
                select(Case.wave_id, func.count())
                .where(
                    col(Case.wave_id).in_(wave_ids[start : start + BATCH]),
                    col(Case.disposition).in_(ANSWERED),
                )
                .group_by(col(Case.wave_id))
            ).all()
        )
    return counts


def _content_of(
    session: Session, wave_id: UUID, answers: int | None
) -> tuple[EditionContent, ColumnRows]:
    """The counts of the first `answers` persons to answer a wave, or of all; and those persons."""
    wave = session.get_one(Wave, wave_id)
    row = session.get_one(CohortRow, wave.cohort_id)
    cohort, number = Cohort(row.entered, row.leaves), wave.questionnaire
    frame = analysis_frame(session, WHOLE, wave.school_id, cohort, number)
    rows = frame.rows if answers is None else frame.rows.first(answers)
    tally = guarded(session, wave_id, tally_of(rows, number))
    return EditionContent(tally, frame.listed, balance_of(session, [wave_id], number)), rows


def _heads(session: Session, wave_ids: Sequence[UUID]) -> list[EditionHead]:
    rows = session.connection().execute(
        select_columns(
            col(ResultEdition.id),
            col(ResultEdition.wave_id),
            col(ResultEdition.number),
            col(ResultEdition.kind),
            col(ResultEdition.frozen_at),
            col(ResultEdition.answered),
            col(ResultEdition.frame),
            col(ResultEdition.reason),
            col(ResultEdition.accepted_at),
        ).where(col(ResultEdition.wave_id).in_(wave_ids))
    )
    heads = [EditionHead(*row) for row in rows]
    return sorted(heads, key=lambda h: (h.accepted_at is None, -h.number))
