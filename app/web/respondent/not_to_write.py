"""/no-avisar/{token}: somebody close to a graduate wants no messages; nobody writes to them again.

A look changes nothing, because scanners look at every link; the button or a one-click POST does,
as often as it is pressed. The page names nobody and no number.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from app.fieldwork.relay_letters import Refusing, refuse, refusing
from app.web.language import N_, Say, chosen, with_choice
from app.web.render import Page, render_in
from app.web.respondent.messages import said
from app.web.respondent.pages import MessagePage
from app.web.wiring import OPEN_LINK, Db, Form, Now, SiteHere

router = APIRouter(dependencies=[OPEN_LINK])

ASKED = ([("accion", "no")], [("List-Unsubscribe", "One-Click")])


@dataclass(frozen=True, slots=True)
class NotToWritePage(Page):
    """What the message was for, and the button; after it, what is kept."""

    template: ClassVar[str] = "respondent/not_to_write.html"
    title: str
    silent: bool
    action: str
    notice_url: str | None
    verify_url: str


_UNKNOWN = MessagePage(
    N_("No encontramos ese enlace"),
    (
        N_("Revise que esté completo: copie todo el enlace del mensaje, o tóquelo ahí mismo."),
        N_("Si no abre, responda a la escuela que le escribió: con decirlo basta."),
    ),
)


@router.get("/no-avisar/{token}")
def look(token: str, request: Request, db: Db) -> Response:
    """Who wrote and why, and what the button will do."""
    with db.reading() as session:
        who = refusing(session, token)
    return _unknown(request) if who is None else _page(request, token, who)


@router.post("/no-avisar/{token}")
def decide(token: str, request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """No more messages to this number, whoever names it. 200, as often as it is asked."""
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if fields not in ASKED:
        raise HTTPException(400, "form")
    with db.unit_of_work() as session:
        who = refusing(session, token)
        if who is None:
            return _unknown(request)
        refuse(session, who, site.match_keys, now=now)
    return _page(request, token, replace(who, silent=True))


def _unknown(request: Request) -> Response:
    say = Say(chosen(request))
    page = replace(said(_UNKNOWN, say), offers_languages=True)
    return render_in(say, page, status=404)


def _page(request: Request, token: str, who: Refusing) -> Response:
    say = Say(chosen(request))
    asks = N_("¿No quiere recibir estos mensajes?")
    done = N_("Listo: no le escribiremos más")
    notice = f"/aviso/{who.notice_id}" if who.notice_id else None
    page = NotToWritePage(
        title=say(done if who.silent else asks),
        silent=who.silent,
        action=with_choice(f"/no-avisar/{token}", say.language),
        notice_url=with_choice(notice, say.language) if notice else None,
        verify_url=with_choice("/verifica", say.language),
    )
    return render_in(say, page)
