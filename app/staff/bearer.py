"""Secrets that open something for whoever holds them: sessions and invitations.

Only the SHA-256 is stored: 128 random bits need no slow hash (ASVS 6.5.2).
"""

import hashlib
import secrets

BYTES = 16  # trust.md SEC-20, SEC-29


def new_bearer() -> str:
    """22 characters of base64url. Shown once, never stored."""
    return secrets.token_urlsafe(BYTES)


def bearer_hash(bearer: str) -> str:
    """What is stored and looked up: 64 hexadecimal characters. Total over any text."""
    return hashlib.sha256(bearer.encode("utf-8", "surrogatepass")).hexdigest()
