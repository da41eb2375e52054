"""Personal links that somebody who tries the demonstration can open."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.links import LinkMark, link_for
from app.fieldwork.stationery import PostOffice
from app.fieldwork.tables import Case, Wave, WaveState
from app.units.tables import OrganisationUnit

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
