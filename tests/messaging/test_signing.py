from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.keys import PurposeKey
from app.messaging.signing import (
    bounce_address,
    read_bounce_address,
    read_unsubscribe_token,
    unsubscribe_token,
)

NEW, OLD = PurposeKey("k2", b"n" * 32), PurposeKey("k1", b"o" * 32)
WHO = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")


@given(st.uuids())
def test_a_token_reads_back(person: UUID) -> None:
    assert read_unsubscribe_token(unsubscribe_token(person, [NEW]), [NEW]) == person
    assert read_bounce_address(bounce_address(person, "r.mx", [NEW]), [NEW]) == person


def test_the_newest_key_signs() -> None:
    """Fails if the list is not reversed for itsdangerous, which signs with the last key."""
    assert unsubscribe_token(WHO, [NEW, OLD]) == unsubscribe_token(WHO, [NEW])
    assert bounce_address(WHO, "r.mx", [NEW, OLD]) == bounce_address(WHO, "r.mx", [NEW])


def test_an_old_message_still_lets_one_leave_until_its_key_is_gone() -> None:
    token, address = unsubscribe_token(WHO, [OLD]), bounce_address(WHO, "r.mx", [OLD])

    assert read_unsubscribe_token(token, [NEW, OLD]) == WHO
    assert read_bounce_address(address, [NEW, OLD]) == WHO
    assert read_unsubscribe_token(token, [NEW]) is None
    assert read_bounce_address(address, [NEW]) is None


@pytest.mark.parametrize("place", range(66))
def test_a_token_changed_anywhere_is_nobodys(place: int) -> None:
    token = unsubscribe_token(WHO, [NEW])
    other = "B" if token[place] != "B" else "C"
    changed = token[:place] + other + token[place + 1 :]

    # The last sign of base64 has spare bits: the same bytes, hence the same person.
    assert read_unsubscribe_token(changed, [NEW]) in ({None, WHO} if place == 65 else {None})


@given(st.text(max_size=120))
def test_any_text_can_be_read(text: str) -> None:
    assert read_unsubscribe_token(text, [NEW]) is None
    assert read_bounce_address(text, [NEW]) is None


def test_a_bounce_address_fits_a_local_part_in_any_case() -> None:
    address = bounce_address(WHO, "rebotes.escuela.mx", [NEW])

    assert len(address.partition("@")[0]) <= 64
    assert read_bounce_address(address.upper(), [NEW]) == WHO


def test_a_bounce_address_is_not_an_unsubscribe_token() -> None:
    name = bounce_address(WHO, "r.mx", [NEW]).partition("@")[0]

    assert read_unsubscribe_token(name, [NEW]) is None
