"""Parts of a text message, beside the numbers of 3GPP TS 23.038 and TS 23.040."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.sms_size import sms_size

LETTERS = st.text(st.sampled_from("aZ9 ñ¿é€{[\n"), max_size=700)


@pytest.mark.parametrize(
    ("text", "letters", "parts", "each"),
    [
        ("", 0, 0, 160),
        ("a" * 160, 160, 1, 160),
        ("a" * 161, 161, 2, 153),
        ("a" * 306, 306, 2, 153),
        ("a" * 307, 307, 3, 153),
        ("€" * 80, 160, 1, 160),
        ("a" * 152 + "€" + "a" * 20, 174, 2, 153),  # the escape and its letter stay together
        ("a" * 152 + "€" + "a" * 152, 306, 3, 153),  # so one place of the first part is empty
        ("ñ¿¡éüÑ", 6, 1, 160),
        ("á" * 70, 70, 1, 70),
        ("á" * 71, 71, 2, 67),
        ("á" + "a" * 133, 134, 2, 67),
        ("🎓" * 35, 70, 1, 70),
        ("a" * 66 + "🎓" + "a" * 10, 78, 2, 67),
    ],
)
def test_letters_and_parts(text: str, letters: int, parts: int, each: int) -> None:
    size = sms_size(text)

    assert (size.letters, size.parts, size.each) == (letters, parts, each)


def test_what_makes_it_dear_is_named_once_each() -> None:
    assert sms_size("Último día, día 🎓").wide == ("Ú", "í", "🎓")


@given(LETTERS, LETTERS)
def test_more_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert sms_size(text).parts <= sms_size(text + more).parts


@given(LETTERS)
def test_parts_hold_the_text_and_waste_at_most_a_place_each(text: str) -> None:
    size = sms_size(text)

    assert size.letters <= size.parts * size.each
    assert size.parts <= 1 or size.letters > (size.parts - 1) * (size.each - 1)
