"""How well a generation is followed: whose situation is known (R10), and who stays (R12).

Counted from cases at each request, as every process figure (domain.md 3.8, rule 1).
"""

from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, case, col, func, or_, select

from app.analytics.frame.datasets import CORE, SELF
from app.analytics.rates import share
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.responses.rows import ANSWERED
from app.responses.tables import Answer, Response
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import UnitAncestor


@dataclass(frozen=True, slots=True)
class Followed:
    """Persons. `known` of `frame`: their situation, told by them or by somebody who was checked.

    `stayed` of `before`: who answered the questionnaire before this one answered this one too.
    """

    known: int
    frame: int
    stayed: int
    before: int

    @property
    def knowledge_rate(self) -> Fraction | None:
        """R10 (NACE); None where nobody is listed."""
        return share(self.known, self.frame)

    @property
    def retention(self) -> Fraction | None:
        """R12; None where nobody answered before, or nothing was asked before."""
        return share(self.stayed, self.before)


def followed(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> Followed:
    """Of one questionnaire of a generation over the schools of a unit; two queries."""
    here = waves_of_unit(scope, unit_id, cohort, questionnaire)
    eligible = col(Case.disposition) != Disposition.NOT_ELIGIBLE
    told = or_(nucleus_of(questionnaire), and_(eligible, col(Case.source) != SELF))
    frame, known = session.exec(
        select(func.count(case((eligible, 1))), func.count(case((told, 1))))
        .select_from(Case)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(here)
    ).one()
    earlier, first = aliased(Case), aliased(Wave)
    before, stayed = session.exec(
        select(func.count(), func.count(col(Case.id)))
        .select_from(earlier)
        .join(
            first,
            and_(
                col(first.id) == col(earlier.wave_id),
                col(first.questionnaire) == questionnaire - 1,
            ),
        )
        .join(
            Wave,
            and_(
                col(Wave.cohort_id) == col(first.cohort_id),
                col(Wave.questionnaire) == questionnaire,
            ),
        )
        .outerjoin(
            Case,
            and_(
                col(Case.wave_id) == col(Wave.id),
                col(Case.member_id) == col(earlier.member_id),
                col(Case.disposition).in_(ANSWERED),
            ),
        )
        .where(here, col(earlier.disposition).in_(ANSWERED))
    ).one()
    return Followed(known, frame, stayed, before)


def waves_of_unit(
    scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> ColumnElement[bool]:
    """Condition on Wave: of this questionnaire and generation, below a unit and within reach."""
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    mine = select(CohortRow.id).where(
        CohortRow.entered == cohort.entered,
        CohortRow.leaves == cohort.leaves,
        col(CohortRow.school_id).in_(below),
    )
    return and_(
        in_scope(scope, col(Wave.school_id)),
        col(Wave.questionnaire) == questionnaire,
        col(Wave.cohort_id).in_(mine),
    )


def nucleus_of(questionnaire: int) -> ColumnElement[bool]:
    """Answered by the person, with every question of the nucleus."""
    told = (
        select(Answer.response_id)
        .join(Response, col(Response.id) == col(Answer.response_id))
        .where(
            col(Response.case_id) == col(Case.id),
            col(Answer.variable) == name,
            col(Answer.value).is_not(None),
            col(Answer.missing).is_(None),
        )
        .exists()
        for name in CORE[questionnaire]
    )
    return and_(col(Case.disposition).in_(ANSWERED), *told)
