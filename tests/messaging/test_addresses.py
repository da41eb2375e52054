import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.addresses import (
    AddressProblem,
    is_simulated,
    matching_form,
    wire_address,
    without_addresses,
)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("Ana.Ruiz+1@Escuela.MX", "Ana.Ruiz+1@escuela.mx"),
        ("ana@peña.mx", "ana@xn--pea-8ma.mx"),
        ("ana@escuela.mx.", "ana@escuela.mx"),
        ("a" * 64 + "@b.mx", "a" * 64 + "@b.mx"),
    ],
)
def test_an_address_as_smtp_carries_it(text: str, wire: str) -> None:
    assert wire_address(text) == wire


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ñoño@y.mx", "not_ascii"),
        ("", "invalid"),
        ("ana", "invalid"),
        ("@y.mx", "invalid"),
        ("ana@", "invalid"),
        ("a@b@c.mx", "invalid"),
        ("b@y.mx>\r\nRCPT TO:<evil@z", "invalid"),
        ("ana@y.mx\n", "invalid"),
        ("ana@y.mx\0", "invalid"),
        ("ana ruiz@y.mx", "invalid"),
        ('"ana"@y.mx', "invalid"),
        ("ana@[127.0.0.1]", "invalid"),
        ("ana@-y.mx", "invalid"),
        ("ana@y..mx", "invalid"),
        ("a" * 65 + "@b.mx", "invalid"),
        ("ana@" + "ñ" * 70 + ".mx", "invalid"),
    ],
)
def test_what_is_not_one_plain_address_is_refused(text: str, reason: str) -> None:
    with pytest.raises(AddressProblem) as problem:
        wire_address(text)

    assert problem.value.reason == reason


@given(st.text(max_size=80) | st.from_regex(r"[^@]{1,20}@[^@]{1,20}", fullmatch=True))
def test_no_text_breaks_out_of_a_command(text: str) -> None:
    try:
        wire = wire_address(text)
    except AddressProblem:
        return
    assert wire.isascii()
    assert wire.isprintable()
    assert not set(wire) & set(" <>")


@pytest.mark.parametrize(
    "text", ["a@x.invalid", "a@x.INVALID.", "a@invalid", "a@x.ｉｎｖａｌｉｄ", "a@x。invalid"]
)
def test_simulated_people_are_recognised_in_every_spelling(text: str) -> None:
    assert is_simulated(wire_address(text))


def test_a_domain_that_only_looks_simulated_is_not() -> None:
    assert not is_simulated(wire_address("a@invalid.mx"))


def test_two_spellings_of_an_address_match() -> None:
    assert matching_form(" Ana@Peña.MX ") == matching_form("ana@xn--pea-8ma.mx")
    assert matching_form("no es una dirección") == "no es una dirección"


def test_a_reply_is_kept_without_the_address_it_quotes() -> None:
    assert without_addresses("5.1.1 <ana@y.mx>: unknown") == "5.1.1 <…>: unknown"
