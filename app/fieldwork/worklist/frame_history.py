"""What was changed by hand in the list of a wave, and what staff warned of."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.directory.tables import PanelMember
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.tables import Case
from app.fieldwork.worklist.frame_changes import Tally
from app.fieldwork.worklist.tables import EligibilityDoubt, FrameChange
from app.units.queries import people_in_scope
from app.units.scope import Scope


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change, newest first; `ineligibility` None: somebody was put back."""

    case_id: UUID
    ineligibility: Ineligibility | None
    since: date
    reason: str
    at: datetime
    before: Tally
    after: Tally


@dataclass(frozen=True, slots=True)
class DoubtLine:
    """Somebody of whom staff said that they should not count."""

    case_id: UUID
    reason: Ineligibility
    at: datetime


def changes_of(session: Session, scope: Scope, wave_id: UUID) -> tuple[ChangeLine, ...]:
    """The changes of a wave whose people are the caller's."""
    rows = session.exec(
        select(FrameChange)
        .join(Case, col(Case.id) == col(FrameChange.case_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            FrameChange.wave_id == wave_id,
            people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
        .order_by(col(FrameChange.at).desc())
    )
    return tuple(
        ChangeLine(
            row.case_id,
            row.ineligibility,
            row.since,
            row.reason,
            row.at,
            Tally(row.answered_before, row.frame_before),
            Tally(row.answered_after, row.frame_after),
        )
        for row in rows
    )


def doubts_of(
    session: Session, scope: Scope, wave_id: UUID, *, case_id: UUID | None = None
) -> tuple[DoubtLine, ...]:
    """Warnings that nobody has decided on, oldest first; of one case, or of the wave."""
    wanted = (
        select(EligibilityDoubt)
        .join(Case, col(Case.id) == col(EligibilityDoubt.case_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            Case.wave_id == wave_id,
            col(EligibilityDoubt.settled_at).is_(None),
            people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
        .order_by(col(EligibilityDoubt.at))
    )
    if case_id is not None:
        wanted = wanted.where(Case.id == case_id)
    return tuple(DoubtLine(row.case_id, row.reason, row.at) for row in session.exec(wanted))
