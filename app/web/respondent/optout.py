"""/baja/{token}: stop the messages, with one click of the mail program or the page's button.

A look changes nothing, because mail scanners look at every link. The one-click POST of
RFC 8058 comes without cookies, origin or form token; the signed token is all it needs.
"""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from app.errors import NotFound
from app.fieldwork.stationery import UNSUBSCRIBE
from app.fieldwork.unsubscribing import Messages, Unsubscriber, allow_again, stop, unsubscriber
from app.keys import PurposeKey, keys_for
from app.web.render import Page, render
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


_TITLES = {
    Messages.WANTED: "¿Ya no quieres recibir mensajes?",
    Messages.STOPPED: "Listo: ya no te escribiremos",
    Messages.STOPPED_BY_LAW: "Ya no te escribimos",
    Messages.GONE: "Ya no te escribimos",
}


@router.get("/baja/{token}")
def look(token: str, db: Db, site: SiteHere) -> Response:
    """What the button will do, or what it has done."""
    with db.reading() as session:
        person = _genuine(unsubscriber(session, token, _keys(site)))
    return _shown(token, person.messages)


@router.post("/baja/{token}")
def decide(token: str, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Stop, or allow again. 200 without a redirect, as often as it is asked."""
    asked = _asked(form)
    with db.unit_of_work() as session:
        person = _genuine(unsubscriber(session, token, _keys(site)))
        if asked == ALLOW_AGAIN:
            messages = allow_again(session, person)
        else:
            source = "one_click" if asked == ONE_CLICK else "page"
            messages = stop(session, person, source=source, now=now)
    if asked == ALLOW_AGAIN and messages is Messages.WANTED:
        return render(OptOutPage("Listo: te volveremos a escribir", "again", f"/baja/{token}"))
    return _shown(token, messages)


def _asked(form: FormData) -> list[tuple[str, str]]:
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if fields not in (ONE_CLICK, STOP, ALLOW_AGAIN):
        raise HTTPException(400, "form")
    return fields


def _genuine(person: Unsubscriber | None) -> Unsubscriber:
    if person is None:
        raise NotFound(link="baja")
    return person


def _shown(token: str, messages: Messages) -> Response:
    return render(OptOutPage(_TITLES[messages], messages.value, f"/baja/{token}"))


def _keys(site: Site) -> tuple[PurposeKey, ...]:
    return keys_for(UNSUBSCRIBE, site.settings.secret_keys)
