"""Survey links: an opaque token that can be written again, and found by its hash.

A token is the first 128 bits of HMAC-SHA-256(link key, case id ‖ link version) in base64url:
22 characters. Nobody can compute one without the key, the database keeps only its SHA-256,
and version + 1 kills the link. Keys are arguments (app.keys, purpose "link"), newest first.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote
from uuid import UUID

from app.keys import PurposeKey

PURPOSE = "link"  # of app.keys.keys_for
TOKEN_BYTES = 16
TOKEN_LENGTH = 22
VERSION_BYTES = 4

# The last character carries 2 bits: only four of the 64 can end a token.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)
_SOFT_BREAK = re.compile(r"=\r?\n")  # of quoted-printable
_BEFORE = "<([{\"'=.:/«\u201c\u2018"
_LONGEST_TYPED = 200  # characters; what is longer was never a link
_UNQUOTINGS = 2  # some gateways encode what is encoded already


@dataclass(frozen=True, slots=True)
class Link:
    """A token with what the database keeps of it."""

    token: str
    key_id: str
    version: int

    @property
    def token_hash(self) -> str:
        return token_hash(self.token)

    def __repr__(self) -> str:
        return f"Link(key_id={self.key_id!r}, version={self.version})"  # a token never gets logged


def new_link(keys: Sequence[PurposeKey], case_id: UUID, version: int) -> Link:
    """The link of a case under the newest key."""
    return Link(token_of(keys[0], case_id, version), keys[0].key_id, version)


def written_again(
    keys: Sequence[PurposeKey], case_id: UUID, *, key_id: str, version: int
) -> str | None:
    """The token made with the key that the case names; None when that key is gone."""
    for key in keys:
        if key.key_id == key_id:
            return token_of(key, case_id, version)
    return None


def token_of(key: PurposeKey, case_id: UUID, version: int) -> str:
    """22 characters: case, version and key decide them, nothing else."""
    text = case_id.bytes + version.to_bytes(VERSION_BYTES, "big")
    digest = hmac.digest(key.value, text, hashlib.sha256)[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def token_hash(token: str) -> str:
    """SHA-256 of a token in hexadecimal, the only trace of it in the database."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def parse_token(typed: str) -> str | None:
    """The token in what a person or a mail client gives; None if there is none. Total.

    Mail clients add the punctuation around a link, its quoted-printable `=3D`, line breaks
    and percent-encoding; a token never ends in any of them.
    """
    if len(typed) > _LONGEST_TYPED:
        return None
    text = typed
    for _ in range(_UNQUOTINGS):
        text = unquote(text, errors="replace")
    text = "".join(_SOFT_BREAK.sub("", text).split()).removeprefix("=3D")
    text = text.lstrip(_BEFORE)
    found = _TOKEN.match(text)
    return found[0] if found is not None and _only_debris(text[found.end() :]) else None


def _only_debris(rest: str) -> bool:
    return re.fullmatch(r"(?:=3[Dd]|[^\w-])*", rest, re.ASCII) is not None
