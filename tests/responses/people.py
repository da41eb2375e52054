"""A school with a wave in the field, and people with links: what answering needs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.chronology.calendar import local_midnight
from app.directory.keyed import MatchKeys, match_keys
from app.directory.tables import CohortRow, PanelMember, PrivacyNotice, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.fieldwork.tokens import PURPOSE, new_link
from app.keys import keys_for
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.units.tables import OrganisationUnit, UnitAncestor, UnitKind
from tests.conftest import DATA_KEYS, SECRET_KEYS

ZONE = "America/Mexico_City"
OPENS = {1: date(2026, 5, 1), 2: date(2026, 10, 1), 3: date(2027, 10, 1)}
CLOSES = {1: date(2026, 7, 1), 2: date(2026, 12, 1), 3: date(2027, 12, 1)}
MONDAY = {1: date(2026, 4, 20), 2: date(2026, 9, 21), 3: date(2027, 9, 20)}
# Ten days into each window, noon UTC.
DURING = {
    number: datetime(day.year, day.month, 11, 12, tzinfo=UTC) for number, day in OPENS.items()
}
LINK_KEYS = keys_for(PURPOSE, SECRET_KEYS)
MATCHING: MatchKeys = match_keys(DATA_KEYS)
SCHOOL = "CBTis 137, Ñuñoa"


@dataclass(frozen=True, slots=True)
class Person:
    """A case with its link."""

    case_id: UUID
    member_id: UUID
    wave_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Field:
    """The wave of one questionnaire in one school."""

    number: int
    school_id: UUID
    cohort_id: UUID
    wave_id: UUID
    notice_id: UUID


def a_field(session: Session, number: int, *, code: str = "14DCT0137K") -> Field:
    """A school, its cohort 2023-2026 and the wave of questionnaire `number`, open."""
    school = OrganisationUnit(code=code, name=SCHOOL, kind=UnitKind.SCHOOL, time_zone=ZONE)
    session.add(school)
    session.flush()
    session.add(UnitAncestor(unit_id=school.id, ancestor_id=school.id))
    cohort = CohortRow(school_id=school.id, entered=2023, leaves=2026)
    notice = PrivacyNotice(
        unit_id=school.id,
        version=1,
        short_text="Tu escuela usa lo que contestes para mejorar.\n\nEs voluntario.",
        full_text="Aviso integral de prueba.",
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    session.add(cohort)
    session.add(notice)
    session.flush()
    opened = local_midnight(OPENS[number], ZONE)
    version = publish(session, source_file(number).text, now=opened)
    wave = Wave(
        school_id=school.id,
        cohort_id=cohort.id,
        questionnaire=number,
        version_id=version.id,
        notice_id=notice.id,
        opens=OPENS[number],
        closes=CLOSES[number],
        opens_at=opened,
        closes_at=local_midnight(CLOSES[number], ZONE),
        reference_monday=MONDAY[number],
        frozen_at=opened,
    )
    session.add(wave)
    session.flush()
    return Field(number, school.id, cohort.id, wave.id, notice.id)


def a_person(
    session: Session,
    field: Field,
    *,
    name: str = "Alicia",
    track: str = "2",
    curp: str | None = None,
    birth_date: str | None = None,
    student_id: str | None = None,
) -> Person:
    """A member of the cohort with a case in the wave."""
    now = DURING[field.number] - timedelta(days=9)
    member = PanelMember(
        school_id=field.school_id,
        cohort_id=field.cohort_id,
        given_name=name,
        surname_1="Muñoz",
        track=track,
        standing=Standing.GRADUATED if field.number > 1 else Standing.ENROLLED,
        left_on=date(2026, 7, 10),
        added_at=now,
        changed_at=now,
        curp=curp,
        birth_date=birth_date,
        student_id=student_id,
    )
    session.add(member)
    session.flush()
    case = Case(
        wave_id=field.wave_id,
        member_id=member.id,
        disposition=Disposition.INVITED,
        eligibility_confirmed=True,
        moved_at=now,
        added_at=now,
        link_key_id="",
        link_hash="",
    )
    link = new_link(LINK_KEYS, case.id, 1)
    case.link_key_id, case.link_hash = link.key_id, link.token_hash
    session.add(case)
    session.flush()
    return Person(case.id, member.id, field.wave_id, link.token)
