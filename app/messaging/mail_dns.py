"""What the DNS says of our mail domain, judged: SPF, DKIM, DMARC (RFC 7208, 6376, 7489). Pure.

`None` records: they could not be asked for, and nothing is claimed. An empty tuple: there are none.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.messaging.dkim import DkimKey

Records = Sequence[str] | None
NOT_CHECKED = "no comprobado: no se pudo preguntar al DNS"
_TAG = re.compile(r"\s*([a-z]+)\s*=\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a record serves; None: it could not be asked for. `said`: for the operator."""

    fit: bool | None
    said: str


def judge_spf(domain: str, records: Records) -> Judged:
    """The one SPF record of the domain bounces come back to."""
    if records is None:
        return Judged(None, NOT_CHECKED)
    found = [text for text in records if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) != 1:
        many = "hay más de un registro" if found else "falta el registro"
        return Judged(False, f"{domain}: {many} SPF (TXT que empieza con v=spf1)")
    if re.search(r"(?:^|\s)\+?all(?:\s|$)", found[0], re.IGNORECASE):
        return Judged(False, f"{domain}: el registro SPF termina en all y autoriza a cualquiera")
    return Judged(True, f"{domain}: hay un registro SPF; revise que incluya a su servidor")


def judge_dkim(key: DkimKey, records: Records) -> Judged:
    """Whether the DNS holds the public half of one of our keys."""
    name = dkim_name(key)
    if records is None:
        return Judged(None, NOT_CHECKED)
    for text in records:
        tags = _tags(text)
        if tags.get("v", "DKIM1").upper() == "DKIM1" and "p" in tags:
            same = re.sub(r"\s", "", tags["p"]) in _public_forms(key)
            told = "coincide con la clave" if same else "no es la clave con la que se firma"
            return Judged(same, f"{name}: {told}")
    return Judged(False, f"{name}: falta el registro; publique {expected_record(key)}")


def judge_dmarc(domain: str, records: Records) -> Judged:
    """The policy of the domain people see."""
    if records is None:
        return Judged(None, NOT_CHECKED)
    found = [tags for tags in map(_tags, records) if tags.get("v", "").upper() == "DMARC1"]
    if len(found) != 1 or found[0].get("p", "").lower() not in {"none", "quarantine", "reject"}:
        return Judged(
            False, f"_dmarc.{domain}: falta un registro DMARC, por ejemplo v=DMARC1; p=none"
        )
    return Judged(True, f"_dmarc.{domain}: p={found[0]['p'].lower()}")


def dkim_name(key: DkimKey) -> str:
    """Where the public half of a key stands."""
    return f"{key.selector}._domainkey.{key.domain}"


def expected_record(key: DkimKey) -> str:
    """The record to publish for a key."""
    kind = "ed25519" if isinstance(key.key, Ed25519PrivateKey) else "rsa"
    return f"v=DKIM1; k={kind}; p={_public_forms(key)[0]}"


def _public_forms(key: DkimKey) -> tuple[str, ...]:
    """The public key as `p=` writes it, the usual form first."""
    public = key.key.public_key()
    whole = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key.key, Ed25519PrivateKey):
        forms = (public.public_bytes(Encoding.Raw, PublicFormat.Raw), whole)
    else:
        forms = (whole, public.public_bytes(Encoding.DER, PublicFormat.PKCS1))
    return tuple(base64.b64encode(form).decode("ascii") for form in forms)


def _tags(text: str) -> dict[str, str]:
    """`a=b; c=d` as a mapping; what is not of this form is left out."""
    found = (_TAG.fullmatch(part) for part in text.split(";"))
    return {match[1].lower(): match[2] for match in found if match}
