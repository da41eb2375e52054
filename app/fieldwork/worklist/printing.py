"""The list on paper: names and boxes; telephones and links only where they were asked for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.directory.people import search_form
from app.directory.tables import ContactKind, ContactPoint
from app.fieldwork.addressees import USABLE
from app.fieldwork.links import LinkMark, link_for
from app.fieldwork.stationery import PostOffice
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case
from app.fieldwork.wave_people import names_of_cases
from app.fieldwork.worklist.people import Asked, Standing, ranked
from app.staff import audit
from app.units.scope import Scope

_IDS_A_STATEMENT = 10_000


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One person of the paper list, in the order of the group and the name."""

    standing: Standing
    name: str
    phones: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the paper carries beside the names."""

    phones: bool
    links: bool


def paper_list(
    session: Session, scope: Scope, asked: Asked, *, now: datetime
) -> tuple[PaperLine, ...]:
    """The missing people, without anything by which they could be reached."""
    standings = ranked(session, scope, asked, now=now)
    names = names_of_cases(session, scope, [one.case_id for one in standings])
    lines = [PaperLine(one, names[one.case_id]) for one in standings]
    return tuple(
        sorted(lines, key=lambda line: (line.standing.group or "", search_form(line.name)))
    )


def full_paper_list(  # noqa: PLR0913  # what is asked, by whom and when
    session: Session,
    asked: Asked,
    wanted: Wanted,
    office: PostOffice,
    *,
    by: Steward,
    school_id: UUID,
    now: datetime,
) -> tuple[PaperLine, ...]:
    """The list with telephones or personal links; `by.scope` is that of the links. Audited.

    People with whom nobody should get in touch have neither.
    """
    lines = paper_list(session, by.scope, asked, now=now)
    open_to = [one.standing for one in lines if one.standing.place.open_to_contact]
    phones = _phones(session, [one.member_id for one in open_to]) if wanted.phones else {}
    links = dict(_links(session, open_to, office)) if wanted.links else {}
    audit.append(
        session,
        "worklist.printed",
        actor_id=by.staff_id,
        about=("wave", asked.wave_id),
        unit_id=school_id,
        now=now,
        people=len(lines),
        phones=len(phones),
        links=len(links),
    )
    return tuple(
        PaperLine(
            line.standing,
            line.name,
            tuple(phones.get(line.standing.member_id, ())),
            links.get(line.standing.case_id, ""),
        )
        for line in lines
    )


def _phones(session: Session, members: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for start in range(0, len(members), _IDS_A_STATEMENT):
        some = members[start : start + _IDS_A_STATEMENT]
        for point in session.exec(
            select(ContactPoint)
            .where(
                col(ContactPoint.member_id).in_(some),
                col(ContactPoint.kind).in_((ContactKind.MOBILE, ContactKind.PHONE)),
                col(ContactPoint.state).in_(USABLE),
            )
            .order_by(col(ContactPoint.preferred).desc(), col(ContactPoint.added_at).desc())
        ):
            found[point.member_id].append(point.value)
    return found


def _links(
    session: Session, standings: Sequence[Standing], office: PostOffice
) -> Iterator[tuple[UUID, str]]:
    cases = [one.case_id for one in standings]
    for start in range(0, len(cases), _IDS_A_STATEMENT):
        some = cases[start : start + _IDS_A_STATEMENT]
        for case_id, key_id, version in session.exec(
            select(Case.id, Case.link_key_id, Case.link_version).where(col(Case.id).in_(some))
        ):
            mark = LinkMark(case_id, key_id, version)
            yield case_id, link_for(mark, office.link_keys, base_url=office.base_url)
