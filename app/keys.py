"""What is made from the secrets of a deployment: one derived key per purpose.

A list of keys is newest first everywhere. The newest writes; all of them read. Pure: the
secrets are arguments, so that tests and pure modules need no settings.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class NamedSecret(Protocol):
    """A secret with its public name (settings.Secret)."""

    @property
    def key_id(self) -> str: ...
    @property
    def value(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PurposeKey:
    """A key for one purpose, 32 bytes, derived from the secret of the same `key_id`."""

    key_id: str
    value: bytes

    def __repr__(self) -> str:
        return f"PurposeKey({self.key_id!r})"


def keys_for(purpose: str, secrets: Sequence[NamedSecret]) -> tuple[PurposeKey, ...]:
    """Keys for `purpose`, newest first: HKDF-SHA256 (RFC 5869) of each secret.

    Keys of two purposes tell nothing about each other, so a signed unsubscribe link can
    never be taken for a survey link.

    Raises:
        ValueError: no secrets.
    """
    if not secrets:
        raise ValueError(f"no secrets to derive keys for {purpose}")
    return tuple(
        PurposeKey(
            secret.key_id,
            HKDF(hashes.SHA256(), 32, salt=None, info=f"trayecto/{purpose}".encode()).derive(
                secret.value
            ),
        )
        for secret in secrets
    )


def fingerprint(key: PurposeKey, text: str) -> str:
    """Keyed hash for matching without reading: `key_id:` and 32 characters of base64url."""
    digest = hmac.digest(key.value, text.encode(), hashlib.sha256)[:24]
    return f"{key.key_id}:{base64.urlsafe_b64encode(digest).decode()}"
