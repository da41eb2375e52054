"""Take somebody out of the denominator, or put them back: with a reason, a date and both rates.

Who did not graduate is written down in the directory, as control escolar would, and every wave of
the person follows. Who died before the wave opened leaves that wave alone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.directory.tables import OptOut, PanelMember, Standing
from app.errors import AppError
from app.fieldwork import noes
from app.fieldwork.confirmations import apply_confirmations
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import FIRST_AFTER_EXIT, Ineligibility
from app.fieldwork.progress import Why, advance
from app.fieldwork.queries import outcome_counts
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, Wave
from app.fieldwork.wave_people import CaseRef, case_of_wave
from app.fieldwork.worklist.tables import EligibilityDoubt, FrameChange
from app.messaging import outbox
from app.staff import audit

BY_STAFF = "staff"  # source of an opt-out
LONGEST_REASON = 200  # characters
BY_HAND = (Ineligibility.DENIED, Ineligibility.DECEASED)  # two rows of one person are merged


class FrameReasonMissing(AppError):
    """A denominator nobody could explain next year."""

    code = "frame.reason_missing"
    status = 422
    plantilla = "La lista sigue igual: falta el motivo. Escriba en una línea por qué cambia."


class FrameKindMissing(AppError):
    """Nobody said whether the person did not graduate or died."""

    code = "frame.kind_missing"
    status = 422
    plantilla = "La lista sigue igual: elija el motivo."


class FrameDateWrong(AppError):
    """The date says that the person counts after all."""

    code = "frame.date_wrong"
    status = 422
    plantilla = "La lista sigue igual: {why}."


class FrameUnchanged(AppError):
    """The case is already as asked, or cannot be changed by hand."""

    code = "frame.unchanged"
    status = 409
    plantilla = "La lista ya estaba así, o este cambio lo hace control escolar con su lista."


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change; `ineligibility` None puts the person back."""

    ineligibility: Ineligibility | None
    since: date
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Answered (I + P), and the denominator of RR1 and RR2."""

    answered: int
    frame: int


def change_frame(
    session: Session, ref: CaseRef, change: Change, *, by: Steward, now: datetime
) -> tuple[Tally, Tally]:
    """Carry a change out; the tallies before and after it.

    Raises:
        NotFound: the case is not the caller's.
        FrameReasonMissing, FrameDateWrong: what is to be mended.
        FrameUnchanged: nothing would change.
    """
    case_of_wave(session, by.scope, ref)
    reason = " ".join(change.reason.split())[:LONGEST_REASON]
    if not reason:
        raise FrameReasonMissing
    clean = Change(change.ineligibility, change.since, reason)
    case = session.get_one(Case, ref.case_id)
    wave = session.get_one(Wave, ref.wave_id)
    before = tally(session, by, ref.wave_id)
    out = case.disposition is Disposition.NOT_ELIGIBLE
    if out is (change.ineligibility is not None) or change.ineligibility not in {*BY_HAND, None}:
        raise FrameUnchanged
    if change.ineligibility is None:
        _put_back(session, case, wave, clean, by=by, now=now)
    else:
        _take_out(session, case, wave, clean, by=by, now=now)
    session.expire(case)
    if out is (session.get_one(Case, ref.case_id).disposition is Disposition.NOT_ELIGIBLE):
        raise FrameDateWrong(why="con esa fecha la persona sí estaba en este levantamiento")
    after = tally(session, by, ref.wave_id)
    _write_down(session, ref, clean, (before, after), by=by, now=now)
    return before, after


def dismiss_doubt(session: Session, ref: CaseRef, *, by: Steward, now: datetime) -> bool:
    """The person does count: the warning was wrong. False: there was none.

    Raises:
        NotFound: the case is not the caller's.
    """
    case_of_wave(session, by.scope, ref)
    return _settle_doubts(session, ref.case_id, accepted=False, by=by, now=now)


def tally(session: Session, by: Steward, wave_id: UUID) -> Tally:
    """Answered and denominator of a wave now."""
    session.flush()
    counts = outcome_counts(session, by.scope, wave_id)
    return Tally(counts.answered, counts.frame)


def _take_out(
    session: Session, case: Case, wave: Wave, change: Change, *, by: Steward, now: datetime
) -> None:
    if change.ineligibility is Ineligibility.DENIED:
        _restate(session, case.member_id, Standing.LEFT, change, now=now)
    else:
        if change.since >= wave.opens:
            raise FrameDateWrong(
                why="quien falleció después de abrir sigue en la lista; anótelo como «Falleció»"
            )
        noes.opt_out(session, case.member_id, source=BY_STAFF, now=now)
        why = Why(change.reason, by.staff_id)
        advance(session, case.id, Disposition.NOT_ELIGIBLE, why=why, now=now)
        _mark(session, case.id, Ineligibility.DECEASED)
    outbox.cancel(session, case.id, reason="not_eligible", now=now)


def _put_back(
    session: Session, case: Case, wave: Wave, change: Change, *, by: Steward, now: datetime
) -> None:
    if case.ineligibility is Ineligibility.DENIED:
        of_graduates = wave.questionnaire >= FIRST_AFTER_EXIT
        standing = Standing.GRADUATED if of_graduates else Standing.ENROLLED
        _restate(session, case.member_id, standing, change, now=now)
    elif case.ineligibility is Ineligibility.DECEASED:
        why = Why(change.reason, by.staff_id)
        advance(session, case.id, Disposition.PLANNED, why=why, now=now)
        _mark(session, case.id, None)
        silence = session.get(OptOut, case.member_id)
        if silence is not None and silence.source == BY_STAFF:
            noes.withdraw_opt_out(session, case.member_id)
    else:
        raise FrameUnchanged


def _restate(
    session: Session, member_id: UUID, standing: Standing, change: Change, *, now: datetime
) -> None:
    """Written where control escolar writes it; the cases follow as they follow its lists."""
    member = session.get_one(PanelMember, member_id, with_for_update=True)
    member.standing, member.standing_since = standing, change.since
    member.standing_reason, member.changed_at = change.reason, now
    session.add(member)
    session.flush()
    apply_confirmations(session, now=now, since=now)


def _mark(session: Session, case_id: UUID, ineligibility: Ineligibility | None) -> None:
    session.exec(update(Case).where(col(Case.id) == case_id).values(ineligibility=ineligibility))


def _write_down(
    session: Session,
    ref: CaseRef,
    change: Change,
    tallies: tuple[Tally, Tally],
    *,
    by: Steward,
    now: datetime,
) -> None:
    before, after = tallies
    session.add(
        FrameChange(
            wave_id=ref.wave_id,
            case_id=ref.case_id,
            ineligibility=change.ineligibility,
            since=change.since,
            reason=change.reason,
            staff_id=by.staff_id,
            at=now,
            answered_before=before.answered,
            frame_before=before.frame,
            answered_after=after.answered,
            frame_after=after.frame,
        )
    )
    _settle_doubts(session, ref.case_id, accepted=change.ineligibility is not None, by=by, now=now)
    audit.append(
        session,
        "frame.restored" if change.ineligibility is None else "frame.reduced",
        actor_id=by.staff_id,
        about=("case", ref.case_id),
        unit_id=session.exec(select(Wave.school_id).where(Wave.id == ref.wave_id)).one(),
        now=now,
        reason=change.ineligibility.value if change.ineligibility else "restored",
        wave=str(ref.wave_id),
    )


def _settle_doubts(
    session: Session, case_id: UUID, *, accepted: bool, by: Steward, now: datetime
) -> bool:
    settled = session.exec(
        update(EligibilityDoubt)
        .where(col(EligibilityDoubt.case_id) == case_id, col(EligibilityDoubt.settled_at).is_(None))
        .values(settled_at=now, settled_by=by.staff_id, accepted=accepted)
        .returning(col(EligibilityDoubt.id))
    )
    return settled.first() is not None
