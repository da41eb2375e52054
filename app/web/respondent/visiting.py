"""Which respondent speaks: the hidden field of a form, or the cookie of a page.

One cookie per response, named after its session, and the same short id in addresses: two people
on one computer never meet. A POST is known by its form alone, so no cookie can be ridden.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.classroom.codes import read_code
from app.errors import AppError
from app.fieldwork.entry import WEB_SESSION
from app.web.security import (
    PROBE_COOKIE,
    RESPONDENT_COOKIE,
    cookie_name,
    drop_cookie,
    read_cookie,
    set_cookie,
)

TAP_COOKIE = "tap"  # the option tapped in a letter: marked when its question comes
AULA_COOKIE = "aula"  # the code of the class whose students take turns at this computer
SHORT = 8  # hexadecimal characters of a session id: public, only tells sessions apart
_PROBE_SECONDS = 3600
_SHARED_SECONDS = 7200  # as long as a class lasts
_ID = re.compile(r"[0-9a-f]{8}")


class SeveralPeople(AppError):
    """More than one response is open in this browser, and the address names none."""

    code = "answer.several_people"
    status = 409
    plantilla = (
        "En este navegador hay más de un cuestionario abierto. Abre otra vez tu enlace para "
        "seguir con el tuyo."
    )


@dataclass(frozen=True, slots=True)
class Device:
    """What this browser holds."""

    request: Request
    secure: bool

    @property
    def keeps_cookies(self) -> bool:
        """Whether the probe of the start page came back."""
        return read_cookie(self.request, PROBE_COOKIE, secure=self.secure) is not None

    @property
    def class_code(self) -> str | None:
        """The class for whose students this computer is shared; None elsewhere."""
        return read_code(read_cookie(self.request, AULA_COOKIE, secure=self.secure) or "")

    def secrets(self) -> Iterator[tuple[str, str]]:
        """(short id, secret) of every response open here."""
        prefix = cookie_name(f"{RESPONDENT_COOKIE}_", secure=self.secure)
        for name, value in self.request.cookies.items():
            short = name.removeprefix(prefix)
            if name.startswith(prefix) and _ID.fullmatch(short) and value:
                yield short, value

    def holds(self, session_id: UUID, secret: str) -> bool:
        """Whether the cookie of this session is here."""
        return (short_id(session_id), secret) in self.secrets()

    def secret(self, short: str) -> str:
        """The secret of the response an address names, or of the only one; "" for none.

        Raises:
            SeveralPeople: there are several and the address names none.
        """
        held = dict(self.secrets())
        if short or not held:
            return held.get(short, "")
        if len(held) > 1:
            raise SeveralPeople
        return next(iter(held.values()))

    def address(self, session_id: UUID, without: Collection[str] = (), **query: str) -> str:
        """`/responder`, naming the session where another one is open too.

        `without`: secrets about to be forgotten.
        """
        own = short_id(session_id)
        if any(short != own and secret not in without for short, secret in self.secrets()):
            query["r"] = own
        return "/responder" + (f"?{urlencode(query)}" if query else "")

    def remember(
        self, response: Response, session_id: UUID, secret: str, *, in_class: bool = False
    ) -> None:
        """Give the browser the cookie of a response; in class it does not outlive the browser."""
        set_cookie(
            response,
            f"{RESPONDENT_COOKIE}_{short_id(session_id)}",
            secret,
            secure=self.secure,
            seconds=None if in_class else int(WEB_SESSION.total_seconds()),
            strict=False,
        )

    def tap(self, response: Response, session_id: UUID, code: str) -> None:
        """Keep the option that was tapped in a letter until its question comes."""
        set_cookie(
            response,
            f"{TAP_COOKIE}_{short_id(session_id)}",
            code,
            secure=self.secure,
            seconds=_PROBE_SECONDS,
            strict=False,
        )

    def tapped(self, session_id: UUID) -> str:
        """The option that was tapped in a letter before this session; "" for none."""
        name = f"{TAP_COOKIE}_{short_id(session_id)}"
        return read_cookie(self.request, name, secure=self.secure) or ""

    def forget(self, response: Response, secret: str) -> None:
        """Take back the cookie of a secret, if it is here."""
        for short, held in self.secrets():
            if held == secret:
                drop_cookie(response, f"{RESPONDENT_COOKIE}_{short}", secure=self.secure)
                drop_cookie(response, f"{TAP_COOKIE}_{short}", secure=self.secure)

    def share(self, response: Response, code: str) -> None:
        """Remember that the students of a class take turns here; "": they do not."""
        if code:
            set_cookie(
                response,
                AULA_COOKIE,
                code,
                secure=self.secure,
                seconds=_SHARED_SECONDS,
                strict=False,
            )
        elif self.class_code:
            drop_cookie(response, AULA_COOKIE, secure=self.secure)

    def probe(self, response: Response) -> None:
        """A cookie without meaning, to learn whether this browser keeps any."""
        set_cookie(
            response,
            PROBE_COOKIE,
            "1",
            secure=self.secure,
            seconds=_PROBE_SECONDS,
            strict=False,
        )


def short_id(session_id: UUID) -> str:
    """The public name of a session."""
    return session_id.hex[:SHORT]
