"""Signed texts that need no row: unsubscribe tokens and bounce addresses.

Keys are arguments, newest first as everywhere; itsdangerous wants the oldest first, so they
are reversed here and nowhere else. Neither text expires: a person may leave with the oldest
message they find, and a bounce may take days.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from uuid import UUID

from itsdangerous import BadSignature, Signer

from app.keys import PurposeKey

UNSUBSCRIBE_SALT = b"trayecto.messaging.unsubscribe"
BOUNCE_SALT = b"trayecto.messaging.bounce"
_BOUNCE_MAC = 16  # bytes

_BOUNCE_LOCAL = re.compile(r"b\+([a-z2-7]{26})\.([a-z2-7]{26})", re.IGNORECASE)


def unsubscribe_token(person: UUID, keys: Sequence[PurposeKey]) -> str:
    """A token for `/baja/{token}`: letters, digits, `-`, `_` and one dot; 66 characters."""
    return _signer(keys).sign(base64.urlsafe_b64encode(person.bytes).rstrip(b"=")).decode("ascii")


def read_unsubscribe_token(token: str, keys: Sequence[PurposeKey]) -> UUID | None:
    """The person of a genuine token, signed with any of `keys`; None otherwise. Total."""
    if len(token) > 100 or not token.isascii():
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(_signer(keys).unsign(token) + b"=="))
    except (BadSignature, ValueError, binascii.Error):
        return None


def bounce_address(message: UUID, domain: str, keys: Sequence[PurposeKey]) -> str:
    """The envelope sender of a message (VERP): `b+<id>.<mac>@domain`.

    Base32 in lower case and 16 bytes of HMAC-SHA-256 rather than an itsdangerous token: a local
    part has 64 octets and some servers fold its case.
    """
    name = _base32(message.bytes)
    return f"b+{name}.{_base32(_bounce_mac(name, keys[0]))}@{domain}"


def read_bounce_address(address: str, keys: Sequence[PurposeKey]) -> UUID | None:
    """The message of a genuine bounce address, whatever its case; None otherwise. Total."""
    found = _BOUNCE_LOCAL.fullmatch(address.partition("@")[0])
    if found is None:
        return None
    name, mac = found[1].lower(), found[2].lower()
    genuine = any(hmac.compare_digest(_base32(_bounce_mac(name, key)), mac) for key in keys)
    return UUID(bytes=base64.b32decode(name.upper() + "======")) if genuine else None


def _signer(keys: Sequence[PurposeKey]) -> Signer:
    oldest_first = [key.value for key in reversed(keys)]
    return Signer(
        oldest_first, salt=UNSUBSCRIBE_SALT, key_derivation="hmac", digest_method=hashlib.sha256
    )


def _bounce_mac(name: str, key: PurposeKey) -> bytes:
    text = BOUNCE_SALT + b"\0" + name.encode("ascii")
    return hmac.digest(key.value, text, hashlib.sha256)[:_BOUNCE_MAC]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
