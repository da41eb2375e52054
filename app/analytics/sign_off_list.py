"""The closed waves of a scope by where their sign-off stands: what an office works through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col

from app.analytics.sign_off import SignOffState
from app.analytics.tables import SignOffAct, SignOffStep
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave, WaveState
from app.units.queries import at_or_below, in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit

PAGE = 50
LISTED = (
    SignOffState.SUBMITTED,
    SignOffState.RETURNED,
    SignOffState.TO_SUBMIT,
    SignOffState.ACCEPTED,
)


@dataclass(frozen=True, slots=True)
class ClosedWave:
    """One closed wave; `at`: when its last step was taken."""

    wave_id: UUID
    school: str
    cct: str
    cohort: Cohort
    questionnaire: int
    closes: date
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosedWaves:
    """How many there are in each state, and the first of one state, longest waiting first."""

    counts: Mapping[SignOffState, int]
    state: SignOffState
    waves: tuple[ClosedWave, ...]


def closed_waves(session: Session, scope: Scope, state: SignOffState | None) -> ClosedWaves:
    """Three queries. `state`: None chooses the first of `LISTED` that has any."""
    last = _last_steps().subquery()
    steps = session.connection().execute(
        select_columns(last.c.step, func.count())
        .select_from(Wave)
        .outerjoin(last, last.c.wave_id == col(Wave.id))
        .where(_closed(scope))
        .group_by(last.c.step)
    )
    counts = dict.fromkeys(LISTED, 0)
    for step, n in steps:
        counts[_state_of(step)] = n
    shown = state or next((one for one in LISTED if counts[one]), LISTED[0])
    wanted = (
        last.c.step.is_(None)
        if shown is SignOffState.TO_SUBMIT
        else last.c.step == SignOffStep(shown.value)
    )
    rows = session.connection().execute(
        select_columns(
            col(Wave.id),
            col(OrganisationUnit.name),
            col(OrganisationUnit.code),
            col(CohortRow.entered),
            col(CohortRow.leaves),
            col(Wave.questionnaire),
            col(Wave.closes),
            last.c.at,
        )
        .select_from(Wave)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .outerjoin(last, last.c.wave_id == col(Wave.id))
        .where(_closed(scope), wanted)
        .order_by(last.c.at, col(Wave.closes), col(Wave.id))
        .limit(PAGE)
    )
    waves = tuple(
        ClosedWave(wave_id, name, code, Cohort(entered, leaves), number, closes, at)
        for wave_id, name, code, entered, leaves, number, closes, at in rows
    )
    return ClosedWaves(counts, shown, waves)


def closes_below(
    session: Session, scope: Scope, unit_id: UUID, closed: Mapping[tuple[Cohort, int], int]
) -> Mapping[tuple[Cohort, int], Mapping[SignOffState, int]]:
    """Closed waves of the schools of a unit, by generation and questionnaire: how many stand where.

    `closed`: how many there are of each. One query, of those that somebody took a step with.
    """
    last = _last_steps().subquery()
    rows = session.connection().execute(
        select_columns(
            col(CohortRow.entered),
            col(CohortRow.leaves),
            col(Wave.questionnaire),
            last.c.step,
            func.count(),
        )
        .select_from(last)
        .join(Wave, col(Wave.id) == last.c.wave_id)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            col(Wave.state) == WaveState.CLOSED,
            at_or_below(scope, unit_id, col(Wave.school_id)),
        )
        .group_by(col(CohortRow.entered), col(CohortRow.leaves), col(Wave.questionnaire))
        .group_by(last.c.step)
    )
    found: dict[tuple[Cohort, int], dict[SignOffState, int]] = {}
    for entered, leaves, number, step, waves in rows:
        counts = found.setdefault((Cohort(entered, leaves), number), {})
        counts[_state_of(step)] = waves
    for key, waves in closed.items():
        counts = found.setdefault(key, {})
        if untouched := waves - sum(counts.values()):
            counts[SignOffState.TO_SUBMIT] = untouched
    return found


def last_word(session: Session, scope: Scope, wave_id: UUID) -> tuple[SignOffState, str] | None:
    """Where the close of one wave stands and what was said last; None while it is open."""
    row = (
        session.connection()
        .execute(
            select_columns(col(SignOffAct.step), col(SignOffAct.comment))
            .select_from(Wave)
            .outerjoin(SignOffAct, col(SignOffAct.wave_id) == col(Wave.id))
            .where(_closed(scope), col(Wave.id) == wave_id)
            .order_by(col(SignOffAct.number).desc())
            .limit(1)
        )
        .first()
    )
    return None if row is None else (_state_of(row[0]), row[1] or "")


def _state_of(step: SignOffStep | str | None) -> SignOffState:
    return SignOffState.TO_SUBMIT if step is None else SignOffState(str(step))


def _closed(scope: Scope) -> ColumnElement[bool]:
    return and_(in_scope(scope, col(Wave.school_id)), col(Wave.state) == WaveState.CLOSED)


def _last_steps() -> Select[UUID, SignOffStep, datetime]:
    """The newest step of each wave that has any: steps are numbered without a gap."""
    later = aliased(SignOffAct)
    followed = (
        select_columns(col(later.id))
        .where(
            col(later.wave_id) == col(SignOffAct.wave_id),
            col(later.number) == col(SignOffAct.number) + 1,
        )
        .exists()
    )
    return select_columns(
        col(SignOffAct.wave_id).label("wave_id"), col(SignOffAct.step), col(SignOffAct.at)
    ).where(~followed)
