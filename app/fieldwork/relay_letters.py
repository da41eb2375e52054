"""What somebody close reads, and their word that they want nothing more.

A look at the link to refuse changes nothing; it works as long as the case is kept, also when the
number itself is erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.directory.keyed import MatchKeys
from app.directory.tables import AlternateContact
from app.fieldwork.addressees import Correspondent
from app.fieldwork.inserting import insert_missing
from app.fieldwork.letters import Sender, values_for
from app.fieldwork.relaying import NO_RELATIVE, Relays, relative_of
from app.fieldwork.short_texts import RELAY_FIELDS, RELAY_LINKS, relay_text
from app.fieldwork.stationery import PostOffice, Stationery
from app.fieldwork.tables import Case, RelativeAsked, ThirdPartySilence, Wave
from app.fieldwork.texts import telephone_letters
from app.fieldwork.tokens import parse_token, token_hash, written_again
from app.keys import PurposeKey
from app.messaging.delivery import ClaimedMessage, Objection, Rendered
from app.messaging.gateway_setting import Gateway, own_values
from app.messaging.states import Channel
from app.messaging.templates import parse_template

_TEXT = relay_text()
_TEMPLATE = parse_template(_TEXT.subject, _TEXT.body, fields=RELAY_FIELDS, links=RELAY_LINKS)


@dataclass(frozen=True, slots=True)
class Slip:
    """With what a message to somebody close is written."""

    office: PostOffice
    paper: Stationery
    relays: Relays
    gateway: Gateway | None


def write_relay(
    session: Session, slip: Slip, message: ClaimedMessage, person: Correspondent
) -> Rendered | Objection:
    """The message as its gateway wants it, or why there is none.

    Raises:
        LinkKeyMissing: the person's link cannot be written again.
        KeyError: the gateway wants a value that this message does not have.
    """
    other = relative_of(session, person.member_id, slip.relays.match)
    asked = session.exec(
        select(RelativeAsked).where(
            RelativeAsked.case_id == person.case_id, col(RelativeAsked.key_id).is_not(None)
        )
    ).first()
    token = None if asked is None else _token(asked, slip.relays.tokens)
    # A development mailbox has no gateway and shows no such message: it would be of nobody's use.
    if other is None or token is None or slip.gateway is None:
        return Objection(NO_RELATIVE)
    refuse = f"{slip.office.base_url}/no-avisar/{token}"
    sender = Sender(slip.paper.signed, slip.office.base_url, refuse)
    values = {
        **values_for(person, sender, slip.office.link_keys),
        "pariente": f", {other.name}" if other.name else "",
        "no_avisar": refuse,
    }
    words = _TEMPLATE.fill(values).text.strip()
    if slip.gateway.channel is Channel.SMS:
        words = telephone_letters(words)
    own = own_values(other.phone, words, str(message.id))
    return Rendered(other.phone, "", slip.gateway.body({**values, **own}))


def give_up_relative(session: Session, case_id: UUID, phone: str) -> None:
    """The gateway knows nobody by this number: it is forgotten."""
    member_id = session.exec(select(Case.member_id).where(Case.id == case_id)).one()
    for row in session.exec(
        select(AlternateContact).where(AlternateContact.member_id == member_id)
    ).all():
        if row.phone == phone:
            session.delete(row)
    session.flush()


@dataclass(frozen=True, slots=True)
class Refusing:
    """Whoever holds the link to refuse. `notice_id`: of the wave they were written about."""

    phone_hash: str
    case_id: UUID
    notice_id: UUID | None
    silent: bool


def refusing(session: Session, token: str) -> Refusing | None:
    """The number of a genuine link; None for any other text. Writes nothing."""
    read = parse_token(token)
    if read is None:
        return None
    row = session.exec(
        select(RelativeAsked, Wave.notice_id)
        .join(Case, col(Case.id) == col(RelativeAsked.case_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(RelativeAsked.token_hash == token_hash(read))
    ).first()
    if row is None:
        return None
    asked, notice_id = row
    silent = session.get(ThirdPartySilence, asked.phone_hash) is not None
    return Refusing(asked.phone_hash, asked.case_id, notice_id, silent)


def refuse(session: Session, who: Refusing, keys: MatchKeys, *, now: datetime) -> bool:
    """Nobody writes to this number about anybody from this commit on. False: so it was already."""
    values = {"phone_hash": who.phone_hash, "at": now, "staff_id": None}
    first = insert_missing(session, ThirdPartySilence, values, key=["phone_hash"])
    named = (
        select(AlternateContact)
        .join(Case, col(Case.member_id) == col(AlternateContact.member_id))
        .where(Case.id == who.case_id)
    )
    for row in session.exec(named).all():
        if who.phone_hash in keys.contact_forms(row.phone):
            session.delete(row)
    return first


def _token(asked: RelativeAsked, keys: Sequence[PurposeKey]) -> str | None:
    return written_again(keys, asked.id, key_id=asked.key_id or "", version=1)
