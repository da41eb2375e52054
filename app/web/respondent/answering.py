"""/responder: one step after another, each committed before the next shows.

A POST is known by the session in its form and needs no cookie; with a cookie it answers by a
redirect, without one it shows the next page itself.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from app.db.transactions import Database
from app.errors import AppError, StorageBroken, StorageBusy, StorageFull
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Mode
from app.questionnaires.flow import Step
from app.responses.checking import Faulty, StepGone, resume_at
from app.responses.collecting import AnswersClosed, KeyReused, Saved, save_step
from app.responses.sitting import Sitting, open_sitting
from app.web.asgi import Swift
from app.web.language import Say
from app.web.render import Page, render
from app.web.respondent import endings
from app.web.respondent.clash import clash_page
from app.web.respondent.class_end import class_end_page
from app.web.respondent.messages import RETRY_SECONDS, message_of, said, spoken
from app.web.respondent.pages import RetryPage
from app.web.respondent.phone import phone_page
from app.web.respondent.places import known_place, unknown_place
from app.web.respondent.posted import (
    Posted,
    StrangeFields,
    entries_of,
    read_posted,
    same_fields,
    submission_of,
)
from app.web.respondent.start import open_session
from app.web.respondent.steps import Again, Screen, step_page
from app.web.respondent.visiting import Device
from app.web.wiring import Answers, ByLink, Site

BACK, STOP, LEAVE, KEEP_FIRST = "atras", "parar", "salir", "conservar"
_LEFT = {Mode.CLASS: endings.LEFT_CLASS, Mode.PHONE: endings.LEFT_CALL}
_INVITES = re.compile(rb' autocomplete="(?!off")[a-z0-9-]+"')
STOPPED = "pausa"  # ?paso= of the page shown after "Terminar aquí"
_TROUBLE = (StorageBusy, StorageFull, StorageBroken)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Desk:
    """One request at work."""

    db: Database
    device: Device
    site: Site
    posted: Posted
    now: datetime

    @property
    def screen(self) -> Screen:
        return Screen(self.device, self.posted.secret, self.now)


@router.get("/responder")
def show(request: Request, here: ByLink, paso: str = "", r: str = "") -> Response:
    """The step that is asked for, or the first one not answered yet."""
    db, now = here.db, here.now
    device, secret = Device(request, here.site.secure), ""
    try:
        secret = device.secret(r)
        with db.reading() as session:
            sitting = open_sitting(session.connection(), secret, now=now)
            # A shared computer keeps no page that the next student could go back to.
            plain = paso or device.class_code
            whole = None if plain else phone_page(request, sitting)
            if whole is not None:
                return whole
            page = _page_at(session, sitting, Screen(device, secret, now), paso)
    except AppError as refusal:
        return message_of(refusal, spoken(db, secret))
    return _cleared_when_idle(_shown(page, sitting), device)


def answer(request: Request, here: ByLink, form: Answers) -> Response:
    """Keep a step and go on; or one of the buttons beside it."""
    device = Device(request, here.site.secure)
    desk = Desk(here.db, device, here.site, read_posted(form), here.now)
    try:
        if desk.posted.token and not desk.posted.secret:
            return _begin_here(desk)
        match desk.posted.act:
            case "salir":
                return _leave(desk)
            case "atras" | "conservar":
                return _show(desk, desk.posted.step, redirect=True)
            case act:
                return _save(desk, stops=act == STOP)
    except AppError as refusal:
        known = desk.posted.secret
        say = spoken(desk.db, known) if known else Say(desk.posted.language)
        return message_of(refusal, say)


router.add_api_route("/responder", answer, methods=["POST"], route_class_override=Swift)


def first_page(db: Database, device: Device, secret: str, *, now: datetime) -> Response:
    """Where a session goes on, in the answer itself: for a browser without cookies."""
    with db.reading() as session:
        sitting = open_sitting(session.connection(), secret, now=now)
        page = _page_at(session, sitting, Screen(device, secret, now), "")
    return _shown(page, sitting)


def _shown(page: Page, sitting: Sitting, *, status: int = 200) -> Response:
    """A page in the language of this person."""
    return render(page, status=status, language=sitting.visit.language)


def _begin_here(desk: Desk) -> Response:
    """Comenzar in a browser without cookies."""
    _, secret = open_session(
        desk.db, desk.posted.token, desk.device, desk.site, desk.posted.language, now=desk.now
    )
    return first_page(desk.db, desk.device, secret, now=desk.now)


def _leave(desk: Desk) -> Response:
    """Terminar y salir: the next person finds nothing of this one."""
    say = spoken(desk.db, desk.posted.secret)
    with desk.db.unit_of_work() as session:
        visit = entry.session_of(session, desk.posted.secret, now=desk.now)
        entry.end(session, desk.posted.secret, now=desk.now)
    left = _LEFT.get(visit.mode, endings.LEFT) if visit else endings.LEFT
    if desk.device.class_code:
        response: Response = RedirectResponse(f"/aula/{desk.device.class_code}/equipo", 303)
    else:
        response = render(said(left, say), language=say.language)
    desk.device.forget(response, desk.posted.secret)
    return response


def _save(desk: Desk, *, stops: bool) -> Response:
    sitting: Sitting | None = None
    keys = desk.site.match_keys
    try:
        with desk.db.saving() as connection:
            sitting = open_sitting(connection, desk.posted.secret, now=desk.now, to_save=True)
            submission = submission_of(desk.posted, sitting)
            strange = unknown_place(connection, sitting, submission)
            named = known_place(connection, sitting, submission)
            outcome = strange or save_step(connection, sitting, named, keys=keys, now=desk.now)
    except _TROUBLE as trouble:
        return _keep_typed(desk, trouble)
    except (KeyReused, StrangeFields, StepGone, AnswersClosed) as refusal:
        if sitting is None:
            raise
        return _refused(desk, sitting, refusal)
    if isinstance(outcome, Faulty):
        return _stop(desk) if stops else _mend(desk, sitting, outcome)
    return _stop(desk) if stops else _go_on(desk, sitting, outcome)


def _go_on(desk: Desk, sitting: Sitting, outcome: Saved) -> Response:
    session_id = sitting.visit.session_id
    if desk.device.holds(session_id, desk.posted.secret):
        query = {"paso": outcome.following} if outcome.following else {}
        return RedirectResponse(desk.device.address(session_id, **query), 303)
    return _show(desk, outcome.following or "", redirect=False)


def _stop(desk: Desk) -> Response:
    """Terminar aquí: what could be kept is kept, and the link goes on working."""
    return _show(desk, STOPPED, redirect=True)


def _show(desk: Desk, step: str, *, redirect: bool) -> Response:
    """The page of a step: by its address where the browser has the cookie."""
    secret = desk.posted.secret
    with desk.db.reading() as session:
        sitting = open_sitting(session.connection(), secret, now=desk.now)
        if redirect and desk.device.holds(sitting.visit.session_id, secret):
            query = {"paso": step} if step else {}
            return RedirectResponse(desk.device.address(sitting.visit.session_id, **query), 303)
        page = _page_at(session, sitting, desk.screen, step)
    return _shown(page, sitting)


def _page_at(session: Session, sitting: Sitting, screen: Screen, name: str) -> Page:
    """What a person sees at `?paso=name`."""
    if sitting.disposition is Disposition.REFUSED and sitting.step(name) is None:
        return endings.refused_page(sitting, screen)
    if sitting.visit.closed:
        return endings.closed_page(session, sitting, screen)
    step = None if name == STOPPED else _step_at(sitting, name)
    if step is None and sitting.visit.mode is Mode.CLASS:
        return class_end_page(session, sitting, screen.device, screen.secret, now=screen.now)
    if name == STOPPED:
        return endings.stopped_page(session, sitting, screen)
    if step is None:
        return endings.receipt_page(session, sitting, screen)
    return step_page(session, sitting, step, screen)


def _step_at(sitting: Sitting, name: str) -> Step | None:
    """The step to show: the one named if it was reached, else the first not answered; or none."""
    resume = resume_at(sitting)
    named = sitting.step(name) if name else None
    if named is not None and (resume is None or _is_before(sitting, named, resume)):
        return named
    return None if resume is None or sitting.finished else resume


def _is_before(sitting: Sitting, step: Step, limit: Step) -> bool:
    names = [each.name for each in sitting.steps]
    return names.index(step.name) <= names.index(limit.name)


def _mend(desk: Desk, sitting: Sitting, fault: Faulty) -> Response:
    """The page as it was filled in, with what to mend; or what is asked once."""
    again = Again(
        typed=entries_of(desk.posted, sitting), issues=fault.issues, seen=desk.posted.seen
    )
    return _again(desk, sitting, desk.posted.step, again, 422 if fault.hard else 200)


def _refused(desk: Desk, sitting: Sitting, refusal: AppError) -> Response:
    if isinstance(refusal, AnswersClosed):
        with desk.db.reading() as session:
            page = endings.closed_page(session, sitting, desk.screen)
        return _shown(page, sitting, status=refusal.status)
    if isinstance(refusal, KeyReused):
        with desk.db.reading() as session:
            clash = clash_page(session, sitting, desk.posted, refusal, desk.screen)
        return _shown(clash, sitting, status=refusal.status)
    if isinstance(refusal, StrangeFields) and sitting.step(desk.posted.step) is not None:
        again = Again(
            typed=entries_of(desk.posted, sitting),
            said=Say(sitting.visit.language).refusal(refusal),
        )
        return _again(desk, sitting, desk.posted.step, again, refusal.status)
    return _again(
        desk, sitting, "", Again(said=Say(sitting.visit.language).refusal(refusal)), refusal.status
    )


def _cleared_when_idle(response: Response, device: Device) -> Response:
    """A shared computer that nobody touches goes back to the door of its class by itself.

    And its browser keeps nothing that was typed, to offer it to the next student.
    """
    if device.class_code:
        plain = _INVITES.sub(b' autocomplete="off"', bytes(response.body))
        response = HTMLResponse(plain, response.status_code)
        seconds = int(entry.CLASS_IDLE.total_seconds())
        response.headers["refresh"] = f"{seconds}; url=/aula/{device.class_code}/equipo"
    return response


def _again(desk: Desk, sitting: Sitting, name: str, again: Again, status: int) -> Response:
    step = (sitting.step(name) if name else None) or _step_at(sitting, "")
    with desk.db.reading() as session:
        if step is None:
            page: Page = endings.receipt_page(session, sitting, desk.screen)
        else:
            page = step_page(session, sitting, step, desk.screen, again)
    return _cleared_when_idle(_shown(page, sitting, status=status), desk.device)


def _keep_typed(desk: Desk, trouble: AppError) -> Response:
    """The store did not take it: the step again with what was typed, or at least the form."""
    say = Say()
    try:
        with desk.db.reading() as session:
            sitting = open_sitting(session.connection(), desk.posted.secret, now=desk.now)
            say = Say(sitting.visit.language)
            step = sitting.step(desk.posted.step) or _step_at(sitting, "")
            again = Again(entries_of(desk.posted, sitting), said=say.refusal(trouble))
            page: Page = (
                step_page(session, sitting, step, desk.screen, again)
                if step
                else _retry_page(desk, trouble, say)
            )
    except _TROUBLE:
        page = _retry_page(desk, trouble, say)
    response = render(page, status=trouble.status, language=say.language)
    response.headers["retry-after"] = RETRY_SECONDS
    return response


def _retry_page(desk: Desk, trouble: AppError, say: Say) -> RetryPage:
    typed = tuple(text for texts in desk.posted.typed.values() for text in texts if len(text) > 2)
    title = say("No pudimos guardar todavía")
    return RetryPage(title, say.refusal(trouble), typed, same_fields(desk.posted))
