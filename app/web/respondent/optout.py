"""/baja/{token}: stop the messages, with one click of the mail program or the page's button.

A look changes nothing, because mail scanners look at every link. The one-click POST of
RFC 8058 comes without cookies, origin or form token; the signed token is all it needs.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from app.fieldwork.stationery import UNSUBSCRIBE
from app.fieldwork.unsubscribing import Messages, allow_again, stop, unsubscriber
from app.keys import PurposeKey, keys_for
from app.web.language import N_, Say, chosen, with_choice
from app.web.render import Page, render_in
from app.web.respondent.messages import said
from app.web.respondent.pages import MessagePage
from app.web.wiring import OPEN_LINK, Db, Form, Now, Site, SiteHere

router = APIRouter(dependencies=[OPEN_LINK])

ONE_CLICK = [("List-Unsubscribe", "One-Click")]
STOP = [("accion", "baja")]
ALLOW_AGAIN = [("accion", "volver")]


@dataclass(frozen=True, slots=True)
class OptOutPage(Page):
    """`state` says what to offer; nothing on the page tells whose link it is."""

    template: ClassVar[str] = "respondent/optout.html"
    title: str
    state: str
    action: str
    verify_url: str
    help_url: str


_TITLES = {
    Messages.WANTED: N_("¿Ya no quieres recibir mensajes?"),
    Messages.STOPPED: N_("Listo: ya no te escribiremos"),
    Messages.STOPPED_BY_LAW: N_("Ya no te escribimos"),
    Messages.GONE: N_("Ya no te escribimos"),
}
_UNKNOWN = MessagePage(
    N_("No encontramos ese enlace"),
    (
        N_(
            "Revisa que esté completo: copia todo el enlace del mensaje, o tócalo en el mensaje "
            "mismo."
        ),
        N_("Si sigue sin abrir, pide en tu escuela que ya no te escriban."),
    ),
)


@router.get("/baja/{token}")
def look(token: str, request: Request, db: Db, site: SiteHere) -> Response:
    """What the button will do, or what it has done."""
    with db.reading() as session:
        person = unsubscriber(session, token, _keys(site))
    if person is None:
        return _unknown(request)
    return _page(request, _TITLES[person.messages], person.messages.value, token)


@router.post("/baja/{token}")
def decide(token: str, request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Stop, or allow again. 200 without a redirect, as often as it is asked."""
    asked = _asked(form)
    with db.unit_of_work() as session:
        person = unsubscriber(session, token, _keys(site))
        if person is None:
            return _unknown(request)
        if asked == ALLOW_AGAIN:
            messages = allow_again(session, person)
        else:
            source = "one_click" if asked == ONE_CLICK else "page"
            messages = stop(session, person, source=source, now=now)
    if asked == ALLOW_AGAIN and messages is Messages.WANTED:
        return _page(request, N_("Listo: te volveremos a escribir"), "again", token)
    return _page(request, _TITLES[messages], messages.value, token)


def _asked(form: FormData) -> list[tuple[str, str]]:
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if fields not in (ONE_CLICK, STOP, ALLOW_AGAIN):
        raise HTTPException(400, "form")
    return fields


def _unknown(request: Request) -> Response:
    say = Say(chosen(request))
    page = replace(said(_UNKNOWN, say), offers_languages=True)
    return render_in(say, page, status=404)


def _page(request: Request, title: str, state: str, token: str) -> Response:
    say = Say(chosen(request))
    page = OptOutPage(
        title=say(title),
        state=state,
        action=with_choice(f"/baja/{token}", say.language),
        verify_url=with_choice("/verifica", say.language),
        help_url=with_choice("/ayuda", say.language),
    )
    return render_in(say, page)


def _keys(site: Site) -> tuple[PurposeKey, ...]:
    return keys_for(UNSUBSCRIBE, site.settings.secret_keys)
