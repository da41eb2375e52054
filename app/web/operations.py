"""/healthz and /readyz: for machines. No personal data, no secrets."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text

from app.errors import AppError
from app.web.wiring import OPEN_PAGE, Db

router = APIRouter(dependencies=[OPEN_PAGE])


@router.get("/healthz")
def alive() -> JSONResponse:
    """The process answers. Never asks the database: it may be what is broken (F-07)."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def ready(db: Db) -> JSONResponse:
    """The process can serve: the database answers."""
    try:
        with db.reading() as session:
            session.connection().execute(text("select 1"))
    except AppError as error:
        return JSONResponse({"status": "unavailable", "reason": error.code}, 503)
    return JSONResponse({"status": "ok", "database": db.engine_name})
