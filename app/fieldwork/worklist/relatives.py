"""Somebody close to the person: asked only to pass the link on, and never again if they say no.

The person named them (Questionnaire 1 to 3). The first word says who writes, why and how to
refuse; a number that refused is known by its keyed hash, whoever names it later.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.directory.keyed import MatchKeys
from app.directory.tables import AlternateContact
from app.errors import NotFound
from app.fieldwork.addressees import correspondents
from app.fieldwork.inserting import insert_missing
from app.fieldwork.relaying import asked_at, note_asked, relative_of
from app.fieldwork.stationery import PostOffice
from app.fieldwork.steering import Steward
from app.fieldwork.tables import RelativeAsked, ThirdPartySilence
from app.fieldwork.worklist.contacting import (
    Opened,
    Opening,
    ResultNotAsked,
    Way,
    begin_attempt,
    missing_person,
    note_act,
    refuse_untimely,
    same_attempt,
    words_for,
)
from app.fieldwork.worklist.people import Standing
from app.fieldwork.worklist.ranking import Turn
from app.fieldwork.worklist.results import AttemptResult, Channel, choices_of_others
from app.fieldwork.worklist.routes import relayed_address
from app.fieldwork.worklist.saying import say_result, take_back, tell_attempt
from app.fieldwork.worklist.tables import ContactAttempt

_CLOSED_TURNS = frozenset({Turn.ENOUGH, Turn.DOUBTED, Turn.NOT_WANTED})
CHANNELS = (Channel.WHATSAPP, Channel.CALL, Channel.SMS)


@dataclass(frozen=True, slots=True)
class Other:
    """Who can tell how to find a person; `relationship` as Questionnaire 1 codes it."""

    name: str
    relationship: str | None
    asked_at: datetime | None  # when their number was asked before, about anybody


def other_of(session: Session, member_id: UUID, keys: MatchKeys) -> Other | None:
    """Who may be asked; None: nobody was named, or their number refused."""
    row = relative_of(session, member_id, keys)
    if row is None:
        return None
    return Other(row.name, row.relationship, asked_at(session, row.phone, keys))


def may_ask_others(standing: Standing) -> bool:
    """At a good hour, within the six contacts and the person's wish; also without any route."""
    return standing.quiet is None and standing.place.turn not in _CLOSED_TURNS


def open_other(  # as open_route, and the keys of the silence
    session: Session,
    opening: Opening,
    office: PostOffice,
    keys: MatchKeys,
    *,
    by: Steward,
    now: datetime,
) -> Opened:
    """Record that somebody close is about to be reached, and give the address of the app.

    Counts as a contact of the person: six over all channels, whoever is asked.

    Raises:
        NotFound: the person is not the caller's, or there is nobody to ask.
        NotMissing, NotNow: as for the person.
    """
    standing = missing_person(session, opening.case_id, by, now=now)
    if not may_ask_others(standing):
        refuse_untimely(standing, now=now)
    row = relative_of(session, standing.member_id, keys)
    if row is None or opening.channel not in CHANNELS:
        raise NotFound(route=opening.channel.value)
    person = correspondents(session, [opening.case_id])[opening.case_id]
    way = Way(opening.channel, to_other=True)
    attempt_id = same_attempt(session, opening.case_id, way, by, now=now)
    if attempt_id is None:
        attempt_id = begin_attempt(session, standing, way, by=by, now=now)
        number = keys.contact(row.phone)
        note_asked(session, opening.case_id, number, staff_id=by.staff_id, now=now)
        note_act(session, "contact.other_opened", person, by, now=now, channel=way.channel.value)
    if person.simulated:
        return Opened(attempt_id, "")
    words = words_for(person, standing, opening.signed, office)
    return Opened(attempt_id, relayed_address(opening.channel, row.phone, words, row.name))


def say_any(  # noqa: PLR0913  # as say_result, and the keys of the silence
    session: Session,
    case_id: UUID,
    result: AttemptResult,
    keys: MatchKeys,
    *,
    attempt_id: UUID | None,
    by: Steward,
    now: datetime,
) -> None:
    """Keep what happened, over the person or over somebody close.

    Raises:
        NotFound, NotMissing, ResultNotAsked: as `say_result`.
    """
    attempt = session.get(ContactAttempt, attempt_id) if attempt_id else None
    if attempt is None or attempt.case_id != case_id or not attempt.to_other:
        say_result(session, case_id, result, attempt_id=attempt_id, by=by, now=now)
        return
    standing = missing_person(session, case_id, by, now=now)
    asked = result in choices_of_others()
    if not asked or not tell_attempt(session, attempt.id, result, now=now):
        raise ResultNotAsked
    if result is AttemptResult.NOT_MADE:
        take_back(session, attempt)
        _not_asked(session, attempt)
    elif result is AttemptResult.WRONG_NUMBER:
        _forget(session, standing.member_id)
    elif result is AttemptResult.OTHER_REFUSED:
        _silence(session, standing.member_id, keys, by=by, now=now)
    person = correspondents(session, [case_id])[case_id]
    note_act(session, "contact.other_said", person, by, now=now, result=result.value)


def _not_asked(session: Session, attempt: ContactAttempt) -> None:
    """The number was not written to after all; what was written before stays remembered."""
    session.exec(
        delete(RelativeAsked).where(
            col(RelativeAsked.case_id) == attempt.case_id,
            col(RelativeAsked.staff_id) == attempt.staff_id,
            col(RelativeAsked.at) == attempt.opened_at,
        )
    )


def _silence(
    session: Session, member_id: UUID, keys: MatchKeys, *, by: Steward, now: datetime
) -> None:
    """Their number goes, and stays silent whoever names it."""
    rows = select(AlternateContact).where(AlternateContact.member_id == member_id)
    for row in session.exec(rows).all():
        values = {"phone_hash": keys.contact(row.phone), "at": now, "staff_id": by.staff_id}
        insert_missing(session, ThirdPartySilence, values, key=["phone_hash"])
    _forget(session, member_id)


def _forget(session: Session, member_id: UUID) -> None:
    session.exec(delete(AlternateContact).where(col(AlternateContact.member_id) == member_id))
