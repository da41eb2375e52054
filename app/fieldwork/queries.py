"""Fieldwork screens: one wave, its progress, who is missing, what happened to a case.

The chronological table of a unit: chronology_queries.py. Field counts may open the people
behind them; counts of outcomes never do.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow, ContactKind, ContactPoint, OptOut, PanelMember
from app.errors import NotFound
from app.fieldwork.addressees import USABLE
from app.fieldwork.dispositions import Disposition, Outcome, outcome
from app.fieldwork.tables import Case, CaseEvent, Wave, WaveState
from app.fieldwork.wanted import AWAITED
from app.fieldwork.wave_counts import Query, counts_by
from app.units.queries import at_or_below, in_scope, people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, Programme, StudentGroup

ANSWERED = (Outcome.COMPLETE, Outcome.PARTIAL)
PAGE = 50  # people a page


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Cases by AAPOR group; the letters of the rate formulas."""

    by_outcome: Mapping[Outcome, int]

    def __getitem__(self, group: Outcome) -> int:
        return self.by_outcome.get(group, 0)

    @property
    def listed(self) -> int:
        """Every case of the list, those who turned out not to count included."""
        return sum(self.by_outcome.values())

    @property
    def frame(self) -> int:
        """Cases that are or may be eligible: the denominator of RR1 and RR2."""
        return self.listed - self[Outcome.NOT_ELIGIBLE]

    @property
    def answered(self) -> int:
        return sum(self[group] for group in ANSWERED)

    @property
    def rate(self) -> Fraction | None:
        """AAPOR RR2; None where nobody was fielded."""
        return Fraction(self.answered, self.frame) if self.frame else None


@dataclass(frozen=True, slots=True)
class WaveHeader:
    """A wave as the top of its page shows it. `frozen`: cases of the opening; `late`: after."""

    id: UUID
    school_id: UUID
    cct: str
    school: str
    zone: str
    cohort: Cohort
    questionnaire: int
    opens: date
    closes: date
    state: WaveState
    paused_at: datetime | None
    paused_reason: str | None
    late_advice: str | None  # what would help messages that will be late
    frozen_at: datetime
    frozen: int
    late: int
    counts: OutcomeCounts


@dataclass(frozen=True, slots=True)
class DayOfProgress:
    """Answered cases (complete or partial) until the end of a local day."""

    day: date
    answered: int


class Trait(StrEnum):
    """By what progress can be split."""

    GROUP = "group"
    PROGRAMME = "programme"
    SEX = "sex"


@dataclass(frozen=True, slots=True)
class TraitLine:
    """Progress of those who share a value; None is "without"."""

    value: str | None
    counts: OutcomeCounts


@dataclass(frozen=True, slots=True)
class MissingPerson:
    """Somebody of the frame who has not answered, with what helps to reach them."""

    case_id: UUID
    member_id: UUID
    name: str
    group: str | None
    disposition: Disposition
    contacts: int
    last_contact_on: date | None
    has_mail: bool
    has_phone: bool
    opted_out: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A page of the missing, by name, and how many there are."""

    people: tuple[MissingPerson, ...]
    total: int


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of a case's history. The first is how it entered the frame."""

    at: datetime
    disposition: Disposition
    reason: str | None
    staff_id: UUID | None


def wave_header(session: Session, scope: Scope, wave_id: UUID) -> WaveHeader:
    """One wave of the caller's scope. Three queries.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    found = session.exec(
        select(Wave, CohortRow, OrganisationUnit)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(Wave.id == wave_id, in_scope(scope, col(Wave.school_id)))
    ).first()
    if found is None:
        raise NotFound(wave=wave_id)
    wave, cohort, school = found
    late = session.exec(
        select(func.count()).where(col(Case.wave_id) == wave_id, col(Case.late_reason).is_not(None))
    ).one()
    counts = outcome_counts(session, scope, wave_id)
    return WaveHeader(
        id=wave.id,
        school_id=school.id,
        cct=school.code,
        school=school.name,
        zone=school.time_zone,
        cohort=Cohort(cohort.entered, cohort.leaves),
        questionnaire=wave.questionnaire,
        opens=wave.opens,
        closes=wave.closes,
        state=wave.state,
        paused_at=wave.paused_at,
        paused_reason=wave.paused_reason,
        late_advice=wave.mail_late_advice,
        frozen_at=wave.frozen_at,
        frozen=counts.listed - late,
        late=late,
        counts=counts,
    )


def outcome_counts(session: Session, scope: Scope, wave_id: UUID) -> OutcomeCounts:
    """The groups of one wave, over everybody in it."""
    return _counted(session, _cases_of(scope, col(Case.wave_id) == wave_id))


def frozen_outcome_counts(session: Session, scope: Scope, wave_id: UUID) -> OutcomeCounts:
    """The groups of one wave, without those added after its list was frozen."""
    return _counted(
        session,
        _cases_of(scope, col(Case.wave_id) == wave_id, col(Case.late_reason).is_(None)),
    )


def unit_outcome_counts(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> OutcomeCounts:
    """The groups of one questionnaire of a generation over all schools of a unit."""
    of_cohort = select(CohortRow.id).where(
        CohortRow.entered == cohort.entered,
        CohortRow.leaves == cohort.leaves,
        at_or_below(scope, unit_id, col(CohortRow.school_id)),
    )

    def asked(query: Query) -> Query:
        return query.where(
            col(Wave.questionnaire) == questionnaire,
            col(Wave.cohort_id).in_(of_cohort),
        )

    return OutcomeCounts(dict(counts_by(session, (), asked).get((), {})))


def progress_over_time(session: Session, scope: Scope, wave_id: UUID) -> tuple[DayOfProgress, ...]:
    """Answered cases, cumulative, on each local day on which one more answered."""
    rows = session.connection().execute(
        select_columns(
            func.min(col(CaseEvent.at)), col(OrganisationUnit.time_zone), col(CaseEvent.case_id)
        )
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(
            col(Case.wave_id) == wave_id,
            in_scope(scope, col(Wave.school_id)),
            col(Case.disposition).in_((Disposition.COMPLETE, Disposition.PARTIAL)),
            col(CaseEvent.disposition).in_((Disposition.COMPLETE, Disposition.PARTIAL)),
        )
        .group_by(col(CaseEvent.case_id), col(OrganisationUnit.time_zone))
    )
    a_day = Counter(civil_date(at, zone) for at, zone, _ in rows)
    total, days = 0, []
    for day in sorted(a_day):
        total += a_day[day]
        days.append(DayOfProgress(day, total))
    return tuple(days)


def progress_by(
    session: Session, scope: Scope, wave_id: UUID, trait: Trait
) -> tuple[TraitLine, ...]:
    """Progress of a wave by group, programme or sex; "without" last. One query."""
    value = _VALUE_OF[trait]
    rows = session.connection().execute(
        select_columns(value, col(Case.disposition), col(Case.eligibility_confirmed), func.count())
        .select_from(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id), isouter=True)
        .join(Programme, col(Programme.id) == col(PanelMember.programme_id), isouter=True)
        .where(col(Case.wave_id) == wave_id, _people(scope))
        .group_by(value, col(Case.disposition), col(Case.eligibility_confirmed))
    )
    found: dict[str | None, list[tuple[Disposition, bool, int]]] = defaultdict(list)
    for shared, disposition, confirmed, cases in rows:
        found[shared].append((disposition, confirmed, cases))
    ordered = sorted(found, key=lambda shared: (shared is None, shared or ""))
    return tuple(TraitLine(shared, _grouped(found[shared])) for shared in ordered)


def missing_people(
    session: Session,
    scope: Scope,
    wave_id: UUID,
    *,
    group_id: UUID | None = None,
    offset: int = 0,
) -> Missing:
    """Who of the frame has not answered nor refused, by name. Four queries.

    Names are encrypted, so the order is made here; a wave is one generation of one school.
    """
    conditions = [
        col(Case.wave_id) == wave_id,
        col(Case.disposition).in_((*AWAITED, Disposition.NON_CONTACT)),
        _people(scope),
    ]
    if group_id is not None:
        conditions.append(col(PanelMember.group_id) == group_id)
    rows = session.exec(
        select(Case, PanelMember, StudentGroup.name)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id), isouter=True)
        .where(*conditions)
    ).all()
    ordered = sorted(rows, key=lambda row: (_name(row[1]).casefold(), row[0].id))
    page = ordered[offset : offset + PAGE]
    members = [member.id for _, member, _ in page]
    kinds = _kinds(session, members)
    opted_out = set(
        session.exec(select(OptOut.member_id).where(col(OptOut.member_id).in_(members)))
    )
    people = tuple(
        MissingPerson(
            case_id=case.id,
            member_id=member.id,
            name=_name(member),
            group=group,
            disposition=case.disposition,
            contacts=case.contacts,
            last_contact_on=case.last_contact_on,
            has_mail=ContactKind.EMAIL in kinds[member.id],
            has_phone=bool(kinds[member.id] - {ContactKind.EMAIL}),
            opted_out=member.id in opted_out,
        )
        for case, member, group in page
    )
    return Missing(people, len(ordered))


def case_events(session: Session, scope: Scope, case_id: UUID) -> tuple[EventLine, ...]:
    """The history of a case, oldest first.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    case = session.exec(
        select(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(Case.id == case_id, _people(scope))
    ).first()
    if case is None:
        raise NotFound(case=case_id)
    events = session.exec(
        select(CaseEvent)
        .where(CaseEvent.case_id == case_id)
        .order_by(col(CaseEvent.at), col(CaseEvent.id))
    )
    entered = EventLine(case.added_at, Disposition.PLANNED, case.late_reason, None)
    return (
        entered,
        *(EventLine(e.at, e.disposition, e.reason, e.staff_id) for e in events),
    )


_VALUE_OF: Mapping[Trait, Mapped[str] | Mapped[str | None]] = {
    Trait.GROUP: col(StudentGroup.name),
    Trait.PROGRAMME: col(Programme.name),
    Trait.SEX: col(PanelMember.sex),
}


def _people(scope: Scope) -> ColumnElement[bool]:
    return people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id))


def _cases_of(scope: Scope, *conditions: ColumnElement[bool]) -> Sequence[ColumnElement[bool]]:
    return [*conditions, in_scope(scope, col(Wave.school_id))]


def _counted(session: Session, conditions: Sequence[ColumnElement[bool]]) -> OutcomeCounts:
    rows = session.connection().execute(
        select_columns(col(Case.disposition), col(Case.eligibility_confirmed), func.count())
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(*conditions)
        .group_by(col(Case.disposition), col(Case.eligibility_confirmed))
    )
    return _grouped([(disposition, confirmed, cases) for disposition, confirmed, cases in rows])


def _grouped(lines: Sequence[tuple[Disposition, bool, int]]) -> OutcomeCounts:
    found: Counter[Outcome] = Counter()
    for disposition, confirmed, cases in lines:
        found[outcome(disposition, eligibility_confirmed=confirmed)] += cases
    return OutcomeCounts(dict(found))


def _name(member: PanelMember) -> str:
    surnames = " ".join(filter(None, (member.surname_1, member.surname_2)))
    return f"{surnames}, {member.given_name}"


def _kinds(session: Session, members: Sequence[UUID]) -> Mapping[UUID, set[ContactKind]]:
    found: dict[UUID, set[ContactKind]] = defaultdict(set)
    for member_id, kind in session.exec(
        select(ContactPoint.member_id, ContactPoint.kind).where(
            col(ContactPoint.member_id).in_(members), col(ContactPoint.state).in_(USABLE)
        )
    ):
        found[member_id].add(ContactKind(kind))
    return found
