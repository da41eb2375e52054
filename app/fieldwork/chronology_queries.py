"""The chronological table of a unit, in a constant number of queries.

A school's windows are its own; an office sees the windows that its oldest school year of
each generation has officially, and counts summed over its schools.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, cast, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.chronology.wave_plan import SEP_CALENDAR, Cohort, FieldPeriod, field_periods
from app.directory.tables import CohortRow, PanelMember, Standing
from app.fieldwork.dispositions import Outcome
from app.fieldwork.schedule import Window
from app.fieldwork.table_cells import WaveCounts
from app.fieldwork.tables import Wave, WaveState, WindowChange
from app.fieldwork.wave_counts import Query, sums_by_school, waves_by
from app.fieldwork.windows import cohorts_where, windows_in_force
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor, UnitKind

_NOBODY = WaveCounts()


@dataclass(frozen=True, slots=True)
class UnitChronology:
    """Generations of a unit, their windows in force, and how far their waves are."""

    schools: int
    cohorts: frozenset[Cohort]
    windows: dict[Cohort, tuple[Window, ...]]
    counts: dict[tuple[Cohort, int], WaveCounts]
    waves: dict[tuple[Cohort, int], UUID]  # only of a school, which has at most one each
    unconfirmed: int

    def periods_of(self, cohort: Cohort) -> Sequence[FieldPeriod]:
        """Windows in force, or the SEP calendar for a generation without a directory."""
        windows = self.windows.get(cohort)
        if windows is None:
            return field_periods(cohort, SEP_CALENDAR)
        return [window.period for window in windows]

    def counts_of(self, cohort: Cohort, questionnaire: int) -> WaveCounts:
        """Counts of a cell; zeros where no wave was opened."""
        return self.counts.get((cohort, questionnaire), _NOBODY)

    def is_moved(self, cohort: Cohort, questionnaire: int) -> bool:
        """Whether staff moved this window."""
        return any(
            window.questionnaire == questionnaire and window.reason is not None
            for window in self.windows.get(cohort, ())
        )

    def wave_url(self, cohort: Cohort, questionnaire: int) -> str | None:
        """Address of the wave's page; an office goes through its schools."""
        found = self.waves.get((cohort, questionnaire))
        return None if found is None else f"/panel/olas/{found}"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A window that was moved, with both days as people say them."""

    generation: str
    questionnaire: int
    opens: date
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class SchoolInField:
    """A school of an office, with what it has in the field."""

    code: str
    name: str
    open_waves: int
    fielded: int
    answered: int


def unit_chronology(session: Session, scope: Scope, unit_id: UUID) -> UnitChronology:
    """Everything the table of a unit shows; as many queries for a nation as for a zone."""
    below = _below(scope, unit_id)
    schools = session.exec(
        select(func.count())
        .select_from(OrganisationUnit)
        .where(col(OrganisationUnit.id).in_(below), OrganisationUnit.kind == UnitKind.SCHOOL)
    ).one()
    mine = col(CohortRow.school_id).in_(below)
    cohorts = cohorts_where(session, mine if schools == 1 else _first_of_each(session, below))
    in_force = windows_in_force(session, cohorts)
    counts, waves = _counts(session, below)
    unconfirmed = session.exec(
        select(func.count())
        .select_from(PanelMember)
        .where(  # of the cohort alone: an index counts them, and no person is read
            PanelMember.standing == Standing.ENROLLED,
            col(PanelMember.cohort_id).in_(
                select(Wave.cohort_id).where(
                    Wave.questionnaire == 1,
                    Wave.state == WaveState.CLOSED,
                    col(Wave.school_id).in_(below),
                )
            ),
        )
    ).one()
    return UnitChronology(
        schools=schools,
        cohorts=frozenset(found.cohort for found in cohorts),
        windows={found.cohort: in_force[found.id] for found in cohorts if found.id in in_force},
        counts=counts,
        waves=waves if schools == 1 else {},
        unconfirmed=unconfirmed,
    )


def schools_in_field(
    session: Session, scope: Scope, unit_id: UUID, *, limit: int
) -> list[SchoolInField]:
    """Schools below a unit, those furthest behind in an open wave first, then by name."""
    here = _below(scope, unit_id)
    is_open = col(Wave.state) == WaveState.OPEN
    sums = sums_by_school(is_open, col(Wave.school_id).in_(here))
    open_waves = func.coalesce(sums.c.waves, 0)
    behind = 1.0 * func.coalesce(sums.c.answered, 0) / func.nullif(sums.c.fielded, 0)
    rows = session.connection().execute(
        select_columns(
            col(OrganisationUnit.code),
            col(OrganisationUnit.name),
            open_waves,
            sums.c.fielded,
            sums.c.answered,
        )
        .join(sums, sums.c.school_id == col(OrganisationUnit.id), isouter=True)
        .where(col(OrganisationUnit.id).in_(here), col(OrganisationUnit.kind) == UnitKind.SCHOOL)
        .order_by(open_waves == 0, behind, col(OrganisationUnit.code))
        .limit(limit)
    )
    return [
        SchoolInField(code, name, waves, int(cases or 0), int(done or 0))
        for code, name, waves, cases, done in rows
    ]


def changes_of(session: Session, scope: Scope, unit_id: UUID) -> tuple[ChangeRow, ...]:
    """Windows moved for this unit or for all above it, newest first."""
    above = select(UnitAncestor.ancestor_id).where(
        UnitAncestor.unit_id == unit_id, in_scope(scope, col(UnitAncestor.unit_id))
    )
    rows = session.exec(
        select(WindowChange)
        .where(col(WindowChange.unit_id).in_(above))
        .order_by(col(WindowChange.at).desc())
    )
    return tuple(
        ChangeRow(
            str(Cohort(row.entered, row.leaves)),
            row.questionnaire,
            row.opens,
            row.closes - timedelta(days=1),
            row.reason,
        )
        for row in rows
    )


def _below(scope: Scope, unit_id: UUID) -> SelectOfScalar[UUID]:
    """The units at or below one, as far as they are in scope."""
    found = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    if unit_id in scope.units:  # then all below are
        return found
    return found.where(in_scope(scope, col(UnitAncestor.unit_id)))


def _first_of_each(session: Session, below: SelectOfScalar[UUID]) -> ColumnElement[bool]:
    """One row for each generation: its windows stand for those of all schools."""
    generations = session.exec(
        select(CohortRow.entered, CohortRow.leaves)
        .where(col(CohortRow.school_id).in_(below))
        .group_by(col(CohortRow.entered), col(CohortRow.leaves))
    )
    firsts = [
        session.exec(
            select(CohortRow.id)
            .join(OrganisationUnit, col(OrganisationUnit.id) == col(CohortRow.school_id))
            .where(
                col(CohortRow.school_id).in_(below),
                CohortRow.entered == entered,
                CohortRow.leaves == leaves,
            )
            .order_by(col(OrganisationUnit.code))
            .limit(1)
        ).one()
        for entered, leaves in generations.all()
    ]
    return col(CohortRow.id).in_(firsts)


def _counts(
    session: Session, below: SelectOfScalar[UUID]
) -> tuple[dict[tuple[Cohort, int], WaveCounts], dict[tuple[Cohort, int], UUID]]:
    """By generation and questionnaire; and a wave of each, where there is one only."""

    def of_unit(query: Query) -> Query:
        return query.join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id)).where(
            col(Wave.school_id).in_(below)
        )

    keys = (col(CohortRow.entered), col(CohortRow.leaves), col(Wave.questionnaire))
    is_open = col(Wave.state) == WaveState.OPEN
    paused = is_open & col(Wave.paused_at).is_not(None)
    totals = (
        func.count(),
        func.sum(case((is_open, 1), else_=0)),
        func.sum(case((paused, 1), else_=0)),
        func.min(cast(col(Wave.id), Text)),
    )
    counts, one_each = {}, {}
    for (entered, leaves, questionnaire), (told, groups) in waves_by(
        session, keys, of_unit, totals
    ).items():
        total, opened, stopped, wave_id = told
        key = (Cohort(entered, leaves), questionnaire)
        counts[key] = WaveCounts(
            waves=total,
            open_waves=int(opened),
            paused_waves=int(stopped),
            fielded=groups.total() - groups[Outcome.NOT_ELIGIBLE],
            answered=groups[Outcome.COMPLETE] + groups[Outcome.PARTIAL],
        )
        one_each[key] = UUID(wave_id)
    return counts, one_each
