"""The waves of the coming days with everybody who may be written to, as the rehearsal needs them.

Reads only. Addresses are decrypted for their domain, so a nation takes minutes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.chronology.contact_plan import ContactPlan, Step
from app.chronology.due import NOTHING_YET, ContactHistory
from app.chronology.wave_plan import Cohort, FieldPeriod
from app.directory.tables import CohortRow, ContactKind, ContactPoint, OptOut, PanelMember
from app.fieldwork.addressees import (
    born_on,
    correspondents,
    follow_up_refusals,
    points_of,
    ranked,
)
from app.fieldwork.capacity import SendingLimits
from app.fieldwork.channels import BY_MAIL, channel_for
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Membership, verdict
from app.fieldwork.frame import Candidate, members_of
from app.fieldwork.planning import windows_to_open
from app.fieldwork.plans import plans_of
from app.fieldwork.rehearsal import NO_LIMITS, Prospect, RehearsedDay, RehearsedWave, rehearse
from app.fieldwork.relaying import Relays, open_relatives
from app.fieldwork.schedule import Window
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wanted import AWAITED, Addressee, why_unwanted
from app.fieldwork.windows import SchoolCohort
from app.messaging.addresses import domain_of, matching_form
from app.messaging.queries import waiting
from app.messaging.states import Channel
from app.units.tables import OrganisationUnit, UnitAncestor

T = TypeVar("T")

CENTRE = "America/Mexico_City"  # whose date is the first day of the rehearsal
_AT_ONCE = 1_000
_IDS_AT_MOST = 30_000  # in one condition; SQLite admits 32,766 parameters


def rehearsal(  # noqa: PLR0913  # the settings of a deployment, each by itself
    session: Session,
    *,
    now: datetime,
    days: int,
    limits: SendingLimits = NO_LIMITS,
    unit_id: UUID | None = None,
    channels: frozenset[Channel] = BY_MAIL,
    relays: Relays | None = None,
) -> tuple[RehearsedDay, ...]:
    """What the scheduler will do on each of `days` days from today on; nothing is done.

    `unit_id`: only at this unit and below; whoever asks for it may see it. `relays`: how somebody
    close is asked where a person has no way of their own.
    """
    first = civil_date(now, CENTRE)
    horizon = [first + timedelta(days=number) for number in range(days)]
    schools = None if unit_id is None else _schools_below(session, unit_id)
    queued = _already_queued(session, first, schools, now=now)
    ways = _Ways(channels, relays)
    waves = (
        *_coming(session, horizon, schools, ways, now=now),
        *_in_field(session, schools, ways),
    )
    return rehearse(waves, horizon, now=now, limits=limits, queued=queued)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Over what people are written to; `promised`: numbers of somebody close, rehearsed already."""

    channels: frozenset[Channel]
    relays: Relays | None = None
    promised: set[str] = field(default_factory=set)

    def relatives(self, session: Session, members: Sequence[UUID]) -> frozenset[UUID]:
        """Those of `members` about whom somebody close would be asked."""
        if self.relays is None:
            return frozenset()
        found = set()
        for member, number in open_relatives(session, members, self.relays.match).items():
            if number not in self.promised:
                self.promised.add(number)
                found.add(member)
        return frozenset(found)

    def line(
        self,
        points: Sequence[ContactPoint],
        questionnaire: int,
        *,
        relative: bool,
    ) -> str | None:
        """By what a person is reached: a mail domain or another channel."""
        if relative and self.relays is not None:
            return self.relays.channel.value
        return _line(points, questionnaire, self.channels)


def people_ahead(session: Session, *, now: datetime, days: int, unit_id: UUID) -> int:
    """About how many people a rehearsal of this unit reads."""
    first = civil_date(now, CENTRE)
    horizon = [first + timedelta(days=number) for number in range(days)]
    schools = _schools_below(session, unit_id)
    coming = [c.id for c, _ in windows_to_open(session, horizon) if c.school_id in schools]
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    inside = session.exec(
        select(func.count())
        .select_from(Case)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(Wave.state == WaveState.OPEN, col(Wave.school_id).in_(below))
    ).one()
    outside = session.exec(
        select(func.count())
        .select_from(PanelMember)
        .where(col(PanelMember.cohort_id).in_(coming[:_IDS_AT_MOST]))
    ).one()
    return inside + outside


def _schools_below(session: Session, unit_id: UUID) -> frozenset[UUID]:
    return frozenset(
        session.exec(select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id))
    )


def _coming(
    session: Session,
    days: Sequence[date],
    schools: frozenset[UUID] | None,
    ways: _Ways,
    *,
    now: datetime,
) -> Iterable[RehearsedWave]:
    coming = [
        (cohort, window)
        for cohort, window in windows_to_open(session, days)
        if schools is None or cohort.school_id in schools
    ]
    plans = plans_of(session, {cohort.school_id for cohort, _ in coming})
    for cohort, window in coming:
        plan = plans.of(cohort.school_id, window.questionnaire)
        yield _to_open(session, cohort, window, plan, ways, now=now)


def open_waves(
    session: Session,
    schools: frozenset[UUID] | None = None,
    channels: frozenset[Channel] = BY_MAIL,
) -> Iterable[RehearsedWave]:
    """The waves in the field, of these schools or of all; with those who are written to."""
    return _in_field(session, schools, _Ways(channels))


def _in_field(
    session: Session, schools: frozenset[UUID] | None, ways: _Ways
) -> Iterable[RehearsedWave]:
    rows = session.exec(
        select(Wave, CohortRow, OrganisationUnit)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(Wave.state == WaveState.OPEN)
        .order_by(OrganisationUnit.code, col(Wave.id))
    ).all()
    plans = plans_of(session, {school.id for _, _, school in rows})
    for wave, cohort_row, school in rows:
        if schools is not None and school.id not in schools:
            continue
        held = wave.mail_held_advice is not None
        yield RehearsedWave(
            school=school.code,
            cohort=str(Cohort(cohort_row.entered, cohort_row.leaves)),
            period=FieldPeriod(wave.questionnaire, wave.opens, wave.closes),
            zone=school.time_zone,
            prospects=_in_the_field(session, wave, ways),
            plan=plans.of(school.id, wave.questionnaire),
            wave_id=wave.id,
            queued_on=wave.queued_on,
            paused=wave.paused_at is not None and not held,
            admitted=wave.mail_checked_at is not None and not held,
        )


def _in_the_field(session: Session, wave: Wave, ways: _Ways) -> list[Prospect]:
    rows = (
        session.connection()
        .execute(
            select_columns(
                col(Case.id), col(Case.last_step), col(Case.last_contact_on), col(Case.contacts)
            ).where(col(Case.wave_id) == wave.id, col(Case.disposition).in_(AWAITED))
        )
        .all()
    )
    found = []
    for some in _batches(rows):
        people = correspondents(session, [row[0] for row in some])
        members = [person.member_id for person in people.values()]
        points = points_of(session, members)
        relatives = ways.relatives(session, members)
        for case_id, step, last_on, contacts in some:
            person = people[case_id]
            once = person.member_id in relatives
            own = points.get(person.member_id, ())
            line = ways.line(own, wave.questionnaire, relative=once)
            if line is not None:
                # The wave is paused, not the person; an address of the channel is there.
                state = replace(person.state, paused=False, has_address=True)
                history = ContactHistory(Step(step) if step else None, last_on, contacts)
                found.append(Prospect(state, line, history, wave.opens, once))
    return found


def _to_open(
    session: Session,
    cohort: SchoolCohort,
    window: Window,
    plan: ContactPlan,
    ways: _Ways,
    *,
    now: datetime,
) -> RehearsedWave:
    opens_on = max(window.period.opens, civil_date(now, cohort.zone))
    prospects: list[Prospect] = []
    for some in _batches(members_of(session, cohort.id)):
        frame = _Opening(window, opens_on, ways)
        prospects += _of_the_frame(session, some, frame, now=now)
    return RehearsedWave(
        school=cohort.school,
        cohort=str(cohort.cohort),
        period=window.period,
        zone=cohort.zone,
        prospects=prospects,
        plan=plan,
        opens_on=opens_on,
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    """A wave that will open: its window, on which day, and over what it writes."""

    window: Window
    opens_on: date
    ways: _Ways


def _of_the_frame(
    session: Session, candidates: Sequence[Candidate], opening: _Opening, *, now: datetime
) -> Iterable[Prospect]:
    window, opens_on = opening.window, opening.opens_on
    ids = [candidate.member_id for candidate in candidates]
    members = session.exec(select(PanelMember).where(col(PanelMember.id).in_(ids))).all()
    opted_out = set(session.exec(select(OptOut.member_id).where(col(OptOut.member_id).in_(ids))))
    refused = follow_up_refusals(session, ids)
    points = points_of(session, ids)
    relatives = opening.ways.relatives(session, ids)
    joins = {c.member_id: _joins_on(c, window, opens_on) for c in candidates}
    for member in members:
        since = joins[member.id]
        once = member.id in relatives
        own = points.get(member.id, ())
        line = opening.ways.line(own, window.questionnaire, relative=once)
        if since is None or line is None:
            continue
        state = Addressee(
            disposition=Disposition.PLANNED,
            closes_at=now + timedelta(days=10_000),  # the period rules here, not the instant
            open=True,
            paused=False,
            link_revoked=False,
            opted_out=member.id in opted_out,
            follow_up_refused=member.id in refused,
            birth_date=born_on(member.birth_date),
            guardian_consent=member.guardian_consent,
            has_address=True,
        )
        yield Prospect(state, line, NOTHING_YET, since, once)


def _joins_on(candidate: Candidate, window: Window, opens_on: date) -> date | None:
    """The day on which a member enters the frame: the opening, or the own exit."""
    left = candidate.member.left_on
    day = opens_on if left is None else max(opens_on, left)
    decided = verdict(candidate.member, questionnaire=window.questionnaire, day=day)
    return None if decided.membership is Membership.NOT_ELIGIBLE else day


def _already_queued(
    session: Session, first: date, schools: frozenset[UUID] | None, *, now: datetime
) -> Mapping[date, Counter[str]]:
    """Messages that wait in the outbox, on the day on which they are due."""
    found: dict[date, Counter[str]] = {}
    for some in _batches(waiting(session)):
        people = correspondents(session, {case_id for case_id, _ in some})
        for case_id, due_at in some:
            person = people.get(case_id)
            if person is None or not person.addresses:
                continue
            if schools is not None and person.school_id not in schools:
                continue
            moment = max(due_at, now)
            day = max(first, civil_date(moment, person.zone))
            if why_unwanted(person.state, now=moment, today=day) is None:
                found.setdefault(day, Counter())[_domain(person.addresses[0])] += 1
    return found


def _line(
    points: Sequence[ContactPoint], questionnaire: int, channels: frozenset[Channel]
) -> str | None:
    """The mail domain by which somebody is written to, or the name of another channel."""
    channel = channel_for(points, channels)
    if channel is not Channel.MAIL:
        return None if channel is None else channel.value
    mails = [point for point in points if point.kind is ContactKind.EMAIL]
    return _domain(ranked(mails, questionnaire)[0])


def _domain(address: str) -> str:
    return domain_of(matching_form(address))


def _batches(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
