"""The close of a wave ("cierre de plantel"): the school submits, the office returns or accepts."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics import sign_off
from app.analytics.sign_off import SignOffState
from app.errors import AppError
from app.staff.roles import Permission
from app.web.render import render
from app.web.staff.shell import Issue
from app.web.staff.sign_off_pages import list_page, sign_off_page
from app.web.staff.waves import steward
from app.web.wiring import Caller, Db, Form, Now, Permits, field

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_OUTCOMES))]
Signer = Annotated[Caller, Depends(Permits(Permission.SIGN_OFF))]


@router.get("/panel/cierres")
def closes(request: Request, caller: Reader, db: Db) -> Response:
    """The closed waves; `?estado=` chooses where they stand."""
    asked = request.query_params.get("estado", "")
    state = SignOffState(asked) if asked in set(SignOffState) else None
    with db.reading() as session:
        page = list_page(session, caller, state)
    return render(page)


@router.get("/panel/olas/{wave_id}/cierre")
def close(wave_id: UUID, caller: Reader, db: Db, now: Now) -> Response:
    """How the close of one wave stands, and what may be done."""
    with db.reading() as session:
        page = sign_off_page(session, caller, wave_id, now=now)
    return render(page)


@router.post("/panel/olas/{wave_id}/cierre/entregar")
def submit(wave_id: UUID, caller: Signer, form: Form, db: Db, now: Now) -> Response:
    """Hand in the figures, or a correction of them."""
    comment = field(form, "comment")
    return _done(
        wave_id,
        caller,
        db,
        now,
        lambda session: sign_off.submit(session, wave_id, comment, by=steward(caller), now=now),
        comment,
    )


@router.post("/panel/olas/{wave_id}/cierre/devolver")
def give_back(wave_id: UUID, caller: Signer, form: Form, db: Db, now: Now) -> Response:
    """Return the figures to the school with a comment."""
    comment, seen = field(form, "comment"), _number(field(form, "edition"))
    return _done(
        wave_id,
        caller,
        db,
        now,
        lambda session: sign_off.return_to_school(
            session, wave_id, comment, seen=seen, by=steward(caller), now=now
        ),
        comment,
    )


@router.post("/panel/olas/{wave_id}/cierre/aceptar")
def accept(wave_id: UUID, caller: Signer, form: Form, db: Db, now: Now) -> Response:
    """Accept exactly the edition that was shown."""
    comment, seen = field(form, "comment"), _number(field(form, "edition"))
    return _done(
        wave_id,
        caller,
        db,
        now,
        lambda session: sign_off.accept(
            session, wave_id, comment, seen=seen, by=steward(caller), now=now
        ),
        comment,
    )


def _done(
    wave_id: UUID,
    caller: Caller,
    db: Db,
    now: Now,
    act: Callable[[Session], SignOffState],
    comment: str,
) -> Response:
    try:
        with db.unit_of_work() as session:
            act(session)
    except AppError as refusal:
        if refusal.status not in {409, 422}:
            raise
        issue = Issue("comment" if refusal.status == 422 else "", refusal.mensaje)
        with db.reading() as session:
            page = sign_off_page(session, caller, wave_id, now=now, issue=issue, comment=comment)
        return render(page, status=refusal.status)
    return RedirectResponse(f"/panel/olas/{wave_id}/cierre", 303)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0
