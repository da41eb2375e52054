"""What the messages say: a text for each questionnaire and step, with a closed set of fields.

Spanish of Mexico, tú, short and kind. Every message says who asks, how long it takes, until
when, where the school vouches for it (/verifica) and how to stop the messages. Filled by
messaging.templates at the moment of sending, so a corrected text reaches what still waits.
"""

from dataclasses import dataclass

from app.chronology.contact_plan import Step

FIELDS = frozenset({"nombre", "escuela", "generacion", "minutos", "cierra", "sitio", "remitente"})
LINKS = frozenset({"liga", "baja"})


@dataclass(frozen=True, slots=True)
class MessageText:
    """A subject of at most 60 characters once filled, and a body; `{{campo}}` in both."""

    subject: str
    body: str


# Honest minutes of the longest path (questions.md; domain.md §6).
MINUTES = {1: 6, 2: 6, 3: 6}

_TAIL = """\
Tu liga personal (no la compartas):
{{liga}}

Puedes responder hasta el {{cierra}}. Si no terminas de una vez, la misma liga te regresa a donde \
ibas.

¿Dudas de que este mensaje sea de tu escuela? Escribe en tu navegador {{sitio}}/verifica y ahí \
lo confirmas.

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


def text_of(questionnaire: int, step: Step) -> MessageText:
    """The text of one step.

    Raises:
        KeyError: the contact plan of the questionnaire has no such step.
    """
    subject = _SUBJECT[questionnaire][step]
    opening = _OPENING[step].format(purpose=_PURPOSE[questionnaire], use=_USE[questionnaire])
    return MessageText(subject, f"Hola, {{{{nombre}}}}:\n\n{opening}\n\n{_TAIL}")
