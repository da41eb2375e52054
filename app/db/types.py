"""Column types that behave the same on SQLite and PostgreSQL."""

import base64
import json
import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, String, Text, TypeDecorator
from sqlalchemy.engine.interfaces import Dialect

from app.errors import AppError
from app.keys import NamedSecret, keys_for

NONCE = 12  # bytes; NIST SP 800-38D

# The keys of a database, by the dialect of its engine: no global key, so that two databases
# with different keys can live in one process (tests, restore).
_ciphers: WeakKeyDictionary[Dialect, dict[str, AESGCM]] = WeakKeyDictionary()


class DataKeyMissing(AppError):
    """A value was written with a key this deployment does not have."""

    code = "storage.key_missing"
    status = 503
    plantilla = (
        "Falta la clave de datos «{key_id}», con la que se guardó esta información. "
        "Agréguela al final de TRAYECTO_DATA_KEYS y vuelva a intentar."
    )


class StrEnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as its value, in a text column.

    SQLAlchemy's own Enum stores the member *name* and creates a PostgreSQL
    type that every later member needs a migration for.
    """

    impl = String
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__(length=40)
        self.members = members

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.members(value)


class JsonText(TypeDecorator[Any]):
    """A JSON document in a text column: same bytes, same order, on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def use_data_keys(dialect: Dialect, secrets: Sequence[NamedSecret]) -> None:
    """Give the columns of this engine their keys, newest first."""
    # The ciphers are kept: making one costs as much as using it, and a roster has a million uses.
    _ciphers[dialect] = {key.key_id: AESGCM(key.value) for key in keys_for("column", secrets)}


class Encrypted(TypeDecorator[str]):
    """Personal text, encrypted at rest (AES-256-GCM): `key_id:base64(nonce ‖ ciphertext)`.

    Not searchable: store a fingerprint (app.keys) beside what must be found again. Written
    with the newest key, read with whichever key wrote it.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        key_id, sealed = _seal(value.encode(), dialect)
        return f"{key_id}:{base64.b64encode(sealed).decode()}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        key_id, _, body = value.partition(":")
        return _unseal(key_id, base64.b64decode(body), dialect).decode()


class EncryptedBytes(TypeDecorator[bytes]):
    """Bytes that name people, encrypted at rest: `key_id:` and then nonce ‖ ciphertext."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        key_id, sealed = _seal(value, dialect)
        return key_id.encode() + b":" + sealed

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        key_id, _, sealed = value.partition(b":")
        return _unseal(key_id.decode("utf-8", "replace"), sealed, dialect)


def _seal(plain: bytes, dialect: Dialect) -> tuple[str, bytes]:
    """With the newest key: its name, and nonce ‖ ciphertext."""
    key_id, cipher = next(iter(_ciphers[dialect].items()))
    nonce = os.urandom(NONCE)
    return key_id, nonce + cipher.encrypt(nonce, plain, None)


def _unseal(key_id: str, sealed: bytes, dialect: Dialect) -> bytes:
    cipher = _ciphers[dialect].get(key_id)
    if cipher is None:
        raise DataKeyMissing(key_id=key_id)
    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except InvalidTag as error:
        raise DataKeyMissing(key_id=key_id) from error
