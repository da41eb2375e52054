"""Open the waves whose window holds today, close those whose window is over.

Called by every tick of every worker: any number of calls does what one does. A wave is opened
by whoever inserts its row first; a window that passed in silence is reported, never opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, or_, update
from sqlmodel import Session, and_, col, select

from app.chronology.calendar import civil_date, local_midnight
from app.chronology.reference_week import reference_week
from app.chronology.wave_plan import LAST_EARLIER_STRATEGY
from app.directory.tables import CalendarName, CohortRow, PanelMember, PrivacyNotice
from app.fieldwork.dispositions import Disposition
from app.fieldwork.frame import Frame, cases_in_turn, log_events, make_cases, members_of
from app.fieldwork.inserting import insert_missing
from app.fieldwork.schedule import (
    Window,
    in_window_on,
)
from app.fieldwork.tables import Case, Wave, WaveState, WindowChange
from app.fieldwork.windows import SchoolCohort, cohorts_where, no_wave_yet, windows_in_force
from app.keys import PurposeKey
from app.units.tables import OrganisationUnit, UnitAncestor, UnitKind

WAVES_A_BATCH = 50  # waves opened or closed in one transaction: some 10,000 cases
FRESH = timedelta(days=30)  # how long a missed window is news

# At close, silence becomes non-contact and a start that led nowhere a break-off.
_AT_CLOSE = {
    Disposition.PLANNED: Disposition.NON_CONTACT,
    Disposition.INVITED: Disposition.NON_CONTACT,
    Disposition.UNDELIVERABLE: Disposition.NON_CONTACT,
    Disposition.STARTED: Disposition.BREAK_OFF,
}
_NEAREST_FIRST = {kind: -level for level, kind in enumerate(UnitKind)}


@dataclass(frozen=True, slots=True)
class WaveNote:
    """A wave in the report of a tick."""

    school: str  # CCT
    cohort: str
    questionnaire: int
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """What one call opened; `blocked` wait for a published questionnaire; `more`: call again."""

    opened: tuple[WaveNote, ...]
    blocked: tuple[WaveNote, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """What one call closed: waves, and cases that moved with them."""

    waves: int
    cases: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Due:
    cohort: SchoolCohort
    window: Window


def open_due_waves(
    session: Session,
    *,
    now: datetime,
    keys: Sequence[PurposeKey],
    versions: Mapping[int, UUID],
    limit: int = WAVES_A_BATCH,
) -> Opened:
    """Open the waves whose window holds the school's local day and that have no row yet.

    `keys`: purpose "link", newest first; `versions`: the published version of each
    questionnaire. At most `limit` waves a call, in the order of school and cohort.
    """
    due = [found for questionnaire in (1, 2, 3) for found in _due(session, questionnaire, now=now)]
    ready = [found for found in due if found.window.questionnaire in versions]
    opened = []
    for found in ready[:limit]:
        note = _open(session, found, versions[found.window.questionnaire], keys, now=now)
        if note is not None:
            opened.append(note)
    blocked = tuple(_note(found) for found in due if found.window.questionnaire not in versions)
    return Opened(tuple(opened), blocked, more=len(ready) > limit)


def close_due_waves(session: Session, *, now: datetime, limit: int = WAVES_A_BATCH) -> Closed:
    """Close the waves whose close has come, and settle their cases (domain.md §3)."""
    due = session.exec(
        select(Wave.id)
        .where(Wave.state == WaveState.OPEN, Wave.closes_at <= now)
        .order_by(col(Wave.closes_at), col(Wave.id))
        .limit(limit + 1)
    ).all()
    waves = cases = 0
    for wave_id in sorted(due[:limit]):  # as everybody takes waves: two workers do not cross
        if _take_close(session, wave_id, now=now):
            waves += 1
            cases += _settle(session, wave_id, now=now)
    return Closed(waves, cases, more=len(due) > limit)


def missed_windows(session: Session, *, now: datetime) -> tuple[WaveNote, ...]:
    """Windows that ended in the last 30 days with people in the cohort and no wave.

    The scheduler was silent all the time, or the roster came too late: staff must know.
    """
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(FRESH.days + 2)]
    found = []
    for questionnaire in (1, 2, 3):
        conditions = _candidates(questionnaire, days)
        for cohort, window in _with_windows(session, questionnaire, conditions):
            over = local_midnight(window.period.closes, cohort.zone)
            if now - FRESH <= over <= now:
                found.append(_note(_Due(cohort, window)))
    return tuple(found)


def windows_to_open(
    session: Session, days: Sequence[date]
) -> tuple[tuple[SchoolCohort, Window], ...]:
    """Windows without a wave that hold one of `days`: what will be opened if nothing changes."""
    return tuple(
        (cohort, window)
        for questionnaire in (1, 2, 3)
        for cohort, window in _with_windows(
            session, questionnaire, _candidates(questionnaire, days)
        )
        if any(day in window.period for day in days)
    )


def _due(session: Session, questionnaire: int, *, now: datetime) -> list[_Due]:
    # Whatever the zone, the local day is within one day of the day in UTC.
    utc_day = now.astimezone(UTC).date()
    days = [utc_day + timedelta(days=shift) for shift in (-1, 0, 1)]
    conditions = _candidates(questionnaire, days)
    return [
        _Due(cohort, window)
        for cohort, window in _with_windows(session, questionnaire, conditions)
        if civil_date(now, cohort.zone) in window.period
    ]


def _candidates(questionnaire: int, days: Sequence[date]) -> ColumnElement[bool]:
    """Cohorts whose official window, or one moved for them, holds one of `days`."""
    by_rule = [
        and_(col(CohortRow.calendar) == CalendarName(calendar), col(CohortRow.leaves) == leaves)
        for calendar, wave, leaves in sorted(in_window_on(days))
        if wave == questionnaire
    ]
    moved = (
        exists()
        .where(
            col(WindowChange.questionnaire) == questionnaire,
            col(WindowChange.opens) <= max(days),
            col(WindowChange.closes) > min(days),
            col(WindowChange.entered) == col(CohortRow.entered),
            col(WindowChange.leaves) == col(CohortRow.leaves),
            col(UnitAncestor.ancestor_id) == col(WindowChange.unit_id),
            col(UnitAncestor.unit_id) == col(CohortRow.school_id),
        )
        .correlate(CohortRow)
    )
    return and_(
        or_(*by_rule, moved),
        col(CohortRow.leaves) > LAST_EARLIER_STRATEGY,
        no_wave_yet(questionnaire),
        exists().where(col(PanelMember.cohort_id) == col(CohortRow.id)),
    )


def _with_windows(
    session: Session, questionnaire: int, conditions: ColumnElement[bool]
) -> Iterable[tuple[SchoolCohort, Window]]:
    cohorts = cohorts_where(session, conditions)
    windows = windows_in_force(session, cohorts) if cohorts else {}
    for cohort in cohorts:
        for window in windows[cohort.id]:
            if window.questionnaire == questionnaire:
                yield cohort, window


def _open(
    session: Session,
    due: _Due,
    version_id: UUID,
    keys: Sequence[PurposeKey],
    *,
    now: datetime,
) -> WaveNote | None:
    wave_id = _insert_wave(session, due, version_id, now=now)
    if wave_id is None:
        return None  # another worker opened it
    frame = Frame(wave_id, due.window.questionnaire, civil_date(now, due.cohort.zone))
    members = members_of(session, due.cohort.id)
    cases = make_cases(session, frame, members, keys=keys, now=now)
    return _note(due, cases)


def _insert_wave(session: Session, due: _Due, version_id: UUID, *, now: datetime) -> UUID | None:
    """The new wave's id; None when the cohort has one already. Waits for a rival's commit."""
    period = due.window.period
    wave_id = uuid4()
    values = {
        "id": wave_id,
        "school_id": due.cohort.school_id,
        "cohort_id": due.cohort.id,
        "questionnaire": period.wave,
        "version_id": version_id,
        "notice_id": _notice_of(session, due.cohort.school_id),
        "opens": period.opens,
        "closes": period.closes,
        "opens_at": local_midnight(period.opens, due.cohort.zone),
        "closes_at": local_midnight(period.closes, due.cohort.zone),
        "reference_monday": reference_week(due.window.official.opens).monday,
        "state": WaveState.OPEN,
        "frozen_at": now,
    }
    taken = insert_missing(session, Wave, values, key=["cohort_id", "questionnaire"])
    return wave_id if taken else None


def _notice_of(session: Session, school_id: UUID) -> UUID | None:
    """The newest privacy notice of the school or of its nearest unit above that has one."""
    rows = session.exec(
        select(col(PrivacyNotice.id), col(PrivacyNotice.version), col(OrganisationUnit.kind))
        .join(UnitAncestor, col(UnitAncestor.ancestor_id) == col(PrivacyNotice.unit_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(PrivacyNotice.unit_id))
        .where(UnitAncestor.unit_id == school_id)
    ).all()
    nearest = min(rows, key=lambda row: (_NEAREST_FIRST[row[2]], -row[1]), default=None)
    return None if nearest is None else nearest[0]


def _take_close(session: Session, wave_id: UUID, *, now: datetime) -> bool:
    taken = session.exec(
        update(Wave)
        .where(
            col(Wave.id) == wave_id,
            col(Wave.state) == WaveState.OPEN,
            col(Wave.closes_at) <= now,  # not if the window was extended meanwhile
        )
        .values(state=WaveState.CLOSED, closed_at=now)
        .returning(col(Wave.id))
    )
    return taken.first() is not None


def _settle(session: Session, wave_id: UUID, *, now: datetime) -> int:
    moved = 0
    for current, following in _AT_CLOSE.items():
        taken = session.exec(
            update(Case)
            .where(
                cases_in_turn(col(Case.wave_id) == wave_id, col(Case.disposition) == current),
                col(Case.disposition) == current,
            )
            .values(disposition=following, moved_at=now)
            .returning(col(Case.id))
        ).all()
        events: list[dict[str, object]] = [
            {"case_id": case_id, "disposition": following, "reason": "Cierre", "at": now}
            for (case_id,) in taken
        ]
        log_events(session, events)
        moved += len(events)
    return moved


def _note(due: _Due, cases: int = 0) -> WaveNote:
    cohort = due.cohort
    return WaveNote(cohort.school, str(cohort.cohort), due.window.questionnaire, cases)
