"""The audit trail of what the caller may watch."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.staff import queries
from app.staff.roles import Permission
from app.units.geography import CAPITAL_ZONE
from app.web.render import Page, render
from app.web.staff.audit_words import action_words, object_words, short_id
from app.web.staff.shell import Shell, shell
from app.web.wiring import Caller, Db, Permits

router = APIRouter()

SHOWN = 100


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act as it is read."""

    at: str
    actor: str
    act: str
    about: str


@dataclass(frozen=True, slots=True)
class AuditPage(Page):
    """The last acts, newest first."""

    template: ClassVar[str] = "staff/audit.html"
    title: str
    shell: Shell
    rows: tuple[ActLine, ...]


@router.get("/panel/bitacora")
def audit_page(
    caller: Annotated[Caller, Depends(Permits(Permission.SEE_AUDIT))], db: Db
) -> Response:
    """The last acts in scope."""
    with db.reading() as session:
        rows = queries.audit_rows(session, caller.scope, limit=SHOWN)
        lines = tuple(map(_line, rows))
        page = AuditPage("Bitácora", shell(caller, at="/panel/bitacora"), lines)
    return render(page)


def _line(row: queries.AuditRow) -> ActLine:
    return ActLine(
        f"{row.at.astimezone(ZoneInfo(CAPITAL_ZONE)):%d/%m/%Y %H:%M}",
        row.actor or "El sistema",  # the operator's console or the worker
        action_words(row.action),
        f"{object_words(row.object_kind)} {short_id(row.object_id)}",
    )
