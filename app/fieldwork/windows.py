"""The windows of cohorts in the database, and moving one with a reason.

What the rules are, schedule.py decides. Who may move a window, the caller asked before.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, update
from sqlmodel import Session, col, or_, select

from app.chronology.calendar import local_midnight
from app.chronology.wave_plan import Cohort, FieldPeriod, exit_day
from app.directory.tables import CohortRow
from app.errors import AppError
from app.fieldwork.schedule import Change, Window, why_not_moved, windows_of
from app.fieldwork.tables import Wave, WaveState, WindowChange
from app.units.tables import OrganisationUnit, UnitAncestor

BATCH = 5_000  # ids in one condition; SQLite admits 32,766 parameters


class WindowRefused(AppError):
    """Some cohort below the unit cannot have this window."""

    code = "window.refused"
    status = 409
    plantilla = (
        "No movimos las fechas del Cuestionario {questionnaire}: {problem} ({school}). "
        "Elija otras fechas."
    )


class CohortStarred(AppError):
    """The generation was followed under the previous strategy: nothing opens for it."""

    code = "window.previous_strategy"
    status = 409
    plantilla = (
        "La generación {cohort} se siguió con la estrategia anterior y no tiene levantamiento "
        "que mover. Elija una generación que egrese después de 2015."
    )


_PROBLEMS = {
    "overlap": "se encimaría con otro cuestionario de la misma generación",
    "before_exit": "abriría antes del egreso",
}


@dataclass(frozen=True, slots=True)
class SchoolCohort:
    """A cohort row with the zone that turns its dates into instants."""

    id: UUID
    school_id: UUID
    school: str  # CCT
    zone: str
    cohort: Cohort
    calendar: str
    exit_month: int


def cohorts_where(session: Session, *conditions: ColumnElement[bool]) -> list[SchoolCohort]:
    """Cohorts under `conditions` on CohortRow and OrganisationUnit, in a fixed order."""
    rows = session.exec(
        select(
            CohortRow,
            OrganisationUnit.code,
            OrganisationUnit.time_zone,
        )
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(CohortRow.school_id))
        .where(*conditions)
        .order_by(OrganisationUnit.code, col(CohortRow.leaves), col(CohortRow.entered))
    )
    return [
        SchoolCohort(
            row.id,
            row.school_id,
            code,
            zone,
            Cohort(row.entered, row.leaves),
            row.calendar.value,
            row.exit_month,
        )
        for row, code, zone in rows
    ]


def windows_in_force(
    session: Session, cohorts: Sequence[SchoolCohort]
) -> Mapping[UUID, tuple[Window, ...]]:
    """The three windows of each cohort, by cohort id. Two queries at most a batch."""
    changes: dict[UUID, list[Change]] = defaultdict(list)
    if session.exec(select(WindowChange.id).limit(1)).first() is not None:
        for start in range(0, len(cohorts), BATCH):
            _collect_changes(session, [c.id for c in cohorts[start : start + BATCH]], changes)
    return {c.id: windows_of(c.cohort, c.calendar, changes.get(c.id, ())) for c in cohorts}


@dataclass(frozen=True, slots=True)
class Move:
    """What a member of staff asks for: the new period of one questionnaire, and why."""

    cohort: Cohort
    period: FieldPeriod
    reason: str
    staff_id: UUID | None = None


def move_window(
    session: Session,
    unit_id: UUID,
    move: Move,
    *,
    now: datetime,
) -> int:
    """Move the window of one questionnaire for a unit and all below it.

    Waves that are open follow with their close; a wave that was closed opens again when the new
    window still has days to come. What was opened is never taken back.

    Returns:
        Waves whose close changed.

    Raises:
        CohortStarred: the generation belongs to the previous strategy.
        WindowRefused: it would overlap another wave of a cohort, or open before its exit.
    """
    cohort, moved = move.cohort, move.period
    if cohort.earlier_strategy:
        raise CohortStarred(cohort=str(cohort))
    if not moved.opens < moved.closes:
        raise WindowRefused(
            questionnaire=moved.wave, problem="cerraría antes de abrir", school=str(cohort)
        )
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    cohorts = cohorts_where(
        session,
        col(CohortRow.school_id).in_(below),
        col(CohortRow.entered) == cohort.entered,
        col(CohortRow.leaves) == cohort.leaves,
    )
    _refuse_impossible(cohorts, windows_in_force(session, cohorts), moved)
    session.add(
        WindowChange(
            unit_id=unit_id,
            entered=cohort.entered,
            leaves=cohort.leaves,
            questionnaire=moved.wave,
            opens=moved.opens,
            closes=moved.closes,
            reason=move.reason,
            staff_id=move.staff_id,
            at=now,
        )
    )
    session.flush()
    return sum(_follow(session, c, moved, now=now) for c in cohorts)


def next_window(session: Session, unit_id: UUID, questionnaire: int, today: date) -> FieldPeriod:
    """The field period of a unit that is open or comes next: as moved for it or for all above.

    Of the generations it has, or of those it will have by the calendar of the SEP.
    """
    own = cohorts_where(session, col(CohortRow.school_id) == unit_id)
    periods = [
        window.period
        for windows in windows_in_force(session, own).values()
        for window in windows
        if window.questionnaire == questionnaire
    ]
    known = {cohort.cohort for cohort in own}
    coming = [Cohort(year - 3, year) for year in range(today.year - 2, today.year + 2)]
    moved = _changes_above(session, unit_id)
    for cohort in coming:
        if cohort not in known:
            windows = windows_of(cohort, "sep", moved.get(cohort, ()))
            periods.append(windows[questionnaire - 1].period)
    return min((one for one in periods if one.closes > today), key=lambda period: period.opens)


def _changes_above(session: Session, unit_id: UUID) -> Mapping[Cohort, Sequence[Change]]:
    """Windows moved for a unit or for all above it, by generation."""
    rows = session.exec(
        select(WindowChange)
        .join(UnitAncestor, col(UnitAncestor.ancestor_id) == col(WindowChange.unit_id))
        .where(UnitAncestor.unit_id == unit_id)
        .order_by(col(WindowChange.at), col(WindowChange.id))
    )
    found: dict[Cohort, list[Change]] = defaultdict(list)
    for row in rows:
        change = Change(row.questionnaire, row.opens, row.closes, row.reason, row.at)
        found[Cohort(row.entered, row.leaves)].append(change)
    return found


def _collect_changes(
    session: Session, cohort_ids: Collection[UUID], changes: dict[UUID, list[Change]]
) -> None:
    rows = session.exec(
        select(CohortRow.id, WindowChange)
        .join(UnitAncestor, col(UnitAncestor.unit_id) == col(CohortRow.school_id))
        .join(
            WindowChange,
            (col(WindowChange.unit_id) == col(UnitAncestor.ancestor_id))
            & (col(WindowChange.entered) == col(CohortRow.entered))
            & (col(WindowChange.leaves) == col(CohortRow.leaves)),
        )
        .where(col(CohortRow.id).in_(cohort_ids))
        .order_by(col(WindowChange.at), col(WindowChange.id))
    )
    for cohort_id, row in rows:
        changes[cohort_id].append(
            Change(row.questionnaire, row.opens, row.closes, row.reason, row.at)
        )


def _refuse_impossible(
    cohorts: Iterable[SchoolCohort],
    windows: Mapping[UUID, tuple[Window, ...]],
    moved: FieldPeriod,
) -> None:
    for cohort in cohorts:
        problem = why_not_moved(
            windows[cohort.id],
            moved=moved,
            leaves_school=exit_day(cohort.cohort.leaves, cohort.exit_month),
        )
        if problem is not None:
            raise WindowRefused(
                questionnaire=moved.wave, problem=_PROBLEMS[problem], school=cohort.school
            )


def _follow(session: Session, cohort: SchoolCohort, moved: FieldPeriod, *, now: datetime) -> int:
    closes_at = local_midnight(moved.closes, cohort.zone)
    reopens = closes_at > now
    taken = session.exec(
        update(Wave)
        .where(
            col(Wave.cohort_id) == cohort.id,
            col(Wave.questionnaire) == moved.wave,
            or_(col(Wave.state) == WaveState.OPEN, reopens),  # a closed wave stays closed
        )
        .values(
            closes=moved.closes,
            closes_at=closes_at,
            **({"state": WaveState.OPEN, "closed_at": None} if reopens else {}),
        )
        .returning(col(Wave.id))
    )
    return len(taken.all())


def no_wave_yet(questionnaire: int) -> ColumnElement[bool]:
    """Condition on CohortRow: it has no wave of this questionnaire."""
    return ~exists().where(
        col(Wave.cohort_id) == col(CohortRow.id), col(Wave.questionnaire) == questionnaire
    )
