"""Open an app to reach somebody, and say afterwards what happened.

An attempt counts from the moment it is opened: the message may have left. Each act asks whether
the person is the caller's, and leaves its audit entry in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.directory.contacts import UsableContact, mark_dead, usable_contacts
from app.directory.tables import PanelMember
from app.errors import AppError, NotFound
from app.fieldwork import noes
from app.fieldwork.addressees import Correspondent, correspondents
from app.fieldwork.dispositions import Disposition
from app.fieldwork.links import link_for
from app.fieldwork.progress import Why, advance_if_possible
from app.fieldwork.stationery import PostOffice
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case
from app.fieldwork.worklist.people import Standing, standing_of
from app.fieldwork.worklist.ranking import UNFINISHED, Turn
from app.fieldwork.worklist.results import (
    RULES,
    AttemptResult,
    Channel,
    Effect,
    may_be_said,
)
from app.fieldwork.worklist.routes import Reachable, Words, address, channels_of
from app.fieldwork.worklist.tables import Appointment, ContactAttempt, EligibilityDoubt
from app.messaging import outbox
from app.staff import audit
from app.units.queries import people_in_scope

SAME_ATTEMPT = timedelta(minutes=30)  # opened again: the app had not started, or a second tap


class NotNow(AppError):
    """Nobody is called or written to at night, too often, or against their wish."""

    code = "worklist.not_now"
    status = 409
    plantilla = "{why} No abrimos nada ni lo contamos como contacto."


class NotMissing(AppError):
    """The person answered, refused, or the wave closed in the meantime."""

    code = "worklist.not_missing"
    status = 409
    plantilla = (
        "Esta persona ya no está pendiente: respondió, dijo que no, o el levantamiento cerró. "
        "Lo que ya se había anotado sigue guardado."
    )


class ResultNotAsked(AppError):
    """A result that this channel cannot have, or an attempt that was told already."""

    code = "worklist.result_not_asked"
    status = 409
    plantilla = (
        "Eso ya se había anotado o no corresponde a esta forma de contacto. "
        "Vuelva a la lista: ahí está lo que falta por decir."
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """The attempt, and what the telephone opens; "" for invented people."""

    attempt_id: UUID
    address: str

    def __repr__(self) -> str:
        return f"Opened(attempt_id={self.attempt_id!r})"  # the address carries the link


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody is reached: an address of theirs, or somebody close to them."""

    channel: Channel
    contact_id: UUID | None = None
    to_other: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """Who is to be reached, how, and in whose name the text is written."""

    case_id: UUID
    channel: Channel
    signed: str


def open_route(
    session: Session, opening: Opening, office: PostOffice, *, by: Steward, now: datetime
) -> Opened:
    """Record that somebody is about to be reached, and give the address that opens the app.

    `by.scope` is that of the personal links.

    Raises:
        NotFound: the person is not the caller's, or has no such route.
        NotMissing: nothing is expected of them.
        NotNow: quiet hours, six contacts, or their wish.
    """
    case_id, channel = opening.case_id, opening.channel
    standing = missing_person(session, case_id, by, now=now)
    refuse_untimely(standing, now=now)
    contact = _contact_for(session, standing, channel)
    person = correspondents(session, [case_id])[case_id]
    way = Way(channel, contact.id)
    attempt_id = same_attempt(session, case_id, way, by, now=now)
    if attempt_id is None:
        attempt_id = begin_attempt(session, standing, way, by=by, now=now)
        note_act(session, "contact.opened", person, by, now=now, channel=channel.value)
    if person.simulated:
        return Opened(attempt_id, "")
    words = words_for(person, standing, opening.signed, office)
    return Opened(attempt_id, address(channel, contact.value, words))


def words_for(person: Correspondent, standing: Standing, signed: str, office: PostOffice) -> Words:
    """What the text about a person says, in the name of `signed`."""
    return Words(
        given_name=person.given_name,
        tutor=signed,
        school=person.school,
        questionnaire=person.questionnaire,
        last_day=person.closes - timedelta(days=1),
        started=standing.disposition in UNFINISHED,
        link=link_for(person.link, office.link_keys, base_url=office.base_url),
        baja=office.unsubscribe_url(person.member_id),
    )


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


def missing_person(session: Session, case_id: UUID, by: Steward, *, now: datetime) -> Standing:
    """The person as the list knows them.

    Raises:
        NotFound, NotMissing: not the caller's, or nothing is expected of them.
    """
    standing = standing_of(session, by.scope, case_id, now=now)
    if standing is not None:
        return standing
    refuse_strange_case(session, case_id, by)
    raise NotMissing


def refuse_strange_case(session: Session, case_id: UUID, by: Steward) -> UUID:
    """The wave of a case of the caller's.

    Raises:
        NotFound: there is no such case, or the person is not the caller's.
    """
    wave_id = session.exec(
        select(Case.wave_id)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            Case.id == case_id,
            people_in_scope(by.scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
    ).first()
    if wave_id is None:
        raise NotFound(case=case_id)
    return wave_id


def refuse_untimely(standing: Standing, *, now: datetime) -> None:
    """Nobody is disturbed at night, too often or against their wish.

    Raises:
        NotNow: why.
    """
    agreed = standing.meeting is not None and now >= standing.meeting.at - timedelta(minutes=10)
    if standing.quiet is not None and not agreed:
        hours = standing.hours
        raise NotNow(why=f"Se escribe y se llama de {hours.opens:%H:%M} a {hours.closes:%H:%M}.")
    if not standing.place.open_to_contact and standing.place.turn is not Turn.ASKED_WHAT_HAPPENED:
        raise NotNow(why=standing.place.why)


def _contact_for(session: Session, standing: Standing, channel: Channel) -> UsableContact:
    for contact in usable_contacts(session, standing.member_id):
        if channel in channels_of(Reachable(contact.kind, contact.whatsapp)):
            return contact
    raise NotFound(route=channel.value)


def same_attempt(
    session: Session, case_id: UUID, way: Way, by: Steward, *, now: datetime
) -> UUID | None:
    """The attempt that the same tutor opened a moment ago and has not told of."""
    return session.exec(
        select(ContactAttempt.id).where(
            ContactAttempt.case_id == case_id,
            ContactAttempt.channel == way.channel,
            ContactAttempt.to_other == way.to_other,
            ContactAttempt.staff_id == by.staff_id,
            col(ContactAttempt.result).is_(None),
            ContactAttempt.opened_at > now - SAME_ATTEMPT,
        )
    ).first()


def begin_attempt(
    session: Session, standing: Standing, way: Way, *, by: Steward, now: datetime
) -> UUID:
    """Keep an attempt, and count it."""
    attempt = ContactAttempt(
        case_id=standing.case_id,
        channel=way.channel,
        contact_id=way.contact_id,
        to_other=way.to_other,
        staff_id=by.staff_id,
        opened_at=now,
        last_on_before=standing.last_on,
    )
    session.add(attempt)
    today = civil_date(now, standing.zone)
    session.exec(
        update(Case)
        .where(col(Case.id) == standing.case_id)
        .values(contacts=Case.contacts + 1, last_contact_on=today)
    )
    session.flush()
    return attempt.id


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


def note_act(
    session: Session,
    action: str,
    person: Correspondent,
    by: Steward,
    *,
    now: datetime,
    **details: str,
) -> None:
    """One row of the trail about the case of a person."""
    audit.append(
        session,
        action,
        actor_id=by.staff_id,
        about=("case", person.case_id),
        unit_id=person.school_id,
        now=now,
        **details,
    )
