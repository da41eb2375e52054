"""The tutor's own telephone: addresses that open an app with the text ready.

Sources: wa.me click-to-chat (digits only, no +), RFC 5724 (sms:), RFC 6068 (mailto:), RFC 3966
(tel:). The personal link is in the text: such an address is never a page of ours, never logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from app.directory.states import ContactKind
from app.fieldwork.texts import MINUTES, telephone_letters
from app.fieldwork.worklist.results import Channel

# What the pages of the list may post to: their own server, and the apps it hands over to.
APPS = ("https://wa.me", "tel:", "sms:", "mailto:")


@dataclass(frozen=True, slots=True)
class Reachable:
    """A usable way to reach a person, without its value. `preferred`: by the person."""

    kind: ContactKind
    whatsapp: bool | None = None
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What the text says. `link`: personal; `baja`: where messages are stopped."""

    given_name: str
    tutor: str
    school: str
    questionnaire: int
    last_day: date
    started: bool
    link: str
    baja: str


def channels_of(contact: Reachable) -> tuple[Channel, ...]:
    """What can be done with one address. A mobile has WhatsApp unless somebody said no."""
    match contact.kind:
        case ContactKind.EMAIL:
            return (Channel.EMAIL,)
        case ContactKind.MOBILE if contact.whatsapp is False:
            return (Channel.CALL, Channel.SMS)
        case ContactKind.MOBILE:
            return (Channel.WHATSAPP, Channel.CALL, Channel.SMS)
        case ContactKind.PHONE:
            return (Channel.WHATSAPP, Channel.CALL) if contact.whatsapp else (Channel.CALL,)


def routes_of(contacts: Sequence[Reachable]) -> tuple[Channel, ...]:
    """The channels of a person, each once: what they prefer, then what is answered most."""
    found = {one: contact.preferred for contact in contacts for one in channels_of(contact)}
    for contact in contacts:
        found.update(dict.fromkeys(channels_of(contact), True) if contact.preferred else {})
    return tuple(sorted(found, key=lambda one: (not found[one], _EFFORT[one])))


def address(channel: Channel, to: str, words: Words) -> str:
    """What the telephone opens. `to`: E.164 or a mail address, as the directory keeps it.

    Raises:
        ValueError: nothing is opened to speak in person.
    """
    match channel:
        case Channel.WHATSAPP:
            return f"https://wa.me/{to.lstrip('+')}?text={_in_url(message(words))}"
        case Channel.SMS:
            return f"sms:{to}?body={_in_url(short_message(words))}"
        case Channel.CALL:
            return f"tel:{to}"
        case Channel.EMAIL:
            body = f"{message(words)}\n\nSi ya no quieres recibir mensajes: {words.baja}\n"
            subject = "Te falta terminar tu cuestionario" if words.started else "Tu cuestionario"
            lines = _in_url(body.replace("\n", "\r\n"))
            return f"mailto:{quote(to, safe='@.+-_')}?subject={_in_url(subject)}&body={lines}"
        case Channel.IN_PERSON:
            raise ValueError(channel)


def message(words: Words) -> str:
    """For WhatsApp and mail: who writes, why, how long, until when, and how to say no."""
    if words.started:
        asked = "Ya empezaste tu cuestionario de egresados y te faltan unas preguntas."
    elif words.questionnaire == 1:
        asked = "Antes de que egreses queremos conocer tus planes."
    else:
        asked = "Queremos saber qué ha sido de ti desde que egresaste."
    return (
        f"Hola, {words.given_name}. Soy {words.tutor}, de {words.school}. {asked} "
        f"Son {MINUTES[words.questionnaire]} minutos, hasta el {_day(words.last_day)}.\n\n"
        f"Este es tu enlace personal, no lo compartas:\n{words.link}\n\n"
        "Si prefieres que ya no te escriba, dímelo."
    )


def relayed_message(words: Words, other: str) -> str:
    """To somebody close: who writes, why they are written to, what is asked, how to say no."""
    name = words.given_name
    return (
        f"Hola, {other}. Soy {words.tutor}, de {words.school}. {name} nos dio su número para "
        f"encontrarle después de egresar. ¿Le puede pasar este enlace a {name}? Es personal: "
        f"solo {name} debe contestarlo. No necesitamos que usted nos cuente nada.\n\n{words.link}"
        "\n\nSi no quiere que le volvamos a escribir, dígamelo y borramos su número."
    )


def relayed_address(channel: Channel, to: str, words: Words, other: str) -> str:
    """What the telephone opens to reach somebody close.

    Raises:
        ValueError: a relative has a telephone, nothing else.
    """
    text = relayed_message(words, other)
    match channel:
        case Channel.WHATSAPP:
            return f"https://wa.me/{to.lstrip('+')}?text={_in_url(text)}"
        case Channel.SMS:
            return f"sms:{to}?body={_in_url(telephone_letters(text))}"
        case Channel.CALL:
            return f"tel:{to}"
        case _:
            raise ValueError(channel)


def short_message(words: Words) -> str:
    """For SMS: the same in one or two parts, in letters that do not double its parts."""
    asked = "te faltan unas preguntas" if words.started else "cuentanos que haces"
    return telephone_letters(
        f"{words.given_name}, soy {words.tutor} de {words.school}: {asked} "
        f"({MINUTES[words.questionnaire]} min). Tu enlace personal: {words.link} "
        "Si ya no quieres mensajes, dimelo."
    )


def _day(day: date) -> str:
    return f"{day.day} de {_MONTHS[day.month - 1]}"


def _in_url(text: str) -> str:
    return quote(text, safe="")


_EFFORT = {channel: place for place, channel in enumerate(Channel)}
_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
    *("septiembre", "octubre", "noviembre", "diciembre"),
)
