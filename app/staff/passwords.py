"""Hashing and checking passwords: argon2id, never more than a few at once.

Takes tens of milliseconds and 19 MiB: never inside a transaction (the callers read, then
hash, then write).
"""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import AppError
from app.staff.password_rules import LONGEST, check_new_password

HashedPassword = NewType("HashedPassword", str)

# OWASP Password Storage: argon2id, 19 MiB, two passes, one lane (trust.md SEC-14).
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_turns = BoundedSemaphore(3)  # at once in this process: 57 MiB
_PATIENCE = 5.0  # seconds

# Somebody unknown is checked against this, so that the answer takes as long (SEC-17).
_NOBODY = HashedPassword(_hasher.hash("nobody has this password"))


class HashingBusy(AppError):
    """More people are signing in than this process may hash for."""

    code = "staff.hashing_busy"
    status = 503
    plantilla = "Mucha gente está entrando en este momento. Intente de nuevo en unos segundos."


def hash_new_password(password: str, *, personal: Iterable[str] = ()) -> HashedPassword:
    """Check what somebody chose, and hash it.

    Raises:
        PasswordRefused: too short, too common, made of `personal` words.
        HashingBusy: wait and try again.
    """
    check_new_password(password, personal=personal)
    with _turn():
        return HashedPassword(_hasher.hash(_bytes(password)))


def password_matches(hashed: HashedPassword | None, password: str) -> bool:
    """Whether `password` is the one; None (nobody, or disabled) costs the same and is False.

    Raises:
        HashingBusy: wait and try again.
    """
    with _turn():
        try:
            _hasher.verify(hashed or _NOBODY, _bytes(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return hashed is not None


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=_PATIENCE):
        raise HashingBusy
    try:
        yield
    finally:
        _turns.release()


def _bytes(password: str) -> bytes:
    # NFC, or "ñ" typed on a telephone differs from "ñ" typed on a laptop.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
