"""Which mail server, and how it is spoken to: TRAYECTO_SMTP_URL as a value."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from app.errors import AppError


class MailServerRefused(AppError):
    """SMTP_URL cannot be meant."""

    code = "messaging.smtp_url_refused"
    status = 503
    plantilla = "Falta corregir el ajuste TRAYECTO_SMTP_URL: {problem}."


class Tls(StrEnum):
    """When encryption begins. Never "if possible": whoever is in the middle would say no."""

    STARTTLS = "starttls"
    ON = "on"
    OFF = "off"


_PORTS = {Tls.STARTTLS: 587, Tls.ON: 465, Tls.OFF: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server, our account there, and our patience (seconds).

    `answer_timeout` is for the reply after the final dot: RFC 1047 asks for patience there, and it
    stays under the lease of the outbox.
    """

    host: str
    port: int
    tls: Tls
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ehlo_name: str = "localhost"
    connections: int = 4
    per_domain: int = 4
    timeout: float = 30.0
    answer_timeout: float = 240.0


def read_smtp_url(url: str, *, ehlo_name: str = "localhost", connections: int = 4) -> MailServer:
    """The server of `smtp://user:pass@host:port?tls=starttls|on|off`; STARTTLS if unsaid.

    User and password are percent-encoded.

    Raises:
        MailServerRefused: not of this form. The password is never in the error.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise MailServerRefused(problem="no es una dirección smtp://") from None
    if parts.scheme != "smtp" or not host:
        raise MailServerRefused(problem="debe empezar con smtp:// y decir el servidor")
    chosen = parse_qs(parts.query).get("tls", [Tls.STARTTLS.value])[-1]
    if chosen not in set(Tls):
        raise MailServerRefused(problem="tls debe ser starttls, on u off")
    tls = Tls(chosen)
    return MailServer(
        host=host,
        port=port or _PORTS[tls],
        tls=tls,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        ehlo_name=ehlo_name,
        connections=connections,
        per_domain=connections,
    )
