"""A wave in the field for a school of the world, with as many people as a test wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, select

from app.directory.states import ContactKind, ContactSource, Standing
from app.directory.tables import CohortRow, ContactPoint, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.units.tables import OrganisationUnit
from tests.fieldwork.field import case_of, versions

OPENED = timedelta(days=14)  # before the moment of the test
LASTS = timedelta(days=61)


@dataclass(frozen=True)
class Someone:
    """What a test says about one person of the wave."""

    name: str = "Ana"
    disposition: Disposition = Disposition.INVITED
    group_id: UUID | None = None
    sex: str | None = "M"
    day: int = 5  # of the window, when they answered
    mail: bool = True
    confirmed: bool = True


def a_wave_in_field(
    session: Session, unit: OrganisationUnit, *, leaves: int = 2025, now: datetime
) -> UUID:
    """Questionnaire 2 of the generation that left in `leaves`, open for two weeks."""
    cohort = CohortRow(school_id=unit.id, entered=leaves - 3, leaves=leaves)
    session.add(cohort)
    session.flush()
    opens = now.date() - OPENED
    wave = Wave(
        school_id=unit.id,
        cohort_id=cohort.id,
        questionnaire=2,
        version_id=versions(session)[2],
        opens=opens,
        closes=opens + LASTS,
        opens_at=now - OPENED,
        closes_at=now - OPENED + LASTS,
        reference_monday=date(2026, 2, 2),
        frozen_at=now - OPENED,
    )
    session.add(wave)
    session.flush()
    return wave.id


def people_of(
    session: Session, wave_id: UUID, people: Sequence[Someone], *, now: datetime
) -> list[UUID]:
    """A case for each person, with the event of their answer; the cases in the same order."""
    wave = session.get_one(Wave, wave_id)
    found = []
    for someone in people:
        member = PanelMember(
            school_id=wave.school_id,
            cohort_id=wave.cohort_id,
            group_id=someone.group_id,
            given_name=someone.name,
            surname_1=session.get_one(OrganisationUnit, wave.school_id).name,
            sex=someone.sex,
            standing=Standing.GRADUATED,
            added_at=now,
            changed_at=now,
        )
        session.add(member)
        session.flush()
        if someone.mail:
            _mail(session, member.id, now=now)
        case_id = case_of(session, wave_id, member.id, disposition=someone.disposition, now=now)
        case = session.get_one(Case, case_id)
        case.eligibility_confirmed = someone.confirmed
        case.added_at = now - OPENED
        at = now - OPENED + timedelta(days=someone.day)
        session.add(CaseEvent(case_id=case_id, disposition=someone.disposition, at=at))
        found.append(case_id)
    session.flush()
    return found


def wave_of_case(session: Session, case_id: UUID) -> Wave:
    """The wave of a case."""
    return session.exec(select(Wave).join(Case).where(Case.id == case_id)).one()


def _mail(session: Session, member_id: UUID, *, now: datetime) -> None:
    session.add(
        ContactPoint(
            member_id=member_id,
            kind=ContactKind.EMAIL,
            value=f"{member_id.hex}@correo.invalid",
            value_hash=uuid4().hex,
            source=ContactSource.ROSTER,
            added_at=now,
        )
    )
