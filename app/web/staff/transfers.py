"""What waits for control escolar: data that people call wrong, and transfers between schools."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.directory import pending
from app.directory.actions import settle_transfer
from app.staff import audit
from app.staff.roles import Permission
from app.web.render import Page, render, say_date
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller, Db, Form, Now, Permits, field

router = APIRouter()
Editor = Annotated[Caller, Depends(Permits(Permission.EDIT_PEOPLE))]
DECISIONS = {"si": True, "no": False}
_STATES = {None: "En espera", True: "Aceptado", False: "No aceptado"}


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """Somebody whose data wait to be looked at."""

    url: str
    name: str
    school: str
    group: str
    when: str


@dataclass(frozen=True, slots=True)
class CorrectionsPage(Page):
    """Who said that data are wrong."""

    template: ClassVar[str] = "staff/corrections.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    rows: tuple[CorrectionView, ...]


@dataclass(frozen=True, slots=True)
class TransferView:
    """A person of ours in the list of another school. `action`: None once decided."""

    url: str
    name: str
    student_id: str
    school: str
    to_school: str
    when: str
    state: str
    action: str | None


@dataclass(frozen=True, slots=True)
class AskedView:
    """A transfer that our school asked for; who has the person is theirs to say."""

    to_school: str
    when: str
    state: str


@dataclass(frozen=True, slots=True)
class TransfersPage(Page):
    """Transfers to decide, decided, and asked for."""

    template: ClassVar[str] = "staff/transfers.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    rows: tuple[TransferView, ...]
    asked: tuple[AskedView, ...]
    issues: tuple[Issue, ...]


@router.get("/panel/correcciones")
def corrections_page(caller: Editor, db: Db) -> Response:
    """Who said that data are wrong, oldest first."""
    with db.reading() as session:
        rows = tuple(
            CorrectionView(
                f"/panel/personas/{one.member_id}",
                one.name,
                one.school,
                one.group or "—",
                _day(one.at, one.zone),
            )
            for one in pending.open_corrections(session, caller.scope)
        )
        trail = (Crumb("Personas", "/panel/personas"), Crumb("Datos por revisar"))
        frame = shell(caller, at="/panel/personas")
        return render(CorrectionsPage("Datos por revisar", frame, trail, rows))


@router.get("/panel/traslados")
def transfers_page(caller: Editor, db: Db) -> Response:
    """Transfers of people in scope, and those that schools in scope asked for."""
    with db.reading() as session:
        return render(_transfers_page(session, caller, ()))


@router.post("/panel/traslados/{transfer_id}")
def decide_transfer(transfer_id: UUID, caller: Editor, form: Form, db: Db, now: Now) -> Response:
    """Let a person go to the school that asked, or not; its next list carries it out."""
    accepted = DECISIONS.get(field(form, "decision"))
    with db.unit_of_work() as session:
        transfer = pending.transfer_of(session, caller.scope, transfer_id)
        if accepted is None:
            issue = Issue("", "Elija si la persona se traslada.")
            return render(_transfers_page(session, caller, (issue,)), status=422)
        if settle_transfer(session, transfer_id, accepted, now=now):
            audit.append(
                session,
                "transfer.decided",
                actor_id=caller.actor.account_id,
                about=("transfer_request", transfer_id),
                unit_id=transfer.school_id,
                now=now,
                accepted=accepted,
                member=str(transfer.member_id),
            )
    return RedirectResponse("/panel/traslados", 303)


def _transfers_page(session: Session, caller: Caller, issues: tuple[Issue, ...]) -> TransfersPage:
    return TransfersPage(
        title="Traslados",
        shell=shell(caller, at="/panel/personas"),
        trail=(Crumb("Personas", "/panel/personas"), Crumb("Traslados")),
        rows=tuple(
            TransferView(
                f"/panel/personas/{one.member_id}",
                one.name,
                one.student_id or "—",
                one.school,
                one.to_school,
                _day(one.at, one.zone),
                _STATES[one.accepted],
                f"/panel/traslados/{one.id}" if one.decided_at is None else None,
            )
            for one in pending.transfers_of(session, caller.scope)
        ),
        asked=tuple(
            AskedView(one.to_school, _day(one.at, one.zone), _STATES[one.accepted])
            for one in pending.transfers_asked(session, caller.scope)
        ),
        issues=issues,
    )


def _day(moment: datetime, zone: str) -> str:
    return say_date(civil_date(moment, zone), "d MMM y")
