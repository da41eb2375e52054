"""The contact plan in force for a school: its own, that of the nearest office, or the default.

Plans are rows that are only added to; the newest row of a unit rules for what is not yet queued.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.chronology.contact_plan import DEFAULT_PLANS, ContactPlan
from app.chronology.plan_text import problems_of, read_plan, write_plan
from app.errors import AppError, NotFound
from app.fieldwork.tables import ContactPlanRow
from app.units.nearest import nearest_choices
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor

_NAMED_AT_MOST = 1_000  # schools of a question; of more, every plan is read


class PlanRefused(AppError):
    """A contact plan cannot be like that; `field`: where it was typed."""

    code = "contact_plan.refused"
    status = 422
    plantilla = "{problem}."


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of some schools; whoever is not named has the default."""

    chosen: Mapping[tuple[UUID, int], ContactPlan] = field(default_factory=dict)

    def of(self, school_id: UUID, questionnaire: int) -> ContactPlan:
        """The plan of a questionnaire at a school."""
        return self.chosen.get((school_id, questionnaire), DEFAULT_PLANS[questionnaire])


@dataclass(frozen=True, slots=True)
class PlanInForce:
    """A plan and who chose it: None where it is the default."""

    plan: ContactPlan
    unit_id: UUID | None = None
    unit_name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One change of a unit's plan, for its history. `plan` None: that from above again."""

    at: datetime
    staff_id: UUID | None
    plan: ContactPlan | None


def plans_of(session: Session, school_ids: Collection[UUID]) -> Plans:
    """The plans of these schools, in two queries while nobody chose any."""
    chosen: dict[tuple[UUID, int], ContactPlan] = {}
    by_questionnaire: dict[int, dict[UUID, ContactPlan]] = {}
    for row in _newest(session, school_ids):
        if row.document is not None:
            of_units = by_questionnaire.setdefault(row.questionnaire, {})
            of_units[row.unit_id] = read_plan(row.document)
    for questionnaire, of_units in by_questionnaire.items():
        for school_id, unit_id in nearest_choices(session, school_ids, of_units.keys()).items():
            chosen[school_id, questionnaire] = of_units[unit_id]
    return Plans(chosen)


def plan_in_force(session: Session, scope: Scope, unit_id: UUID, questionnaire: int) -> PlanInForce:
    """The plan of a unit and where it comes from.

    The scope must reach the unit, not the office above: how it writes is no secret below it.

    Raises:
        NotFound: the unit is not the caller's.
    """
    mine = session.exec(
        select(OrganisationUnit.id).where(
            OrganisationUnit.id == unit_id, in_scope(scope, col(OrganisationUnit.id))
        )
    ).first()
    if mine is None:
        raise NotFound(unit=unit_id)
    rows = {
        row.unit_id: row
        for row in _newest(session, [unit_id])
        if row.questionnaire == questionnaire and row.document is not None
    }
    nearest = nearest_choices(session, [unit_id], rows.keys()).get(unit_id)
    if nearest is None:
        return PlanInForce(DEFAULT_PLANS[questionnaire])
    row = rows[nearest]
    name = session.get_one(OrganisationUnit, nearest).name
    return PlanInForce(read_plan(row.document or ""), nearest, name, row.at)


def choose_plan(
    session: Session,
    unit_id: UUID,
    questionnaire: int,
    plan: ContactPlan | None,
    *,
    staff_id: UUID | None,
    now: datetime,
) -> None:
    """Set the plan of a unit and all below without one of their own; None: that from above.

    Raises:
        PlanRefused: the plan cannot be used.
    """
    problem = next(iter(problems_of(plan)), None) if plan is not None else None
    if problem is not None:
        raise PlanRefused(field=problem[0], problem=problem[1])
    last = session.exec(
        select(func.max(ContactPlanRow.version)).where(
            ContactPlanRow.unit_id == unit_id, ContactPlanRow.questionnaire == questionnaire
        )
    ).one()
    session.add(
        ContactPlanRow(
            unit_id=unit_id,
            questionnaire=questionnaire,
            version=(last or 0) + 1,
            document=None if plan is None else write_plan(plan),
            staff_id=staff_id,
            at=now,
        )
    )
    session.flush()


def versions_of(
    session: Session, scope: Scope, unit_id: UUID, questionnaire: int
) -> tuple[PlanVersion, ...]:
    """What a unit chose over time, newest first."""
    rows = session.exec(
        select(ContactPlanRow)
        .where(
            ContactPlanRow.unit_id == unit_id,
            ContactPlanRow.questionnaire == questionnaire,
            in_scope(scope, col(ContactPlanRow.unit_id)),
        )
        .order_by(col(ContactPlanRow.version).desc())
    )
    return tuple(
        PlanVersion(row.at, row.staff_id, None if row.document is None else read_plan(row.document))
        for row in rows
    )


def _newest(session: Session, school_ids: Collection[UUID]) -> Sequence[ContactPlanRow]:
    """The newest row of each unit and questionnaire, of units at or above the schools."""
    asked = select(ContactPlanRow).order_by(col(ContactPlanRow.version))
    if len(school_ids) <= _NAMED_AT_MOST:
        above = select(UnitAncestor.ancestor_id).where(col(UnitAncestor.unit_id).in_(school_ids))
        asked = asked.where(col(ContactPlanRow.unit_id).in_(above))
    newest = {(row.unit_id, row.questionnaire): row for row in session.exec(asked)}
    return list(newest.values())
