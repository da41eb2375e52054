"""The raw bytes of a message: trust.md §4.2, EM-01 to EM-08 (EM-09 comes with DKIM)."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.compose import Person, compose
from app.messaging.templates import TemplateRefused, parse_template
from tests.messaging.letters import LINK, NOON, PERSON, TEMPLATE, VALUES, a_letterhead


def a_letter(**changes: str) -> bytes:
    person = Person("ana@example.mx", "María José Ñúñez", *PERSON)
    return compose(a_letterhead(), TEMPLATE, person, {**VALUES, **changes}, now=NOON)


def parts(raw: bytes) -> tuple[EmailMessage, str, str]:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    plain, page = message.iter_parts()
    assert (plain.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    return message, plain.get_content(), page.get_content()


def test_em01_the_plain_part_comes_first_and_is_complete() -> None:
    message, plain, page = parts(a_letter())

    assert message.get_content_type() == "multipart/alternative"
    assert plain.replace("\r\n", "\n") == TEMPLATE.fill(VALUES).text
    assert f'href="{LINK}"' in page
    assert len(page.encode()) <= 20_000
    assert not re.search(r"<img|url\(|<script|src=", page)


def test_em02_the_school_writes_and_a_person_answers() -> None:
    message, _, _ = parts(a_letter())

    assert message["From"].addresses[0].display_name == "Preparatoria Núm. 3"
    assert message["Reply-To"].addresses[0].display_name == "Laura Pérez, directora"
    assert message["Sender"] is None


def test_em03_the_message_id_is_the_one_promised() -> None:
    assert parts(a_letter())[0]["Message-ID"] == PERSON[0]


def test_em04_one_click_is_enough_to_leave() -> None:
    message, _, _ = parts(a_letter())

    assert message["List-Unsubscribe"] == f"<{PERSON[1]}>, <{PERSON[2]}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_em05_machines_know_that_a_machine_wrote() -> None:
    message, _, _ = parts(a_letter())

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] is None
    assert message["List-Id"].endswith("<egresados.escuela.mx>")


def test_em07_any_server_can_carry_it() -> None:
    raw = a_letter(nombre="Ñandú 😀" * 50, tema="á" * 80)

    assert raw.isascii()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert parts(raw)[0]["Subject"] == "á" * 59 + "…"


def test_em08_the_link_survives_and_shows_its_host() -> None:
    raw = a_letter()
    _, plain, page = parts(raw)

    assert f"\r\n{LINK}\r\n".encode() in raw  # whole, on a line of its own, even undecoded
    assert plain.count(LINK) == page.count(LINK) == 1
    assert f'<a href="{LINK}">egresados.escuela.mx</a>' in page


def test_the_same_promise_gives_the_same_bytes() -> None:
    assert a_letter() == a_letter()


@given(st.text(max_size=200))
def test_a_value_is_text_never_markup_nor_template(name: str) -> None:
    _, plain, page = parts(a_letter(nombre=name))

    kept = TEMPLATE.fill({**VALUES, "nombre": name}).text
    assert plain.splitlines() == kept.splitlines()
    assert page.count("<p>") == 5
    assert page.count("<a ") == 2


def test_a_value_with_braces_is_not_filled_again() -> None:
    _, plain, page = parts(a_letter(nombre="{{enlace}}<b>"))

    assert "Hola, {{enlace}}<b>:" in plain
    assert "Hola, {{enlace}}&lt;b&gt;:" in page


@pytest.mark.parametrize(
    ("subject", "text", "problem"),
    [
        ("Hola", "{{apellido}}", "no existe el campo «apellido»"),
        ("Hola", "{{nombre.__class__}}", "llaves sueltas"),
        ("Hola", "{{ nombre|upper }}", "llaves sueltas"),
        ("{{enlace}}", "Hola", "el asunto no lleva enlaces"),
        ("Hola", "{{enlace}} {{enlace}}", "aparece dos veces"),
        (" ", "Hola", "falta el asunto"),
        ("Hola", "\n", "falta el mensaje"),
        ("Hola", "a" * 8001, "más de 8000 caracteres"),
    ],
)
def test_only_the_closed_set_of_fields_can_be_used(subject: str, text: str, problem: str) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        parse_template(subject, text, fields=frozenset({"nombre"}), links=frozenset({"enlace"}))

    assert problem in refusal.value.mensaje


def test_a_message_too_heavy_for_a_phone_is_not_sent() -> None:
    template = parse_template("Hola", "{{a}}" * 20, fields=frozenset({"a"}))

    with pytest.raises(ValueError, match="over 20 kB"):
        template.fill({"a": "&" * 2000})


def test_a_missing_value_is_a_mistake_not_a_gap() -> None:
    with pytest.raises(KeyError):
        TEMPLATE.fill({})
