"""The words of the worklist: channels, buttons, appointments, what is said after each tap."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.chronology.contact_plan import SendingHours
from app.fieldwork.worklist.people import Meeting, Standing, Unsaid
from app.fieldwork.worklist.ranking import Turn
from app.fieldwork.worklist.results import (
    RULES,
    AttemptResult,
    Channel,
    choices_of_others,
    first_choices,
    other_choices,
)
from app.web.render import say_date

CHANNEL_NAMES: Mapping[Channel, str] = {
    Channel.WHATSAPP: "WhatsApp",
    Channel.CALL: "Llamar",
    Channel.SMS: "SMS",
    Channel.EMAIL: "Correo",
    Channel.IN_PERSON: "En persona",
}
_QUESTIONS: Mapping[Channel, str] = {
    Channel.WHATSAPP: "¿Qué pasó con el WhatsApp?",
    Channel.CALL: "¿Qué pasó con la llamada?",
    Channel.SMS: "¿Qué pasó con el SMS?",
    Channel.EMAIL: "¿Qué pasó con el correo?",
    Channel.IN_PERSON: "¿Qué pasó?",
}
# After the tap: what was kept, and what it changes.
SAID: Mapping[AttemptResult, str] = {
    AttemptResult.SENT: "Anotado: ya se lo mandó. Si en dos días no responde, vuelve a la lista.",
    AttemptResult.WILL_ANSWER: "Anotado: contestó y lo hará.",
    AttemptResult.NO_ANSWER: "Anotado: no contestó. Vuelve a la lista en dos días.",
    AttemptResult.MESSAGE_LEFT: "Anotado: dejó recado.",
    AttemptResult.CALL_AGAIN: "Anotado: pidió otra hora.",
    AttemptResult.WRONG_NUMBER: "Anotado: ese número ya no se usa. La persona sigue en la lista.",
    AttemptResult.REFUSED: "Anotado: ya no quiere. No se le escribe más por este cuestionario. "
    "Si cambia de idea, su enlace le sigue sirviendo.",
    AttemptResult.NO_MESSAGES: "Anotado: no quiere mensajes. Puede responder si así lo decide.",
    AttemptResult.DECEASED: "Anotado, y no se vuelve a escribir. Lo sentimos mucho.",
    AttemptResult.UNABLE: "Anotado: no puede responder. No se le escribe más.",
    AttemptResult.DID_NOT_GRADUATE: "Avisado a quien lleva el seguimiento: no egresó.",
    AttemptResult.LISTED_TWICE: "Avisado a quien lleva el seguimiento: está dos veces.",
    AttemptResult.RELAYED: "Anotado: le pasará el enlace.",
    AttemptResult.OTHER_REFUSED: "Anotado: borramos ese número y no se le vuelve a escribir.",
    AttemptResult.NOT_MADE: "Anotado: no lo hizo. No cuenta como contacto.",
}


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a form: its value and its words."""

    value: str
    text: str
    main: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """The question after coming back: one tap for each way it may have gone."""

    question: str
    attempt: str  # "" for a talk in person
    first: tuple[Button, ...]
    others: tuple[Button, ...]


def route_buttons(standing: Standing) -> tuple[Button, ...]:
    """WhatsApp, Llamar, SMS, Correo: the ones this person has, the best one first in weight."""
    best = standing.place.best
    order = (Channel.WHATSAPP, Channel.CALL, Channel.SMS, Channel.EMAIL)
    return tuple(
        Button(one.value, CHANNEL_NAMES[one], main=one is best)
        for one in order
        if one in standing.routes
    )


def why_closed(standing: Standing, now: datetime) -> str:
    """Why the buttons are off; "" where they may be used."""
    if standing.place.turn is Turn.APPOINTMENT:
        return ""
    if standing.place.turn is Turn.NOT_WANTED:  # no hour changes a wish
        return standing.place.why
    if standing.quiet is not None:
        here = now.astimezone(ZoneInfo(standing.zone))
        return (
            f"Allá son las {here:%H:%M}. Se escribe y se llama {hours_in_words(standing.hours)}; "
            "los botones se encienden a esa hora."
        )
    if standing.place.turn is Turn.ASKED_WHAT_HAPPENED or standing.place.open_to_contact:
        return ""
    return standing.place.why


def hours_in_words(hours: SendingHours) -> str:
    """When people may be disturbed: "de 9:00 a 20:00"."""
    opens, closes = (f"{at.hour}:{at.minute:02}" for at in (hours.opens, hours.closes))
    return f"de {opens} a {closes}"


def asking(unsaid: Unsaid) -> Asking:
    """The question about an attempt."""
    if unsaid.to_other:
        return Asking(
            question="¿Qué pasó con su contacto?",
            attempt=str(unsaid.attempt_id),
            first=_buttons(choices_of_others()),
            others=(),
        )
    first = (*first_choices(unsaid.channel), AttemptResult.REFUSED)
    others = (one for one in other_choices() if one is not AttemptResult.REFUSED)
    return Asking(
        question=_QUESTIONS[unsaid.channel],
        attempt=str(unsaid.attempt_id),
        first=_buttons(first),
        others=_buttons(tuple(others)),
    )


def noting() -> Asking:
    """What may be noted without having opened anything: they met."""
    return Asking(
        question="Anotar algo que ya sabe",
        attempt="",
        first=_buttons((*first_choices(Channel.IN_PERSON), *other_choices())),
        others=(),
    )


def meeting_in_words(meeting: Meeting, zone: str) -> str:
    """When somebody asked to be called: "Cita: martes 3 de marzo, 17:30. Después del trabajo"."""
    note = f". {meeting.note}" if meeting.note else ""
    return f"{hour_in_words(meeting, zone)}{note}"


def hour_in_words(meeting: Meeting, zone: str) -> str:
    """The same without the note, which is of the person: for paper that lies about."""
    here = meeting.at.astimezone(ZoneInfo(zone))
    return f"Cita: {say_date(here.date())}, {here:%H:%M}"


def _buttons(results: tuple[AttemptResult, ...]) -> tuple[Button, ...]:
    return tuple(Button(one.value, RULES[one].words) for one in results)
