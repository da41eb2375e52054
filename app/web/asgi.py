"""What wraps every request: limits, HEAD, security headers, the access log.

ASGI speaks `async`, so this file and messaging/smtp.py are the only ones that do. Nothing
here knows a route, a person or a table.
"""

import gc
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, MutableMapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, State
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.middleware.gzip import GZipResponder, IdentityResponder
from starlette.requests import Request
from starlette.responses import Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

access_log = logging.getLogger("trayecto.access")

LARGEST_BODY = 2 * 1024 * 1024  # bytes; a step of the questionnaire has a few hundred
LARGEST_UPLOAD = 40 * 1024 * 1024  # bytes; 100,000 rows of a roster take about 15 MB
SHORT_FORM = 8 * 1024  # bytes; a button with a hidden field or two
MOST_FIELDS = 2_000
LARGEST_FIELD = 1024 * 1024  # bytes
SHORTEST_GZIP = 500  # bytes

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
# Plotly puts in one empty style element and one of its own (trust.md 2.3); "Explorar" only.
PLOTLY_STYLES = (
    " 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    " 'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
)
# A style or a script is no page and no secret: few headers, and every byte counts on a first visit.
ASSETS = "/static/"
ASSET_HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
# Threads of one process. They share one interpreter: forty of them spend their time handing it to
# one another, and half as many answers are saved (decisions/0017).
THREADS = 16
HSTS = "max-age=63072000; includeSubDomains"


@asynccontextmanager
async def serving(_: object) -> AsyncIterator[None]:
    """For as long as the application lives: few threads, and no garbage sought where none is."""
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    # What is there now stays: looking through it for garbage would stop every request for 0.2 s,
    # a tenth of the time in which answers are saved.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def read_form(request: Request) -> AsyncIterator[FormData]:
    """The posted form, within the limits; an empty one for any other method.

    Uploaded files are closed when the response has left.

    Raises:
        HTTPException: 413 for a body over the limit; 400 for one that is no form or has too many
            fields.
    """
    if request.method not in {"POST", "PUT"}:
        yield FormData()
        return
    form = await _form(request, files=1)
    try:
        yield form
    finally:
        await form.close()


async def read_answers(request: Request) -> FormData:
    """The posted form of a page that has no place for a file.

    Raises:
        HTTPException: as from `read_form`; 400 for a file.
    """
    return await _form(request, files=0)


async def _form(request: Request, *, files: int) -> FormData:
    try:
        return await request.form(
            max_files=files, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD
        )
    except (MultiPartException, HTTPException, UnicodeDecodeError) as error:
        too_large = isinstance(error, HTTPException) and error.status_code == 413
        raise HTTPException(413 if too_large else 400, "form") from error


async def read_short_form(request: Request) -> FormData:
    """A form of a few words, read whole before anything is done.

    Raises:
        HTTPException: 413 for more than a button can send.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > SHORT_FORM:
            raise HTTPException(413, "form")
    return FormData(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))


async def read_body(request: Request) -> bytes:
    """The body as it came, whatever it says to be."""
    return await request.body()


class FromState:
    """A dependency that is there already: async, so that asking for it costs no thread."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request) -> Any:
        return getattr(request.app.state, self.name)


class Moment:
    """The moment of a request; async for the same reason."""

    async def __call__(self, request: Request) -> datetime:
        now: datetime = request.app.state.clock()
        return now


class Open:
    """Declares that anybody may ask, and why."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self) -> None:
        """Nothing to check: the link, the code or the page itself is public."""


class OpenWith(Open):
    """Open, and what such a route works with: made of the state of the application."""

    def __init__(self, why: str, make: Callable[[State], Any]) -> None:
        super().__init__(why)
        self.make = make

    async def __call__(self, request: Request) -> Any:  # type: ignore[override]
        return self.make(request.app.state)


class Swift(APIRoute):
    """A route whose parameters are all made of the request, by one async call each.

    FastAPI looks for every request at what each parameter is made of, and at what each of those
    is: a tenth of the time of a save.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Make them one after another, and work in a thread."""
        made = {one.name: one.call for one in self.dependant.dependencies if one.name}
        itself = self.dependant.request_param_name

        async def handle(request: Request) -> Response:
            given: dict[str, Any] = {} if itself is None else {itself: request}
            for name, make in made.items():
                given[name] = await make(request)  # type: ignore[misc]
            response: Response = await run_in_threadpool(self.endpoint, **given)
            return response

        return handle


class Compressed:
    """gzip for what is long; a redirect or a short answer goes as it is, at no cost."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        through = send

        async def outgoing(message: Message) -> None:
            nonlocal through
            if message["type"] == "http.response.start" and _length(message) >= SHORTEST_GZIP:
                accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
                kind = GZipResponder if b"gzip" in accepted else IdentityResponder
                responder = kind(self.app, SHORTEST_GZIP)
                responder.send = send
                through = responder.send_with_compression
            await through(message)

        await self.app(scope, receive, outgoing if scope["type"] == "http" else send)


class Outermost:
    """Headers on every response, HEAD as GET without its body, one line of log each."""

    def __init__(self, app: App, *, secure: bool) -> None:
        self.app = app
        self._open = _page_headers(secure=secure, referrer="no-referrer")
        self._panel = _page_headers(secure=secure, referrer="same-origin")
        self._exploring = _page_headers(secure=secure, referrer="same-origin", style=PLOTLY_STYLES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        method, status = scope["method"], 500
        headless = method == "HEAD"
        if headless:
            # Mail scanners ask with HEAD (trust.md F-44). A copy: the server below looks at its
            # own scope to know that no body is to come, and cuts the connection otherwise.
            scope = {**scope, "method": "GET"}

        async def outgoing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(message, scope)
            elif headless and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, _limited(scope, receive), outgoing)
        finally:
            self._log(scope, method, status, time.perf_counter() - began)

    def _complete(self, message: Message, scope: Scope) -> None:
        path = scope["path"]
        if path.startswith(ASSETS):
            wanted = _ASSET
        elif not path.startswith("/panel"):
            wanted = self._open
        elif "explores" in scope.get("state", {}):
            wanted = self._exploring
        else:
            wanted = self._panel
        present = {name.lower() for name, _ in message["headers"]}
        message["headers"] = [
            *message["headers"],
            *(header for header in wanted if header[0] not in present),
        ]

    def _log(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        # The route's pattern, never the path: a path may hold a personal link (SEC-34).
        route = getattr(scope.get("route"), "path", "-")
        milliseconds = round(seconds * 1000, 1)
        parts = {"method": method, "route": route, "status": status, "ms": milliseconds}
        access_log.info("%s %s %s %s ms", *parts.values(), extra={"request": parts})


def _length(message: Message) -> float:
    """Bytes of the body as its header says; without end where it does not."""
    said = (int(value) for name, value in message["headers"] if name == b"content-length")
    return next(said, math.inf)


def _page_headers(*, secure: bool, referrer: str, style: str = "") -> Headers:
    """Of a page. A form of the panel must name its origin; a personal link must name nothing."""
    wanted = {
        "content-security-policy": CONTENT_SECURITY_POLICY.format(style=style),
        "x-content-type-options": "nosniff",
        "referrer-policy": referrer,
        "x-robots-tag": "noindex",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cache-control": "no-store",
    }
    return _encoded({**wanted, "strict-transport-security": HSTS} if secure else wanted)


def _encoded(headers: Mapping[str, str]) -> Headers:
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


_ASSET = _encoded(ASSET_HEADERS)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Stop reading a body that is larger than its kind may be."""
    kind = dict(scope["headers"]).get(b"content-type", b"")
    left = LARGEST_UPLOAD if kind.startswith(b"multipart/form-data") else LARGEST_BODY

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, "body")
        return message

    return limited
