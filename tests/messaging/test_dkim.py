"""Our signatures, verified by dkimpy: another implementation, with the keys as DNS would give."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from app.messaging.compose import Person, compose
from app.messaging.dkim import DkimKey, canonical_body, signed
from app.messaging.dkim_keys import DkimRefused, read_dkim_keys
from tests.messaging.letters import NOON, PERSON, TEMPLATE, VALUES, a_letterhead

RSA = DkimKey("r1", "escuela.mx", generate_private_key(65537, 2048))
ED = DkimKey("e1", "escuela.mx", Ed25519PrivateKey.generate())
BOTH = (RSA, ED)


def dns(name: bytes, timeout: int = 5) -> bytes:  # noqa: ARG001
    key = {b"r1._domainkey.escuela.mx.": RSA, b"e1._domainkey.escuela.mx.": ED}[name]
    public = key.key.public_key()
    if isinstance(key.key, RSAPrivateKey):
        kind, raw = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        kind, raw = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(raw).decode()}".encode()


def verdicts(content: bytes) -> list[bool]:
    """Of every signature, in the order of the message."""
    found = content.count(b"DKIM-Signature:")
    return [_verdict(content, index) for index in range(found)]


def _verdict(content: bytes, index: int) -> bool:
    try:
        return bool(dkim.DKIM(content).verify(idx=index, dnsfunc=dns))
    except dkim.DKIMException:
        return False


def a_letter() -> bytes:
    message_id, url, mailto = PERSON
    person = Person("ana@y.mx", "María José Núñez, de la O", message_id, url, mailto)
    return compose(a_letterhead(), TEMPLATE, person, VALUES, now=NOON)


def test_another_library_verifies_both_signatures() -> None:
    content = signed(a_letter(), BOTH, now=NOON)

    assert verdicts(content) == [True, True]
    assert content.endswith(a_letter())
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert content.isascii()


def test_one_click_unsubscribing_is_among_what_is_signed() -> None:
    content = signed(a_letter(), BOTH, now=NOON)

    for signature in content.split(b"DKIM-Signature:")[1:]:
        names = b"".join(signature.partition(b" h=")[2].partition(b";")[0].split()).split(b":")
        assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= set(names)
        assert names.count(b"from") == 2


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: no"),
        (b"/e/AbCdEfGh", b"/e/XbCdEfGh"),
        (b"Subject: ", b"Subject: otro "),
        (b"Auto-Submitted:", b"From: otra@escuela.mx\r\nAuto-Submitted:"),
    ],
)
def test_whoever_changes_something_is_found_out(what: bytes, instead: bytes) -> None:
    content = signed(a_letter(), BOTH, now=NOON)
    assert what in content

    assert verdicts(content.replace(what, instead, 1)) == [False, False]


def test_what_relays_do_to_spaces_does_no_harm() -> None:
    content = signed(a_letter(), BOTH, now=NOON)
    head, _, body = content.partition(b"\r\n\r\n")

    folded = head.replace(b"Subject: ", b"Subject:\r\n\t  ") + b"\r\n\r\n" + body + b"\r\n\r\n"

    assert verdicts(folded) == [True, True]


@given(st.binary(max_size=60), st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b".", b"="])))
@example(b"", [])
@example(b"", [b" ", b"\r\n", b"\r\n"])
@example(b"", [b" "])
def test_any_body_is_verified(noise: bytes, pieces: list[bytes]) -> None:
    plain = noise.replace(b"\r", b"").replace(b"\n", b"") + b"".join(pieces)
    content = (
        b"From: a@escuela.mx\r\nSubject: x \r\n y\r\n\r\n" + plain + b"\r\n"
    )  # as SMTP ends it

    assert verdicts(signed(content, (ED,), now=NOON)) == [True]


def test_the_empty_body_of_the_standard() -> None:
    assert canonical_body(b"") == b""
    assert canonical_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"  # RFC 6376 §3.4.5


def test_no_keys_no_change() -> None:
    assert signed(b"x", (), now=datetime(2026, 1, 1, tzinfo=UTC)) == b"x"


# --- the files of the keys --------------------------------------------------------------------


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def stored(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key.pem"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_keys_are_read_from_files_nobody_else_can_read(tmp_path: Path) -> None:
    path = stored(tmp_path, pem(ED.key))

    (key,) = read_dkim_keys([f" e1:{path}"], "escuela.mx")

    assert (key.selector, key.domain, key.algorithm) == ("e1", "escuela.mx", "ed25519-sha256")
    assert "key" not in repr(key)


@pytest.mark.parametrize(
    ("content", "mode", "entry", "problem"),
    [
        (pem(ED.key), 0o640, "e1:{path}", "chmod 600 key.pem"),
        (pem(ED.key), 0o604, "e1:{path}", "chmod 600 key.pem"),
        (pem(generate_private_key(65537, 1024)), 0o600, "e1:{path}", "2048"),
        (b"nothing", 0o600, "e1:{path}", "no es una clave privada PEM"),
        (b"", 0o600, "e1:/nowhere.pem", "no se puede leer"),
        (b"", 0o600, "{path}", "selector:archivo"),
        (b"", 0o600, "Sel ector:{path}", "selector:archivo"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes, mode: int, entry: str, problem: str
) -> None:
    path = stored(tmp_path, content, mode)

    with pytest.raises(DkimRefused) as refusal:
        read_dkim_keys([entry.format(path=path)], "escuela.mx")

    assert problem in refusal.value.mensaje


def test_two_keys_need_two_selectors(tmp_path: Path) -> None:
    path = stored(tmp_path, pem(ED.key))

    with pytest.raises(DkimRefused, match="mismo selector"):
        read_dkim_keys([f"e1:{path}", f"e1:{path}"], "escuela.mx")
