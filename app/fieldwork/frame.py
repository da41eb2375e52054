"""Freeze a frame: the members of a cohort become cases with their links, in bulk.

Who belongs, eligibility.py decides; this file reads members and writes cases.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, insert
from sqlmodel import Session, col, select

from app.directory.tables import PanelMember, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import FrameMember, Membership, Verdict, verdict
from app.fieldwork.tables import Case, CaseEvent
from app.fieldwork.tokens import new_link
from app.keys import PurposeKey

GRADUATED = {Standing.GRADUATED: True, Standing.LEFT: False, Standing.ENROLLED: None}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who may become a case, with what decides it."""

    member_id: UUID
    member: FrameMember


def members_of(session: Session, cohort_id: UUID) -> list[Candidate]:
    """Everybody of a cohort but rows that were merged into another."""
    rows = session.exec(
        select(col(PanelMember.id), col(PanelMember.standing), col(PanelMember.left_on))
        .where(PanelMember.cohort_id == cohort_id, col(PanelMember.merged_into).is_(None))
        .order_by(col(PanelMember.id))
    )
    return [Candidate(i, FrameMember(GRADUATED[standing], left)) for i, standing, left in rows]


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a wave on the local day on which people enter it."""

    wave_id: UUID
    questionnaire: int
    day: date


def make_cases(
    session: Session,
    frame: Frame,
    candidates: Iterable[Candidate],
    *,
    keys: Sequence[PurposeKey],
    late_reason: str | None = None,
    now: datetime,
) -> int:
    """Write a case for each candidate who belongs to the frame; how many.

    Whoever control escolar already denied is written as not eligible: the rate's `e` is made
    from everybody on the list whose eligibility is known.
    """
    cases = []
    for candidate in candidates:
        decided = verdict(candidate.member, questionnaire=frame.questionnaire, day=frame.day)
        if decided.membership is not Membership.NOT_YET:
            cases.append(_case(frame.wave_id, candidate.member_id, decided, keys, now))
    for case in cases:
        case["late_reason"] = late_reason
    if cases:
        session.connection().execute(insert(Case), cases)
        _log_the_denied(session, cases, now=now)
    return len(cases)


def cases_in_turn(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition of an update of many cases: those under `conditions`, locked by their ids.

    Two workers that change the same cases wait one for the other, never each for both.
    """
    found = select(Case.id).where(*conditions).order_by(col(Case.id))
    # Only the lock that an update takes: answers that come meanwhile do not wait.
    return col(Case.id).in_(found.with_for_update(key_share=True))


def log_events(session: Session, events: Sequence[dict[str, object]]) -> None:
    """Write many case events at once; each names case_id, disposition, reason and at."""
    if events:
        blank: dict[str, object] = {"staff_id": None, "reason": None}
        rows = [{**blank, **event, "id": uuid4()} for event in events]
        session.connection().execute(insert(CaseEvent), rows)


def _case(
    wave_id: UUID, member_id: UUID, decided: Verdict, keys: Sequence[PurposeKey], now: datetime
) -> dict[str, object]:
    case_id = uuid4()
    link = new_link(keys, case_id, 1)
    denied = decided.membership is Membership.NOT_ELIGIBLE
    return {
        "id": case_id,
        "wave_id": wave_id,
        "member_id": member_id,
        "disposition": Disposition.NOT_ELIGIBLE if denied else Disposition.PLANNED,
        "eligibility_confirmed": decided.confirmed,
        "ineligibility": decided.ineligibility,
        "moved_at": now,
        "added_at": now,
        "source": "self",
        "link_key_id": link.key_id,
        "link_version": link.version,
        "link_hash": link.token_hash,
        "contacts": 0,
    }


def _log_the_denied(session: Session, cases: Iterable[dict[str, object]], *, now: datetime) -> None:
    log_events(session, list(_denials(cases, now)))


def _denials(cases: Iterable[dict[str, object]], now: datetime) -> Iterator[dict[str, object]]:
    for case in cases:
        if case["disposition"] is Disposition.NOT_ELIGIBLE:
            yield {
                "case_id": case["id"],
                "disposition": Disposition.NOT_ELIGIBLE,
                "reason": "Control escolar no confirmó el egreso",
                "at": now,
            }
