"""The words of a wave: dispositions, steps, states of a message and why it stands there."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from app.chronology.contact_plan import Step
from app.fieldwork.dispositions import Disposition
from app.fieldwork.percents import as_percent
from app.fieldwork.queries import MissingPerson
from app.fieldwork.relaying import KIND as RELAY
from app.fieldwork.texts import RECOVERY
from app.fieldwork.trial import is_trial
from app.fieldwork.wanted import IN_SPANISH
from app.messaging.queries import MessageRow
from app.messaging.states import OutboxState
from app.web.render import say_date

DISPOSITION_WORDS: Mapping[Disposition, str] = {
    Disposition.PLANNED: "Todavía no se le escribe",
    Disposition.INVITED: "Se le escribió y no ha respondido",
    Disposition.UNDELIVERABLE: "Ningún correo le llega",
    Disposition.NON_CONTACT: "No respondió",
    Disposition.STARTED: "Empezó y le falta terminar",
    Disposition.BREAK_OFF: "Empezó y no terminó",
    Disposition.PARTIAL: "Respondió una parte",
    Disposition.COMPLETE: "Respondió",
    Disposition.REFUSED: "No quiso responder",
    Disposition.OTHER: "No puede responder por otra causa",
    Disposition.NOT_ELIGIBLE: "No forma parte de los egresados",
}
STEP_WORDS: Mapping[str, str] = {
    Step.INVITATION: "Invitación",
    Step.REMINDER_1: "Primer recordatorio",
    Step.REMINDER_2: "Segundo recordatorio",
    Step.REMINDER_3: "Tercer recordatorio",
    Step.LAST_CALL: "Último aviso",
    RECOVERY: "Liga que pidió de nuevo",
    RELAY: "Recado a alguien cercano",
}
STATE_WORDS: Mapping[OutboxState, str] = {
    OutboxState.QUEUED: "En espera",
    OutboxState.SENDING: "Saliendo",
    OutboxState.SENT: "Enviado",
    OutboxState.FAILED: "No se pudo entregar",
    OutboxState.UNKNOWN: "En duda",
    OutboxState.CANCELLED: "Cancelado",
}
# In the order in which staff look for them: what needs somebody first.
STATES_SHOWN = (
    OutboxState.UNKNOWN,
    OutboxState.FAILED,
    OutboxState.QUEUED,
    OutboxState.SENDING,
    OutboxState.SENT,
    OutboxState.CANCELLED,
)
SEX_WORDS = {"H": "Hombres", "M": "Mujeres", "X": "No binario"}
_SENT_TWICE = "Pudo llegarle dos veces: el servidor no confirmó el primer envío."
_IN_DOUBT = "Salió y el servidor no confirmó: pudo llegar o no."
_REASONS: Mapping[str, str] = {
    **{reason.value: words for reason, words in IN_SPANISH.items()},
    "sending_paused": "El envío de todo el sistema está en pausa",
    "stopping": "El servicio se estaba apagando; sale al volver",
    "quiet_hours": "Fuera del horario de envío",
    "domain_paused": "El correo de quien recibe pide ir más despacio",
    "domain_pace": "Espera su turno: a ese correo se le escribe poco a poco",
    "domain_busy": "Espera su turno: a ese correo se le escribe poco a poco",
    "warm_up": "Ya salieron los mensajes que hoy admite una dirección nueva; sigue mañana",
    "bounced": "El correo de quien recibe lo devolvió: la dirección no existe",
    "address_suppressed": "La dirección rechazó mensajes antes y ya no se le escribe",
    "simulated_person": "Es una persona simulada: no se le envía nada",
    "link_key_missing": "Falta la clave con la que se hizo su enlace",
    "not_rendered": "No se pudo escribir el mensaje; avise a soporte",
    "relative_gone": "Nadie cercano a quien pedirle que pase la liga, o pidió que no le escriban",
    "own_way_found": "La persona ya tiene un medio propio que sirve",
    "case_gone": "La persona ya no está en la lista",
    "worker_lost": "El envío se interrumpió a la mitad",
}


def percent(rate: Fraction) -> str:
    """A rate in whole percents: "62 %"."""
    return as_percent(rate)


def rate_in_words(part: int, base: int) -> str:
    """A rate with its numbers: "62 % (148 de 239)"; "nadie" where there is no base."""
    return f"{percent(Fraction(part, base))} ({part:,} de {base:,})" if base else "nadie"


def day_and_month(day: date) -> str:
    """A date of this year: "29 de noviembre"."""
    return say_date(day, "d 'de' MMMM")


def window_in_words(opens: date, closes: date) -> str:
    """A field period with its last day: "del 1 de octubre al 30 de noviembre de 2026"."""
    last = closes - timedelta(days=1)
    year = "" if opens.year == last.year else f" de {opens.year}"
    return f"del {day_and_month(opens)}{year} al {day_and_month(last)} de {last.year}"


def zone_in_words(zone: str) -> str:
    """A time zone as people name it: "Mexico_City" is what the database says."""
    return _ZONES.get(zone, zone.rsplit("/", 1)[-1].replace("_", " "))


def step_in_words(kind: str) -> str:
    """The step of a message."""
    if is_trial(kind):
        return f"Prueba del Cuestionario {kind[-1]}"
    return STEP_WORDS.get(kind, kind)


def reason_in_words(message: MessageRow) -> str:
    """Why a message stands where it does; "" where there is nothing to say."""
    if message.state is OutboxState.SENT:
        return _SENT_TWICE if message.doubts else ""
    said = _said(message)
    if message.state is OutboxState.UNKNOWN:
        again = (
            " Se intentará una vez más; si ya llegó, el correo de quien recibe suele reconocer "
            "la copia."
            if message.due_at
            else " No se vuelve a intentar."
        )
        return _IN_DOUBT + again
    return said


def why_missing(person: MissingPerson) -> str:
    """Why somebody has not answered, as far as the system knows."""
    if person.opted_out:
        return "Pidió no recibir mensajes; puede responder con su enlace"
    if not person.has_mail and person.disposition in {Disposition.PLANNED, Disposition.NON_CONTACT}:
        return "No tiene un correo que sirva"
    return DISPOSITION_WORDS[person.disposition]


def last_contact(contacts: int, on: date | None) -> str:
    """When somebody was written to last, and how often."""
    if on is None or not contacts:
        return "Sin mensajes todavía"
    times = "1 mensaje" if contacts == 1 else f"{contacts} mensajes"
    return f"{day_and_month(on)} ({times})"


def _said(message: MessageRow) -> str:
    reason = message.reason
    if not reason:
        return ""
    if reason in _REASONS:
        return f"{_REASONS[reason]}."
    if "Timeout" in reason:
        return "El servidor de correo tardó demasiado en contestar."
    if "Disconnected" in reason or "Connect" in reason:
        return "El servidor de correo no está o cortó la conexión."
    code = f"{message.code} " if message.code else ""
    return f"El servidor contestó: {code}{reason}"


_ZONES = {
    "America/Mexico_City": "hora del centro de México",
    "America/Tijuana": "hora de Tijuana",
    "America/Cancun": "hora de Quintana Roo",
    "America/Hermosillo": "hora de Sonora",
    "America/Mazatlan": "hora del Pacífico",
    "America/Chihuahua": "hora de Chihuahua",
    "America/Ciudad_Juarez": "hora de Ciudad Juárez",
    "America/Matamoros": "hora de Matamoros",
    "America/Ojinaga": "hora de Ojinaga",
    "America/Monterrey": "hora de Monterrey",
    "America/Merida": "hora de Mérida",
    "America/Bahia_Banderas": "hora de Bahía de Banderas",
}
