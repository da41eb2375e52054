"""Progress of a questionnaire of a generation over the schools of a unit, and of units beside it.

Counts are of cases alone, exact and live for whoever may see the unit (domain.md 3.8, rule 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, true, union_all
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.answer_days import answers_by_day
from app.fieldwork.queries import DayOfProgress
from app.fieldwork.tables import Wave
from app.fieldwork.wave_counts import sums_by_school
from app.units.queries import at_or_below, in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor

QUESTIONNAIRES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Fielded:
    """A questionnaire that a generation was asked somewhere below a unit."""

    cohort: Cohort
    questionnaire: int


@dataclass(frozen=True, slots=True)
class UnitProgress:
    """Cases of all schools of a unit: `answered` of `frame`, who count or may count."""

    answered: int
    frame: int


@dataclass(frozen=True, slots=True)
class SchoolProgress:
    """One school, by its own list: `answered` of `listed` who count or may count."""

    code: str
    name: str
    answered: int
    listed: int


def fielded(session: Session, scope: Scope, unit_id: UUID) -> tuple[Fielded, ...]:
    """What was asked below a unit: the newest generation first, its last questionnaire first.

    One statement. The first wave of each is enough to know: a nation has a hundred thousand.
    """
    here = at_or_below(scope, unit_id, col(CohortRow.school_id))
    generations = (
        select_columns(col(CohortRow.entered), col(CohortRow.leaves)).where(here).distinct()
    ).subquery()
    numbers = union_all(*(select_columns(literal(n).label("n")) for n in QUESTIONNAIRES)).subquery()
    asked = aliased(CohortRow)
    wave = (
        select(Wave.id)
        .join(asked, col(asked.id) == col(Wave.cohort_id))
        .where(
            col(asked.entered) == generations.c.entered,
            col(asked.leaves) == generations.c.leaves,
            col(Wave.questionnaire) == numbers.c.n,
            at_or_below(scope, unit_id, col(asked.school_id)),
        )
        .exists()
    )
    rows = session.connection().execute(
        select_columns(generations.c.entered, generations.c.leaves, numbers.c.n)
        .select_from(generations.join(numbers, true()))
        .where(wave)
    )
    found = [Fielded(Cohort(entered, leaves), number) for entered, leaves, number in rows]
    return tuple(
        sorted(found, key=lambda one: (-one.cohort.leaves, -one.cohort.entered, -one.questionnaire))
    )


def window_of(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[date, date] | None:
    """From the first day on which a school asked to the first on which none does."""
    days = session.connection().execute(
        select_columns(func.count(), func.min(col(Wave.opens)), func.max(col(Wave.closes))).where(
            *_of_generation(scope, unit_id, cohort, questionnaire)
        )
    )
    waves, opens, closes = days.one()
    return (opens, closes) if waves else None


def counts_below(
    session: Session, scope: Scope, unit_ids: Sequence[UUID], cohort: Cohort, questionnaire: int
) -> dict[UUID, UnitProgress]:
    """Of each of some units, over all its schools; one query. A unit without cases is absent."""
    sums = sums_by_school(
        in_scope(scope, col(Wave.school_id)),
        col(Wave.questionnaire) == questionnaire,
        col(Wave.cohort_id).in_(_cohort_ids(cohort)),
    )
    rows = session.connection().execute(
        select_columns(
            col(UnitAncestor.ancestor_id), func.sum(sums.c.answered), func.sum(sums.c.fielded)
        )
        .join(sums, sums.c.school_id == col(UnitAncestor.unit_id))
        .where(col(UnitAncestor.ancestor_id).in_(unit_ids))
        .group_by(col(UnitAncestor.ancestor_id))
    )
    return {one: UnitProgress(int(done), int(cases)) for one, done, cases in rows if cases}


def progress_of_schools(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[SchoolProgress, ...]:
    """Every school below a unit with somebody on its list, by code; one query."""
    sums = sums_by_school(*_of_generation(scope, unit_id, cohort, questionnaire))
    rows = session.connection().execute(
        select_columns(
            col(OrganisationUnit.code), col(OrganisationUnit.name), sums.c.answered, sums.c.fielded
        ).join(sums, sums.c.school_id == col(OrganisationUnit.id))
    )
    # Sorted here: the two engines order letters differently.
    return tuple(
        SchoolProgress(code, name, int(answered), int(listed))
        for code, name, answered, listed in sorted(rows, key=itemgetter(0))
        if listed
    )


def unit_progress_over_time(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[DayOfProgress, ...]:
    """Answered cases, cumulative, on each local day on which one more answered."""
    a_day = answers_by_day(session, *_of_generation(scope, unit_id, cohort, questionnaire))
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
        select(Wave.id, Wave.version_id).where(
            *_of_generation(scope, unit_id, cohort, questionnaire)
        )
    )
    return dict(rows.all())


def versions_asked(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> frozenset[UUID]:
    """The versions of a questionnaire that schools below a unit asked a generation."""
    asked = _of_generation(scope, unit_id, cohort, questionnaire)
    return frozenset(session.exec(select(Wave.version_id).where(*asked).distinct()))


def _of_generation(
    scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[ColumnElement[bool], ...]:
    """Conditions on the wave: of a questionnaire of a generation, below a unit."""
    return (
        at_or_below(scope, unit_id, col(Wave.school_id)),
        col(Wave.questionnaire) == questionnaire,
        col(Wave.cohort_id).in_(_cohort_ids(cohort)),
    )


def _cohort_ids(cohort: Cohort) -> SelectOfScalar[UUID]:
    return select(CohortRow.id).where(
        CohortRow.entered == cohort.entered, CohortRow.leaves == cohort.leaves
    )
