"""Pendientes: who to look for next, the tutor's own telephone, and what happened.

The button posts, the attempt is kept, and the answer leads to the app itself: the personal link
is never in a page of ours, only in the address that the telephone opens.
"""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.directory.keyed import match_keys
from app.errors import NotFound
from app.fieldwork.stationery import post_office
from app.fieldwork.wave_people import CaseRef, case_of_wave
from app.fieldwork.worklist import contacting, relatives, undoing
from app.fieldwork.worklist.contacting import Opening
from app.fieldwork.worklist.results import RULES, AttemptResult, Channel, Effect
from app.fieldwork.worklist.routes import APPS
from app.staff.roles import Permission
from app.web.asgi import CONTENT_SECURITY_POLICY
from app.web.render import Page, render
from app.web.staff.waves import Seeker, page_asked, steward
from app.web.staff.worklist_pages import View, wave_worklist, worklist
from app.web.wiring import Caller, Db, Form, Now, Permits, SiteHere, field

router = APIRouter()
TO_OTHER = "other"  # of the form: somebody close to the person
Recorder = Annotated[Caller, Depends(Permits(Permission.RECORD_CONTACT))]
# Whoever may see a personal link may see the addresses it is sent to (staff.roles).
Opener = Annotated[Caller, Depends(Permits(Permission.SEE_LINKS))]

# A form of these pages leads to an app, so its policy names them beside our own server.
_POLICY = CONTENT_SECURITY_POLICY.format(style="").replace(
    "form-action 'self'", " ".join(("form-action 'self'", *APPS))
)


@router.get("/panel/pendientes")
def everywhere(request: Request, caller: Seeker, db: Db, now: Now) -> Response:
    """Everybody of the caller's open waves; `?pagina=` turns."""
    with db.reading() as session:
        page = worklist(session, caller, _view(request), now=now)
    if page.cards:
        caller.saw("worklist.seen", ("staff_account", caller.actor.account_id))
    return with_apps(page)


@router.get("/panel/olas/{wave_id}/pendientes")
def of_wave(wave_id: UUID, request: Request, caller: Seeker, db: Db, now: Now) -> Response:
    """Who is missing in one wave; `?grupo=` narrows, `?pagina=` turns."""
    with db.reading() as session:
        page = wave_worklist(session, caller, wave_id, _view(request), now=now)
    caller.saw("wave.missing_seen", ("wave", wave_id), unit_id=page.top.school_id)
    return with_apps(page)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/abrir")
def open_app(  # noqa: PLR0913, PLR0917  # what a route needs
    wave_id: UUID, case_id: UUID, caller: Opener, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Keep the attempt, and lead to WhatsApp, the dialler, messages or mail."""
    asked = field(form, "channel")
    with db.unit_of_work() as session:
        case_of_wave(session, caller.scope, CaseRef(wave_id, case_id))
        if asked not in set(Channel):
            raise NotFound(route=asked)
        opening = Opening(case_id, Channel(asked), caller.actor.display_name)
        office = post_office(site.settings)
        if field(form, "to") == TO_OTHER:
            keys = match_keys(site.settings.data_keys)
            opened = relatives.open_other(
                session, opening, office, keys, by=steward(caller), now=now
            )
        else:
            opened = contacting.open_route(session, opening, office, by=steward(caller), now=now)
    return RedirectResponse(opened.address or _contact_page(wave_id, case_id), 303)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/dicho")
def say(  # noqa: PLR0913, PLR0917  # what a route needs
    wave_id: UUID, case_id: UUID, caller: Recorder, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """One tap after coming back."""
    said, attempt = field(form, "result"), field(form, "attempt")
    with db.unit_of_work() as session:
        case_of_wave(session, caller.scope, CaseRef(wave_id, case_id))
        if said not in set(AttemptResult):
            raise contacting.ResultNotAsked
        relatives.say_any(
            session,
            case_id,
            AttemptResult(said),
            match_keys(site.settings.data_keys),
            attempt_id=_uuid(attempt),
            by=steward(caller),
            now=now,
        )
    if RULES[AttemptResult(said)].effect is Effect.ASKS_WHEN:
        return RedirectResponse(f"{_contact_page(wave_id, case_id)}#cita", 303)
    return RedirectResponse(_after(form, wave_id, said), 303)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/deshacer")
def take_back(
    wave_id: UUID, case_id: UUID, caller: Recorder, form: Form, db: Db, now: Now
) -> Response:
    """The tap was a slip: within a quarter of an hour, by whoever made it."""
    with db.unit_of_work() as session:
        case_of_wave(session, caller.scope, CaseRef(wave_id, case_id))
        attempt = _uuid(field(form, "attempt"))
        undoing.undo(session, case_id, attempt, by=steward(caller), now=now)
    return RedirectResponse(f"{_contact_page(wave_id, case_id)}?hecho=deshecho", 303)


def with_apps(page: Page, *, status: int = 200) -> Response:
    """A page whose forms may lead to an app of the telephone."""
    response = render(page, status=status)
    response.headers["content-security-policy"] = _POLICY
    return response


def _view(request: Request) -> View:
    asked = request.query_params
    return View(asked.get("grupo", ""), page_asked(request), asked.get("dicho", ""))


def _contact_page(wave_id: UUID, case_id: UUID) -> str:
    return f"/panel/olas/{wave_id}/casos/{case_id}/contacto"


def _after(form: Form, wave_id: UUID, said: str) -> str:
    """Back to the list from which they came: only a page of ours, and only one of the two."""
    asked = urlsplit(field(form, "back"))
    here = f"/panel/olas/{wave_id}/pendientes"
    path = asked.path if asked.path in {here, "/panel/pendientes"} and not asked.netloc else here
    group = _uuid(asked.query.removeprefix("grupo="))
    narrowed = f"&grupo={group}" if group else ""
    return f"{path}?dicho={said}{narrowed}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
