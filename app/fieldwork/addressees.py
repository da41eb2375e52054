"""Who is written to about a case, and at which address, as things stand at this moment.

Reads many cases at once: a sender asks for a batch in a constant number of queries.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import (
    CohortRow,
    Consent,
    ContactKind,
    ContactPoint,
    ContactState,
    OptOut,
    PanelMember,
)
from app.fieldwork.eligibility import FIRST_AFTER_EXIT
from app.fieldwork.links import LinkMark
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wanted import Addressee
from app.messaging.states import Channel
from app.units.tables import OrganisationUnit

USABLE = (ContactState.CONFIRMED, ContactState.UNCONFIRMED)
WRITTEN_TO = (ContactKind.EMAIL, ContactKind.MOBILE)
FOLLOW_UP = "autoriza_seguimiento"  # the consent that lets us write in the next waves


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One case with everything that a message about it needs.

    `addresses`: usable mail addresses, best first; the sender takes the first that is not
    suppressed. `mobiles`, `whatsapps`: telephone numbers (E.164) in the same order; to the latter
    only those of which the person said that they have WhatsApp.
    """

    case_id: UUID
    member_id: UUID
    school_id: UUID
    school: str
    zone: str
    cohort: str
    questionnaire: int
    closes: date
    given_name: str
    full_name: str
    addresses: tuple[str, ...]
    link: LinkMark
    simulated: bool
    state: Addressee
    version_id: UUID
    reference_monday: date
    opens: date
    mobiles: tuple[str, ...] = ()
    whatsapps: tuple[str, ...] = ()

    def ways(self, channel: Channel) -> tuple[str, ...]:
        """Where a message of this channel may go, best first."""
        match channel:
            case Channel.MAIL:
                return self.addresses
            case Channel.SMS:
                return self.mobiles
            case Channel.WHATSAPP:
                return self.whatsapps


def correspondents(session: Session, case_ids: Collection[UUID]) -> dict[UUID, Correspondent]:
    """The cases that exist, by id. Five queries, whatever their number (up to 1,000)."""
    rows = session.exec(
        select(Case, Wave, PanelMember, OrganisationUnit)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(col(Case.id).in_(case_ids))
        .execution_options(populate_existing=True)  # as stored now, not as read before
    ).all()
    members = [member.id for _, _, member, _ in rows]
    opted_out = set(
        session.exec(select(OptOut.member_id).where(col(OptOut.member_id).in_(members)))
    )
    points = points_of(session, members)
    cohorts = {
        cohort_id: Cohort(entered, leaves)
        for cohort_id, entered, leaves in session.exec(
            select(CohortRow.id, CohortRow.entered, CohortRow.leaves).where(
                col(CohortRow.id).in_({wave.cohort_id for _, wave, _, _ in rows})
            )
        )
    }
    refusals = follow_up_refusals(session, members)
    return {
        case.id: _correspondent(
            _Row(case, wave, member, school, cohorts[wave.cohort_id]),
            points[member.id],
            opted_out=member.id in opted_out,
            follow_up_refused=refusals.get(member.id, case.id) != case.id,
        )
        for case, wave, member, school in rows
    }


def addresses_of(
    session: Session, members: Collection[UUID]
) -> Mapping[UUID, Sequence[ContactPoint]]:
    """The usable mail addresses of members, by member."""
    return points_of(session, members, kinds=(ContactKind.EMAIL,))


def points_of(
    session: Session, members: Collection[UUID], *, kinds: Collection[ContactKind] = WRITTEN_TO
) -> Mapping[UUID, Sequence[ContactPoint]]:
    """The usable contacts of members by which we may write, by member."""
    found: dict[UUID, list[ContactPoint]] = defaultdict(list)
    for point in session.exec(
        select(ContactPoint).where(
            col(ContactPoint.member_id).in_(members),
            col(ContactPoint.kind).in_(kinds),
            col(ContactPoint.state).in_(USABLE),
        )
    ):
        found[point.member_id].append(point)
    return found


def follow_up_refusals(session: Session, members: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Members whose newest word was "do not write again", with the case in which they said it."""
    newest: dict[UUID, tuple[bool, UUID | None]] = {}
    for member_id, granted, case_id in session.exec(
        select(col(Consent.member_id), col(Consent.granted), col(Consent.case_id))
        .where(col(Consent.member_id).in_(members), Consent.purpose == FOLLOW_UP)
        .order_by(col(Consent.at), col(Consent.id))
    ):
        newest[member_id] = (granted, case_id)
    return {member: case_id for member, (granted, case_id) in newest.items() if not granted}


@dataclass(frozen=True, slots=True)
class _Row:
    case: Case
    wave: Wave
    member: PanelMember
    school: OrganisationUnit
    cohort: Cohort


def _correspondent(
    row: _Row,
    points: Sequence[ContactPoint],
    *,
    opted_out: bool,
    follow_up_refused: bool,
) -> Correspondent:
    case, wave, member = row.case, row.wave, row.member
    mails = [point for point in points if point.kind is ContactKind.EMAIL]
    mobiles = [point for point in points if point.kind is ContactKind.MOBILE]
    addresses = ranked(mails, wave.questionnaire)
    surnames = " ".join(filter(None, (member.surname_1, member.surname_2)))
    return Correspondent(
        case_id=case.id,
        member_id=member.id,
        school_id=row.school.id,
        school=row.school.name,
        zone=row.school.time_zone,
        cohort=str(row.cohort),
        questionnaire=wave.questionnaire,
        closes=wave.closes,
        given_name=member.given_name,
        full_name=f"{member.given_name} {surnames}",
        addresses=addresses,
        link=LinkMark(case.id, case.link_key_id, case.link_version),
        simulated=member.simulated,
        version_id=wave.version_id,
        reference_monday=wave.reference_monday,
        opens=wave.opens,
        state=Addressee(
            disposition=case.disposition,
            closes_at=wave.closes_at,
            open=wave.state is WaveState.OPEN,
            paused=wave.paused_at is not None,
            link_revoked=case.link_revoked_at is not None,
            opted_out=opted_out,
            follow_up_refused=follow_up_refused,
            birth_date=born_on(member.birth_date),
            guardian_consent=member.guardian_consent,
            has_address=bool(addresses),
        ),
        mobiles=ranked(mobiles, wave.questionnaire),
        whatsapps=ranked([point for point in mobiles if point.whatsapp], wave.questionnaire),
    )


def born_on(text: str | None) -> date | None:
    """A stored birth date (ISO 8601), or None."""
    return None if not text else date.fromisoformat(text)


def ranked(points: Sequence[ContactPoint], questionnaire: int) -> tuple[str, ...]:
    """Best first: the preferred, the proven, the personal, the newest.

    A school closes its mailboxes after the exit, so from Questionnaire 2 on they come last.
    """
    after_exit = questionnaire >= FIRST_AFTER_EXIT

    def worth(point: ContactPoint) -> tuple[bool, bool, bool, datetime]:
        confirmed = point.state is ContactState.CONFIRMED
        return (
            not (after_exit and point.institutional),
            point.preferred,
            confirmed,
            point.confirmed_at or point.added_at,
        )

    return tuple(point.value for point in sorted(points, key=worth, reverse=True))
