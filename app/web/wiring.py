"""What a route may ask for: Db, Now, Site, Form, and its caller.

A staff route asks for `Annotated[Caller, Depends(Permits(Permission.X))]`, a public one
for `OpenToAnybody`. A route that declares neither does not start (web.main).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData, State, UploadFile

from app.db.transactions import Database
from app.directory.keyed import MatchKeys, match_keys
from app.errors import AppError
from app.settings import Settings
from app.staff import sessions
from app.staff.roles import Actor, Permission
from app.units.scope import Scope
from app.web import security
from app.web.asgi import FromState, Moment, Open, OpenWith, read_answers, read_form, read_short_form


class SignInNeeded(AppError):
    """Nobody is signed in, or the session ended."""

    code = "staff.sign_in_needed"
    status = 401
    plantilla = "Inicie sesión para continuar."


class NotAllowed(AppError):
    """Signed in, but no role of theirs may do this."""

    code = "staff.not_allowed"
    status = 403
    plantilla = "Su cuenta no tiene permiso para esta página. Pídalo a quien administra su plantel."


@dataclass(frozen=True, slots=True)
class View:
    """Something personal that a page is about to show: becomes an audit row."""

    action: str
    object_kind: str
    object_id: str
    unit_id: UUID | None


@dataclass(frozen=True, slots=True)
class Caller:
    """A member of staff at work: who, how far they may reach here, and their form token."""

    actor: Actor
    scope: Scope
    session_secret: str
    request: Request

    def form_token(self) -> str:
        """A fresh token for one form of the page."""
        return security.form_token(self.session_secret)

    def saw(self, action: str, about: tuple[str, object], *, unit_id: UUID | None = None) -> None:
        """Note a view of personal data; trace.py writes it before the page leaves."""
        views: list[View] = self.request.state.views
        kind, object_id = about
        views.append(View(action, kind, str(object_id), unit_id))


@dataclass(frozen=True)
class Site:
    """The deployment as pages need it."""

    settings: Settings

    @cached_property
    def match_keys(self) -> MatchKeys:
        """Keys of what is found again without being readable; derived once."""
        return match_keys(self.settings.data_keys)

    @property
    def secure(self) -> bool:
        return self.settings.secure

    def url(self, path: str) -> str:
        """An absolute address, from the setting and never from the Host header (SEC-19)."""
        return f"{self.settings.base_url}{path}"


Db = Annotated[Database, Depends(FromState("database"))]
Now = Annotated[datetime, Depends(Moment())]
SiteHere = Annotated[Site, Depends(FromState("site"))]
Form = Annotated[FormData, Depends(read_form)]
Answers = Annotated[FormData, Depends(read_answers)]
ShortForm = Annotated[FormData, Depends(read_short_form)]


@dataclass(frozen=True, slots=True)
class AtWork:
    """What a request of a respondent works with."""

    db: Database
    now: datetime
    site: Site


def at_work(state: State) -> AtWork:
    """All of it in one: every dependency of its own costs a save 2 % of its time."""
    return AtWork(state.database, state.clock(), state.site)


class Permits:
    """The permission a staff route declares; resolves its caller.

    Raises:
        SignInNeeded, NotAllowed, ForeignPost.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request, db: Db, now: Now, site: SiteHere, form: Form) -> Caller:
        secret = security.read_cookie(request, security.STAFF_COOKIE, secure=site.secure)
        with db.reading() as session:
            actor = sessions.actor_of(session, secret, now=now) if secret else None
        if actor is None or secret is None:
            raise SignInNeeded
        if request.method != "GET":
            security.refuse_foreign_origin(request, site.settings.base_url)
            security.accept_form_token(field(form, "csrf"), secret)
        if not actor.may(self.permission):
            raise NotAllowed(permission=self.permission.value)
        request.state.views = []
        request.state.caller = Caller(actor, actor.scope(self.permission), secret, request)
        return request.state.caller  # type: ignore[no-any-return]


OPEN_PAGE = Depends(Open("a page for everybody"))
OPEN_LINK = Depends(Open("whoever holds the personal link"))
ByLink = Annotated[AtWork, Depends(OpenWith("whoever holds the personal link", at_work))]


def field(form: FormData, name: str) -> str:
    """One text field, cleaned as stored text must be; "" if it is not there."""
    value = form.get(name)
    return clean_text(value) if isinstance(value, str) else ""


def fields(form: FormData, name: str) -> list[str]:
    """Every text of a repeated field."""
    return [clean_text(value) for value in form.getlist(name) if isinstance(value, str)]


def upload(form: FormData, name: str) -> tuple[str, bytes] | None:
    """Name and content of an uploaded file, or None where none was chosen."""
    value = form.get(name)
    if not isinstance(value, UploadFile) or not value.filename:
        return None
    value.file.seek(0)
    return clean_text(value.filename)[:200], value.file.read()


def clean_text(text: str) -> str:
    """Without what no database takes alike: NUL, lone surrogates, control characters."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return text.translate(_CONTROL).encode("utf-8", "ignore").decode("utf-8").strip()


_CONTROL = {code: None for code in (*range(32), 127) if chr(code) not in "\n\t"}
