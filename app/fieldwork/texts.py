"""What the messages say: a text for each questionnaire and step, with a closed set of fields.

Spanish of Mexico, tú, short and kind. Every message says who asks, how long it takes, until
when, where the school vouches for it (/verifica) and how to stop the messages. Filled by
messaging.templates at the moment of sending, so a corrected text reaches what still waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.chronology.contact_plan import Step
from app.messaging.sms_size import SmsSize, sms_size
from app.messaging.templates import Template, TemplateRefused, parse_template

# As long as a real one, for an SMS is paid by its length; of nobody.
EXAMPLE_BAJA = "AbCdEfGhIjKlMnOpQrStUv.0123456789AbCdEfGhIjKlMnOpQrStUvWxYz0123456"
# What each field becomes, in words; an institution writes with these and no others.
MEANINGS: Mapping[str, str] = {
    "nombre": "nombre de la persona",
    "escuela": "nombre del plantel",
    "generacion": "generación, por ejemplo 2023-2026",
    "minutos": "minutos que toma contestar",
    "cierra": "último día para responder",
    "remitente": "quién firma los mensajes",
    "sitio": "dirección de este sitio",
    "liga": "liga personal para responder",
    "baja": "enlace para dejar de recibir mensajes",
}
LINKS = frozenset({"liga", "baja"})
FIELDS = frozenset(MEANINGS) - LINKS
LONGEST_SUBJECT = 60  # characters once filled (trust.md EM-07)
SHORT_SUBJECT = "{{escuela}}"  # of a text message: only the development mailbox shows it
MOST_PARTS = 6  # of a text message; each is paid for
# Letters that would make a text message cost double; the others of Spanish are in the alphabet
# of telephones (3GPP TS 23.038 §6.2.1).
_PLAIN = str.maketrans("áíóúÁÍÓÚ", "aiouAIOU")


@dataclass(frozen=True, slots=True)
class MessageText:
    """A subject of at most 60 characters once filled, and a body; `{{campo}}` in both."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class TextKey:
    """Which message: of a questionnaire, at a step, to those who `started` or to the others.

    `short`: by SMS and WhatsApp, the same to all.
    """

    questionnaire: int
    step: Step
    started: bool = False
    short: bool = False


RECOVERY = "recovery"  # kind of the message that answers /recuperar; no step of a plan

# Whole minutes, rounded up, of the median of tests/bench/phone.py: 323, 256 and 294 s of reading
# and touching (28 Nov 2026). Measure again when a questionnaire changes.
MINUTES = {1: 6, 2: 5, 3: 5}

_TAIL = """\
Tu liga personal (no la compartas):
{{liga}}

Puedes responder hasta el {{cierra}}. Si no terminas de una vez, la misma liga te regresa a donde \
ibas.

¿Dudas de que este mensaje sea de tu escuela? Escribe en tu navegador {{sitio}}/verifica y ahí \
lo confirmas. Para cualquier otra duda: {{sitio}}/ayuda

{{remitente}}
{{escuela}}

Si ya no quieres recibir estos mensajes: {{baja}}
"""

_PURPOSE = {
    1: (
        "Estás por egresar de {{escuela}} y queremos conocer tus planes, y saber cómo "
        "encontrarte cuando salgas."
    ),
    2: (
        "Egresaste de {{escuela}} (generación {{generacion}}) y queremos saber qué estás "
        "haciendo: si estudias, si trabajas o qué buscas."
    ),
    3: (
        "Hace más de un año egresaste de {{escuela}} (generación {{generacion}}) y queremos "
        "saber cómo te ha ido. Es la última vez que te preguntamos."
    ),
}
_USE = {
    1: "Con las respuestas, la escuela prepara mejor a quienes vienen detrás.",
    2: "Con las respuestas, la escuela mejora lo que enseña. Nadie ve lo que contestó cada quien.",
    3: "Con las respuestas, la escuela mejora lo que enseña. Nadie ve lo que contestó cada quien.",
}
_SUBJECT = {
    1: {
        Step.INVITATION: "Tus planes al egresar",
        Step.REMINDER_1: "Falta conocer tus planes",
        Step.REMINDER_2: "Tus planes también cuentan",
        Step.REMINDER_3: "Todavía puedes contarnos tus planes",
        Step.LAST_CALL: "Últimos días para contarnos tus planes",
    },
    2: {
        Step.INVITATION: "¿Qué haces ahora que egresaste?",
        Step.REMINDER_1: "Nos falta saber de ti",
        Step.REMINDER_2: "Tu respuesta cuenta, estudies o trabajes o no",
        Step.REMINDER_3: "Todavía puedes responder",
        Step.LAST_CALL: "Última semana para responder",
    },
    3: {
        Step.INVITATION: "¿Cómo te ha ido desde que egresaste?",
        Step.REMINDER_1: "Nos falta saber de ti",
        Step.REMINDER_2: "Tu camino también cuenta",
        Step.REMINDER_3: "Todavía puedes responder",
        Step.LAST_CALL: "Última semana para responder",
    },
}
_OPENING = {
    Step.INVITATION: (
        "{purpose}\n\nSon unas cuantas preguntas: toman {{{{minutos}}}} minutos en el celular. "
        "{use}"
    ),
    Step.REMINDER_1: (
        "Hace unos días te escribimos y tal vez no era buen momento. {purpose}\n\n"
        "Toma {{{{minutos}}}} minutos en el celular. {use}"
    ),
    Step.REMINDER_2: (
        "Varias personas de tu generación ya respondieron; nos falta tu parte. {purpose}\n\n"
        "No hay respuestas buenas ni malas, y toma {{{{minutos}}}} minutos."
    ),
    Step.REMINDER_3: (
        "Todavía hay tiempo. {purpose}\n\nPuedes dejar en blanco lo que no quieras contestar; "
        "son {{{{minutos}}}} minutos."
    ),
    Step.LAST_CALL: (
        "Este es el último mensaje de este cuestionario. {purpose}\n\n"
        "Si te animas, toma {{{{minutos}}}} minutos."
    ),
}
_STARTED_SUBJECT = {
    Step.INVITATION: "Sigue donde te quedaste",
    Step.REMINDER_1: "Te falta poco para terminar",
    Step.REMINDER_2: "Tus respuestas están guardadas",
    Step.REMINDER_3: "Todavía puedes terminar",
    Step.LAST_CALL: "Última semana para terminar",
}
# Says that somebody began and that it is kept; what they answered is never in a message.
_STARTED = {
    Step.INVITATION: (
        "Ya empezaste el cuestionario de {{escuela}} y lo que contestaste está guardado. Con tu "
        "liga puedes terminarlo cuando quieras."
    ),
    Step.REMINDER_1: (
        "Empezaste el cuestionario de {{escuela}} y lo que contestaste está guardado. Gracias.\n\n"
        "Te faltan unas cuantas preguntas: la liga te lleva a la siguiente."
    ),
    Step.REMINDER_2: (
        "Lo que contestaste del cuestionario de {{escuela}} sigue guardado.\n\nSi te detuviste en "
        "una pregunta que no quieres contestar, puedes dejarla en blanco y seguir."
    ),
    Step.REMINDER_3: (
        "Todavía puedes terminar el cuestionario de {{escuela}}: sigues donde te quedaste y toma "
        "menos de {{minutos}} minutos."
    ),
    Step.LAST_CALL: (
        "Este es el último mensaje de este cuestionario de {{escuela}}. Lo que ya contestaste está "
        "guardado; si te animas, termina lo que falta."
    ),
}


_LOST_SUBJECT = "Tu liga para responder"
_LOST = """\
Alguien, seguramente tú, pidió otra vez la liga de tu cuestionario de {{escuela}} (generación \
{{generacion}}). Es la misma de antes y toma {{minutos}} minutos.

Si no la pediste, no tienes que hacer nada: solo tú la recibiste."""


def recovery_text() -> MessageText:
    """The text for who asked for a lost link (/recuperar)."""
    return MessageText(_LOST_SUBJECT, f"Hola, {{{{nombre}}}}:\n\n{_LOST}\n\n{_TAIL}")


def text_of(questionnaire: int, step: Step, *, started: bool = False) -> MessageText:
    """The text of one step as it comes with the program.

    Raises:
        KeyError: no such questionnaire.
    """
    subject = _STARTED_SUBJECT[step] if started else _SUBJECT[questionnaire][step]
    opening = (
        _STARTED[step]
        if started
        else _OPENING[step].format(purpose=_PURPOSE[questionnaire], use=_USE[questionnaire])
    )
    return MessageText(subject, f"Hola, {{{{nombre}}}}:\n\n{opening}\n\n{_TAIL}")


def telephone_letters(text: str) -> str:
    """`text` in letters that do not make an SMS twice as dear: a, i, o, u without accents."""
    return text.translate(_PLAIN)


def example_values(school: str, **known: str) -> Mapping[str, str]:
    """A value for every field and link, of nobody: for a preview and for checking lengths."""
    return {
        "nombre": "Ana",
        "escuela": school,
        "generacion": "2023-2026",
        "minutos": "6",
        "cierra": "lunes 30 de noviembre de 2026",
        "remitente": school,
        "sitio": "seguimiento.ejemplo.mx",
        "liga": "https://seguimiento.ejemplo.mx/e/AbCdEfGhIjKlMnOpQrStUv",
        "baja": f"https://seguimiento.ejemplo.mx/baja/{EXAMPLE_BAJA}",
        **known,
    }


def checked_text(text: MessageText, example: Mapping[str, str]) -> Template:
    """A text of an institution, ready to be filled; `example`: a value for every field and link.

    Raises:
        TemplateRefused: it names an unknown field, lacks the personal link or the way out, has an
            address of its own, or its subject is too long. It says which in Spanish.
    """
    template = _checked_links(text)
    length = len(template.fill(example).subject)
    if length > LONGEST_SUBJECT:
        raise TemplateRefused(
            problem=f"el asunto, ya con sus datos, tiene {length} letras y caben {LONGEST_SUBJECT}"
        )
    return template


def checked_short(body: str, example: Mapping[str, str]) -> tuple[str, SmsSize]:
    """A text message of an institution filled with `example`, as a telephone gets it; its size.

    Raises:
        TemplateRefused: as `checked_text`, or it takes too many parts.
    """
    words = _checked_links(MessageText(SHORT_SUBJECT, body)).fill(example).text.strip()
    size = sms_size(telephone_letters(words))
    if size.parts > MOST_PARTS:
        raise TemplateRefused(
            problem=f"el mensaje ocupa {size.parts} partes de SMS y se admiten {MOST_PARTS}"
        )
    return words, size


def _checked_links(text: MessageText) -> Template:
    template = parse_template(text.subject, text.body, fields=FIELDS, links=LINKS)
    missing = [name for name in ("liga", "baja") if name not in template.links]
    if missing:
        said = f"al mensaje le falta {{{{{missing[0]}}}}}, {MEANINGS[missing[0]]}"
        raise TemplateRefused(problem=said)
    if "://" in text.subject + text.body or "www." in text.body.lower():
        # A second address looks like deceit to people and to mail filters (trust.md EM-08).
        raise TemplateRefused(
            problem="el mensaje lleva una dirección de internet; la única es {{liga}}"
        )
    return template
