"""The code of a class, and what an attacker gets out of the tries a class allows."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.classroom.budget import (
    TRIES_ALL,
    TRIES_EACH,
    chance_on_one,
    expected_students,
    is_locked,
)
from app.classroom.codes import ALPHABET, LENGTH, POSSIBLE, in_halves, read_code, spell

codes = st.integers(min_value=0, max_value=POSSIBLE - 1).map(spell)


@given(code=codes, between=st.sampled_from(["", " ", "-", " - "]), small=st.booleans())
def test_a_code_is_read_however_it_is_typed(code: str, between: str, *, small: bool) -> None:
    typed = between.join(in_halves(code))

    assert read_code(typed.lower() if small else typed) == code


@given(codes, codes)
def test_two_codes_that_look_alike_are_the_same(one: str, other: str) -> None:
    look = str.maketrans("5826", "SBZG")

    assert (one.translate(look) == other.translate(look)) == (one == other)
    assert read_code(one.translate(look)) == one


def test_codes_are_numbers_written_with_24_signs() -> None:
    assert (len(ALPHABET), len(set(ALPHABET)), LENGTH) == (24, 24, 8)
    assert not set(ALPHABET) & set("01OILAEUSBZG")
    assert (spell(0), spell(POSSIBLE - 1)) == ("22222222", "YYYYYYYY")
    with pytest.raises(ValueError, match="no code"):
        spell(POSSIBLE)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_code_or_nothing(typed: str) -> None:
    code = read_code(typed)

    assert code is None or (len(code) == LENGTH and set(code) <= set(ALPHABET))


def test_the_budget_of_an_attacker() -> None:
    """With the code of the class and a known matrícula, of 1,095 birth dates (SEC-27)."""
    assert (TRIES_EACH, TRIES_ALL) == (5, 60)
    assert chance_on_one() == Fraction(5, 1095)  # 0.46 %
    assert expected_students() == Fraction(60, 1095)  # 0.055 students a class, until staff look
    assert not is_locked(own=4, all_=59)
    assert is_locked(own=5, all_=5)
    assert is_locked(own=0, all_=60)
