"""Who else may be this person: by a CURP or a matrícula that somebody typed, or by the name.

Found by keyed hashes; a merge is always of one school (actions.merge_members).
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.directory.actions import name_of
from app.directory.curp import NotACurp, read_curp
from app.directory.keyed import MatchKeys
from app.directory.people import clean
from app.directory.tables import PanelMember
from app.errors import AppError
from app.units.queries import people_in_scope
from app.units.scope import Scope

MOST_NAMESAKES = 10


class CurpTaken(AppError):
    """A CURP that another member has."""

    code = "directory.curp_taken"
    status = 409
    plantilla = "Esa CURP ya es de {whose}."


class Holder(StrEnum):
    """Whose a CURP is already; completes CurpTaken."""

    HERE = "otra persona del plantel. Si son la misma, únalas"
    ELSEWHERE = "una persona de otro plantel. Cargue su lista y se pedirá el traslado"


def refuse_taken_curp(session: Session, member_id: UUID, curp: str, *, keys: MatchKeys) -> None:
    """Raise where a well-formed CURP belongs to another member of any school.

    Raises:
        CurpTaken: with where, and nothing of who.
    """
    school_id = session.get_one(PanelMember, member_id).school_id
    schools = session.exec(
        select(PanelMember.school_id).where(
            col(PanelMember.curp_hash).in_(keys.curp_forms(curp)),
            col(PanelMember.merged_into).is_(None),
            PanelMember.id != member_id,
        )
    ).all()
    if schools:
        raise CurpTaken(whose=Holder.HERE if school_id in schools else Holder.ELSEWHERE)


def find_other(
    session: Session, scope: Scope, member_id: UUID, text: str, *, keys: MatchKeys
) -> UUID | None:
    """The other member of the school with this CURP or matrícula; None if there is none."""
    try:
        wanted: ColumnElement[bool] = col(PanelMember.curp_hash).in_(
            keys.curp_forms(read_curp(text).text)
        )
    except NotACurp:
        wanted = col(PanelMember.student_id) == clean(text)
    return session.exec(_others(session, scope, member_id, wanted)).first()


def find_namesakes(
    session: Session, scope: Scope, member_id: UUID, *, keys: MatchKeys
) -> tuple[UUID, ...]:
    """Members of the school with exactly the same name."""
    name = name_of(session.get_one(PanelMember, member_id)).search
    wanted = col(PanelMember.name_hash).in_(keys.name_forms(name))
    query = _others(session, scope, member_id, wanted).order_by(col(PanelMember.added_at))
    return tuple(session.exec(query.limit(MOST_NAMESAKES)))


def _others(
    session: Session, scope: Scope, member_id: UUID, wanted: ColumnElement[bool]
) -> SelectOfScalar[UUID]:
    school_id = session.get_one(PanelMember, member_id).school_id
    return select(PanelMember.id).where(
        wanted,
        people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        PanelMember.school_id == school_id,
        PanelMember.id != member_id,
        col(PanelMember.merged_into).is_(None),
    )
