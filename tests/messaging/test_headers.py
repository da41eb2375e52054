from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.messaging import headers
from app.messaging.compose import Person, compose, letterhead
from app.messaging.templates import parse_template
from tests.messaging.letters import NOON, PERSON, TEMPLATE, VALUES

names = st.text(max_size=60) | st.text(
    st.sampled_from('Ña\r\n\0 ,;:"\\<>()@=?.\u202eé😀\u2028\ud800\x85\t'), max_size=40
)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def display_name(raw: bytes, field: str) -> str:
    """By the older parser: the newer one of Python 3.11 keeps the space between two words."""
    phrase, _ = parseaddr(message_from_bytes(raw)[field])
    return str(make_header(decode_header(phrase))) if "=?" in phrase else phrase


def header_names(message: EmailMessage) -> list[str]:
    return [name.lower() for name in message.keys()]  # noqa: SIM118 (keeps repetitions)


@given(names, names, names, names)
@example("Ana\r\nBcc: todos@x.mx", "x\0y", '"; evil@x.mx', "=?utf-8?q?hola?=")
@example("ñ" * 10_000, "a" * 10_000, "😀" * 500, " ")
@example('Escuela "10", A.C. <x@y>', "\u202egnirts", "a, b <c@d.mx>", "é\u2028x")
def test_whatever_people_are_called_there_is_one_message_to_one_person(
    sender: str, addressee: str, subject: str, reply: str
) -> None:
    raw = compose(
        letterhead(
            from_name=sender,
            from_address="egresados@escuela.mx",
            reply_to=(reply, "direccion@escuela.mx"),
            list_id="egresados.escuela.mx",
        ),
        TEMPLATE,
        Person("ana@example.mx", addressee, *PERSON),
        {**VALUES, "tema": subject},
        now=NOON,
    )

    message = parsed(raw)
    assert len(header_names(message)) == len(set(header_names(message))) == 12
    for field, name, address in (
        ("From", sender, "egresados@escuela.mx"),
        ("To", addressee, "ana@example.mx"),
        ("Reply-To", reply, "direccion@escuela.mx"),
    ):
        (one,) = message[field].addresses
        assert one.addr_spec == address
        assert display_name(raw, field) == headers.clean(name, widest=headers.WIDEST_NAME)
    assert message["Subject"] == headers.clean(subject, widest=headers.WIDEST_SUBJECT)
    assert message["List-Unsubscribe"].split(", ") == [f"<{PERSON[1]}>", f"<{PERSON[2]}>"]
    assert len(message.get_payload()) == 2
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    "url",
    ["https://a.mx/\r\nBcc: x@y.mx", "https://a.mx/a b", "javascript:x", "", "https://a/>,<x"],
)
def test_a_link_that_is_not_a_plain_url_is_a_mistake(url: str) -> None:
    with pytest.raises(ValueError, match="not a plain URL"):
        headers.unsubscribe_fields(url, None)


def test_a_long_subject_is_cut_where_people_see_it() -> None:
    assert headers.clean("á" * 61, widest=60) == "á" * 59 + "…"


def test_the_text_of_a_subject_cannot_pretend_to_be_encoded() -> None:
    template = parse_template("{{tema}}", "Hola", fields=frozenset({"tema"}))

    assert template.fill({"tema": "a\r\nX: y"}).subject == "a  X: y"
