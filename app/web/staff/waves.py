"""The pages of one wave: progress, messages; pause, resume, test to oneself."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.errors import AppError
from app.fieldwork import queries, steering
from app.fieldwork.stationery import post_office
from app.fieldwork.steering import Steward
from app.fieldwork.trial import Trial, queue_trial
from app.staff.roles import Permission
from app.web.render import render
from app.web.staff.shell import Issue
from app.web.staff.wave_lists import messages_page
from app.web.staff.wave_pages import wave_page
from app.web.wiring import Caller, Db, Form, Now, Permits, SiteHere, field

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_PROCESS))]
Seeker = Annotated[Caller, Depends(Permits(Permission.SEE_FIELDWORK))]
Postman = Annotated[Caller, Depends(Permits(Permission.SEE_MESSAGES))]
Runner = Annotated[Caller, Depends(Permits(Permission.RUN_FIELDWORK))]
LAST_PAGE = 10_000


@router.get("/panel/olas/{wave_id}")
def progress(wave_id: UUID, caller: Reader, db: Db, now: Now) -> Response:
    """How far the wave is."""
    with db.reading() as session:
        page = wave_page(session, caller, wave_id, now=now)
    return render(page)


@router.get("/panel/olas/{wave_id}/mensajes")
def messages(wave_id: UUID, request: Request, caller: Postman, db: Db) -> Response:
    """The messages; `?estado=` narrows, `?pagina=` turns."""
    state = request.query_params.get("estado", "")
    with db.reading() as session:
        page = messages_page(session, caller, wave_id, state=state, page=page_asked(request))
    caller.saw("wave.messages_seen", ("wave", wave_id), unit_id=page.top.school_id)
    return render(page)


@router.post("/panel/olas/{wave_id}/pausar")
def pause(wave_id: UUID, caller: Runner, form: Form, db: Db, now: Now) -> Response:
    """Let the messages wait."""
    try:
        with db.unit_of_work() as session:
            reason = field(form, "reason")
            steering.pause(session, wave_id, reason, by=steward(caller), now=now)
    except AppError as refusal:
        return _again(wave_id, caller, db, refusal)
    return RedirectResponse(f"/panel/olas/{wave_id}/mensajes", 303)


@router.post("/panel/olas/{wave_id}/reanudar")
def resume(wave_id: UUID, caller: Runner, db: Db, now: Now) -> Response:
    """Let the messages go on."""
    try:
        with db.unit_of_work() as session:
            steering.resume(session, wave_id, by=steward(caller), now=now)
    except AppError as refusal:
        return _again(wave_id, caller, db, refusal)
    return RedirectResponse(f"/panel/olas/{wave_id}/mensajes", 303)


@router.post("/panel/olas/{wave_id}/prueba")
def trial(wave_id: UUID, caller: Runner, db: Db, now: Now, site: SiteHere) -> Response:
    """Send the invitation of this wave to whoever asks, as a test."""
    with db.unit_of_work() as session:
        header = queries.wave_header(session, caller.scope, wave_id)
        asked = Trial(
            header.school_id, header.questionnaire, caller.actor.account_id, caller.actor.email
        )
        queue_trial(session, asked, mail_domain=post_office(site.settings).mail_domain, now=now)
    return RedirectResponse(f"/panel/olas/{wave_id}/mensajes#prueba", 303)


def steward(caller: Caller) -> Steward:
    """The caller as somebody who acts on a wave, within the permission of this route."""
    return Steward(caller.actor.account_id, caller.scope)


def page_asked(request: Request) -> int:
    """The page of a list that the address names; the first where it names none."""
    asked = request.query_params.get("pagina", "")
    return min(max(1, int(asked)), LAST_PAGE) if asked.isdecimal() and len(asked) < 6 else 1


def _again(wave_id: UUID, caller: Caller, db: Db, refusal: AppError) -> Response:
    """The page once more with what was refused; what is not about the form is an error page."""
    if refusal.status not in {409, 422}:
        raise refusal
    with db.reading() as session:
        issue = Issue("reason" if refusal.status == 422 else "", refusal.mensaje)
        page = messages_page(session, caller, wave_id, issues=(issue,))
    return render(page, status=refusal.status)
