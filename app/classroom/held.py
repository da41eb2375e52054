"""Which schools asked a questionnaire without a class: for the coverage of an office. No names."""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.classroom.tables import Classroom
from app.directory.tables import CohortRow
from app.fieldwork.coverage import Lacking, by_code, generation_of, schools_here
from app.fieldwork.tables import Wave
from app.units.scope import Scope
from app.units.tables import OrganisationUnit


def without_class(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort
) -> tuple[tuple[Lacking, ...], int]:
    """Schools that opened questionnaire 1 and never a class for it, and how many opened it."""
    asked = (
        select_columns(col(OrganisationUnit.code), col(OrganisationUnit.name))
        .join(CohortRow, col(CohortRow.school_id) == col(OrganisationUnit.id))
        .join(Wave, col(Wave.cohort_id) == col(CohortRow.id))
        .where(*schools_here(scope, unit_id), *generation_of(cohort), col(Wave.questionnaire) == 1)
    )
    held = select(Classroom.id).where(col(Classroom.wave_id) == col(Wave.id)).exists()
    found = session.connection().execute(asked.where(~held))
    opened = session.scalar(asked.with_only_columns(func.count()))
    return by_code([Lacking(code, name) for code, name in found]), opened or 0
