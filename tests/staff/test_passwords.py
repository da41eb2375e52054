import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.staff import passwords
from app.staff.password_rules import PasswordRefused, check_new_password
from tests.staff.house import PASSWORD, hashed


@pytest.mark.parametrize(
    "password",
    [
        "corta",
        "once letras",
        "contraseña123",
        "Contraseña2026!",
        "conalep conalep",
        "123456789012",
        "abcdefghijklmn",
        "qwertyuiop12",
        "aaaaaaaaaaaa",
        "xyxyxyxyxyxyxy",
        "CBTis2024Egresados",
        "p4ssw0rdp4ssw0rd",
        "alicia.moreno1",
        "moreno moreno moreno",
        "matricula-2026-1",
        "x" * 201,
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused):
        check_new_password(password, personal=("alicia.moreno@escuela.mx", "Alicia Moreno"))


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "caballo pila grapa correcto",
        "tZ7-kkwQ-9pL2",
        "ñandú sin prisa en la azotea",
        "una frase larga de verdad que nadie mas escribe y que pasa de sesenta y cuatro",
        "🐢🦆🐙🦀🐍🦎🐡🦑🐊🐝🐌🦂",
    ],
)
def test_a_password_of_ones_own_is_accepted(password: str) -> None:
    check_new_password(password, personal=("alicia.moreno@escuela.mx",))


def test_the_refusal_says_what_to_do() -> None:
    with pytest.raises(PasswordRefused) as refusal:
        check_new_password("corta")

    assert refusal.value.mensaje.startswith("Escriba al menos 12 caracteres.")


@given(st.text(max_size=220))
def test_any_text_is_judged(password: str) -> None:
    try:
        check_new_password(password, personal=(password,))
    except PasswordRefused:
        return
    assert 12 <= len(password) <= 200


def test_hashing_follows_owasp() -> None:
    assert hashed().startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_the_password_matches() -> None:
    assert passwords.password_matches(hashed(), PASSWORD)
    assert not passwords.password_matches(hashed(), PASSWORD + " ")
    assert not passwords.password_matches(None, PASSWORD)
    assert not passwords.password_matches(None, "nobody has this password")


def test_the_keyboard_that_typed_it_does_not_matter() -> None:
    spelt = unicodedata.normalize("NFC", "ñandú sin prisa")
    stored = passwords.hash_new_password(spelt)

    assert passwords.password_matches(stored, unicodedata.normalize("NFD", spelt))


def test_a_text_no_encoding_knows_is_just_wrong() -> None:
    assert not passwords.password_matches(hashed(), "\ud800\0" * 40_000)


def test_few_hash_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most = 0, 0
    turn = passwords._turn  # noqa: SLF001

    @contextmanager
    def counted() -> Iterator[None]:
        nonlocal at_once, most
        with turn():
            at_once += 1
            most = max(most, at_once)
            yield
            at_once -= 1

    monkeypatch.setattr(passwords, "_turn", counted)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: passwords.password_matches(None, "x"), range(12)))

    assert 1 <= most <= 3


def test_who_cannot_be_hashed_for_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 0.01)
    held = [passwords._turn() for _ in range(3)]  # noqa: SLF001
    for turn in held:
        turn.__enter__()
    try:
        with pytest.raises(passwords.HashingBusy):
            passwords.password_matches(None, "x")
    finally:
        for turn in held:
            turn.__exit__(None, None, None)
