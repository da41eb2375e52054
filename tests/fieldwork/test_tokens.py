import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fieldwork.tokens import (
    TOKEN_LENGTH,
    new_link,
    parse_token,
    token_hash,
    token_of,
    written_again,
)
from app.keys import keys_for
from app.settings import Secret

OLD = Secret("k1", b"o" * 32)
NEW = Secret("k2", b"n" * 32)
KEYS = keys_for("link", [OLD])
CASE = UUID(int=1)
TOKEN = token_of(KEYS[0], CASE, 1)


def test_a_token_is_128_bits_of_the_mac() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", TOKEN)
    assert len(TOKEN) == TOKEN_LENGTH
    assert token_of(KEYS[0], CASE, 1) == TOKEN
    assert TOKEN not in {token_of(KEYS[0], CASE, 2), token_of(KEYS[0], UUID(int=2), 1)}


def test_a_link_survives_the_rotation_of_keys() -> None:
    link = new_link(KEYS, CASE, 1)

    rotated = keys_for("link", [NEW, OLD])

    assert written_again(rotated, CASE, key_id=link.key_id, version=1) == link.token
    assert new_link(rotated, CASE, 1).key_id == "k2"
    assert written_again(keys_for("link", [NEW]), CASE, key_id="k1", version=1) is None


def test_another_purpose_makes_another_token() -> None:
    assert token_of(keys_for("class", [OLD])[0], CASE, 1) != TOKEN


def test_a_link_never_prints_its_token() -> None:
    link = new_link(KEYS, CASE, 1)

    assert link.token not in repr(link)
    assert link.token_hash == token_hash(link.token)


@pytest.mark.parametrize(
    "typed",
    [
        TOKEN,
        f"{TOKEN}.",
        f"{TOKEN})",
        f"{TOKEN}>",
        f"<{TOKEN}>",
        f"{TOKEN}=3D",
        f"=3D{TOKEN}",
        f"  {TOKEN}\r\n",
        f"{TOKEN[:10]}\n{TOKEN[10:]}",
        f"{TOKEN[:10]}=\r\n{TOKEN[10:]}",
        f"{TOKEN}%0D%0A",
        f"{TOKEN}%252E",
        f"{TOKEN}»",
        f"{TOKEN}=",
        f"“{TOKEN}”",
    ],
)
def test_what_mail_clients_add_is_taken_off(typed: str) -> None:
    assert parse_token(typed) == TOKEN


@pytest.mark.parametrize(
    "typed",
    [
        "",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + ".A",
        "ñ" * 22,
        "x" * 10_000_000,
        "\ud800" * 22,
        "%" * 22,
    ],
    ids=["empty", "cut", "long", "two", "not-ascii", "10-MB", "surrogate", "percent"],
)
def test_what_is_no_token_is_none(typed: str) -> None:
    assert parse_token(typed) is None


@given(st.text(max_size=60))
def test_reading_a_token_never_fails(typed: str) -> None:
    found = parse_token(typed)

    assert found is None or len(found) == TOKEN_LENGTH


@given(st.uuids(), st.integers(1, 2**31), st.sampled_from(["", ".", ")", ">", "=3D", " ", "%20"]))
def test_every_token_is_read_back(case_id: UUID, version: int, debris: str) -> None:
    token = token_of(KEYS[0], case_id, version)

    assert parse_token(token + debris) == token
