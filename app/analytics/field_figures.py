"""What a school knows of its own field work: notice, nucleus, and how good its directory is.

R11, R13 and D1 to D3, counted from cases, marks and addresses at each request. For the school
alone: a count of who refused or has no address opens the people behind it (domain.md 3.8).
"""

from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy import select as columns
from sqlmodel import Integer, Session, and_, case, col, func, or_, select
from sqlmodel import cast as as_type

from app.analytics.followed import nucleus_of, waves_of_unit
from app.analytics.rates import share
from app.chronology.wave_plan import Cohort
from app.directory.consents import FOLLOW_UP
from app.directory.contacts import USABLE
from app.directory.states import ContactKind, ContactState
from app.directory.tables import AlternateContact, ContactPoint
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, EntrySession, Wave
from app.responses.rows import ANSWERED
from app.responses.tables import Response, ResponseMark
from app.units.scope import Scope

BEGUN = (Disposition.STARTED, Disposition.BREAK_OFF, *ANSWERED)  # each pressed Comenzar
YES, NO = 1, 2
ERROR = 2  # of datos_correctos: "Hay un error"
INDEPENDENT = 2  # ways to reach a person, neither of which depends on the other


@dataclass(frozen=True, slots=True)
class Part:
    """`count` of `base` persons, or of addresses."""

    count: int
    base: int

    @property
    def share(self) -> Fraction | None:
        """None where nobody is in the base."""
        return share(self.count, self.base)


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """By the registry's ids; None where the questionnaire does not ask.

    `dead`: addresses that stopped working, of those known (second figure of D2).
    """

    accepted: Part  # R11
    nucleus: Part  # R13
    corrected: Part | None  # D1
    reachable: Part  # D2
    dead: Part
    allows: Part | None  # D3


def field_figures(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> FieldFigures:
    """Of one questionnaire of a generation over the schools of a unit; two queries.

    Source: domain.md 3.1 (R11, R13) and 3.6 (D1 to D3). Channels are independent when losing one
    leaves the other: a personal mail, a telephone of one's own, somebody who can tell.
    """
    here = waves_of_unit(scope, unit_id, cohort, questionnaire)
    eligible = col(Case.disposition) != Disposition.NOT_ELIGIBLE
    answered = col(Case.disposition).in_(ANSWERED)
    device = select(EntrySession.id).where(col(EntrySession.case_id) == col(Case.id)).exists()
    began = or_(device, col(Case.disposition).in_(BEGUN))
    follow_up = _marked(FOLLOW_UP, YES)
    counted = (
        began,
        and_(began, _marked(f"aviso_q{questionnaire}", YES)),
        eligible,
        nucleus_of(questionnaire),
        answered,
        and_(answered, _marked("datos_correctos", ERROR)),
        and_(answered, or_(follow_up, _marked(FOLLOW_UP, NO))),
        and_(answered, follow_up),
        and_(eligible, _ways() >= INDEPENDENT),
    )
    each = (func.count(case((condition, 1))) for condition in counted)
    row = session.connection().execute(
        columns(*each).select_from(Case).join(Wave, col(Wave.id) == col(Case.wave_id)).where(here)
    )
    pressed, accepted, frame, nucleus, told, wrong, asked, allowed, reachable = list(row.one())
    known, dead = session.exec(
        select(func.count(), func.count(case((col(ContactPoint.state) == ContactState.DEAD, 1))))
        .select_from(ContactPoint)
        .join(Case, col(Case.member_id) == col(ContactPoint.member_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(here, eligible, col(ContactPoint.state) != ContactState.WITHDRAWN)
    ).one()
    return FieldFigures(
        accepted=Part(accepted, pressed),
        nucleus=Part(nucleus, frame),
        corrected=Part(wrong, told) if questionnaire == 1 else None,
        reachable=Part(reachable, frame),
        dead=Part(dead, known),
        allows=Part(allowed, asked) if questionnaire in {1, 2} else None,
    )


def _marked(variable: str, code: int) -> ColumnElement[bool]:
    """Whether the response of the case keeps this code for an item stored elsewhere."""
    return (
        select(ResponseMark.response_id)
        .join(Response, col(Response.id) == col(ResponseMark.response_id))
        .where(
            col(Response.case_id) == col(Case.id),
            col(ResponseMark.variable) == variable,
            col(ResponseMark.value) == code,
        )
        .exists()
    )


def _ways() -> ColumnElement[int]:
    """How many independent ways there are to reach the person of a case, 0 to 3."""
    told = (
        select(AlternateContact.id)
        .where(col(AlternateContact.member_id) == col(Case.member_id))
        .exists()
    )
    ways = (
        _usable(ContactKind.EMAIL),
        _usable(ContactKind.MOBILE, ContactKind.PHONE),
        told,
    )
    mail, phone, somebody = (as_type(case((way, 1), else_=0), Integer) for way in ways)
    return mail + phone + somebody


def _usable(*kinds: ContactKind) -> ColumnElement[bool]:
    return (
        select(ContactPoint.id)
        .where(
            col(ContactPoint.member_id) == col(Case.member_id),
            col(ContactPoint.kind).in_(kinds),
            col(ContactPoint.state).in_(USABLE),
            col(ContactPoint.institutional).is_(False),
        )
        .exists()
    )
