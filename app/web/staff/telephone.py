"""The telephone mode: read the notice aloud, then the same questionnaire as everybody's."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.errors import AppError
from app.fieldwork import queries, wave_people
from app.fieldwork.tables import Wave
from app.fieldwork.texts import MINUTES
from app.fieldwork.wave_people import CaseRef
from app.fieldwork.worklist import people, telephone
from app.fieldwork.worklist.contacting import NotMissing, NotNow
from app.fieldwork.worklist.ranking import Turn
from app.fieldwork.worklist.telephone import NotByTelephone
from app.web.render import Page, render
from app.web.respondent.pages import Notice
from app.web.respondent.steps import notice_of
from app.web.respondent.visiting import Device
from app.web.staff.shell import Shell, shell
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.staff.waves import steward
from app.web.staff.worklist import Opener
from app.web.wiring import Caller, Db, Now, SiteHere

router = APIRouter()


@dataclass(frozen=True, slots=True)
class TelephonePage(Page):
    """What is said before the first question."""

    template: ClassVar[str] = "staff/telephone.html"
    title: str
    shell: Shell
    top: WaveTop
    name: str
    action: str
    back: str
    greeting: str
    notice: Notice
    refusal: str  # why nobody is asked by telephone now; "" where they may be


@router.get("/panel/olas/{wave_id}/casos/{case_id}/telefono")
def before_asking(wave_id: UUID, case_id: UUID, caller: Opener, db: Db, now: Now) -> Response:
    """The notice, to be read aloud."""
    with db.reading() as session:
        page = _page(session, caller, CaseRef(wave_id, case_id), now=now)
    caller.saw("case.seen", ("case", case_id), unit_id=page.top.school_id)
    return render(page)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/telefono")
def begin(  # noqa: PLR0913, PLR0917  # what a route needs
    wave_id: UUID,
    case_id: UUID,
    request: Request,
    caller: Opener,
    db: Db,
    now: Now,
    site: SiteHere,
) -> Response:
    """The notice was read: the questionnaire, as a session of its own in this browser."""
    ref = CaseRef(wave_id, case_id)
    try:
        with db.unit_of_work() as session:
            wave_people.case_of_wave(session, caller.scope, ref)
            started = telephone.begin_interview(session, case_id, by=steward(caller), now=now)
    except AppError as refusal:
        if refusal.status not in {409, 410}:
            raise
        with db.reading() as session:
            page = _page(session, caller, ref, now=now)
        return render(page, status=refusal.status)
    device = Device(request, site.secure)
    response = RedirectResponse(device.address(started.session_id), 303)
    device.remember(response, started.session_id, started.secret, in_class=True)
    return response


def _page(session: Session, caller: Caller, ref: CaseRef, *, now: datetime) -> TelephonePage:
    case = wave_people.case_of_wave(session, caller.scope, ref)
    header = queries.wave_header(session, caller.scope, ref.wave_id)
    top = wave_top(caller, header, at="/pendientes", tail=case.name)
    given_name = case.name.rpartition(", ")[2]
    refusal = _refusal(session, caller, ref.case_id, now=now)
    return TelephonePage(
        title=f"Preguntar por teléfono: {case.name}",
        shell=shell(caller, at="/panel/pendientes"),
        top=top,
        name=case.name,
        action=f"{top.url}/casos/{ref.case_id}/telefono",
        back=f"{top.url}/casos/{ref.case_id}/contacto",
        greeting=(
            f"Hola, {given_name}. Soy {caller.actor.display_name}, de {header.school}. Te llamo "
            "por el cuestionario de egresados. Son unos "
            f"{MINUTES[header.questionnaire]} minutos y yo anoto lo que me digas. "
            "Puedes no contestar alguna pregunta o parar cuando quieras. "
            "Antes te leo el aviso de privacidad."
        ),
        notice=notice_of(session, session.get_one(Wave, ref.wave_id).notice_id),
        refusal="" if refusal is None else refusal.mensaje,
    )


def _refusal(session: Session, caller: Caller, case_id: UUID, *, now: datetime) -> AppError | None:
    standing = people.standing_of(session, caller.scope, case_id, now=now)
    if standing is None:
        return NotMissing()
    if standing.place.turn is Turn.NOT_WANTED:
        return NotNow(why=standing.place.why)
    mine = telephone.may_interview(session, case_id, caller.actor.account_id)
    return None if mine else NotByTelephone()
