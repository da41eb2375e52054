"""Proofs that a student can be reached, made while everybody is still in one room.

A code that arrives by mail, a message that comes from the telephone, a relative who answers. The
six digits of a proof are made of its id with a key: they stand in no table.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.classroom.tables import ContactProof, ProofKind
from app.directory.contacts import prove_alternate, prove_contact, refuse_strange_contact
from app.directory.states import Proof
from app.directory.tables import AlternateContact
from app.errors import AppError, NotFound
from app.keys import PurposeKey
from app.messaging.delivery import PlannedMessage
from app.messaging.outbox import enqueue

PURPOSE = "contact-proof"  # of app.keys.keys_for, over the signing keys
KIND = "proof/mail"  # of the message that carries a code
DIGITS = 6
CODE_LASTS = timedelta(minutes=15)
MESSAGE_LASTS = timedelta(hours=2)  # as long as a class: staff look through what came
MOST_WRONG = 5  # of one code: 5 in a million
MOST_CODES = 4  # an hour for one person
_PAUSE = timedelta(minutes=1)
# Before everything that waits: a whole class looks at its telephones now. The outbox sends what
# was due first, and no message of a wave is a day late.
_AHEAD = timedelta(days=1)


class TooManyCodes(AppError):
    """A person asked for code after code."""

    code = "proof.too_many_codes"
    status = 429
    plantilla = (
        "Ya te mandamos varios códigos. Revisa también el correo no deseado, o espera un rato para "
        "pedir otro."
    )


class Typed(StrEnum):
    """What a typed code was."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"  # it lapsed, or was tried too often


def digits_of(key: PurposeKey, proof_id: UUID) -> str:
    """The six digits of a proof."""
    digest = hmac.digest(key.value, proof_id.bytes, hashlib.sha256)
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}}"


def send_code(  # one message
    session: Session,
    member_id: UUID,
    contact_id: UUID,
    *,
    unit_id: UUID,
    mail_domain: str,
    now: datetime,
) -> None:
    """Six digits to a mail address of the member, before every other message that waits.

    Asked twice within a minute it is sent once.

    Raises:
        NotFound: the address is not theirs.
        TooManyCodes: they had several within the hour.
    """
    refuse_strange_contact(session, member_id, contact_id)
    asked = _newest(session, member_id, ProofKind.MAIL, contact_id)
    if asked is not None and asked.settled_at is None and now < asked.asked_at + _PAUSE:
        return
    if _lately(session, member_id, now=now) >= MOST_CODES:
        raise TooManyCodes(member=member_id)
    proof = _ask(session, member_id, ProofKind.MAIL, contact_id, CODE_LASTS, now=now)
    planned = PlannedMessage(
        dedupe_key=f"{KIND}/{proof.id}",
        context_id=proof.id,
        kind=KIND,
        mail_domain=mail_domain,
        not_before=now - _AHEAD,
        not_after=proof.expires_at,
        unit_id=unit_id,
    )
    enqueue(session, [planned], now=now)


def try_code(
    session: Session, member_id: UUID, typed: str, keys: Sequence[PurposeKey], *, now: datetime
) -> Typed:
    """Whether these are the digits that were sent last; then the address is proven."""
    proof = _newest(session, member_id, ProofKind.MAIL, lock=True)
    if (
        proof is None
        or proof.settled_at is not None
        or now >= proof.expires_at
        or proof.wrong >= MOST_WRONG
    ):
        return Typed.OVER
    said = "".join(mark for mark in typed if mark.isdecimal() and mark.isascii())
    if not any(hmac.compare_digest(said, digits_of(key, proof.id)) for key in keys):
        proof.wrong += 1
        return Typed.WRONG
    proof.settled_at = now
    prove_contact(session, proof.target_id, Proof.CODE, now=now)
    return Typed.RIGHT


def expect_message(session: Session, member_id: UUID, contact_id: UUID, *, now: datetime) -> None:
    """The member is about to write from a telephone, with the digits of this proof.

    Raises:
        NotFound: the telephone is not theirs.
    """
    refuse_strange_contact(session, member_id, contact_id)
    asked = _newest(session, member_id, ProofKind.WHATSAPP, contact_id)
    if asked is None or asked.settled_at is not None or now >= asked.expires_at:
        _ask(session, member_id, ProofKind.WHATSAPP, contact_id, MESSAGE_LASTS, now=now)


def seen_by_staff(session: Session, member_id: UUID, target_id: UUID, *, now: datetime) -> None:
    """Staff saw the message come, or spoke with the person or the relative.

    Raises:
        NotFound: it is no way to reach this member.
    """
    relative = session.exec(
        select(AlternateContact.id).where(
            AlternateContact.id == target_id, AlternateContact.member_id == member_id
        )
    ).first()
    if relative is not None:
        prove_alternate(session, target_id, now=now)
        return
    refuse_strange_contact(session, member_id, target_id)
    came = session.exec(
        update(ContactProof)
        .where(
            col(ContactProof.target_id) == target_id,
            col(ContactProof.kind) == ProofKind.WHATSAPP,
            col(ContactProof.settled_at).is_(None),
            col(ContactProof.expires_at) > now,
        )
        .values(settled_at=now)
        .returning(col(ContactProof.id))
    ).first()
    if not prove_contact(session, target_id, Proof.MESSAGE if came else Proof.STAFF, now=now):
        raise NotFound(contact=target_id)


def _ask(  # one row
    session: Session,
    member_id: UUID,
    kind: ProofKind,
    target_id: UUID,
    lasts: timedelta,
    *,
    now: datetime,
) -> ContactProof:
    proof = ContactProof(
        member_id=member_id, kind=kind, target_id=target_id, asked_at=now, expires_at=now + lasts
    )
    session.add(proof)
    session.flush()
    return proof


def _newest(
    session: Session,
    member_id: UUID,
    kind: ProofKind,
    target_id: UUID | None = None,
    *,
    lock: bool = False,
) -> ContactProof | None:
    query = select(ContactProof).where(
        ContactProof.member_id == member_id, ContactProof.kind == kind
    )
    if target_id is not None:
        query = query.where(ContactProof.target_id == target_id)
    newest = query.order_by(col(ContactProof.asked_at).desc()).limit(1)
    return session.exec(newest.with_for_update() if lock else newest).first()


def _lately(session: Session, member_id: UUID, *, now: datetime) -> int:
    return session.exec(
        select(func.count())
        .select_from(ContactProof)
        .where(
            col(ContactProof.member_id) == member_id,
            col(ContactProof.kind) == ProofKind.MAIL,
            col(ContactProof.asked_at) > now - timedelta(hours=1),
        )
    ).one()
