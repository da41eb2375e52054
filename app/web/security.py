"""Cookies by the scheme of BASE_URL, masked form tokens, and who may post from where.

Staff are known by a cookie, so their forms carry a second secret that another site cannot
read (SEC-24). Respondents' forms carry their own session, so nothing rides on a cookie alone.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError

STAFF_COOKIE = "staff"
RESPONDENT_COOKIE = "entry"
PROBE_COOKIE = "probe"  # set by a GET: tells a POST whether this browser keeps cookies
MASK = 16  # bytes


class ForeignPost(AppError):
    """The form did not come from our own page, or from an old one of another session."""

    code = "form.foreign"
    status = 403
    plantilla = (
        "Por seguridad no guardamos este formulario porque la página ya no estaba vigente. "
        "Vuelva atrás, recargue la página e intente de nuevo."
    )


def cookie_name(name: str, *, secure: bool) -> str:
    """`__Host-` where browsers honour it: on https."""
    return f"__Host-{name}" if secure else f"trayecto_{name}"


def set_cookie(
    response: Response,
    name: str,
    value: str,
    *,
    secure: bool,
    seconds: int | None,
    strict: bool = True,
) -> None:
    """A cookie no script reads and no other site sends; None: until the browser closes."""
    response.set_cookie(
        cookie_name(name, secure=secure),
        value,
        max_age=seconds,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict" if strict else "lax",
    )


def drop_cookie(response: Response, name: str, *, secure: bool) -> None:
    """Forget a cookie, with the attributes it was set with."""
    response.delete_cookie(cookie_name(name, secure=secure), path="/", secure=secure, httponly=True)


def read_cookie(request: Request, name: str, *, secure: bool) -> str | None:
    """The value of our cookie, or None."""
    return request.cookies.get(cookie_name(name, secure=secure))


def form_token(session_secret: str) -> str:
    """A token for one form of this session; masked, so that no two pages look alike.

    Compressed pages must not repeat a secret (BREACH): random pad, then pad XOR secret.
    """
    inner, pad = _inner(session_secret), secrets.token_bytes(MASK)
    return base64.urlsafe_b64encode(pad + _xor(pad, inner)).decode().rstrip("=")


def accept_form_token(token: str, session_secret: str) -> None:
    """Refuse a form that this session was not given.

    Raises:
        ForeignPost: missing, mangled, or another session's.
    """
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise ForeignPost(reason="mangled") from error
    if not hmac.compare_digest(_xor(raw[:MASK], raw[MASK:]), _inner(session_secret)):
        raise ForeignPost(reason="mismatch")


def mask_secret(secret: str) -> str:
    """A session secret as it stands in a form, different on every page."""
    raw = secret.encode()
    pad = secrets.token_bytes(len(raw))
    return base64.urlsafe_b64encode(pad + _xor(pad, raw)).decode().rstrip("=")


def unmask_secret(text: str) -> str:
    """What `mask_secret` hid; "" where it cannot have been ours."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        half = len(raw) // 2
        return _xor(raw[:half], raw[half:]).decode("ascii")
    except (ValueError, UnicodeDecodeError):
        return ""


def refuse_foreign_origin(request: Request, base_url: str) -> None:
    """Refuse a post that a browser says comes from another site.

    Browsers send Sec-Fetch-Site or Origin with every POST; programs that send neither hold
    no cookie of a victim.

    Raises:
        ForeignPost: the browser named another origin.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise ForeignPost(reason="site")
        return  # a page without referrer sends `Origin: null` to its own server
    origin = request.headers.get("origin")
    if origin is None:
        return
    here = {urlsplit(base_url).netloc, request.headers.get("host", "")}
    if origin == "null" or urlsplit(origin).netloc not in here:
        raise ForeignPost(reason="origin")


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of ours, or the panel (SEC-10)."""
    plain = path.isprintable() and "\\" not in path
    ours = path.startswith("/panel") and not path.startswith("//")
    return path if plain and ours else "/panel"


def _inner(session_secret: str) -> bytes:
    return hashlib.sha256(f"form/{session_secret}".encode()).digest()[:MASK]


def _xor(left: bytes, right: bytes) -> bytes:
    size = min(len(left), len(right))
    mixed = int.from_bytes(left[:size], "big") ^ int.from_bytes(right[:size], "big")
    return mixed.to_bytes(size, "big")
