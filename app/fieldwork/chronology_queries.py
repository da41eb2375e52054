"""The chronological table of a unit, in a constant number of queries.

A school's windows are its own; an office sees the windows that its oldest school year of
each generation has officially, and counts summed over its schools.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.chronology.wave_plan import SEP_CALENDAR, Cohort, FieldPeriod, field_periods
from app.directory.tables import CohortRow, PanelMember, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.schedule import Window
from app.fieldwork.table_cells import WaveCounts
from app.fieldwork.tables import Case, Wave, WaveState, WindowChange
from app.fieldwork.windows import SchoolCohort, cohorts_where, windows_in_force
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor, UnitKind

ANSWERED = (Disposition.COMPLETE, Disposition.PARTIAL)
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
    """Everything the table of a unit shows. Six queries, whatever the number of schools."""
    below = select(UnitAncestor.unit_id).where(
        UnitAncestor.ancestor_id == unit_id, in_scope(scope, col(UnitAncestor.unit_id))
    )
    schools = session.exec(
        select(func.count())
        .select_from(OrganisationUnit)
        .where(col(OrganisationUnit.id).in_(below), OrganisationUnit.kind == UnitKind.SCHOOL)
    ).one()
    cohorts = cohorts_where(session, col(CohortRow.school_id).in_(below))
    in_force = windows_in_force(session, cohorts if schools == 1 else _one_each(cohorts))
    counts, waves = _counts(session, below)
    unconfirmed = session.exec(
        select(func.count())
        .select_from(PanelMember)
        .where(
            col(PanelMember.school_id).in_(below),
            PanelMember.standing == Standing.ENROLLED,
            col(PanelMember.cohort_id).in_(
                select(Wave.cohort_id).where(
                    Wave.questionnaire == 1, Wave.state == WaveState.CLOSED
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
    fielded, answered = _sums()
    open_waves = func.count(func.distinct(Wave.id))
    behind = 1.0 * func.coalesce(answered, 0) / func.nullif(func.coalesce(fielded, 0), 0)
    rows = session.exec(
        select(OrganisationUnit, open_waves, fielded, answered)
        .join(UnitAncestor, col(UnitAncestor.unit_id) == col(OrganisationUnit.id))
        .join(
            Wave,
            (col(Wave.school_id) == col(OrganisationUnit.id)) & (col(Wave.state) == WaveState.OPEN),
            isouter=True,
        )
        .join(Case, col(Case.wave_id) == col(Wave.id), isouter=True)
        .where(
            UnitAncestor.ancestor_id == unit_id,
            OrganisationUnit.kind == UnitKind.SCHOOL,
            in_scope(scope, col(OrganisationUnit.id)),
        )
        .group_by(col(OrganisationUnit.id))
        .order_by(open_waves == 0, behind, col(OrganisationUnit.code))
        .limit(limit)
    )
    return [
        SchoolInField(unit.code, unit.name, waves, int(cases or 0), int(done or 0))
        for unit, waves, cases, done in rows
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


def _one_each(cohorts: Sequence[SchoolCohort]) -> list[SchoolCohort]:
    """One row for each generation: its windows stand for those of all schools."""
    first: dict[Cohort, SchoolCohort] = {}
    for found in cohorts:
        first.setdefault(found.cohort, found)
    return list(first.values())


def _sums() -> tuple[ColumnElement[int | None], ColumnElement[int | None]]:
    """Cases in the base of RR2, and those answered."""
    in_base = case((col(Case.disposition) == Disposition.NOT_ELIGIBLE, 0), else_=1)
    answered = case((col(Case.disposition).in_(ANSWERED), 1), else_=0)
    return (
        func.sum(case((col(Case.id).is_(None), 0), else_=in_base)),
        func.sum(case((col(Case.id).is_(None), 0), else_=answered)),
    )


def _counts(
    session: Session, below: SelectOfScalar[UUID]
) -> tuple[dict[tuple[Cohort, int], WaveCounts], dict[tuple[Cohort, int], UUID]]:
    fielded, answered = _sums()
    rows = session.exec(
        select(Wave, CohortRow, fielded, answered)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(Case, col(Case.wave_id) == col(Wave.id), isouter=True)
        .where(col(Wave.school_id).in_(below))
        .group_by(col(Wave.id), col(CohortRow.id))
    )
    counts: dict[tuple[Cohort, int], WaveCounts] = defaultdict(WaveCounts)
    waves = {}
    for wave, row, cases, done in rows:
        key = (Cohort(row.entered, row.leaves), wave.questionnaire)
        waves[key] = wave.id
        is_open = wave.state is WaveState.OPEN
        before = counts[key]
        counts[key] = WaveCounts(
            waves=before.waves + 1,
            open_waves=before.open_waves + is_open,
            paused_waves=before.paused_waves + (is_open and wave.paused_at is not None),
            fielded=before.fielded + int(cases or 0),
            answered=before.answered + int(done or 0),
        )
    return dict(counts), waves
