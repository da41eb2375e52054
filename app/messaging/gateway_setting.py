"""Which gateway carries text messages, and the JSON it wants: TRAYECTO_SMS_* and _WHATSAPP_*.

The JSON is parsed first and its texts are filled afterwards, so no name or link can change its
shape.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from app.errors import AppError
from app.messaging.states import Channel

OWN_FIELDS = frozenset({"telefono", "digitos", "texto", "id"})
PLAIN_JSON = '{"to": "{{telefono}}", "text": "{{texto}}", "reference": "{{id}}"}'
LARGEST_JSON = 10_000  # characters

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_HTTPS = 443


class GatewayRefused(AppError):
    """A setting of a gateway cannot be meant."""

    code = "messaging.gateway_refused"
    status = 503
    plantilla = "Falta corregir el ajuste {name}: {problem}."


@dataclass(frozen=True, slots=True)
class Gateway:
    """An HTTPS address that takes one message a request.

    `allowed`: the operator vouches for this host, which may then be inside a private network.
    """

    channel: Channel
    host: str
    port: int
    path: str  # with the query
    document: Any = field(repr=False)
    user: tuple[str, str] | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    allowed: bool = False
    seconds: float = 5.0  # for everything together, trust.md SEC-09
    largest_answer: int = 65_536  # octets

    def carries(self, field: str) -> bool:
        """Whether its JSON has this field."""
        return field in _used(self.document)

    def body(self, values: Mapping[str, str]) -> bytes:
        """The document for one person.

        Raises:
            KeyError: a value is missing.
        """
        return json.dumps(_filled(self.document, values), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class GatewayChoice:
    """What the settings say about one channel, unread."""

    channel: Channel
    url: str
    json: str | None = None
    token: str | None = None


def read_gateway(
    choice: GatewayChoice, *, fields: Collection[str], hosts: Collection[str] = ()
) -> Gateway:
    """The gateway of a channel; `fields` may stand in its JSON beside our own.

    Raises:
        GatewayRefused: not such an address or document. Passwords are never in the error.
    """
    name = f"TRAYECTO_{choice.channel.value.upper()}"
    try:
        parts = urlsplit(choice.url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise GatewayRefused(name=f"{name}_URL", problem="no es una dirección https://") from None
    if parts.scheme != "https" or not host or not host.isascii():
        raise GatewayRefused(
            name=f"{name}_URL", problem="debe empezar con https:// y decir el servidor"
        )
    user = None
    if parts.username is not None:
        user = (unquote(parts.username), unquote(parts.password or ""))
    path = parts.path or "/"
    return Gateway(
        channel=choice.channel,
        host=host,
        port=port or _HTTPS,
        path=f"{path}?{parts.query}" if parts.query else path,
        document=_document(choice.json or PLAIN_JSON, f"{name}_JSON", {*fields, *OWN_FIELDS}),
        user=user,
        token=choice.token,
        allowed=host in {allowed.strip().lower() for allowed in hosts},
    )


def own_values(phone: str, text: str, identifier: str) -> dict[str, str]:
    """Values of the fields that belong to the gateway and not to the text. `phone`: E.164."""
    return {"telefono": phone, "digitos": phone.lstrip("+"), "texto": text, "id": identifier}


def _document(text: str, name: str, fields: Collection[str]) -> Any:
    if len(text) > LARGEST_JSON:
        raise GatewayRefused(name=name, problem="es demasiado largo")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise GatewayRefused(name=name, problem="no es un documento JSON") from None
    used = _used(document)
    for unknown in sorted(used - set(fields)):
        raise GatewayRefused(name=name, problem=f"no existe el campo «{unknown}»")
    if not used & {"telefono", "digitos"} or not used & {"texto", "liga"}:
        raise GatewayRefused(
            name=name, problem="le falta {{telefono}} o {{digitos}}, y {{texto}} o {{liga}}"
        )
    return document


def _used(document: Any) -> set[str]:
    match document:
        case str():
            return set(_PLACEHOLDER.findall(document))
        case list():
            return set().union(*map(_used, document))
        case dict():
            return set().union(*map(_used, document.values()))
        case _:
            return set()


def _filled(document: Any, values: Mapping[str, str]) -> Any:
    match document:
        case str():
            return _PLACEHOLDER.sub(lambda found: values[found[1]], document)
        case list():
            return [_filled(part, values) for part in document]
        case dict():
            return {key: _filled(part, values) for key, part in document.items()}
        case _:
            return document
