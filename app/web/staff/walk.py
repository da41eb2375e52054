"""The first steps of a deployment: which are done, and where the next one is."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.directory.tables import CohortRow, PrivacyNotice
from app.fieldwork.trial import trial_arrived
from app.units import queries
from app.units.tables import InstitutionProfile
from app.web.wiring import Caller


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `state` is done, now or later."""

    text: str
    hint: str
    url: str
    button: str
    state: str


def steps(session: Session, caller: Caller) -> tuple[Step, ...]:
    """The walk for the first school of the caller, in order."""
    school = queries.first_school(session, caller.scope)
    if school is None:
        text = "Cargue sus planteles"
        hint = "Un archivo con el estado, las zonas y los planteles."
        return (Step(text, hint, "/panel/unidades/importar", "Cargar planteles", "now"),)
    unit = f"/panel/unidades/{school.code}"
    has = {
        "notice": _any(session, select(PrivacyNotice.id)),
        "sender": _any(session, select(InstitutionProfile.unit_id)),
        "roster": _any(session, select(CohortRow.id).where(col(CohortRow.school_id) == school.id)),
    }
    plan = (
        ("Plantel", f"{school.name} ({school.code})", unit, "Ver el plantel", True),
        (
            "Calendario",
            "Mayo-junio y octubre-noviembre, según la generación. Se calcula solo.",
            f"/panel/cronologia/{school.code}",
            "Ver la tabla",
            True,
        ),
        (
            "Aviso de privacidad",
            "Lo que cada persona lee antes de contestar.",
            f"{unit}/institucion#aviso",
            "Publicar el aviso",
            has["notice"],
        ),
        (
            "Remitente",
            "Quién firma los mensajes y a dónde llegan las respuestas.",
            f"{unit}/institucion",
            "Poner el remitente",
            has["sender"],
        ),
        (
            "Lista de estudiantes",
            "El archivo de control escolar, como está.",
            f"/panel/listas/nueva?unidad={school.code}",
            "Cargar la lista",
            has["roster"],
        ),
        (
            "Mensaje de prueba",
            "Véalo llegar a su propio correo antes que nadie.",
            f"{unit}/mensaje-de-prueba",
            "Enviarme la prueba",
            trial_arrived(session, school.id),
        ),
    )
    return _with_states(plan)


def _with_states(plan: tuple[tuple[str, str, str, str, bool], ...]) -> tuple[Step, ...]:
    found, waiting = [], True
    for text, hint, url, button, done in plan:
        state = "done" if done else ("now" if waiting else "later")
        waiting = waiting and done
        found.append(Step(text, hint, url, button, state))
    return tuple(found)


def _any(session: Session, query: SelectOfScalar[UUID]) -> bool:
    return session.exec(query.limit(1)).first() is not None
