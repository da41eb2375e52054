"""What the first page of the panel says of the worklist: whom a tutor looks for, what waits."""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from app.fieldwork.worklist import frame_history, people
from app.staff.roles import Permission
from app.units.tables import OrganisationUnit, UnitKind
from app.web.staff.shell import Task
from app.web.wiring import Caller


def pending_tasks(
    session: Session, caller: Caller, unit: OrganisationUnit, *, now: datetime
) -> Iterator[Task]:
    """A tutor's own people; for whoever runs the fieldwork, warnings to decide on."""
    if unit.kind is not UnitKind.SCHOOL or not caller.actor.may(Permission.SEE_FIELDWORK):
        return
    scope = caller.actor.scope(Permission.SEE_FIELDWORK)
    waves = [
        wave for wave in people.waves_waiting(session, scope, now=now) if wave.school_id == unit.id
    ]
    if caller.actor.may(Permission.RUN_FIELDWORK):
        for wave in waves:
            doubts = len(frame_history.doubts_of(session, scope, wave.wave_id))
            if doubts:
                what = "1 aviso" if doubts == 1 else f"{doubts} avisos"
                yield Task(
                    f"Cuestionario {wave.questionnaire}: {what} de que alguien no debe contar.",
                    f"/panel/olas/{wave.wave_id}/cambios",
                    "Decidir",
                )
        return
    waiting = sum(wave.waiting for wave in waves)
    if waiting:
        missing = "Le falta 1 persona" if waiting == 1 else f"Le faltan {waiting:,} personas"
        yield Task(f"{missing} de sus grupos por responder.", "/panel/pendientes", "Ver pendientes")
