"""A school with its people, for the tests of fieldwork."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, select

from app.chronology.wave_plan import Cohort
from app.directory.states import ContactKind, ContactSource, Standing
from app.directory.tables import CalendarName, CohortRow, ContactPoint, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.fieldwork.tokens import new_link
from app.keys import keys_for
from app.questionnaires.tables import QuestionnaireVersion
from app.units.tables import OrganisationUnit, UnitAncestor
from app.units.tree import UnitKind
from tests.conftest import SECRET_KEYS

KEYS = keys_for("link", SECRET_KEYS)
MEXICO = "America/Mexico_City"
DOMAIN = "trayecto.example"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class School:
    """One school with one cohort, saved; `members` in the order in which they were made."""

    unit_id: UUID
    cohort_id: UUID
    cohort: Cohort
    members: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    """What a test may say about a member; the rest is alike for all."""

    standing: Standing = Standing.GRADUATED
    left_on: date | None = None
    mail: str | None = "ana@example.org"
    birth_date: str | None = None
    guardian_consent: bool | None = None
    added_at: datetime = LONG_AGO
    institutional: bool = False


def an_office(session: Session, code: str = "15") -> UUID:
    office = OrganisationUnit(code=code, name=code, kind=UnitKind.STATE, time_zone=MEXICO)
    session.add(office)
    session.flush()
    session.add(UnitAncestor(unit_id=office.id, ancestor_id=office.id))
    return office.id


def a_school(
    session: Session,
    *people: Person,
    code: str = "15ECT0001A",
    cohort: Cohort | None = None,
    zone: str = MEXICO,
    office: UUID | None = None,
    calendar: CalendarName = CalendarName.SEP,
) -> School:
    unit = OrganisationUnit(
        code=code,
        name=f"Plantel {code}",
        kind=UnitKind.SCHOOL,
        time_zone=zone,
        parent_id=office,
    )
    session.add(unit)
    session.flush()
    session.add(UnitAncestor(unit_id=unit.id, ancestor_id=unit.id))
    if office is not None:
        session.add(UnitAncestor(unit_id=unit.id, ancestor_id=office))
    school = School(unit.id, uuid4(), cohort or Cohort(2023, 2026))
    school = a_cohort(session, school, cohort or Cohort(2023, 2026), calendar=calendar)
    for person in people:
        a_member(session, school, person)
    return school


def a_cohort(
    session: Session,
    school: School,
    cohort: Cohort,
    *,
    calendar: CalendarName = CalendarName.SEP,
) -> School:
    row = CohortRow(
        school_id=school.unit_id,
        entered=cohort.entered,
        leaves=cohort.leaves,
        calendar=calendar,
        exit_month=12 if calendar is CalendarName.B else 7,
    )
    session.add(row)
    session.flush()
    return replace(school, cohort_id=row.id, cohort=cohort, members=[])


def a_member(session: Session, school: School, person: Person = Person()) -> UUID:
    member = PanelMember(
        school_id=school.unit_id,
        cohort_id=school.cohort_id,
        given_name="Ana",
        surname_1="Núñez",
        standing=person.standing,
        left_on=person.left_on,
        birth_date=person.birth_date,
        guardian_consent=person.guardian_consent,
        added_at=person.added_at,
        changed_at=person.added_at,
    )
    session.add(member)
    session.flush()
    if person.mail is not None:
        a_mail(session, member.id, person.mail, institutional=person.institutional)
    school.members.append(member.id)
    return member.id


def a_mail(session: Session, member_id: UUID, address: str, *, institutional: bool = False) -> UUID:
    point = ContactPoint(
        member_id=member_id,
        kind=ContactKind.EMAIL,
        value=address,
        value_hash=uuid4().hex,
        source=ContactSource.ROSTER,
        institutional=institutional,
        added_at=LONG_AGO,
    )
    session.add(point)
    session.flush()
    return point.id


def versions(session: Session) -> Mapping[int, UUID]:
    """A published version of each questionnaire: made at the first call."""
    made = {v.number: v.id for v in session.exec(select(QuestionnaireVersion))}
    if made:
        return made
    for number in (1, 2, 3):
        version = QuestionnaireVersion(
            number=number,
            version="1.0",
            revision=1,
            content_hash=f"{number}" * 64,
            text="",
            published_at=LONG_AGO,
        )
        session.add(version)
        made[number] = version.id
    session.flush()
    return made


def only_case(session: Session) -> Case:
    return session.exec(select(Case)).one()


def only_wave(session: Session) -> Wave:
    return session.exec(select(Wave)).one()


def a_wave(session: Session, school: School, *, questionnaire: int = 2, now: datetime) -> UUID:
    """An open wave of ten weeks around `now`, without cases."""
    wave = Wave(
        school_id=school.unit_id,
        cohort_id=school.cohort_id,
        questionnaire=questionnaire,
        version_id=versions(session)[questionnaire],
        opens=now.date(),
        closes=now.date() + timedelta(days=61),
        opens_at=now - timedelta(hours=12),
        closes_at=now + timedelta(days=61),
        reference_monday=now.date() - timedelta(days=14),
        frozen_at=now,
    )
    session.add(wave)
    session.flush()
    return wave.id


def a_case(
    session: Session, *, disposition: Disposition = Disposition.PLANNED, now: datetime
) -> UUID:
    """The only case of the only wave of a school."""
    school = a_school(session, Person())
    wave_id = a_wave(session, school, now=now)
    return case_of(session, wave_id, school.members[0], disposition=disposition, now=now)


def case_of(
    session: Session,
    wave_id: UUID,
    member_id: UUID,
    *,
    disposition: Disposition = Disposition.PLANNED,
    now: datetime,
) -> UUID:
    case_id = uuid4()
    link = new_link(KEYS, case_id, 1)
    session.add(
        Case(
            id=case_id,
            wave_id=wave_id,
            member_id=member_id,
            disposition=disposition,
            eligibility_confirmed=True,
            moved_at=now,
            added_at=now,
            link_key_id=link.key_id,
            link_hash=link.token_hash,
        )
    )
    session.flush()
    return case_id
