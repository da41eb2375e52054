"""The five kinds of "no", each with its own effects (domain.md §3).

The denominator never changes here. What stops messages is asked before every send
(wanted.py); cancelling what is queued only spares the wait.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.directory.tables import Consent, OptOut
from app.fieldwork.addressees import FOLLOW_UP
from app.fieldwork.dispositions import Disposition, may_follow
from app.fieldwork.inserting import insert_missing
from app.fieldwork.progress import Why, advance
from app.fieldwork.tables import Case
from app.messaging import outbox

BY_LAW = "law"  # source of an opt-out that only a new consent lifts


def decline_notice(session: Session, case_id: UUID, *, now: datetime) -> None:
    """The notice was not accepted (`aviso` = 2): a refusal of this wave, and nothing is stored.

    The same link takes it back while the wave is open.
    """
    _refuse(session, case_id, Why("No aceptó el aviso de privacidad"), now=now)


def decline_next_waves(session: Session, case_id: UUID, *, now: datetime) -> None:
    """No messages in the next waves: "please do not write again" (`autoriza_seguimiento` = 2).

    This wave is answered and goes on as it is; the next will be non-contact by own wish. Taken
    back by a later consent.
    """
    _add_consent(session, case_id, granted=False, now=now)


def allow_next_waves(session: Session, case_id: UUID, *, now: datetime) -> None:
    """The person lets us write in the next waves, for the first time or again."""
    _add_consent(session, case_id, granted=True, now=now)


def opt_out(session: Session, member_id: UUID, *, source: str, now: datetime) -> bool:
    """One-click opt-out (`/baja`): no message on any channel until withdrawn.

    Not a refusal: the disposition stays, and the person may still answer by link or in class.
    False if it was in force already.
    """
    _stop_messages(session, member_id, reason="opted_out", now=now)
    values = {"member_id": member_id, "at": now, "source": source}
    return insert_missing(session, OptOut, values, key=["member_id"])  # it may be posted twice


def withdraw_opt_out(session: Session, member_id: UUID) -> bool:
    """The person wants messages again. False if there was none, or if the law ended it."""
    found = session.get(OptOut, member_id)
    if found is None or found.source == BY_LAW:
        return False
    session.delete(found)
    session.flush()
    return True


def refuse_to_person(
    session: Session, case_id: UUID, *, why: Why | None = None, now: datetime
) -> None:
    """A refusal told to somebody, by telephone or in class: of this wave.

    Raises:
        CaseCannotMove: the person has completed the questionnaire.
    """
    _refuse(session, case_id, why or Why("Dijo que no quiere responder"), now=now)


def object_by_law(session: Session, member_id: UUID, *, now: datetime) -> int:
    """Opposition or deletion under the law (ARCO): for good; how many cases became refusals.

    Counted as refusal wherever the person has not answered, so that rates already formed do not
    rise. Deleting the data is the directory's (erasure).
    """
    opt_out(session, member_id, source=BY_LAW, now=now)
    session.get_one(OptOut, member_id).source = BY_LAW
    refused = 0
    for case in session.exec(select(Case).where(Case.member_id == member_id)).all():
        if may_follow(case.disposition, Disposition.REFUSED):
            advance(session, case.id, Disposition.REFUSED, why=Why("Oposición (ARCO)"), now=now)
            refused += 1
    return refused


def _refuse(session: Session, case_id: UUID, why: Why, *, now: datetime) -> None:
    if session.get_one(Case, case_id).disposition is not Disposition.REFUSED:  # told twice
        advance(session, case_id, Disposition.REFUSED, why=why, now=now)
    outbox.cancel(session, case_id, reason="refused", now=now)


def _stop_messages(session: Session, member_id: UUID, *, reason: str, now: datetime) -> None:
    for case_id in session.exec(select(Case.id).where(col(Case.member_id) == member_id)).all():
        outbox.cancel(session, case_id, reason=reason, now=now)


def _add_consent(session: Session, case_id: UUID, *, granted: bool, now: datetime) -> None:
    case = session.get_one(Case, case_id)
    session.add(
        Consent(
            member_id=case.member_id, purpose=FOLLOW_UP, granted=granted, case_id=case_id, at=now
        )
    )
