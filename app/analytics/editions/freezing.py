"""Frozen editions: what readers outside a school see of its outcomes, and when it changes.

While a wave is open an edition comes with every ten answers, and leaves the ten newest out, so
that the edition of the close adds at least ten persons too: no two editions isolate anybody. After
it, figures change only by a correction with a reason (sign_off.py), and what an office accepted
stays in force until the correction is accepted. Source: domain.md 3.8, rule 1; decisions/0011.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func
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
from app.units.scope import WHOLE

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
    content, rows = content_of(session, due.wave_id, due.answers)
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


def in_force(session: Session, wave_ids: Sequence[UUID]) -> dict[UUID, EditionHead]:
    """By wave: the newest accepted edition, or else the newest."""
    found: dict[UUID, EditionHead] = {}
    for head in heads_of(session, wave_ids):
        found.setdefault(head.wave_id, head)
    return found


def heads_of(session: Session, wave_ids: Sequence[UUID]) -> Iterator[EditionHead]:
    """Every edition of some waves; of each wave the one in force first."""
    for start in range(0, len(wave_ids), BATCH):
        yield from _heads(session, wave_ids[start : start + BATCH])


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


def content_of(
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


def heads_by_id(session: Session, ids: Sequence[UUID]) -> Iterator[EditionHead]:
    """Some editions, whatever came after them."""
    for start in range(0, len(ids), BATCH):
        yield from _heads_where(session, col(ResultEdition.id).in_(ids[start : start + BATCH]))


def _heads(session: Session, wave_ids: Sequence[UUID]) -> list[EditionHead]:
    return _heads_where(session, col(ResultEdition.wave_id).in_(wave_ids))


def _heads_where(session: Session, wanted: ColumnElement[bool]) -> list[EditionHead]:
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
        ).where(wanted)
    )
    heads = [EditionHead(*row) for row in rows]
    return sorted(heads, key=lambda h: (h.accepted_at is None, -h.number))
