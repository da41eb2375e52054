"""Open an app to reach somebody. What happened is said afterwards (saying.py).

An attempt counts from the moment it is opened: the message may have left. Each act asks whether
the person is the caller's, and leaves its audit entry in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.directory.contacts import UsableContact, usable_contacts
from app.directory.tables import PanelMember
from app.errors import AppError, NotFound
from app.fieldwork.addressees import Correspondent, correspondents
from app.fieldwork.links import link_for
from app.fieldwork.stationery import PostOffice
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case
from app.fieldwork.worklist.people import Standing, standing_of
from app.fieldwork.worklist.ranking import UNFINISHED, Turn
from app.fieldwork.worklist.results import (
    Channel,
)
from app.fieldwork.worklist.routes import Reachable, Words, address, channels_of
from app.fieldwork.worklist.tables import ContactAttempt
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
