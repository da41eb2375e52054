"""Somebody close to a person nobody reaches: asked once, by the gateway, to pass the link on.

Only when the person has no way of their own left. One such message a number for ever, whoever
names it; it counts among the contacts of the person. The number is known here by its keyed hash.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import exists, update
from sqlmodel import Session, col, select

from app.chronology.contact_plan import Step
from app.chronology.due import ContactHistory, due_step
from app.directory.keyed import MatchKeys, flatten, match_keys
from app.directory.tables import AlternateContact, ContactPoint, OptOut
from app.fieldwork.addressees import USABLE, Correspondent, correspondents
from app.fieldwork.channels import written_channels
from app.fieldwork.inserting import insert_missing
from app.fieldwork.invitations import Mailing, objection_to
from app.fieldwork.plans import Plans
from app.fieldwork.stationery import GATEWAY_FIELDS
from app.fieldwork.tables import Case, RelativeAsked, ThirdPartySilence
from app.fieldwork.tokens import new_link
from app.fieldwork.wanted import AWAITED, why_unwanted
from app.keys import PurposeKey, keys_for
from app.messaging.channels import gateways
from app.messaging.delivery import Objection, PlannedMessage
from app.messaging.outbox import enqueue
from app.messaging.states import Channel
from app.settings import Settings

PURPOSE = "relay"  # of app.keys.keys_for: the links by which a relative refuses
KIND = "relay"  # of the message
_AT_ONCE = 1_000
NO_RELATIVE = "relative_gone"
_OWN_WAY = "own_way_found"


def is_relay(kind: str) -> bool:
    """Whether a message of this kind goes to somebody close to the person of its case."""
    return kind == KIND


@dataclass(frozen=True, slots=True)
class Relays:
    """How this deployment asks somebody close. `tokens`: keys of the links to refuse."""

    channel: Channel
    match: MatchKeys
    tokens: Sequence[PurposeKey]


def relays_of(settings: Settings) -> Relays | None:
    """None where no gateway can carry words of ours.

    A gateway whose JSON has no `{{texto}}` sends a text approved beforehand, made for the person:
    it would speak to the mother as if she were the graduate.

    Raises:
        GatewayRefused: a setting cannot be meant.
    """
    written = written_channels(settings)
    carriers = gateways(settings, fields=GATEWAY_FIELDS)
    for channel in (Channel.SMS, Channel.WHATSAPP):
        if channel in written and channel in carriers and carriers[channel].carries("texto"):
            return Relays(
                channel, match_keys(settings.data_keys), keys_for(PURPOSE, settings.secret_keys)
            )
    return None


def queue_relays(
    session: Session,
    mailings: Sequence[Mailing],
    relays: Relays,
    *,
    mail_domain: str,
    now: datetime,
) -> int:
    """Queue the messages to somebody close that are due in these waves today; how many."""
    return sum(
        _queue(session, mailing, relays, mail_domain=mail_domain, now=now) for mailing in mailings
    )


def open_relatives(
    session: Session, members: Collection[UUID], keys: MatchKeys
) -> Mapping[UUID, str]:
    """Members without any way of their own who named a number that may be written to.

    By member: the keyed hash of the number. A number that was asked or refused is not there.
    """
    rows = session.exec(
        select(AlternateContact).where(
            col(AlternateContact.member_id).in_(members),
            ~exists().where(
                col(ContactPoint.member_id) == col(AlternateContact.member_id),
                col(ContactPoint.state).in_(USABLE),
            ),
        )
    ).all()
    forms = {row.member_id: keys.contact_forms(row.phone) for row in rows}
    every = flatten(forms.values())
    closed = set(
        session.exec(
            select(RelativeAsked.phone_hash).where(col(RelativeAsked.phone_hash).in_(every))
        )
    ) | set(
        session.exec(
            select(ThirdPartySilence.phone_hash).where(col(ThirdPartySilence.phone_hash).in_(every))
        )
    )
    return {member: found[0] for member, found in forms.items() if closed.isdisjoint(found)}


def note_asked(
    session: Session,
    case_id: UUID,
    number: str,
    *,
    staff_id: UUID | None = None,
    tokens: Sequence[PurposeKey] = (),
    now: datetime,
) -> UUID | None:
    """Remember that a number (its keyed hash) was written to; None if it had been before.

    `tokens`: keys of the link to refuse, for a message of the gateway.
    """
    asked_id = uuid4()
    link = new_link(tokens, asked_id, 1) if tokens else None
    values = {
        "id": asked_id,
        "phone_hash": number,
        "case_id": case_id,
        "staff_id": staff_id,
        "key_id": link.key_id if link else None,
        "token_hash": link.token_hash if link else None,
        "at": now,
    }
    taken = insert_missing(session, RelativeAsked, values, key=["phone_hash"])
    return asked_id if taken else None


def relay_objection(
    session: Session, person: Correspondent | None, plans: Plans, keys: MatchKeys, *, now: datetime
) -> Objection | None:
    """Why a message about `person` to somebody close does not leave now, or None."""
    if person is None:
        return Objection(NO_RELATIVE)
    hours = plans.of(person.school_id, person.questionnaire).hours
    state = replace(person.state, has_address=True)
    objection = objection_to(state, hours, now=now, zone=person.zone)
    if objection is not None:
        return objection
    if relative_of(session, person.member_id, keys) is None:
        return Objection(NO_RELATIVE)
    own_way = exists().where(
        col(ContactPoint.member_id) == person.member_id, col(ContactPoint.state).in_(USABLE)
    )
    return Objection(_OWN_WAY) if session.exec(select(own_way)).one() else None


def relative_of(session: Session, member_id: UUID, keys: MatchKeys) -> AlternateContact | None:
    """Who may be asked about a person; None: nobody was named, or their number refused."""
    row = session.exec(
        select(AlternateContact).where(AlternateContact.member_id == member_id)
    ).first()
    if row is None:
        return None
    silent = select(ThirdPartySilence.phone_hash).where(
        col(ThirdPartySilence.phone_hash).in_(keys.contact_forms(row.phone))
    )
    return None if session.exec(silent).first() is not None else row


def asked_at(session: Session, phone: str, keys: MatchKeys) -> datetime | None:
    """When a number was asked to pass a link on, by the gateway or by a tutor."""
    return session.exec(
        select(RelativeAsked.at).where(col(RelativeAsked.phone_hash).in_(keys.contact_forms(phone)))
    ).first()


def _queue(
    session: Session, mailing: Mailing, relays: Relays, *, mail_domain: str, now: datetime
) -> int:
    rows = session.exec(
        select(Case, AlternateContact.id)
        .join(AlternateContact, col(AlternateContact.member_id) == col(Case.member_id))
        .where(
            col(Case.wave_id) == mailing.wave.id,
            col(Case.disposition).in_(AWAITED),
            col(Case.contacts) < mailing.plan.most,
            ~exists().where(col(OptOut.member_id) == col(Case.member_id)),
            ~exists().where(
                col(ContactPoint.member_id) == col(Case.member_id),
                col(ContactPoint.state).in_(USABLE),
            ),
        )
    ).all()
    due = [case for case, _ in rows if _is_due(mailing, case)]
    queued = 0
    for start in range(0, len(due), _AT_ONCE):
        some = due[start : start + _AT_ONCE]
        numbers = open_relatives(session, [case.member_id for case in some], relays.match)
        people = correspondents(session, [case.id for case in some])
        for case in some:
            state = replace(people[case.id].state, has_address=True)
            if case.member_id in numbers and (
                why_unwanted(state, now=now, today=mailing.today) is None
            ):
                asking = _Asking(case.id, numbers[case.member_id])
                queued += _ask(session, mailing, asking, relays, mail_domain=mail_domain, now=now)
    return queued


def _is_due(mailing: Mailing, case: Case) -> bool:
    """On a day on which the person would be written to."""
    last = Step(case.last_step) if case.last_step else None
    history = ContactHistory(last, case.last_contact_on, case.contacts)
    return due_step(mailing.plan, mailing.period, history, today=mailing.today) is not None


@dataclass(frozen=True, slots=True)
class _Asking:
    """One message: about whom, to which number."""

    case_id: UUID
    number: str


def _ask(
    session: Session,
    mailing: Mailing,
    asking: _Asking,
    relays: Relays,
    *,
    mail_domain: str,
    now: datetime,
) -> bool:
    asked_id = note_asked(session, asking.case_id, asking.number, tokens=relays.tokens, now=now)
    if asked_id is None:
        return False  # two people named the same number: it is asked about the first
    planned = PlannedMessage(
        dedupe_key=f"relay/{asked_id}",
        context_id=asking.case_id,
        kind=KIND,
        mail_domain=mail_domain,
        not_before=mailing.leaves_from,
        not_after=mailing.wave.closes_at,
        unit_id=mailing.wave.school_id,
        channel=relays.channel,
    )
    enqueue(session, [planned], now=now)
    # Not a step of the plan: an address found tomorrow still gets the invitation.
    session.exec(
        update(Case)
        .where(col(Case.id) == asking.case_id)
        .values(last_contact_on=mailing.today, contacts=Case.contacts + 1)
    )
    return True
