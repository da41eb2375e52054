"""What the first page of the panel says of other pages: whom a tutor looks for, what waits."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlmodel import Session

from app.analytics.sign_off import SignOffState
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


def close_tasks(closes: Iterable[Mapping[SignOffState, int]], *, school: bool) -> Iterator[Task]:
    """What whoever signs has to do: a school with what came back, its office with what came.

    Args:
        closes: of each questionnaire of each generation, how many stand where.
        school: or an office.
    """
    state = SignOffState.RETURNED if school else SignOffState.SUBMITTED
    count = sum(each.get(state, 0) for each in closes)
    if not count:
        return
    if school:
        what = "1 cierre" if count == 1 else f"{count:,} cierres"
        yield Task(
            f"La oficina devolvió {what} con su comentario.",
            "/panel/cierres?estado=returned",
            "Ver",
        )
        return
    what = "1 cierre espera" if count == 1 else f"{count:,} cierres esperan"
    yield Task(f"{what} su revisión.", "/panel/cierres?estado=submitted", "Revisar")
