"""Who is missing in the open waves of a caller, in the order in which they are worth a contact.

A constant number of queries for each 10,000 people. Names and addresses are encrypted: only
those of the page that is shown are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.chronology.contact_plan import SendingHours
from app.chronology.due import quiet_until
from app.directory.tables import CohortRow, ContactPoint, OptOut, PanelMember
from app.fieldwork.addressees import USABLE, born_on, follow_up_refusals
from app.fieldwork.dispositions import Disposition
from app.fieldwork.plans import Plans, plans_of
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wanted import AWAITED, Addressee, Unwanted, why_unwanted
from app.fieldwork.worklist.ranking import Place, Prospect, place_of
from app.fieldwork.worklist.results import Channel
from app.fieldwork.worklist.routes import Reachable, routes_of
from app.fieldwork.worklist.tables import Appointment, ContactAttempt, EligibilityDoubt
from app.units.queries import people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, StudentGroup

PAGE = 20  # cards a page: a phone scrolls, and every card has four buttons
_IDS_A_STATEMENT = 10_000  # SQLite admits 32,766 parameters


@dataclass(frozen=True, slots=True)
class Asked:
    """Which people: of one wave, or of all open ones of the caller; of one group, or of all."""

    wave_id: UUID | None = None
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Unsaid:
    """An attempt of which nobody has said how it went."""

    attempt_id: UUID
    channel: Channel
    opened_at: datetime
    to_other: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """An appointment to come, or due."""

    id: UUID
    at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One missing person with their place in the list; no name yet."""

    case_id: UUID
    wave_id: UUID
    member_id: UUID
    questionnaire: int
    zone: str
    group: str | None
    disposition: Disposition
    contacts: int
    last_on: date | None
    simulated: bool
    place: Place
    routes: tuple[Channel, ...]
    unsaid: Unsaid | None
    meeting: Meeting | None
    hours: SendingHours
    quiet: datetime | None  # until when nobody is disturbed; None: now is a good hour


@dataclass(frozen=True, slots=True)
class WaveWaiting:
    """An open wave of the caller, with how many of their people have not answered."""

    wave_id: UUID
    school_id: UUID
    school: str
    questionnaire: int
    entered: int
    leaves: int
    closes: date
    waiting: int


@dataclass(frozen=True, slots=True)
class _Row:
    case_id: UUID
    wave_id: UUID
    member_id: UUID
    disposition: Disposition
    contacts: int
    last_on: date | None
    last_step: str | None
    revoked_at: datetime | None
    group: str | None
    birth_date: str | None
    guardian_consent: bool | None
    simulated: bool
    questionnaire: int
    closes_at: datetime
    school_id: UUID
    zone: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands beside the cases, by case or member."""

    contacts: Mapping[UUID, Sequence[Reachable]]
    tried: Mapping[UUID, set[Channel]]
    unsaid: Mapping[UUID, Unsaid]
    meetings: Mapping[UUID, Meeting]
    doubted: frozenset[UUID]
    opted_out: frozenset[UUID]
    refusals: Mapping[UUID, UUID | None]
    plans: Plans


def ranked(session: Session, scope: Scope, asked: Asked, *, now: datetime) -> list[Standing]:
    """The missing people of the caller's open waves, first who is worth a contact next."""
    rows = _rows(session, scope, asked, now=now)
    known = _known(session, rows)
    found = [_standing(row, known, now=now) for row in rows]
    found.sort(key=lambda one: (one.place.order, one.meeting.at if one.meeting else now))
    return found


def standing_of(session: Session, scope: Scope, case_id: UUID, *, now: datetime) -> Standing | None:
    """One person of an open wave of the caller; None: they are not missing any more."""
    rows = _rows(session, scope, Asked(), now=now, case_id=case_id)
    return _standing(rows[0], _known(session, rows), now=now) if rows else None


def waves_waiting(session: Session, scope: Scope, *, now: datetime) -> tuple[WaveWaiting, ...]:
    """Open waves in which somebody of the caller is missing, first the one that closes first."""
    rows = session.connection().execute(
        select_columns(
            col(Wave.id),
            col(Wave.school_id),
            col(OrganisationUnit.name),
            col(Wave.questionnaire),
            col(CohortRow.entered),
            col(CohortRow.leaves),
            col(Wave.closes),
            func.count(),
        )
        .select_from(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(*_missing(scope, now))
        .group_by(
            col(Wave.id),
            col(Wave.school_id),
            col(OrganisationUnit.name),
            col(Wave.questionnaire),
            col(CohortRow.entered),
            col(CohortRow.leaves),
            col(Wave.closes),
        )
        .order_by(col(Wave.closes), col(OrganisationUnit.name), col(Wave.id))
    )
    return tuple(WaveWaiting(*row) for row in rows)


def _missing(scope: Scope, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Wave.state) == WaveState.OPEN,
        col(Wave.closes_at) > now,
        col(Case.disposition).in_(AWAITED),
        people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
    )


def _rows(
    session: Session, scope: Scope, asked: Asked, *, now: datetime, case_id: UUID | None = None
) -> list[_Row]:
    conditions = list(_missing(scope, now))
    if asked.wave_id is not None:
        conditions.append(col(Case.wave_id) == asked.wave_id)
    if asked.group_id is not None:
        conditions.append(col(PanelMember.group_id) == asked.group_id)
    if case_id is not None:
        conditions.append(col(Case.id) == case_id)
    rows = session.connection().execute(
        select_columns(
            col(Case.id),
            col(Case.wave_id),
            col(Case.member_id),
            col(Case.disposition),
            col(Case.contacts),
            col(Case.last_contact_on),
            col(Case.last_step),
            col(Case.link_revoked_at),
            col(StudentGroup.name),
            col(PanelMember.birth_date),
            col(PanelMember.guardian_consent),
            col(PanelMember.simulated),
            col(Wave.questionnaire),
            col(Wave.closes_at),
            col(Wave.school_id),
            col(OrganisationUnit.time_zone),
        )
        .select_from(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .join(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id), isouter=True)
        .where(*conditions)
        .order_by(col(StudentGroup.name), col(Case.id))
    )
    return [_Row(*found) for found in map(tuple, rows)]


def _known(session: Session, rows: Sequence[_Row]) -> _Known:
    contacts: dict[UUID, list[Reachable]] = defaultdict(list)
    tried: dict[UUID, set[Channel]] = defaultdict(set)
    unsaid: dict[UUID, Unsaid] = {}
    meetings: dict[UUID, Meeting] = {}
    doubted: set[UUID] = set()
    opted_out: set[UUID] = set()
    refusals: dict[UUID, UUID | None] = {}
    for cases in _batches([row.case_id for row in rows]):
        for attempt in session.exec(
            select(ContactAttempt)
            .where(col(ContactAttempt.case_id).in_(cases))
            .order_by(col(ContactAttempt.opened_at))
        ):
            if not attempt.to_other:
                tried[attempt.case_id].add(attempt.channel)
            if attempt.result is None:
                waits = Unsaid(attempt.id, attempt.channel, attempt.opened_at, attempt.to_other)
                unsaid[attempt.case_id] = waits
        for meeting in session.exec(
            select(Appointment).where(
                col(Appointment.case_id).in_(cases), col(Appointment.settled_at).is_(None)
            )
        ):
            meetings[meeting.case_id] = Meeting(meeting.id, meeting.at, meeting.note)
        doubts = select(EligibilityDoubt.case_id).where(
            col(EligibilityDoubt.case_id).in_(cases), col(EligibilityDoubt.settled_at).is_(None)
        )
        doubted.update(session.exec(doubts))
    for members in _batches([row.member_id for row in rows]):
        for member_id, reachable in _reachable(session, members):
            contacts[member_id].append(reachable)
        opted_out.update(
            session.exec(select(OptOut.member_id).where(col(OptOut.member_id).in_(members)))
        )
        refusals.update(follow_up_refusals(session, members))
    return _Known(
        contacts,
        tried,
        unsaid,
        meetings,
        frozenset(doubted),
        frozenset(opted_out),
        refusals,
        plans_of(session, {row.school_id for row in rows}),
    )


def _reachable(session: Session, members: Sequence[UUID]) -> Iterator[tuple[UUID, Reachable]]:
    """Usable addresses without their values."""
    rows = session.connection().execute(
        select_columns(
            col(ContactPoint.member_id),
            col(ContactPoint.kind),
            col(ContactPoint.whatsapp),
            col(ContactPoint.preferred),
        ).where(col(ContactPoint.member_id).in_(members), col(ContactPoint.state).in_(USABLE))
    )
    for member_id, kind, whatsapp, preferred in rows:
        yield member_id, Reachable(kind, whatsapp, preferred)


def _standing(row: _Row, known: _Known, *, now: datetime) -> Standing:
    today = civil_date(now, row.zone)
    plan = known.plans.of(row.school_id, row.questionnaire)
    routes = routes_of(known.contacts.get(row.member_id, ()))
    tried = known.tried.get(row.case_id, set())
    meeting = known.meetings.get(row.case_id)
    prospect = Prospect(
        disposition=row.disposition,
        contacts=row.contacts,
        last_on=row.last_on,
        routes=routes,
        tried=frozenset(tried | {Channel.EMAIL} if row.last_step else tried),
        unsaid=row.case_id in known.unsaid,
        appointment=meeting.at if meeting else None,
        doubted=row.case_id in known.doubted,
        barrier=_barrier(row, known, now=now, today=today),
    )
    return Standing(
        case_id=row.case_id,
        wave_id=row.wave_id,
        member_id=row.member_id,
        questionnaire=row.questionnaire,
        zone=row.zone,
        group=row.group,
        disposition=row.disposition,
        contacts=row.contacts,
        last_on=row.last_on,
        simulated=row.simulated,
        place=place_of(prospect, now=now, today=today, most=plan.most),
        routes=routes,
        unsaid=known.unsaid.get(row.case_id),
        meeting=meeting,
        hours=plan.hours,
        quiet=quiet_until(plan.hours, now=now, zone=row.zone),
    )


def _barrier(row: _Row, known: _Known, *, now: datetime, today: date) -> Unwanted | None:
    """Why nobody may write or call; a pause of the automatic messages stops no telephone."""
    state = Addressee(
        disposition=row.disposition,
        closes_at=row.closes_at,
        open=True,
        paused=False,
        link_revoked=row.revoked_at is not None,
        opted_out=row.member_id in known.opted_out,
        follow_up_refused=known.refusals.get(row.member_id, row.case_id) != row.case_id,
        birth_date=born_on(row.birth_date),
        guardian_consent=row.guardian_consent,
        has_address=True,
    )
    return why_unwanted(state, now=now, today=today)


def _batches(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[i : i + _IDS_A_STATEMENT] for i in range(0, len(ids), _IDS_A_STATEMENT))
