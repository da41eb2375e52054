"""What schools still lack so that a generation can be followed: its list, its confirmation.

Process figures: an office sees which schools, and how many persons, never who. The database says
who lacks something: of a nation nearly every school lacks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow, PanelMember, Standing
from app.fieldwork.tables import Wave, WaveState
from app.units.queries import at_or_below
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitKind


@dataclass(frozen=True, slots=True)
class Lacking:
    """A school that lacks something; how many persons it concerns (0: nobody is listed)."""

    code: str
    name: str
    persons: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Schools of a unit for one generation, by what they lack; each list by code."""

    schools: int
    without_roster: tuple[Lacking, ...]
    without_confirmation: tuple[Lacking, ...]


def coverage(session: Session, scope: Scope, unit_id: UUID, cohort: Cohort) -> Coverage:
    """Which schools lack the list of a generation, or the confirmation of who graduated.

    A confirmation is asked for when questionnaire 1 is closed. Three queries.
    """
    school = schools_here(scope, unit_id)
    of_generation = generation_of(cohort)
    listed = (
        select(CohortRow.id)
        .join(PanelMember, col(PanelMember.cohort_id) == col(CohortRow.id))
        .where(col(CohortRow.school_id) == col(OrganisationUnit.id), *of_generation)
        .exists()
    )
    missing = session.connection().execute(
        select_columns(col(OrganisationUnit.code), col(OrganisationUnit.name)).where(
            *school, ~listed
        )
    )
    unconfirmed = (  # by an index, generation by generation: no person is read
        select(func.count())
        .select_from(PanelMember)
        .where(
            col(PanelMember.cohort_id) == col(CohortRow.id),
            PanelMember.standing == Standing.ENROLLED,
        )
        .scalar_subquery()
    )
    waiting = session.connection().execute(
        select_columns(col(OrganisationUnit.code), col(OrganisationUnit.name), unconfirmed)
        .join(CohortRow, col(CohortRow.school_id) == col(OrganisationUnit.id))
        .join(Wave, col(Wave.cohort_id) == col(CohortRow.id))
        .where(
            *school,
            *of_generation,
            col(Wave.questionnaire) == 1,
            col(Wave.state) == WaveState.CLOSED,
        )
    )
    return Coverage(
        schools=session.exec(select(func.count()).where(*school)).one(),
        without_roster=by_code([Lacking(*row) for row in missing]),
        without_confirmation=by_code([Lacking(*row) for row in waiting if row[2]]),
    )


def schools_here(scope: Scope, unit_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Conditions on the unit: it is a school at or below another, and in scope."""
    return (
        col(OrganisationUnit.kind) == UnitKind.SCHOOL,
        at_or_below(scope, unit_id, col(OrganisationUnit.id)),
    )


def generation_of(cohort: Cohort) -> tuple[ColumnElement[bool], ...]:
    """Conditions on the row of a generation of a school."""
    return col(CohortRow.entered) == cohort.entered, col(CohortRow.leaves) == cohort.leaves


def by_code(found: Sequence[Lacking]) -> tuple[Lacking, ...]:
    """Sorted here: the two engines order letters differently."""
    return tuple(sorted(found, key=attrgetter("code")))
