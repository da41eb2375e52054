"""Refusals and crashes become pages: in Spanish, with what to do, and never a trace."""

import logging
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from app.errors import AppError, NotFound
from app.web.render import Page, render

log = logging.getLogger("trayecto.web")

SIGN_IN_NEEDED = "staff.sign_in_needed"  # a page, not an error, for somebody with a browser

_BY_STATUS = {
    HTTPStatus.BAD_REQUEST: (
        "No entendimos lo que llegó",
        "La página recibió datos que no puede leer. Vuelva atrás e intente de nuevo.",
    ),
    HTTPStatus.NOT_FOUND: ("No está aquí", NotFound.plantilla),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "Esa página no se usa así",
        "Vuelva atrás y use los botones de la página.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "Es demasiado grande",
        "Lo que envió pasa del tamaño permitido y no se guardó. Redúzcalo e intente de nuevo.",
    ),
}
_TITLES = {
    401: "Falta iniciar sesión",
    403: "No se permite",
    404: "No está aquí",
    409: "Cambió mientras tanto",
    410: "Ya no está",
    422: "Falta corregir algo",
    429: "Demasiados intentos",
    503: "Ahora no se puede",
}


@dataclass(frozen=True, slots=True)
class ErrorPage(Page):
    """What happened, what is safe, what to do."""

    template: ClassVar[str] = "errors/error.html"
    title: str
    sentence: str
    reference: str | None
    retry: bool


def add_error_pages(app: FastAPI) -> None:
    """Show refusals as pages; log everything else with its trace and a reference number."""
    app.add_exception_handler(AppError, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _crash)


def refusal_response(error: AppError, *, api: bool = False, staff: bool = False) -> Response:
    """One refusal, as a page (in the words for `staff`, if so) or as problem+json."""
    busy = error.status == HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"retry-after": "5"} if busy else {}
    if api:
        problem = {"type": "about:blank", "title": error.code, "detail": error.mensaje}
        return JSONResponse(
            {**problem, "status": error.status},
            error.status,
            headers,
            media_type="application/problem+json",
        )
    title = _TITLES.get(error.status, "No se pudo")
    said = error.mensaje_personal if staff else error.mensaje
    response = render(ErrorPage(title, said, None, retry=busy), status=error.status)
    response.headers.update(headers)
    return response


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    if error.code == SIGN_IN_NEEDED and request.method == "GET":
        return RedirectResponse(f"/panel/entrar?next={quote(request.url.path)}", 303)
    log.info("refused %s %s", route_of(request), error.code)
    path = request.url.path
    staff = path.startswith("/panel")
    return refusal_response(error, api=path.startswith("/api/"), staff=staff)


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, sentence = _BY_STATUS.get(
        HTTPStatus(error.status_code), ("No se pudo", "Vuelva atrás e intente de nuevo.")
    )
    return render(ErrorPage(title, sentence, None, retry=False), status=error.status_code)


def _invalid(_: Request, __: Exception) -> Response:
    """An address or a field that no page of ours makes."""
    title, sentence = _BY_STATUS[HTTPStatus.NOT_FOUND]
    return render(ErrorPage(title, sentence, None, retry=False), status=404)


def _crash(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    log.error("crash %s on %s", reference, route_of(request), exc_info=error)
    sentence = (
        "Algo falló de nuestro lado. Lo que ya se guardó está a salvo. "
        "Intente de nuevo; si vuelve a pasar, comparta el número de referencia."
    )
    return render(ErrorPage("Algo falló", sentence, reference, retry=True), status=500)


def route_of(request: Request) -> str:
    """The pattern of the route, never the path, which may hold a personal link."""
    return str(getattr(request.scope.get("route"), "path", "-"))
