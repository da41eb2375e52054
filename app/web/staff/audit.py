"""The audit trail of what the caller may watch."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.staff import queries
from app.staff.roles import Permission
from app.web.render import Page, render
from app.web.staff.shell import Shell, shell
from app.web.wiring import Caller, Db, Permits

router = APIRouter()

SHOWN = 100


@dataclass(frozen=True, slots=True)
class AuditPage(Page):
    """The last acts, newest first."""

    template: ClassVar[str] = "staff/audit.html"
    title: str
    shell: Shell
    rows: tuple[queries.AuditRow, ...]


@router.get("/panel/bitacora")
def audit_page(
    caller: Annotated[Caller, Depends(Permits(Permission.SEE_AUDIT))], db: Db
) -> Response:
    """The last acts in scope."""
    with db.reading() as session:
        rows = queries.audit_rows(session, caller.scope, limit=SHOWN)
        page = AuditPage("Bitácora", shell(caller, at="/panel/bitacora"), tuple(rows))
    return render(page)
