"""The walk of an empty deployment: school → calendar → notice → sender → roster → test.

The first step makes the school and the account of whoever holds the console's code; the
others are ordinary pages, which the list only leads to and ticks off.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.errors import AppError
from app.staff import invitations, passwords
from app.staff.addresses import staff_keys
from app.staff.first_account import refuse_setup
from app.staff.roles import Permission, Role, WantedGrant
from app.units.importing import store_units
from app.units.sheet import Column, UnitRow
from app.web.render import Page, render
from app.web.staff import walk
from app.web.staff.shell import Issue, Shell, shell
from app.web.wiring import OPEN_LINK, Caller, Db, Form, Now, Permits, Site, SiteHere, field

router = APIRouter()


@dataclass(frozen=True, slots=True)
class FirstUsePage(Page):
    """School and first account."""

    template: ClassVar[str] = "staff/first_use.html"
    title: str
    action: str
    values: dict[str, str]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class WalkPage(Page):
    """What is done and what comes next."""

    template: ClassVar[str] = "staff/walk.html"
    title: str
    shell: Shell
    steps: tuple[walk.Step, ...]


@router.get("/panel/primer-uso/{code}", dependencies=[OPEN_LINK])
def first_use_page(code: str, db: Db, site: SiteHere) -> Response:
    """School and first account, for whoever holds the code of the console."""
    with db.reading() as session:
        refuse_setup(session, code, site.settings.secret_keys)
    return render(_page(code, {}, ()))


@router.post("/panel/primer-uso/{code}", dependencies=[OPEN_LINK])
def first_use(code: str, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Make the school and the account."""
    names = ("cct", "school", "email", "name")
    values = {name: field(form, name) for name in names}
    with db.reading() as session:
        refuse_setup(session, code, site.settings.secret_keys)
    try:
        password = passwords.hash_new_password(
            str(form.get("password", "")), personal=(values["email"], values["name"])
        )
        with db.unit_of_work() as session:
            refuse_setup(session, code, site.settings.secret_keys)
            _make(session, values, password, site, now=now)
    except _SchoolRefused as refusal:
        return render(_page(code, values, refusal.issues), status=422)
    except AppError as refusal:
        issue = Issue(_FIELD_OF.get(refusal.code, ""), refusal.mensaje_personal)
        return render(_page(code, values, (issue,)), status=422)
    return RedirectResponse("/panel/entrar?next=/panel/primeros-pasos", 303)


@router.get("/panel/primeros-pasos")
def walk_page(
    caller: Annotated[Caller, Depends(Permits(Permission.SEE_CHRONOLOGY))], db: Db
) -> Response:
    """The list of first steps for the caller's first school."""
    with db.reading() as session:
        page = WalkPage("Primeros pasos", shell(caller), walk.steps(session, caller))
    return render(page)


_FIELD_OF = {"staff.password_refused": "password", "staff.email_refused": "email"}


class _SchoolRefused(Exception):
    """The unit's own checks found something; carries what to mend, field by field."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        self.issues = issues
        super().__init__("school")


def _make(
    session: Session,
    values: dict[str, str],
    password: passwords.HashedPassword,
    site: Site,
    *,
    now: datetime,
) -> None:
    row = UnitRow(
        1,
        {
            Column.CODE: values["cct"].upper(),
            Column.NAME: values["school"],
            Column.KIND: "school",
            Column.PARENT: "",
        },
    )
    result = store_units(session, [row])
    if result.rejected:
        raise _SchoolRefused(
            tuple(
                Issue("cct" if problem.column == Column.CODE else "school", problem.message)
                for problem in result.rejected
            )
        )
    keys = staff_keys(site.settings.data_keys)
    wanted = WantedGrant(values["cct"].upper(), Role.ADMIN)
    invited = invitations.invite(session, values["email"], wanted, keys=keys, by=None, now=now)
    if invited.token is not None:
        invitations.accept_invitation(
            session, invited.token, password, now=now, display_name=values["name"] or None
        )


def _page(code: str, values: dict[str, str], issues: tuple[Issue, ...]) -> FirstUsePage:
    shown = {name: values.get(name, "") for name in ("cct", "school", "email", "name")}
    return FirstUsePage("Bienvenida", f"/panel/primer-uso/{code}", shown, issues)
