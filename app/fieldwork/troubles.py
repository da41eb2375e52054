"""What stands still in the field and waits for somebody: waves whose messages are paused."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave, WaveState
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor


@dataclass(frozen=True, slots=True)
class PausedWave:
    """An open wave that sends nothing, and why."""

    id: UUID
    school: str
    cohort: str
    questionnaire: int
    reason: str


def paused_waves(
    session: Session, scope: Scope, unit_id: UUID, *, limit: int
) -> tuple[PausedWave, ...]:
    """The open waves at or below a unit whose messages are paused, the newest pause first."""
    rows = session.exec(
        select(Wave, OrganisationUnit.name, CohortRow)
        .join(UnitAncestor, col(UnitAncestor.unit_id) == col(Wave.school_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            UnitAncestor.ancestor_id == unit_id,
            in_scope(scope, col(Wave.school_id)),
            Wave.state == WaveState.OPEN,
            col(Wave.paused_at).is_not(None),
            col(Wave.mail_held_advice).is_(None),  # those are named by fitting.held_waves
        )
        .order_by(col(Wave.paused_at).desc(), col(Wave.id))
        .limit(limit)
    )
    return tuple(
        PausedWave(
            wave.id,
            school,
            str(Cohort(cohort.entered, cohort.leaves)),
            wave.questionnaire,
            wave.paused_reason or "",
        )
        for wave, school, cohort in rows
    )
