"""Signatures by which receivers know our mail (RFC 6376; RFC 8463 for Ed25519). Pure.

Canonicalisation is relaxed for header and body. With two keys every message carries two
signatures: receivers that do not know Ed25519 read the RSA one. The fields of one-click
unsubscribing are always among the signed ones (RFC 8058 §4).
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SHORTEST_RSA = 2048  # bits

# Named once more than they occur: nobody can add a second one behind our back (§8.15).
_SEALED = ("from", "to", "subject", "date", "reply-to")
_SIGNED = (
    *_SEALED,
    "message-id",
    "mime-version",
    "content-type",
    "auto-submitted",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
_RUN = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_TRAILING = re.compile(rb"[ \t]+(?=\r\n)")
_WIDE = 72  # characters of the signature on one line


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key and the name under which its public half stands in the DNS of `domain`."""

    selector: str
    domain: str
    key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The tag `a=`."""
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    def sign(self, text: bytes) -> bytes:
        """The signature of canonical header text."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(text, PKCS1v15(), hashes.SHA256())
        return self.key.sign(hashlib.sha256(text).digest())  # RFC 8463 §3: of the hash


def signed(content: bytes, keys: Sequence[DkimKey], *, now: datetime) -> bytes:
    """`content` (RFC 5322, CRLF) under one DKIM-Signature of each key."""
    if not keys:
        return content
    head, _, body = content.partition(b"\r\n\r\n")
    fields = _canonical_fields(head)
    present = [name for name in _SIGNED if name in fields]
    covered = b"".join(fields[name] + b"\r\n" for name in present)
    names = ":".join([*present, *_SEALED])
    body_hash = base64.b64encode(hashlib.sha256(canonical_body(body)).digest()).decode("ascii")
    written = [_signature(key, covered, names, body_hash, now) for key in keys]
    return b"".join((*written, content))


def canonical_body(body: bytes) -> bytes:
    """A body as relaxed canonicalisation hashes it (RFC 6376 §3.4.4)."""
    text = _TRAILING.sub(b"", _RUN.sub(b" ", body + b"\r\n"))[:-2].rstrip(b" \t")
    while text.endswith(b"\r\n"):
        text = text[:-2]
    return text + b"\r\n" if text else b""


def _signature(key: DkimKey, covered: bytes, names: str, body_hash: str, now: datetime) -> bytes:
    """The field with its CRLF: what is signed is the field with `b=` still empty."""
    unsigned = (
        f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n"
        f" d={key.domain}; s={key.selector}; t={int(now.timestamp())};\r\n"
        f" h={_folded_names(names)};\r\n"
        f" bh={body_hash};\r\n"
        " b="
    ).encode("ascii")
    name, _, text = unsigned.partition(b":")
    proof = base64.b64encode(key.sign(covered + _canonical_field(name, text)))
    lines = [proof[start : start + _WIDE] for start in range(0, len(proof), _WIDE)]
    return unsigned + b"\r\n ".join(lines) + b"\r\n"


def _folded_names(names: str) -> str:
    lines = [""]
    for name in names.split(":"):
        if len(lines[-1]) + len(name) > _WIDE:
            lines.append("")
        lines[-1] += name + ":"
    return "\r\n  ".join(lines).removesuffix(":")


def _canonical_fields(head: bytes) -> dict[str, bytes]:
    """The last field of each name (§5.4.2), canonical, without its line end."""
    found = {}
    for line in _FOLD.sub(b"", head).split(b"\r\n"):
        name, _, text = line.partition(b":")
        found[name.strip().lower().decode("ascii", "replace")] = _canonical_field(name, text)
    return found


def _canonical_field(name: bytes, text: bytes) -> bytes:
    """One field by relaxed canonicalisation (§3.4.2)."""
    line = _RUN.sub(b" ", _FOLD.sub(b"", text)).strip(b" \t")
    return name.strip().lower() + b":" + line
