"""The private keys of TRAYECTO_DKIM_KEYS, read from their files at the start of the worker."""

import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.errors import AppError
from app.messaging.dkim import SHORTEST_RSA, DkimKey

_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
_OTHERS = 0o077  # group and the rest of the world


class DkimRefused(AppError):
    """A key for signing mail cannot be used."""

    code = "messaging.dkim_refused"
    status = 503
    plantilla = "Falta corregir el ajuste TRAYECTO_DKIM_KEYS: {problem}."


def read_dkim_keys(chosen: Sequence[str], domain: str) -> tuple[DkimKey, ...]:
    """The keys of `selector:file` entries, for mails From `domain`.

    Raises:
        DkimRefused: a selector or file that cannot be meant, a key that others can read, or a
            weak one. Nothing of the key is in the error.
    """
    keys = tuple(_read(entry, domain) for entry in chosen)
    if len({key.selector for key in keys}) < len(keys):
        raise DkimRefused(problem="hay dos claves con el mismo selector")
    return keys


def _read(entry: str, domain: str) -> DkimKey:
    selector, _, name = entry.strip().partition(":")
    if not name or not _SELECTOR.fullmatch(selector):
        raise DkimRefused(problem="cada clave se escribe selector:archivo, por ejemplo r1:dkim.pem")
    path = Path(name)
    try:
        open_to_others = path.stat().st_mode & _OTHERS
        text = path.read_bytes()
    except OSError:
        raise DkimRefused(problem=f"no se puede leer el archivo del selector {selector}") from None
    if open_to_others:
        raise DkimRefused(
            problem=f"otras personas pueden leer el archivo del selector {selector}; "
            f"ejecute chmod 600 {path.name}"
        )
    return DkimKey(selector, domain, _private_key(text, selector))


def _private_key(text: bytes, selector: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise DkimRefused(
            problem=f"el archivo del selector {selector} no es una clave privada PEM"
        ) from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, RSAPrivateKey) and key.key_size >= SHORTEST_RSA:
        return key
    raise DkimRefused(
        problem=f"la clave del selector {selector} debe ser RSA de {SHORTEST_RSA} bits o más, "
        "o Ed25519"
    )
