"""What schools still lack so that a generation can be followed: its list, its confirmation.

Process figures: an office sees which schools, and how many persons, never who.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow, PanelMember, Standing
from app.fieldwork.tables import Wave, WaveState
from app.units.queries import School, schools_below
from app.units.scope import Scope


@dataclass(frozen=True, slots=True)
class Lacking:
    """A school that lacks something; how many persons it concerns (0: nobody is listed)."""

    school: School
    persons: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Schools of a unit for one generation, by what they lack."""

    schools: int
    without_roster: tuple[Lacking, ...]
    without_confirmation: tuple[Lacking, ...]
    first_waves: tuple[tuple[School, UUID], ...]  # questionnaire 1, asked in class


def coverage(session: Session, scope: Scope, unit_id: UUID, cohort: Cohort) -> Coverage:
    """Which schools lack the list of a generation, or the confirmation of who graduated.

    A confirmation is asked for when questionnaire 1 is closed. Four queries.
    """
    schools = schools_below(session, scope, unit_id)
    ids = [school.id for school in schools]
    listed = _persons(session, ids, cohort)
    waiting = _unconfirmed(session, ids, cohort)
    first = _first_waves(session, ids, cohort)
    return Coverage(
        schools=len(schools),
        without_roster=tuple(Lacking(one) for one in schools if not listed.get(one.id)),
        without_confirmation=tuple(
            Lacking(one, waiting[one.id]) for one in schools if waiting.get(one.id)
        ),
        first_waves=tuple((one, first[one.id]) for one in schools if one.id in first),
    )


def _persons(session: Session, ids: Sequence[UUID], cohort: Cohort) -> dict[UUID, int]:
    rows = session.connection().execute(
        select_columns(col(CohortRow.school_id), func.count(col(PanelMember.id)))
        .join(PanelMember, col(PanelMember.cohort_id) == col(CohortRow.id))
        .where(
            col(CohortRow.school_id).in_(ids),
            col(CohortRow.entered) == cohort.entered,
            col(CohortRow.leaves) == cohort.leaves,
        )
        .group_by(col(CohortRow.school_id))
    )
    return {school_id: persons for school_id, persons in rows}  # noqa: C416 (rows, not pairs)


def _unconfirmed(session: Session, ids: Sequence[UUID], cohort: Cohort) -> dict[UUID, int]:
    closed = select(Wave.cohort_id).where(
        Wave.questionnaire == 1, col(Wave.state) == WaveState.CLOSED
    )
    rows = session.connection().execute(
        select_columns(col(CohortRow.school_id), func.count(col(PanelMember.id)))
        .join(PanelMember, col(PanelMember.cohort_id) == col(CohortRow.id))
        .where(
            col(CohortRow.school_id).in_(ids),
            col(CohortRow.entered) == cohort.entered,
            col(CohortRow.leaves) == cohort.leaves,
            col(PanelMember.standing) == Standing.ENROLLED,
            col(CohortRow.id).in_(closed),
        )
        .group_by(col(CohortRow.school_id))
    )
    return {school_id: persons for school_id, persons in rows}  # noqa: C416


def _first_waves(session: Session, ids: Sequence[UUID], cohort: Cohort) -> dict[UUID, UUID]:
    rows = session.exec(
        select(Wave.school_id, Wave.id)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            col(Wave.school_id).in_(ids),
            col(CohortRow.entered) == cohort.entered,
            col(CohortRow.leaves) == cohort.leaves,
            col(Wave.questionnaire) == 1,
        )
    )
    return dict(rows.all())
