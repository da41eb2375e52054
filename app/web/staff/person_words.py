"""The plain words of a person's page: states, sources, permissions, dispositions."""

from app.directory.mails import masked
from app.directory.states import ContactKind, ContactSource, ContactState
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Ineligibility

SHIFT_WORDS = {"1": "Matutino", "2": "Vespertino", "3": "Nocturno", "4": "Mixto"}
CONTACT_STATES = {
    ContactState.UNCONFIRMED: "Sin confirmar",
    ContactState.CONFIRMED: "Confirmado",
    ContactState.DEAD: "Ya no sirve",
    ContactState.WITHDRAWN: "Retirado por la persona",
}
SOURCES = {
    ContactSource.ROSTER: "Lista de control escolar",
    ContactSource.RESPONDENT: "La dio la persona",
    ContactSource.STAFF: "La anotó el plantel",
}
OPT_OUT_SOURCES = {
    "one_click": ", por el enlace de un correo",
    "page": ", por su página",
    "staff": ", por aviso a su plantel",
    "law": ", por su derecho de oposición: solo la persona puede levantarlo",
}
CONSENT_WORDS = {
    "aviso_q1": "Aceptó el aviso de privacidad, Cuestionario 1",
    "aviso_q2": "Aceptó el aviso de privacidad, Cuestionario 2",
    "aviso_q3": "Aceptó el aviso de privacidad, Cuestionario 3",
    "autoriza_seguimiento": "Que le escriban para los siguientes cuestionarios",
    "autoriza_ofertas": "Recibir ofertas de estudio y empleo",
    "autoriza_orientacion": "Que orientación le busque con apoyos",
    "autoriza_red": "Seguir en el directorio de egresados",
}
# Short, for a station and for a line of history; the wave pages say the same at length.
DISPOSITION_WORDS = {
    Disposition.PLANNED: "Todavía no se le escribe",
    Disposition.INVITED: "Se le escribió",
    Disposition.UNDELIVERABLE: "Ningún correo le llega",
    Disposition.NON_CONTACT: "No respondió",
    Disposition.STARTED: "Empezó y le falta terminar",
    Disposition.BREAK_OFF: "Empezó y no terminó",
    Disposition.PARTIAL: "Respondió una parte",
    Disposition.COMPLETE: "Respondió",
    Disposition.REFUSED: "No quiso responder",
    Disposition.OTHER: "No puede responder por otra causa",
    Disposition.NOT_ELIGIBLE: "No le corresponde",
}
INELIGIBILITY_WORDS = {
    Ineligibility.DENIED: "no egresó",
    Ineligibility.DUPLICATE: "estaba dos veces en la lista",
    Ineligibility.DECEASED: "falleció antes de que abriera",
}


def masked_value(kind: ContactKind, value: str) -> str:
    """Enough to recognise an address one knows: "a•••@gmail.com", "••78"."""
    return masked(value) if kind is ContactKind.EMAIL else f"••{value[-2:]}"
