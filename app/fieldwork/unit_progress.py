"""Progress of a questionnaire of a generation over the schools of a unit, and of units beside it.

Counts are of cases alone, exact and live for whoever may see the unit (domain.md 3.8, rule 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.answer_days import answers_by_day
from app.fieldwork.queries import DayOfProgress, OutcomeCounts
from app.fieldwork.tables import Wave
from app.fieldwork.wave_counts import Query, counts_by
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor


@dataclass(frozen=True, slots=True)
class Fielded:
    """A questionnaire that a generation was asked somewhere below a unit; [opens, closes)."""

    cohort: Cohort
    questionnaire: int
    waves: int
    opens: date
    closes: date


@dataclass(frozen=True, slots=True)
class SchoolProgress:
    """One school, by its own list."""

    code: str
    name: str
    counts: OutcomeCounts


def fielded(session: Session, scope: Scope, unit_id: UUID) -> tuple[Fielded, ...]:
    """What was asked below a unit: the newest generation first, its last questionnaire first."""
    rows = session.connection().execute(
        select_columns(
            col(CohortRow.entered),
            col(CohortRow.leaves),
            col(Wave.questionnaire),
            func.count(),
            func.min(col(Wave.opens)),
            func.max(col(Wave.closes)),
        )
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(_below(scope, unit_id))
        .group_by(col(CohortRow.entered), col(CohortRow.leaves), col(Wave.questionnaire))
    )
    found = [
        Fielded(Cohort(entered, leaves), number, waves, opens, closes)
        for entered, leaves, number, waves, opens, closes in rows
    ]
    return tuple(
        sorted(found, key=lambda one: (-one.cohort.leaves, -one.cohort.entered, -one.questionnaire))
    )


def counts_below(
    session: Session, scope: Scope, unit_ids: Sequence[UUID], cohort: Cohort, questionnaire: int
) -> dict[UUID, OutcomeCounts]:
    """Groups of each of some units, over all its schools; one query. A unit without is absent."""
    ancestor = col(UnitAncestor.ancestor_id)

    def asked(query: Query) -> Query:
        return (
            query.join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
            .join(UnitAncestor, col(UnitAncestor.unit_id) == col(Wave.school_id))
            .where(
                ancestor.in_(unit_ids),
                in_scope(scope, col(Wave.school_id)),
                *_asked(cohort, questionnaire),
            )
        )

    found = counts_by(session, (ancestor,), asked)
    return {unit_id: OutcomeCounts(dict(groups)) for (unit_id,), groups in found.items()}


def progress_of_schools(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[SchoolProgress, ...]:
    """Every school below a unit that was asked, by code."""

    def asked(query: Query) -> Query:
        return (
            query.join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
            .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
            .where(_below(scope, unit_id), *_asked(cohort, questionnaire))
        )

    keys = (col(OrganisationUnit.code), col(OrganisationUnit.name))
    found = counts_by(session, keys, asked)
    return tuple(
        SchoolProgress(code, name, OutcomeCounts(dict(groups)))
        for (code, name), groups in sorted(found.items())
    )


def unit_progress_over_time(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[DayOfProgress, ...]:
    """Answered cases, cumulative, on each local day on which one more answered."""
    a_day = answers_by_day(session, _below(scope, unit_id), *_asked(cohort, questionnaire))
    total, days = 0, []
    for day in sorted(a_day):
        total += a_day[day]
        days.append(DayOfProgress(day, total))
    return tuple(days)


def waves_below(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> dict[UUID, UUID]:
    """The waves of a questionnaire of a generation below a unit: the version each asks, by id."""
    rows = session.exec(
        select(Wave.id, Wave.version_id)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(_below(scope, unit_id), *_asked(cohort, questionnaire))
    )
    return dict(rows.all())


def _below(scope: Scope, unit_id: UUID) -> ColumnElement[bool]:
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    return col(Wave.school_id).in_(below) & in_scope(scope, col(Wave.school_id))


def _asked(cohort: Cohort, questionnaire: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(CohortRow.entered) == cohort.entered,
        col(CohortRow.leaves) == cohort.leaves,
        col(Wave.questionnaire) == questionnaire,
    )
