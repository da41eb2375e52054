"""Hand the groups of a tutor over to another: what moves is shown, and one button moves it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.errors import AppError
from app.fieldwork.worklist.people import waves_waiting
from app.staff import handing_over, queries
from app.staff.handing_over import Handover, HeldGroup, NothingToHandOver
from app.staff.queries import AccountState
from app.units.scope import Reach, Scope
from app.web.render import Page, render
from app.web.staff.accounts import Manager
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller, Db, Form, Now, field, fields

router = APIRouter()
MOST_ACCOUNTS = 500  # of a team to choose from


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group that may move, with what comes with it."""

    value: str
    text: str
    waiting: str


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who may take the groups."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class HandoverPage(Page):
    """What moves, and to whom."""

    template: ClassVar[str] = "staff/handing_over.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    groups: tuple[GroupChoice, ...]
    takers: tuple[Taker, ...]
    issues: tuple[Issue, ...]


@router.get("/panel/equipo/{account_id}/grupos")
def preview(account_id: UUID, caller: Manager, db: Db, now: Now) -> Response:
    """The groups of a tutor, with who is still missing in each."""
    with db.reading() as session:
        return render(_page(session, caller, account_id, now=now))


@router.post("/panel/equipo/{account_id}/grupos")
def hand_over(account_id: UUID, caller: Manager, form: Form, db: Db, now: Now) -> Response:
    """Move the chosen groups."""
    try:
        with db.unit_of_work() as session:
            handing_over.held_groups(session, account_id, by=caller.actor)  # 404 before the form
            taker = _uuid(field(form, "taker"))
            groups = frozenset(filter(None, map(_uuid, fields(form, "group"))))
            if taker is None:
                raise NothingToHandOver
            handover = Handover(account_id, taker, groups)
            handing_over.hand_over(session, handover, by=caller.actor, now=now)
    except AppError as refusal:
        if refusal.status != 422:
            raise
        with db.reading() as session:
            issue = Issue("taker", refusal.mensaje)
            page = _page(session, caller, account_id, now=now, issues=(issue,))
        return render(page, status=422)
    return RedirectResponse("/panel/equipo", 303)


def _page(
    session: Session,
    caller: Caller,
    account_id: UUID,
    *,
    now: datetime,
    issues: tuple[Issue, ...] = (),
) -> HandoverPage:
    groups = handing_over.held_groups(session, account_id, by=caller.actor)
    team = queries.accounts(session, caller.scope, limit=MOST_ACCOUNTS)
    giver = queries.names_of(session, [account_id]).get(account_id, "")
    return HandoverPage(
        title=f"Pasar los grupos de {giver}",
        shell=shell(caller, at="/panel/equipo"),
        trail=(Crumb("Equipo", "/panel/equipo"), Crumb("Pasar grupos")),
        action=f"/panel/equipo/{account_id}/grupos",
        groups=tuple(
            GroupChoice(
                str(one.group_id),
                f"{one.name}, generación {one.cohort} ({one.unit_name})",
                _waiting(session, one, now=now),
            )
            for one in groups
        ),
        takers=tuple(
            Taker(str(row.account_id), f"{row.display_name}, {row.email}")
            for row in team
            if row.account_id != account_id and row.state is not AccountState.DISABLED
        ),
        issues=issues,
    )


def _waiting(session: Session, group: HeldGroup, *, now: datetime) -> str:
    """How many of a group are still missing: a count, for whoever manages its tutors."""
    scope = Scope((Reach(group.unit_id, frozenset({group.group_id})),))
    waiting = sum(wave.waiting for wave in waves_waiting(session, scope, now=now))
    if not waiting:
        return "nadie pendiente"
    return "1 pendiente" if waiting == 1 else f"{waiting:,} pendientes"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
