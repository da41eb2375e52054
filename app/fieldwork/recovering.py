"""Lost links: whoever asks hears the same, and only an address the directory has gets the link.

Asking writes one row and looks at nothing, so that neither the answer nor its time says who is
known. The worker looks: it queues a message, or puts the request on the school's worklist.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.directory.contacts import Address, find_holders, read_address
from app.directory.keyed import MatchKeys
from app.directory.people import clean, search_form
from app.directory.states import ContactKind
from app.directory.tables import PanelMember
from app.errors import AppError
from app.fieldwork.addressees import Correspondent, correspondents
from app.fieldwork.tables import Case, LinkRequest, RequestState, Wave, WaveState
from app.fieldwork.texts import RECOVERY
from app.fieldwork.wanted import Unwanted, why_unwanted
from app.keys import PurposeKey
from app.messaging import suppression
from app.messaging.addresses import matching_form
from app.messaging.delivery import PlannedMessage
from app.messaging.outbox import enqueue
from app.messaging.queries import queued_since
from app.messaging.states import Channel
from app.units.tables import OrganisationUnit, UnitKind

A_DAY = timedelta(days=1)
APART = timedelta(minutes=15)  # between two messages to one person
MOST_MESSAGES = 3  # to one person in a day, whoever asks
MOST_ASKED = 5  # rows of one address in a day: more are heard and not written
MOST_WAITING = 2_000  # of everybody, before anybody looks: nobody fills the disk
MOST_OPEN = 200  # on the worklist of one school
KEPT = timedelta(days=30)  # after it was settled
AT_ONCE = 50

UNKNOWN_CONTACT = "unknown_contact"
SUPPRESSED = "address_suppressed"
NO_WAVE = "no_wave"


class TooManyRequests(AppError):
    """More people ask than are looked at: told to everybody alike."""

    code = "link_request.too_many"
    status = 429
    plantilla = (
        "En este momento hay muchas solicitudes y no pudimos anotar la tuya. Intenta otra vez en "
        "unos minutos, o pide tu enlace en tu escuela."
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed: one way to reach them, and what may help their school."""

    contact: Address
    name: str
    school: str


@dataclass(frozen=True, slots=True)
class PostKeys:
    """What looking needs: keys of the directory and of suppressed addresses, our mail domain.

    `channels`: by which a message can leave.
    """

    match: MatchKeys
    suppression: Sequence[PurposeKey]
    mail_domain: str
    channels: AbstractSet[Channel] = frozenset({Channel.MAIL})


def ask(session: Session, asked: Asked, keys: MatchKeys, *, now: datetime) -> None:
    """Write a request down. The directory is not read: the time says nothing.

    Raises:
        TooManyRequests: too many wait, whoever asks.
    """
    waiting = select(func.count()).where(LinkRequest.state == RequestState.ASKED)
    if session.exec(waiting).one() >= MOST_WAITING:
        raise TooManyRequests
    lately = select(func.count()).where(
        col(LinkRequest.contact_hash).in_(keys.contact_forms(asked.contact.key)),
        col(LinkRequest.asked_at) > now - A_DAY,
    )
    if session.exec(lately).one() >= MOST_ASKED:
        return
    session.add(
        LinkRequest(
            contact=asked.contact.value,
            contact_hash=keys.contact(asked.contact.key),
            typed_name=clean(asked.name),
            typed_school=clean(asked.school),
            asked_at=now,
        )
    )


def look(session: Session, keys: PostKeys, *, now: datetime, limit: int = AT_ONCE) -> int:
    """Answer what was asked: by a message, or on a worklist; how many requests that were."""
    requests = session.exec(
        select(LinkRequest)
        .where(LinkRequest.state == RequestState.ASKED)
        .order_by(col(LinkRequest.asked_at), col(LinkRequest.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in requests:
        _answer(session, request, keys, now=now)
        session.add(request)
        session.flush()
    return len(requests)


def forget_requests(session: Session, *, now: datetime) -> int:
    """Delete what was settled long ago, and what nobody can use."""
    gone = session.exec(
        delete(LinkRequest)
        .where(
            col(LinkRequest.asked_at) < now - KEPT,
            (col(LinkRequest.state) != RequestState.OPEN)
            | (col(LinkRequest.asked_at) < now - 3 * KEPT),
        )
        .returning(col(LinkRequest.id))
    )
    return len(gone.all())


def _answer(session: Session, request: LinkRequest, keys: PostKeys, *, now: datetime) -> None:
    address = read_address(_kind(request.contact), request.contact)
    holders = {member for _, member in find_holders(session, address.key, keys.match)}
    people = _in_the_field(session, holders, now=now)
    reasons = [_write(session, person, address, keys, now=now) for person in people]
    if None in reasons:
        request.state, request.settled_at = RequestState.SENT, now
        return
    request.reason = next(iter(reasons), NO_WAVE if holders else UNKNOWN_CONTACT)
    _put_on_worklist(session, request, people, holders, keys.match)


def _kind(contact: str) -> ContactKind:
    return ContactKind.EMAIL if "@" in contact else ContactKind.MOBILE


def _in_the_field(
    session: Session, members: Iterable[UUID], *, now: datetime
) -> list[Correspondent]:
    """The people of these members that some open wave asks."""
    cases = session.exec(
        select(Case.id)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(
            col(Case.member_id).in_(list(members)),
            Wave.state == WaveState.OPEN,
            col(Wave.opens_at) <= now,
            col(Wave.closes_at) > now,
        )
    ).all()
    return list(correspondents(session, cases).values())


def _write(
    session: Session, person: Correspondent, asked_by: Address, keys: PostKeys, *, now: datetime
) -> str | None:
    """Queue the link for one person; None if it leaves (or left a moment ago), else why not."""
    ways = [way for way in _ways(asked_by) if way in keys.channels and person.ways(way)]
    state = replace(person.state, has_address=bool(ways))
    unwanted = why_unwanted(state, now=now, today=civil_date(now, person.zone))
    if unwanted is not None and unwanted is not Unwanted.PAUSED:  # a pause ends: it waits
        return unwanted.value
    addresses = {way: _usable(session, person.ways(way), keys) for way in ways}
    channel = next((way for way in ways if addresses[way]), None)
    if channel is None:
        return SUPPRESSED
    lately = queued_since(session, person.case_id, RECOVERY, now - A_DAY)
    if len(lately) >= MOST_MESSAGES or any(at > now - APART for at in lately):
        return None
    wanted = matching_form(asked_by.value)
    message = PlannedMessage(
        dedupe_key=f"case/{person.case_id}/{RECOVERY}/{len(lately)}/{now:%Y-%m-%d}",
        context_id=person.case_id,
        kind=RECOVERY,
        mail_domain=keys.mail_domain,
        not_before=now,
        not_after=person.state.closes_at,
        recipient=next((a for a in addresses[channel] if matching_form(a) == wanted), None),
        unit_id=person.school_id,
        channel=channel,
    )
    enqueue(session, [message], now=now)
    return None


def _ways(asked_by: Address) -> tuple[Channel, Channel]:
    """By what they wrote, if we can; else by the other."""
    if asked_by.kind is ContactKind.MOBILE:
        return (Channel.SMS, Channel.MAIL)
    return (Channel.MAIL, Channel.SMS)


def _usable(session: Session, addresses: Sequence[str], keys: PostKeys) -> Sequence[str]:
    barred = suppression.suppressed(session, addresses, keys.suppression)
    return [each for each in addresses if matching_form(each) not in barred]


def _put_on_worklist(
    session: Session,
    request: LinkRequest,
    people: Sequence[Correspondent],
    holders: Iterable[UUID],
    keys: MatchKeys,
) -> None:
    """The school of the person, or the one that was typed; nobody is told where there is none."""
    member = _who(session, request, [*(each.member_id for each in people), *holders], keys)
    if member is not None:
        request.member_id, request.school_id = member.id, member.school_id
    else:
        request.school_id = _school(session, request.typed_school)
    request.state = RequestState.OPEN if _has_room(session, request) else RequestState.DROPPED


def _who(
    session: Session, request: LinkRequest, known: Sequence[UUID], keys: MatchKeys
) -> PanelMember | None:
    """The member with this contact, or the only one of the school with this name."""
    if known:
        return session.get(PanelMember, known[0])
    words = search_form(request.typed_name).split()
    orders = {" ".join(words[at:] + words[:at]) for at in range(len(words))}
    if len(words) < 2:
        return None
    named = select(PanelMember).where(
        col(PanelMember.name_hash).in_([form for one in orders for form in keys.name_forms(one)]),
        col(PanelMember.merged_into).is_(None),
    )
    school_id = _school(session, request.typed_school)
    if school_id is not None:
        named = named.where(PanelMember.school_id == school_id)
    found = session.exec(named.limit(2)).all()
    return found[0] if len(found) == 1 else None


def _school(session: Session, typed: str) -> UUID | None:
    """The school with this key, or the only one whose name has all these words."""
    code = "".join(typed.upper().split())
    words = set(search_form(typed).split())
    if not words:
        return None
    schools = session.exec(
        select(OrganisationUnit.id, OrganisationUnit.code, OrganisationUnit.name).where(
            OrganisationUnit.kind == UnitKind.SCHOOL, col(OrganisationUnit.valid_until).is_(None)
        )
    ).all()
    by_code = [school_id for school_id, key, _ in schools if key == code]
    if by_code:
        return by_code[0]
    named = [school_id for school_id, _, name in schools if words <= set(search_form(name).split())]
    return named[0] if len(named) == 1 else None


def _has_room(session: Session, request: LinkRequest) -> bool:
    """Not there already, and the worklist is not full: floods hurt nobody but themselves."""
    if request.school_id is None:
        return False
    opened = session.exec(
        select(LinkRequest.contact_hash).where(
            LinkRequest.school_id == request.school_id, LinkRequest.state == RequestState.OPEN
        )
    ).all()
    return request.contact_hash not in opened and len(opened) < MOST_OPEN
