"""Ways to reach a member: added, confirmed, given up. An address is given up, never a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, case, insert
from sqlalchemy import select as select_columns
from sqlalchemy import update as update_columns
from sqlmodel import Session, col, select, update

from app.directory.keyed import MatchKeys
from app.directory.mails import masked, read_mail
from app.directory.people import clean
from app.directory.phones import read_phone
from app.directory.reference import mail_domains
from app.directory.states import ContactKind, ContactSource, ContactState, Proof
from app.directory.tables import AlternateContact, ContactPoint
from app.errors import NotFound

USABLE = (ContactState.CONFIRMED, ContactState.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address, ready to be stored. `key`: by which two spellings are compared."""

    kind: ContactKind
    value: str
    key: str
    institutional: bool = False


@dataclass(frozen=True, slots=True)
class UsableContact:
    """An address that may be written to."""

    id: UUID
    kind: ContactKind
    value: str
    state: ContactState
    source: ContactSource
    whatsapp: bool | None
    institutional: bool
    preferred: bool

    @property
    def shown(self) -> str:
        """Masked: "a•••@gmail.com", "••78"."""
        return masked(self.value) if self.kind is ContactKind.EMAIL else f"••{self.value[-2:]}"


def read_address(kind: ContactKind, text: str) -> Address:
    """The normal form of a mail address or a telephone number.

    Raises:
        NotAMail, NotAPhone: nobody can be reached by it.
    """
    if kind is ContactKind.EMAIL:
        mail = read_mail(text, mail_domains())
        return Address(kind, mail.address, mail.key, mail.institutional)
    phone = read_phone(text)
    return Address(kind, phone.e164, phone.e164)


def add_contact(  # noqa: PLR0913  # what is known of an address
    session: Session,
    member_id: UUID,
    address: Address,
    *,
    source: ContactSource,
    keys: MatchKeys,
    now: datetime,
    whatsapp: bool | None = None,
) -> UUID:
    """Store an address, or take up again one we had.

    What the member gives is confirmed by that; it also brings back an address that was dead
    or withdrawn. A roster or the office brings back nothing the person withdrew.
    """
    session.flush()  # the member may be new
    contact_id = keep_contact(
        session.connection(),
        member_id,
        address,
        source=source,
        keys=keys,
        now=now,
        whatsapp=whatsapp,
    )
    session.get(ContactPoint, contact_id, populate_existing=True)  # who holds it sees it as it is
    return contact_id


def keep_contact(  # noqa: PLR0913  # what is known of an address
    connection: Connection,
    member_id: UUID,
    address: Address,
    *,
    source: ContactSource,
    keys: MatchKeys,
    now: datetime,
    whatsapp: bool | None = None,
) -> UUID:
    """`add_contact` without the ORM, for saves."""
    own = source is ContactSource.RESPONDENT
    state = ContactState.CONFIRMED if own else ContactState.UNCONFIRMED
    known = {"member": member_id, "forms": keys.contact_forms(address.key)}
    stored = connection.execute(_STORED, known).first()
    if stored is None:
        added = uuid4()
        row = {
            "id": added,
            "member_id": member_id,
            "kind": address.kind,
            "value": address.value,
            "value_hash": keys.contact(address.key),
            "source": source,
            "state": state,
            "whatsapp": whatsapp,
            "institutional": address.institutional,
            "preferred": False,
            "soft_bounces": 0,
            "added_at": now,
            "confirmed_at": now if own else None,
        }
        connection.execute(_NEW_CONTACT, row)
        return added
    changed: dict[str, object] = {} if whatsapp is None else {"whatsapp": whatsapp}
    if own:
        changed |= {"source": source, "confirmed_at": now}
    if own or (stored.state is ContactState.DEAD and source is ContactSource.STAFF):
        changed |= {"state": state, "soft_bounces": 0}
    if changed:
        connection.execute(
            update_columns(_CONTACT).where(_CONTACT.c.id == stored.id).values(**changed)
        )
    found: UUID = stored.id
    return found


def confirm_contact(session: Session, contact_id: UUID, *, now: datetime) -> bool:
    """The person said it is still theirs, or a message was proven to arrive."""
    confirmed = session.exec(
        update(ContactPoint)
        .where(col(ContactPoint.id) == contact_id, col(ContactPoint.state).in_(USABLE))
        .values(state=ContactState.CONFIRMED, confirmed_at=now, soft_bounces=0)
        .returning(col(ContactPoint.id))
    )
    return confirmed.first() is not None


def prove_contact(session: Session, contact_id: UUID, proof: Proof, *, now: datetime) -> bool:
    """It was seen to reach the person; until it is given up."""
    values: dict[str, object] = {"proven_at": now, "proven_by": proof}
    if proof is Proof.MESSAGE:
        values["whatsapp"] = True
    proven = session.exec(
        update(ContactPoint)
        .where(col(ContactPoint.id) == contact_id, col(ContactPoint.state).in_(USABLE))
        .values(**values)
        .returning(col(ContactPoint.id))
    )
    return proven.first() is not None and confirm_contact(session, contact_id, now=now)


def prove_alternate(session: Session, alternate_id: UUID, *, now: datetime) -> bool:
    """The person who can tell how to find a member answered."""
    proven = session.exec(
        update(AlternateContact)
        .where(col(AlternateContact.id) == alternate_id)
        .values(proven_at=now)
        .returning(col(AlternateContact.id))
    )
    return proven.first() is not None


def mark_dead(session: Session, contact_id: UUID, *, because: str | None = None) -> bool:
    """A permanent bounce, or "ya no es mío". False: it was given up already."""
    return _give_up(session, contact_id, ContactState.DEAD, because)


def withdraw_contact(session: Session, contact_id: UUID) -> bool:
    """Not to be used, by the person's wish."""
    return _give_up(session, contact_id, ContactState.WITHDRAWN)


def count_soft_bounce(session: Session, contact_id: UUID) -> int:
    """One more delivery that failed for a time; gives how many since the last success."""
    counted = session.exec(
        update(ContactPoint)
        .where(col(ContactPoint.id) == contact_id)
        .values(soft_bounces=col(ContactPoint.soft_bounces) + 1)
        .returning(col(ContactPoint.soft_bounces))
    ).first()
    return counted[0] if counted else 0


def prefer_contact(session: Session, member_id: UUID, kind: ContactKind | None) -> None:
    """The channel the person prefers; None: whichever."""
    session.exec(
        update(ContactPoint)
        .where(col(ContactPoint.member_id) == member_id)
        .values(preferred=case((col(ContactPoint.kind) == kind, True), else_=False))
    )


def usable_contacts(
    session: Session, member_id: UUID, *, kind: ContactKind | None = None
) -> tuple[UsableContact, ...]:
    """Addresses that may be used, best first.

    Preferred channel, then confirmed by the person, then personal before school accounts,
    then the newest.
    """
    rows = session.exec(
        select(ContactPoint).where(
            ContactPoint.member_id == member_id, col(ContactPoint.state).in_(USABLE)
        )
    ).all()
    chosen = [row for row in rows if kind is None or row.kind is kind]
    chosen.sort(key=lambda row: row.added_at, reverse=True)
    chosen.sort(
        key=lambda row: (
            not row.preferred,
            row.institutional,
            row.state is not ContactState.CONFIRMED,
        )
    )
    return tuple(_usable(row) for row in chosen)


def refuse_strange_contact(session: Session, member_id: UUID, contact_id: UUID) -> None:
    """Refuse an address that is not this member's.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.exec(
        select(ContactPoint.id).where(
            ContactPoint.id == contact_id, ContactPoint.member_id == member_id
        )
    ).first()
    if found is None:
        raise NotFound(contact=contact_id)


def find_holders(session: Session, key: str, keys: MatchKeys) -> Sequence[tuple[UUID, UUID]]:
    """(contact, member) of everybody who has this address; `key` as in Address."""
    return session.exec(
        select(ContactPoint.id, ContactPoint.member_id).where(
            col(ContactPoint.value_hash).in_(keys.contact_forms(key))
        )
    ).all()


def set_alternate(  # noqa: PLR0913  # one row of the table
    session: Session,
    member_id: UUID,
    *,
    name: str,
    phone: str,
    relationship: str | None,
    source: ContactSource,
    now: datetime,
) -> UUID:
    """Who can tell how to find a member; one person each, the newest stays.

    Raises:
        NotAPhone: the number cannot be dialled.
    """
    number = read_phone(phone).e164
    stored = session.exec(
        select(AlternateContact).where(AlternateContact.member_id == member_id)
    ).first()
    if stored is None:
        stored = AlternateContact(
            member_id=member_id, name="", phone=number, source=source, added_at=now
        )
    if stored.phone != number:
        stored.proven_at = None
    stored.name, stored.phone, stored.relationship = clean(name), number, relationship
    stored.source, stored.added_at = source, now
    session.add(stored)
    session.flush()
    return stored.id


def _give_up(
    session: Session, contact_id: UUID, state: ContactState, because: str | None = None
) -> bool:
    given_up = session.exec(
        update(ContactPoint)
        .where(col(ContactPoint.id) == contact_id, col(ContactPoint.state).in_(USABLE))
        .values(state=state, died_of=because, proven_at=None, proven_by=None)
        .returning(col(ContactPoint.id))
    )
    return given_up.first() is not None


def _usable(row: ContactPoint) -> UsableContact:
    return UsableContact(
        row.id,
        row.kind,
        row.value,
        row.state,
        row.source,
        row.whatsapp,
        row.institutional,
        row.preferred,
    )


_CONTACT = ContactPoint.metadata.tables[ContactPoint.__tablename__]
_STORED = (
    select_columns(_CONTACT.c.id, _CONTACT.c.state)
    .where(
        _CONTACT.c.member_id == bindparam("member"),
        _CONTACT.c.value_hash.in_(bindparam("forms", expanding=True)),
    )
    .with_for_update()
)
_NEW_CONTACT = insert(_CONTACT)
