"""Paper slips: the personal link of each student who is missing, to be cut and handed out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.classroom.opening import of_group, takes_answers, wave_of_caller
from app.directory.people import PersonName, search_form
from app.directory.tables import PanelMember
from app.fieldwork.links import LinkMark, link_for
from app.fieldwork.steering import Steward, WaveOver
from app.fieldwork.tables import Case
from app.fieldwork.wave_people import STILL_MISSING
from app.keys import PurposeKey
from app.staff import audit
from app.units.tables import OrganisationUnit, StudentGroup


@dataclass(frozen=True, slots=True)
class Slip:
    """Whoever holds `url` answers in the name of `name`."""

    name: str
    url: str

    def __repr__(self) -> str:
        return "Slip()"  # a link never gets logged


@dataclass(frozen=True, slots=True)
class Slips:
    """The slips of a group, by surname. `closes`: the first day on which none works."""

    school: str
    group: str | None
    questionnaire: int
    closes: date
    slips: tuple[Slip, ...]


def slips_of_group(  # noqa: PLR0913  # whose links, made how, for whom
    session: Session,
    wave_id: UUID,
    group_id: UUID | None,
    keys: Sequence[PurposeKey],
    *,
    base_url: str,
    by: Steward,
    now: datetime,
) -> Slips:
    """The links of a group's students who have not answered; leaves its audit entry.

    Raises:
        NotFound: the wave has nobody of that group, or they are not the caller's.
        WaveOver: no link works any more.
        LinkKeyMissing: a link was made with a key that is gone.
    """
    wave = wave_of_caller(session, wave_id, group_id, by)
    if not takes_answers(wave, now=now):
        raise WaveOver(wave=wave_id)
    rows = session.exec(
        select(Case, PanelMember)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            Case.wave_id == wave_id,
            of_group(group_id),
            col(Case.disposition).in_(STILL_MISSING),
            col(Case.link_revoked_at).is_(None),
        )
    ).all()
    audit.append(
        session,
        "links.exported",
        actor_id=by.staff_id,
        about=("wave", wave_id),
        unit_id=wave.school_id,
        now=now,
        group=None if group_id is None else str(group_id),
        links=len(rows),
    )
    made = [
        Slip(
            PersonName(member.given_name, member.surname_1, member.surname_2).listed,
            link_for(
                LinkMark(case.id, case.link_key_id, case.link_version), keys, base_url=base_url
            ),
        )
        for case, member in rows
    ]
    return Slips(
        school=session.get_one(OrganisationUnit, wave.school_id).name,
        group=None if group_id is None else session.get_one(StudentGroup, group_id).name,
        questionnaire=wave.questionnaire,
        closes=wave.closes,
        slips=tuple(sorted(made, key=lambda slip: (search_form(slip.name), slip.url))),
    )
