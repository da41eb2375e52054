"""Say what happened when somebody was looked for: the case, the address or the wish follows.

Each act asks whether the person is the caller's, and leaves its audit entry in the same
transaction. How an attempt begins: contacting.py; how a slip is taken back: undoing.py.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from app.directory.contacts import mark_dead, usable_contacts
from app.errors import NotFound
from app.fieldwork import noes
from app.fieldwork.addressees import correspondents
from app.fieldwork.dispositions import Disposition
from app.fieldwork.progress import Why, advance_if_possible
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case
from app.fieldwork.worklist.contacting import (
    NotNow,
    ResultNotAsked,
    Way,
    begin_attempt,
    missing_person,
    note_act,
    same_attempt,
)
from app.fieldwork.worklist.people import Standing
from app.fieldwork.worklist.ranking import Turn
from app.fieldwork.worklist.results import RULES, AttemptResult, Channel, Effect, may_be_said
from app.fieldwork.worklist.tables import Appointment, ContactAttempt, EligibilityDoubt
from app.messaging import outbox


def say_result(
    session: Session,
    case_id: UUID,
    result: AttemptResult,
    *,
    attempt_id: UUID | None = None,
    by: Steward,
    now: datetime,
) -> None:
    """Keep what happened: of an attempt that was opened, or of a talk in person.

    Raises:
        NotFound: the person is not the caller's.
        NotMissing: nothing is expected of them.
        ResultNotAsked: the attempt was told already, or cannot have gone so.
        CaseCannotMove: the person answered a moment ago.
    """
    standing = missing_person(session, case_id, by, now=now)
    channel = Channel.IN_PERSON
    if attempt_id is None:
        if not may_be_said(channel, result):
            raise ResultNotAsked
        attempt_id = begin_attempt(session, standing, Way(channel), by=by, now=now)
    attempt = session.get(ContactAttempt, attempt_id)
    if attempt is None or attempt.case_id != case_id:
        raise NotFound(attempt=attempt_id)
    asked = may_be_said(attempt.channel, result)
    if not asked or not tell_attempt(session, attempt_id, result, now=now):
        raise ResultNotAsked
    person = correspondents(session, [case_id])[case_id]
    _act(session, standing, attempt, result, by=by, now=now)
    settle_meetings(session, case_id, result, now=now)
    note_act(session, "contact.result_said", person, by, now=now, result=result.value)


def note_interview(session: Session, case_id: UUID, *, by: Steward, now: datetime) -> None:
    """The call became an interview: the open one, or one from a telephone of the school.

    Raises:
        NotFound: the person is not the caller's.
        NotMissing: nothing is expected of them.
        NotNow: it would be a call against their wish.
    """
    standing = missing_person(session, case_id, by, now=now)
    called = same_attempt(session, case_id, Way(Channel.CALL), by, now=now)
    if called is None:
        if standing.place.turn is Turn.NOT_WANTED:
            raise NotNow(why=standing.place.why)
        called = begin_attempt(session, standing, Way(Channel.CALL), by=by, now=now)
    tell_attempt(session, called, AttemptResult.INTERVIEWED, now=now)
    settle_meetings(session, case_id, AttemptResult.INTERVIEWED, now=now)


def tell_attempt(
    session: Session, attempt_id: UUID, result: AttemptResult, *, now: datetime
) -> bool:
    """Whether this was the first word on an attempt."""
    said = session.exec(
        update(ContactAttempt)
        .where(col(ContactAttempt.id) == attempt_id, col(ContactAttempt.result).is_(None))
        .values(result=result, said_at=now)
        .returning(col(ContactAttempt.id))
    )
    return said.first() is not None


def _act(
    session: Session,
    standing: Standing,
    attempt: ContactAttempt,
    result: AttemptResult,
    *,
    by: Steward,
    now: datetime,
) -> None:
    rule = RULES[result]
    why = Why(f"{rule.words} (AAPOR {rule.aapor})", by.staff_id)
    if rule.effect is Effect.TAKES_BACK:
        take_back(session, attempt)
    elif rule.effect is Effect.GIVES_UP_ADDRESS:
        _give_up_address(session, standing, attempt, why, now=now)
    elif rule.effect is Effect.STOPS_MESSAGES:
        noes.opt_out(session, standing.member_id, source="staff", now=now)
    elif rule.doubt is not None:
        doubt = EligibilityDoubt(
            case_id=standing.case_id, reason=rule.doubt, staff_id=by.staff_id, at=now
        )
        session.add(doubt)
    if rule.leads_to is not None:
        _move(session, standing, rule.leads_to, why, now=now)


def _move(
    session: Session, standing: Standing, following: Disposition, why: Why, *, now: datetime
) -> None:
    if following is Disposition.REFUSED:
        noes.refuse_to_person(session, standing.case_id, why=why, now=now)
        return
    # Who had begun stays so (the table allows no way back): a promise takes nothing back.
    advance_if_possible(session, standing.case_id, following, why=why, now=now)
    if following is Disposition.OTHER:
        outbox.cancel(session, standing.case_id, reason="settled", now=now)


def take_back(session: Session, attempt: ContactAttempt) -> None:
    """It was not a contact after all."""
    session.exec(
        update(Case)
        .where(col(Case.id) == attempt.case_id, col(Case.contacts) > 0)
        .values(contacts=Case.contacts - 1, last_contact_on=attempt.last_on_before)
    )


def _give_up_address(
    session: Session, standing: Standing, attempt: ContactAttempt, why: Why, *, now: datetime
) -> None:
    """An address, never a person, is given up; without any left the case is undeliverable."""
    if attempt.contact_id is not None:
        mark_dead(session, attempt.contact_id)
    if not usable_contacts(session, standing.member_id):
        advance_if_possible(session, standing.case_id, Disposition.UNDELIVERABLE, why=why, now=now)


def settle_meetings(
    session: Session, case_id: UUID, result: AttemptResult, *, now: datetime
) -> None:
    """Whatever was said at the hour of an appointment settles it; asking again makes another."""
    if result is AttemptResult.NOT_MADE:
        return
    session.exec(
        update(Appointment)
        .where(
            col(Appointment.case_id) == case_id,
            col(Appointment.settled_at).is_(None),
            col(Appointment.at) <= now + timedelta(minutes=10),
        )
        .values(settled_at=now, note=None)
    )
