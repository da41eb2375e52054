"""The team: who has access, inviting somebody, taking a role back, a new password link."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.errors import AppError
from app.staff import accounts, grants, invitations, queries
from app.staff.addresses import staff_keys
from app.staff.queries import AccountRow, AccountState
from app.staff.roles import Permission, Role, WantedGrant
from app.web.render import Page, render
from app.web.staff.shell import Issue, Shell, shell
from app.web.wiring import Caller, Db, Form, Now, Permits, SiteHere, field

router = APIRouter()

ROLE_NAMES = {
    Role.ADMIN: "Administración",
    Role.OFFICER: "Responsable del seguimiento",
    Role.TUTOR: "Tutoría",
    Role.COUNSELLOR: "Orientación",
    Role.ANALYST: "Análisis",
    Role.CODER: "Codificación",
    Role.PRIVACY: "Datos personales",
    Role.VIEWER: "Consulta",
}
STATE_NAMES = {
    AccountState.INVITED: "Invitación pendiente",
    AccountState.ACTIVE: "Activa",
    AccountState.DISABLED: "Cerrada",
}
Manager = Annotated[Caller, Depends(Permits(Permission.MANAGE_STAFF))]


@dataclass(frozen=True, slots=True)
class TeamPage(Page):
    """Accounts with a role in scope, and the form to invite another."""

    template: ClassVar[str] = "staff/team.html"
    title: str
    shell: Shell
    rows: tuple[AccountRow, ...]
    role_names: dict[Role, str]
    state_names: dict[AccountState, str]
    roles: tuple[Role, ...]
    email: str
    unit: str
    chosen: str
    groups: str
    issues: tuple[Issue, ...]
    link: str | None


@router.get("/panel/equipo")
def team_page(caller: Manager, db: Db) -> Response:
    """The team."""
    with db.reading() as session:
        return render(_page(session, caller))


@router.post("/panel/equipo")
def invite(caller: Manager, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Give somebody a role; show the one-time link once."""
    asked = {name: field(form, name) for name in ("email", "unit", "role", "groups")}
    if asked["role"] not in set(Role):
        return _again(caller, db, asked, Issue("role", "Elija lo que hará esta persona."))
    names = tuple(name.strip() for name in asked["groups"].split(",") if name.strip())
    wanted = WantedGrant(asked["unit"], Role(asked["role"]), names)
    keys = staff_keys(site.settings.data_keys)
    try:
        with db.unit_of_work() as session:
            invited = invitations.invite(
                session, asked["email"], wanted, keys=keys, by=caller.actor, now=now
            )
    except AppError as refusal:
        where = _FIELD_OF.get(refusal.code, "")
        return _again(caller, db, asked, Issue(where, refusal.mensaje), status=refusal.status)
    link = site.url(f"/panel/invitacion/{invited.token}") if invited.token else None
    with db.reading() as session:
        return render(_page(session, caller, link=link))


@router.post("/panel/equipo/papeles/{grant_id}/quitar")
def take_back(grant_id: UUID, caller: Manager, db: Db, now: Now) -> Response:
    """Take a role away."""
    with db.unit_of_work() as session:
        grants.take_back(session, grant_id, by=caller.actor, now=now)
    return RedirectResponse("/panel/equipo", 303)


@router.post("/panel/equipo/{account_id}/enlace")
def new_link(account_id: UUID, caller: Manager, db: Db, now: Now, site: SiteHere) -> Response:
    """A link to set another password."""
    with db.unit_of_work() as session:
        token = invitations.reset(session, account_id, by=caller.actor, now=now)
    with db.reading() as session:
        return render(_page(session, caller, link=site.url(f"/panel/invitacion/{token}")))


@router.post("/panel/equipo/{account_id}/cerrar")
def disable(account_id: UUID, caller: Manager, db: Db, now: Now) -> Response:
    """Close an account."""
    with db.unit_of_work() as session:
        accounts.disable(session, account_id, by=caller.actor, now=now)
    return RedirectResponse("/panel/equipo", 303)


@router.post("/panel/equipo/{account_id}/abrir")
def enable(account_id: UUID, caller: Manager, db: Db, now: Now) -> Response:
    """Open a closed account again."""
    with db.unit_of_work() as session:
        accounts.enable(session, account_id, by=caller.actor, now=now)
    return RedirectResponse("/panel/equipo", 303)


_FIELD_OF = {
    "staff.email_refused": "email",
    "staff.group_unknown": "groups",
    "staff.role_not_yours": "role",
    "page.not_found": "unit",
}


def _again(
    caller: Caller, db: Db, asked: dict[str, str], issue: Issue, *, status: int = 422
) -> Response:
    with db.reading() as session:
        return render(_page(session, caller, asked, issues=(issue,)), status=status)


def _page(
    session: Session,
    caller: Caller,
    asked: dict[str, str] | None = None,
    *,
    issues: tuple[Issue, ...] = (),
    link: str | None = None,
) -> TeamPage:
    typed = asked or {}
    return TeamPage(
        title="Equipo",
        shell=shell(caller, at="/panel/equipo"),
        rows=tuple(queries.accounts(session, caller.scope)),
        role_names=ROLE_NAMES,
        state_names=STATE_NAMES,
        roles=tuple(role for role in Role if caller.actor.appointing_scope(role).reaches),
        email=typed.get("email", ""),
        unit=typed.get("unit", ""),
        chosen=typed.get("role", ""),
        groups=typed.get("groups", ""),
        issues=issues,
        link=link,
    )
