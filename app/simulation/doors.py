"""Personal links that somebody who tries the demonstration can open."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.links import LinkMark, link_for
from app.fieldwork.stationery import PostOffice
from app.fieldwork.tables import Case, Wave, WaveState
from app.units.tables import OrganisationUnit, StudentGroup

_UNTOUCHED = (Disposition.INVITED, Disposition.PLANNED)  # preferred in this order


@dataclass(frozen=True, slots=True)
class Door:
    """A link of somebody who has not answered yet."""

    questionnaire: int
    school: str
    url: str


def open_doors(session: Session, office: PostOffice) -> tuple[Door, ...]:
    """One link for each questionnaire that is open somewhere, 1 to 3; always the same ones."""
    found = []
    for questionnaire in (1, 2, 3):
        for disposition in _UNTOUCHED:
            door = _door(session, office, questionnaire, disposition)
            if door is not None:
                found.append(door)
                break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ClassDoor:
    """A group that can answer in class, and what one of its students types at the door."""

    school_code: str
    group: str
    student_id: str
    born: date


def class_door(session: Session) -> ClassDoor | None:
    """A group with a student whom Questionnaire 1 is still waiting for; always the same one."""
    rows = session.exec(
        select(PanelMember, StudentGroup.name, OrganisationUnit.code)
        .join(Case, col(Case.member_id) == col(PanelMember.id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(
            Wave.questionnaire == 1,
            Wave.state == WaveState.OPEN,
            Case.disposition == Disposition.PLANNED,
            col(PanelMember.simulated).is_(True),
        )
        .order_by(OrganisationUnit.code, StudentGroup.name, col(PanelMember.student_id))
    )
    for member, group, code in rows:
        if member.student_id and member.birth_date:
            return ClassDoor(code, group, member.student_id, date.fromisoformat(member.birth_date))
    return None


def _door(
    session: Session, office: PostOffice, questionnaire: int, disposition: Disposition
) -> Door | None:
    row = session.exec(
        select(Case, OrganisationUnit.name)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(
            Wave.questionnaire == questionnaire,
            Wave.state == WaveState.OPEN,
            Case.disposition == disposition,
            col(Case.link_revoked_at).is_(None),
            col(PanelMember.simulated).is_(True),
        )
        .order_by(
            col(PanelMember.track).desc(),
            OrganisationUnit.code,
            col(PanelMember.student_id),
        )
        .limit(1)
    ).first()
    if row is None:
        return None
    case, school = row
    mark = LinkMark(case.id, case.link_key_id, case.link_version)
    return Door(questionnaire, school, link_for(mark, office.link_keys, base_url=office.base_url))
