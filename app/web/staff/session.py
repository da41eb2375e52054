"""Sign in and out; accept an invitation; the own account."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.errors import AppError, NotFound
from app.staff import invitations, passwords, sessions, sign_in
from app.staff.addresses import staff_keys
from app.staff.digests import set_digest, wants_digest
from app.staff.first_account import needs_first_account
from app.staff.password_rules import PasswordRefused
from app.staff.roles import Permission
from app.staff.sessions import LONGEST
from app.units.geography import CAPITAL_ZONE
from app.web import security
from app.web.render import Page, render, say_moment
from app.web.staff.device_words import device_words
from app.web.staff.shell import Issue, Shell, shell
from app.web.wiring import (
    OPEN_LINK,
    OPEN_PAGE,
    Caller,
    Db,
    Form,
    Now,
    Permits,
    Site,
    SiteHere,
    field,
)

router = APIRouter()

LEAD = "Para el personal de planteles y oficinas."
FIRST_USE = (
    "Todavía no hay cuentas. Abra la dirección de primer uso que escribe «trayecto serve» al "
    "iniciar: ahí se crean el primer plantel y su cuenta."
)


class PlainHttp(AppError):
    """A password would travel unprotected over a network."""

    code = "staff.plain_http"
    status = 403
    plantilla = (
        "Por seguridad solo se puede entrar por https, o desde esta misma computadora. "
        "Abra la dirección que empieza con https."
    )


@dataclass(frozen=True, slots=True)
class SignInPage(Page):
    """Mail and password."""

    template: ClassVar[str] = "staff/sign_in.html"
    title: str
    lead: str
    email: str
    next_url: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class InvitationPage(Page):
    """Choose a password."""

    template: ClassVar[str] = "staff/invitation.html"
    title: str
    lead: str
    action: str
    issues: tuple[Issue, ...]


@router.get("/panel/entrar", dependencies=[OPEN_PAGE])
def sign_in_page(request: Request, db: Db) -> Response:
    """The sign-in form; on an empty deployment it says where to begin."""
    with db.reading() as session:
        lead = FIRST_USE if needs_first_account(session) else LEAD
    return _sign_in_form(security.safe_next(request.query_params.get("next", "")), lead=lead)


@router.post("/panel/entrar", dependencies=[OPEN_PAGE])
def sign_in_now(request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Check the password and open a session."""
    security.refuse_foreign_origin(request, site.settings.base_url)
    _refuse_plain_http(request, site)
    email, password = field(form, "email"), str(form.get("password", ""))
    next_url = security.safe_next(field(form, "next"))
    keys = staff_keys(site.settings.data_keys)
    address = request.client.host if request.client else ""
    try:
        with db.unit_of_work() as session:
            attempt = sign_in.begin(session, email, ip=address, keys=keys, now=now)
        proven = passwords.password_matches(attempt.password_hash, password)
        with db.unit_of_work() as session:
            token = sign_in.finish(
                session, attempt, proven=proven, now=now, device=_device(request)
            )
    except sign_in.SignInSlowed as slowed:
        issue = Issue("", slowed.mensaje)
        return _sign_in_form(next_url, email=email, issues=(issue,), status=slowed.status)
    if token is None:
        issue = Issue("email", sign_in.SignInRefused().mensaje)
        return _sign_in_form(next_url, email=email, issues=(issue,), status=401)
    return _signed_in(token, next_url, site)


@router.post("/panel/salir")
def sign_out(
    caller: Annotated[Caller, Depends(Permits(Permission.OWN_ACCOUNT))],
    db: Db,
    now: Now,
    site: SiteHere,
) -> Response:
    """End this session."""
    with db.unit_of_work() as session:
        sessions.sign_out(session, caller.actor, now=now)
    response = RedirectResponse("/panel/entrar", 303)
    security.drop_cookie(response, security.STAFF_COOKIE, secure=site.secure)
    return response


@router.get("/panel/invitacion/{token}", dependencies=[OPEN_LINK])
def invitation_page(token: str, db: Db, now: Now) -> Response:
    """Choose a password; looking at the page does not spend the invitation."""
    with db.reading() as session:
        invitations.open_invitation(session, token, now=now)
    return render(_invitation_form(token, ()))


@router.post("/panel/invitacion/{token}", dependencies=[OPEN_LINK])
def accept_invitation(
    token: str, request: Request, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Set the password, spend the invitation, sign in."""
    security.refuse_foreign_origin(request, site.settings.base_url)
    _refuse_plain_http(request, site)
    with db.reading() as session:
        invited = invitations.open_invitation(session, token, now=now)
    try:
        hashed = passwords.hash_new_password(
            str(form.get("password", "")), personal=invited.personal
        )
    except PasswordRefused as refusal:
        page = _invitation_form(token, (Issue("password", refusal.mensaje),))
        return render(page, status=422)
    with db.unit_of_work() as session:
        invitations.accept_invitation(session, token, hashed, now=now)
    return RedirectResponse("/panel/entrar", 303)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One place where I am signed in."""

    session_id: UUID
    device: str
    since: str
    current: bool


@dataclass(frozen=True, slots=True)
class AccountPage(Page):
    """My account: who I am, what I may, where I am signed in."""

    template: ClassVar[str] = "staff/account.html"
    title: str
    shell: Shell
    name: str
    email: str
    sessions: tuple[OwnSession, ...]
    digest: bool


def _since(moment: datetime) -> str:
    return f"{say_moment(moment.astimezone(ZoneInfo(CAPITAL_ZONE)))}, hora del centro de México"


@router.get("/panel/cuenta")
def own_account(
    caller: Annotated[Caller, Depends(Permits(Permission.OWN_ACCOUNT))], db: Db, now: Now
) -> Response:
    """My account."""
    with db.reading() as session:
        found = sessions.own_sessions(session, caller.actor, now=now)
        page = AccountPage(
            "Mi cuenta",
            shell(caller, at="/panel/cuenta"),
            caller.actor.display_name,
            caller.actor.email,
            tuple(
                OwnSession(
                    one.session_id,
                    device_words(one.device),
                    _since(one.created_at),
                    current=one.session_id == caller.actor.session_id,
                )
                for one in found
            ),
            wants_digest(session, caller.actor.account_id),
        )
    return render(page)


@router.post("/panel/cuenta/resumen")
def choose_digest(
    caller: Annotated[Caller, Depends(Permits(Permission.OWN_ACCOUNT))],
    form: Form,
    db: Db,
    now: Now,
) -> Response:
    """Ask for the Monday summary, or stop it."""
    with db.unit_of_work() as session:
        set_digest(session, caller.actor, wanted=field(form, "wanted") == "1", now=now)
    return RedirectResponse("/panel/cuenta", 303)


@router.post("/panel/cuenta/sesiones/{session_id}/terminar")
def end_session(
    session_id: UUID,
    caller: Annotated[Caller, Depends(Permits(Permission.OWN_ACCOUNT))],
    db: Db,
    now: Now,
) -> Response:
    """End one of my sessions."""
    with db.unit_of_work() as session:
        if not sessions.end_own_session(session, caller.actor, session_id, now=now):
            raise NotFound(session=session_id)
    return RedirectResponse("/panel/cuenta", 303)


def _signed_in(token: str, next_url: str, site: Site) -> Response:
    response = RedirectResponse(next_url, 303)
    security.set_cookie(
        response,
        security.STAFF_COOKIE,
        token,
        secure=site.secure,
        seconds=int(LONGEST.total_seconds()),
    )
    return response


def _sign_in_form(
    next_url: str,
    *,
    email: str = "",
    issues: tuple[Issue, ...] = (),
    status: int = 200,
    lead: str = LEAD,
) -> Response:
    page = SignInPage("Entrar al panel", lead, email, next_url, issues)
    return render(page, status=status)


def _invitation_form(token: str, issues: tuple[Issue, ...]) -> InvitationPage:
    return InvitationPage(
        "Elija su contraseña",
        "Este enlace sirve una sola vez. Después entrará con su correo y esta contraseña.",
        f"/panel/invitacion/{token}",
        issues,
    )


def _device(request: Request) -> str:
    return request.headers.get("user-agent", "")[:120]


def _refuse_plain_http(request: Request, site: Site) -> None:
    """Without https a password may only travel inside this machine (SEC-23)."""
    if site.secure or request.client is None:
        return
    try:
        inside = ip_address(request.client.host).is_loopback
    except ValueError:
        inside = request.client.host == "testclient"
    if not inside:
        raise PlainHttp
