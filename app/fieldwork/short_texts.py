"""What text messages say: one short text for each questionnaire and step, same fields as mails.

A telephone shows who asks first and charges by length, so: who, what for, how long, the link,
until when, how to stop. The mail says the rest.
"""

from app.chronology.contact_plan import Step
from app.fieldwork.texts import SHORT_SUBJECT, MessageText

_PURPOSE = {
    1: "queremos conocer tus planes al egresar",
    2: "queremos saber qué haces ahora que egresaste",
    3: "queremos saber cómo te ha ido desde que egresaste",
}
_OPENING = {
    Step.INVITATION: "Hola, {{{{nombre}}}}. Somos {{{{escuela}}}} y {purpose}.",
    Step.LAST_CALL: "Hola, {{{{nombre}}}}. Último aviso de {{{{escuela}}}}: {purpose}.",
}
_REMINDER = "Hola, {{{{nombre}}}}. En {{{{escuela}}}} nos falta saber de ti: {purpose}."
_TAIL = """\
Son {{minutos}} minutos, hasta el {{cierra}}. Tu liga personal:
{{liga}}
¿Es de verdad? {{sitio}}/verifica
No más mensajes: {{baja}}
"""


def short_text(questionnaire: int, step: Step) -> MessageText:
    """The text of one step; its subject is only for the development mailbox.

    Raises:
        KeyError: no such questionnaire.
    """
    opening = _OPENING.get(step, _REMINDER).format(purpose=_PURPOSE[questionnaire])
    return MessageText(SHORT_SUBJECT, f"{opening}\n{_TAIL}")


def recovery_short() -> MessageText:
    """The text for who asked for a lost link (/recuperar)."""
    opening = "Hola, {{nombre}}. Pediste otra vez tu liga de {{escuela}}."
    return MessageText(SHORT_SUBJECT, f"{opening}\n{_TAIL}")


# Beside the fields of the texts to people: who is asked, already with its comma; how to refuse.
RELAY_FIELDS = frozenset({"pariente", "nombre", "escuela", "sitio"})
RELAY_LINKS = frozenset({"liga", "no_avisar"})


def relay_text() -> MessageText:
    """To somebody close to a person nobody reaches: who, why, what is asked, how to refuse.

    Nothing is asked of them but to pass the link on (domain.md 4: data obtained indirectly).
    """
    return MessageText(
        "{{escuela}}",
        """\
Hola{{pariente}}. Somos {{escuela}}. {{nombre}} nos dio este número para encontrarle después de \
egresar y no hemos podido. ¿Le pasa esta liga? Solo {{nombre}} debe contestar:
{{liga}}
Le escribimos solo esta vez. Aviso de privacidad y cómo decir que no: {{no_avisar}}
¿Es de verdad? {{sitio}}/verifica
""",
    )
