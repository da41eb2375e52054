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
from app.web.language import N_, SPANISH, Say, chosen
from app.web.render import Page, render_in

log = logging.getLogger("trayecto.web")

SIGN_IN_NEEDED = "staff.sign_in_needed"  # a page, not an error, for somebody with a browser

_BY_STATUS = {
    HTTPStatus.BAD_REQUEST: (
        N_("No entendimos lo que llegó"),
        N_("La página recibió datos que no puede leer. Vuelva atrás e intente de nuevo."),
    ),
    HTTPStatus.NOT_FOUND: (N_("No está aquí"), NotFound.plantilla),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        N_("Esa página no se usa así"),
        N_("Vuelva atrás y use los botones de la página."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        N_("Es demasiado grande"),
        N_("Lo que envió pasa del tamaño permitido y no se guardó. Redúzcalo e intente de nuevo."),
    ),
}
_TITLES = {
    401: N_("Falta iniciar sesión"),
    403: N_("No se permite"),
    404: N_("No está aquí"),
    409: N_("Cambió mientras tanto"),
    410: N_("Ya no está"),
    422: N_("Falta corregir algo"),
    429: N_("Demasiados intentos"),
    503: N_("Ahora no se puede"),
}
_TITLE = N_("No se pudo")
_AGAIN = N_("Vuelva atrás e intente de nuevo.")
_CRASHED = N_(
    "Algo falló de nuestro lado. Lo que ya se guardó está a salvo. "
    "Intente de nuevo; si vuelve a pasar, comparta el número de referencia."
)


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


def refusal_response(
    error: AppError, *, api: bool = False, staff: bool = False, say: Say = SPANISH
) -> Response:
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
    title = say(_TITLES.get(error.status, _TITLE))
    said = error.mensaje_personal if staff else say.refusal(error)
    response = render_in(say, ErrorPage(title, said, None, retry=busy), status=error.status)
    response.headers.update(headers)
    return response


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    if error.code == SIGN_IN_NEEDED and request.method == "GET":
        return RedirectResponse(f"/panel/entrar?next={quote(request.url.path)}", 303)
    log.info("refused %s %s", route_of(request), error.code)
    path = request.url.path
    staff = path.startswith("/panel")
    return refusal_response(error, api=path.startswith("/api/"), staff=staff, say=_say(request))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, sentence = _BY_STATUS.get(HTTPStatus(error.status_code), (_TITLE, _AGAIN))
    say = _say(request)
    page = ErrorPage(say(title), say(sentence), None, retry=False)
    return render_in(say, page, status=error.status_code)


def _invalid(request: Request, _: Exception) -> Response:
    """An address or a field that no page of ours makes."""
    title, sentence = _BY_STATUS[HTTPStatus.NOT_FOUND]
    say = _say(request)
    return render_in(say, ErrorPage(say(title), say(sentence), None, retry=False), status=404)


def _crash(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    log.error("crash %s on %s", reference, route_of(request), exc_info=error)
    say = _say(request)
    page = ErrorPage(say(N_("Algo falló")), say(_CRASHED), reference, retry=True)
    return render_in(say, page, status=500)


def _say(request: Request) -> Say:
    """Staff read Spanish; everybody else the language of the address or of the browser."""
    return SPANISH if request.url.path.startswith("/panel") else Say(chosen(request))


def route_of(request: Request) -> str:
    """The pattern of the route, never the path, which may hold a personal link."""
    return str(getattr(request.scope.get("route"), "path", "-"))
