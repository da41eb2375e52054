"""The ways in which members of a group can be reached, how many were seen to work, and alarms."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session, col, select

from app.classroom.proofs import digits_of
from app.classroom.tables import ContactProof, ProofKind
from app.directory.consents import FOLLOW_UP, current_consents, has_opted_out
from app.directory.contacts import USABLE
from app.directory.mails import masked, suggested
from app.directory.reference import mail_domains
from app.directory.school_domains import closes, closing_domains
from app.directory.states import ContactKind
from app.directory.tables import AlternateContact, Consent, ContactPoint, OptOut, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case
from app.keys import PurposeKey
from app.units.queries import people_in_scope
from app.units.scope import Scope

ENOUGH = 2  # independent ways that were seen to work: one may be lost


class Alarm(StrEnum):
    """Why an address will not reach the person later."""

    SCHOOL_ACCOUNT = "school_account"  # closed at graduation
    MISTYPED = "mistyped"  # a domain that was probably meant otherwise


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a member. `shown`: masked. `digits`: of a message that is expected."""

    kind: ProofKind
    target_id: UUID
    shown: str
    proven: bool
    asked: bool
    digits: str
    phone: str  # E.164 of a relative, to be told by the student; else ""
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class Contactability:
    """How well a group can be found later."""

    members: int
    enough: int  # with two ways or more that were seen to work
    school_account_only: int  # whose every mail address closes at graduation
    mistyped: int  # with an address whose domain was probably meant otherwise

    @property
    def share(self) -> Fraction | None:
        """Members with two proven ways, of all; None for an empty group."""
        return Fraction(self.enough, self.members) if self.members else None


def ways_of(
    session: Session, members: Sequence[UUID], keys: Sequence[PurposeKey], *, now: datetime
) -> Mapping[UUID, tuple[Way, ...]]:
    """The ways of each member of one school, mail first.

    None of who does not want to be followed.
    """
    found: dict[UUID, list[Way]] = defaultdict(list)
    closing = _closing(session, members)
    asked = _asked(session, members, now=now)
    refused = _refused(session, members)
    for point in session.exec(
        select(ContactPoint)
        .where(col(ContactPoint.member_id).in_(members), col(ContactPoint.state).in_(USABLE))
        .order_by(col(ContactPoint.kind), col(ContactPoint.added_at))
    ):
        if point.member_id not in refused:
            found[point.member_id].append(_way(point, closing, asked.get(point.id), keys))
    for relative in session.exec(
        select(AlternateContact).where(col(AlternateContact.member_id).in_(members))
    ):
        if relative.member_id not in refused:
            found[relative.member_id].append(_relative(relative))
    return {member: tuple(ways) for member, ways in found.items()}


def wants_follow_up(session: Session, member_id: UUID) -> bool:
    """Whether the member said yes to being written to, and did not take it back."""
    said = current_consents(session, member_id, purposes=(FOLLOW_UP,)).get(FOLLOW_UP)
    return said is not None and said.granted and not has_opted_out(session, member_id)


def contactability(
    session: Session, scope: Scope, wave_id: UUID
) -> Mapping[UUID | None, Contactability]:
    """Each group of a wave, by its id; None: those without a group."""
    groups: dict[UUID | None, list[UUID]] = defaultdict(list)
    for member_id, group_id in session.exec(
        select(PanelMember.id, PanelMember.group_id)
        .join(Case, col(Case.member_id) == col(PanelMember.id))
        .where(
            Case.wave_id == wave_id,
            Case.disposition != Disposition.NOT_ELIGIBLE,
            people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
    ):
        groups[group_id].append(member_id)
    return {group: _counted(session, members) for group, members in groups.items()}


def counted(ways: Mapping[UUID, Sequence[Way]], members: int) -> Contactability:
    """A group in numbers, from the ways of its members."""
    mails = [[way for way in own if way.kind is ProofKind.MAIL] for own in ways.values()]
    return Contactability(
        members=members,
        enough=sum(sum(way.proven for way in own) >= ENOUGH for own in ways.values()),
        school_account_only=sum(
            bool(own) and all(way.alarm is Alarm.SCHOOL_ACCOUNT for way in own) for own in mails
        ),
        mistyped=sum(any(way.alarm is Alarm.MISTYPED for way in own) for own in mails),
    )


def _counted(session: Session, members: Sequence[UUID]) -> Contactability:
    # No digits are shown here, so no moment and no key are asked for.
    found: dict[UUID, list[Way]] = defaultdict(list)
    closing = _closing(session, members)
    for point in session.exec(
        select(ContactPoint).where(
            col(ContactPoint.member_id).in_(members), col(ContactPoint.state).in_(USABLE)
        )
    ):
        found[point.member_id].append(_way(point, closing))
    for relative in session.exec(
        select(AlternateContact).where(col(AlternateContact.member_id).in_(members))
    ):
        found[relative.member_id].append(_relative(relative))
    return counted(found, len(members))


def _way(
    point: ContactPoint,
    closing: Collection[str],
    asked: ContactProof | None = None,
    keys: Sequence[PurposeKey] = (),
) -> Way:
    mail = point.kind is ContactKind.EMAIL
    waits = asked is not None and not mail
    return Way(
        kind=ProofKind.MAIL if mail else ProofKind.WHATSAPP,
        target_id=point.id,
        shown=masked(point.value) if mail else f"••{point.value[-2:]}",
        proven=point.proven_at is not None,
        asked=asked is not None,
        digits=digits_of(keys[0], asked.id) if waits and asked is not None else "",
        phone="",
        alarm=_alarm(point, closing) if mail else None,
    )


def _relative(relative: AlternateContact) -> Way:
    name = relative.name.split()[0] if relative.name.strip() else "Tu contacto"
    return Way(
        kind=ProofKind.RELATIVE,
        target_id=relative.id,
        shown=f"{name} ••{relative.phone[-2:]}",
        proven=relative.proven_at is not None,
        asked=False,
        digits="",
        phone=relative.phone,
        alarm=None,
    )


def _alarm(point: ContactPoint, closing: Collection[str]) -> Alarm | None:
    if point.institutional or closes(point.value, closing):
        return Alarm.SCHOOL_ACCOUNT
    meant = suggested(point.value, mail_domains())
    return Alarm.MISTYPED if meant and point.proven_at is None else None


def _closing(session: Session, members: Sequence[UUID]) -> frozenset[str]:
    """Mail domains that close when the members leave their school."""
    member = session.get(PanelMember, members[0]) if members else None
    return closing_domains(session, member.school_id) if member else frozenset()


def _asked(
    session: Session, members: Sequence[UUID], *, now: datetime
) -> Mapping[UUID, ContactProof]:
    """The proof under way of each contact point."""
    return {
        proof.target_id: proof
        for proof in session.exec(
            select(ContactProof)
            .where(
                col(ContactProof.member_id).in_(members),
                col(ContactProof.settled_at).is_(None),
                col(ContactProof.expires_at) > now,
            )
            .order_by(col(ContactProof.asked_at))
        )
    }


def _refused(session: Session, members: Sequence[UUID]) -> set[UUID]:
    """Members whose newest word on being followed is no, or who want no messages at all."""
    words = dict(
        session.exec(
            select(Consent.member_id, Consent.granted)
            .where(col(Consent.member_id).in_(members), Consent.purpose == FOLLOW_UP)
            .order_by(col(Consent.at))
        ).all()
    )
    silent = session.exec(select(OptOut.member_id).where(col(OptOut.member_id).in_(members)))
    return {member_id for member_id, granted in words.items() if not granted} | set(silent)
