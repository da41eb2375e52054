"""The results of a wave: findings, and the file of all figures."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.fieldwork.queries import wave_header
from app.staff.roles import Permission
from app.web.render import render
from app.web.sheets import csv_file
from app.web.staff.results_pages import (
    Results,
    explore_url,
    file_name,
    results_of,
    results_page,
    sheet,
)
from app.web.wiring import Caller, Db, Now, Permits

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_OUTCOMES))]


@router.get("/panel/olas/{wave_id}/resultados")
def findings(wave_id: UUID, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The first outcomes; `?audiencia=publica` shows what anybody would see."""
    with db.reading() as session:
        page = results_page(caller, _results(session, caller, wave_id, request, now=now))
    return render(page)


@router.get("/panel/olas/{wave_id}/resultados.csv")
def download(wave_id: UUID, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """Every figure of the wave, for a spreadsheet."""
    with db.reading() as session:
        results = _results(session, caller, wave_id, request, now=now)
    return csv_file(file_name(results.header), sheet(results))


@router.get("/panel/olas/{wave_id}/explorar")
def explore(wave_id: UUID, request: Request, caller: Reader, db: Db) -> Response:
    """Where a wave was explored by itself; now its school is, with the same choices."""
    with db.reading() as session:
        header = wave_header(session, caller.scope, wave_id)
    asked = request.query_params
    name, as_public = asked.get("indicador", ""), asked.get("audiencia") == "publica"
    return RedirectResponse(explore_url(header, name, as_public=as_public), 303)


def _results(
    session: Session, caller: Caller, wave_id: UUID, request: Request, *, now: datetime
) -> Results:
    as_public = request.query_params.get("audiencia") == "publica"
    return results_of(session, caller, wave_id, as_public=as_public, now=now)
