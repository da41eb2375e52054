"""What the telephone opens: the right number, the whole text, and nothing broken by a name."""

from datetime import date
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory.states import ContactKind
from app.fieldwork.worklist.results import Channel
from app.fieldwork.worklist.routes import (
    Reachable,
    Words,
    address,
    channels_of,
    message,
    relayed_address,
    relayed_message,
    routes_of,
)

LINK = "https://seguimiento.example/e/AAAAAAAAAAAAAAAAAAAAAA"
WORDS = Words(
    given_name="Íñigo",
    tutor="Alicia Peña",
    school="CBTis 1",
    questionnaire=2,
    last_day=date(2026, 11, 30),
    started=False,
    link=LINK,
    baja="https://seguimiento.example/baja/x",
)


def test_whatsapp_gets_digits_only_and_the_whole_text() -> None:
    """https://wa.me/52XXXXXXXXXX: no +, zeros, brackets or dashes (domain.md 5)."""
    parts = urlsplit(address(Channel.WHATSAPP, "+525512345678", WORDS))

    (text,) = parse_qs(parts.query)["text"]
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "wa.me", "/525512345678")
    assert text == message(WORDS)
    assert text == (
        "Hola, Íñigo. Soy Alicia Peña, de CBTis 1. Queremos saber qué ha sido de ti desde que "
        "egresaste. Son 5 minutos, hasta el 30 de noviembre.\n\n"
        f"Este es tu enlace personal, no lo compartas:\n{LINK}\n\n"
        "Si prefieres que ya no te escriba, dímelo."
    )


def test_who_began_is_told_that_little_is_missing() -> None:
    started = Words(**{name: getattr(WORDS, name) for name in WORDS.__slots__} | {"started": True})
    assert "te faltan unas preguntas" in message(started)


def test_the_other_apps() -> None:
    sms = address(Channel.SMS, "+525512345678", WORDS)
    mail = address(Channel.EMAIL, "ana+x@correo.invalid", WORDS)

    assert address(Channel.CALL, "+525512345678", WORDS) == "tel:+525512345678"
    assert sms.startswith("sms:+525512345678?body=")
    assert LINK in unquote(sms)
    assert mail.startswith("mailto:ana+x@correo.invalid?subject=Tu%20cuestionario&body=Hola")
    assert "Si ya no quieres recibir mensajes: https://seguimiento.example/baja/x" in unquote(mail)
    with pytest.raises(ValueError, match="in_person"):
        address(Channel.IN_PERSON, "", WORDS)


@given(st.text(max_size=40), st.sampled_from([Channel.WHATSAPP, Channel.SMS, Channel.EMAIL]))
def test_no_name_breaks_out_of_the_text(name: str, channel: Channel) -> None:
    """`&`, `#`, line breaks and quotes of a name stay inside the one field."""
    words = Words(**{n: getattr(WORDS, n) for n in WORDS.__slots__} | {"given_name": name})
    to = "ana@correo.invalid" if channel is Channel.EMAIL else "+525512345678"
    try:
        found = address(channel, to, words)
    except UnicodeEncodeError:
        return  # a lone surrogate never reaches the directory (wiring.clean_text)

    query = found.partition("?")[2]
    assert query.count("&") == (1 if channel is Channel.EMAIL else 0)
    assert not set(found) & set("# \r\n\"'<>")


def test_somebody_close_is_told_who_why_and_how_to_say_no() -> None:
    text = relayed_message(WORDS, "Rosa")
    parts = urlsplit(relayed_address(Channel.WHATSAPP, "+525587654321", WORDS, "Rosa"))

    assert text == (
        "Hola, Rosa. Soy Alicia Peña, de CBTis 1. Íñigo nos dio su número para encontrarle "
        "después de egresar. ¿Le puede pasar este enlace a Íñigo? Es personal: solo Íñigo debe "
        f"contestarlo. No necesitamos que usted nos cuente nada.\n\n{LINK}\n\n"
        "Si no quiere que le volvamos a escribir, dígamelo y borramos su número."
    )
    assert (parts.path, parse_qs(parts.query)["text"]) == ("/525587654321", [text])
    assert relayed_address(Channel.CALL, "+525587654321", WORDS, "Rosa") == "tel:+525587654321"
    assert relayed_address(Channel.SMS, "+525587654321", WORDS, "Rosa").startswith("sms:+52558")
    with pytest.raises(ValueError, match="email"):
        relayed_address(Channel.EMAIL, "x", WORDS, "Rosa")


def test_what_the_person_prefers_comes_first() -> None:
    mobile, mail = Reachable(ContactKind.MOBILE), Reachable(ContactKind.EMAIL)
    preferred = Reachable(ContactKind.EMAIL, preferred=True)
    whatsapp_first = (Channel.WHATSAPP, Channel.CALL, Channel.SMS, Channel.EMAIL)

    assert routes_of([mail, mobile, mail]) == whatsapp_first
    assert routes_of([mail, mobile, preferred]) == (Channel.EMAIL, *whatsapp_first[:3])
    assert routes_of([]) == ()


@pytest.mark.parametrize(
    ("contact", "channels"),
    [
        (Reachable(ContactKind.MOBILE), (Channel.WHATSAPP, Channel.CALL, Channel.SMS)),
        (Reachable(ContactKind.MOBILE, whatsapp=False), (Channel.CALL, Channel.SMS)),
        (Reachable(ContactKind.PHONE), (Channel.CALL,)),
        (Reachable(ContactKind.PHONE, whatsapp=True), (Channel.WHATSAPP, Channel.CALL)),
        (Reachable(ContactKind.EMAIL), (Channel.EMAIL,)),
    ],
)
def test_what_an_address_is_good_for(contact: Reachable, channels: tuple[Channel, ...]) -> None:
    assert channels_of(contact) == channels
