"""The mailbox where bounces arrive, by IMAP over TLS: read in order, nothing deleted.

Messages are fetched one at a time and never beyond what the parser reads, so that neither 10,000
of them nor one of 50 MB needs memory (trust.md F-54).
"""

import imaplib
import re
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from app.errors import AppError
from app.messaging.bounces import LARGEST

PATIENCE = 30.0  # seconds for each answer of the server
_IMAPS = 993
_VALIDITY = re.compile(rb"\d+")


class BounceBoxRefused(AppError):
    """BOUNCE_IMAP_URL cannot be meant."""

    code = "messaging.bounce_imap_refused"
    status = 503
    plantilla = "Falta corregir el ajuste TRAYECTO_BOUNCE_IMAP_URL: {problem}."


class BounceBoxAway(AppError):
    """The mailbox of bounces cannot be read now; what was read stays read."""

    code = "messaging.bounce_box_away"
    status = 503
    plantilla = (
        "No se pudo leer el buzón de rebotes ({problem}). Lo leído queda guardado; se intenta otra "
        "vez más tarde."
    )


@dataclass(frozen=True, slots=True)
class BounceBox:
    """A server, our account there, and the folder."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"

    @property
    def source(self) -> str:
        """The name under which we remember how far we read."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"[:300]


def read_box_url(url: str) -> BounceBox:
    """The mailbox of `imaps://user:pass@host:port/folder`, percent-encoded.

    Raises:
        BounceBoxRefused: not of this form. The password is never in the error.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BounceBoxRefused(problem="no es una dirección imaps://") from None
    if parts.scheme != "imaps" or not host:
        raise BounceBoxRefused(problem="debe empezar con imaps:// y decir el servidor")
    if not parts.username or not parts.password:
        raise BounceBoxRefused(problem="debe decir usuario y contraseña")
    folder = unquote(parts.path.lstrip("/")) or "INBOX"
    if not folder.isascii() or not folder.isprintable() or '"' in folder or "\\" in folder:
        raise BounceBoxRefused(problem="la carpeta debe escribirse sin acentos ni comillas")
    return BounceBox(host, port or _IMAPS, unquote(parts.username), unquote(parts.password), folder)


class OpenBox:
    """The mailbox, signed in and read-only, for the life of a `with` block.

    Raises, in every method:
        BounceBoxAway: the server refuses, does not answer, or the connection broke.
    """

    def __init__(self, box: BounceBox, trust: ssl.SSLContext | None = None) -> None:
        """`trust`: certificates believed; those of this machine if unsaid."""
        self._box, self._trust = box, trust or ssl.create_default_context()
        self.validity = 0

    def __enter__(self) -> Self:
        with _named():
            self._server = imaplib.IMAP4_SSL(
                self._box.host, self._box.port, ssl_context=self._trust, timeout=PATIENCE
            )
            try:
                self._server.login(self._box.user, self._box.password)
                self._expect(self._server.select(f'"{self._box.folder}"', readonly=True)[0])
                _, answer = self._server.response("UIDVALIDITY")
                found = _VALIDITY.search(answer[0] or b"") if answer else None
                self.validity = int(found[0]) if found else 0
            except BaseException:
                self._server.shutdown()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._server.logout()
        except (imaplib.IMAP4.error, OSError):
            self._server.shutdown()

    def after(self, uid: int) -> list[int]:
        """The messages that came after `uid`, in order."""
        with _named():
            status, answer = self._server.uid("SEARCH", f"UID {uid + 1}:*")
            self._expect(status)
        numbers = [int(number) for line in answer if line for number in line.split()]
        return sorted(number for number in numbers if number > uid)  # `*` is at least the last

    def fetch(self, uid: int) -> bytes:
        """The first `LARGEST` octets of a message; empty if it is gone. It stays unread."""
        with _named():
            status, answer = self._server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
            self._expect(status)
        return next((part[1] for part in answer if isinstance(part, tuple)), b"")

    def _expect(self, status: str) -> None:
        if status != "OK":
            raise imaplib.IMAP4.error(status)


class _named:  # noqa: N801  # reads as what it does
    """Failures of the connection as a refusal of ours, without what the server said."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, imaplib.IMAP4.error | OSError | ValueError):
            raise BounceBoxAway(problem=type(error).__name__) from error
