"""/responder/comprobar: prove who one is on another device, to see earlier answers there."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.errors import AppError
from app.responses.second_check import Claim, asks_for_curp, try_second_check
from app.responses.sitting import Sitting, open_sitting
from app.web.language import N_, Say
from app.web.render import render
from app.web.respondent.messages import message_of, spoken
from app.web.respondent.pages import CheckPage, Field
from app.web.respondent.posted import SECRET
from app.web.respondent.steps import month_names
from app.web.respondent.visiting import Device
from app.web.security import mask_secret, unmask_secret
from app.web.wiring import OPEN_LINK, Db, Form, Now, SiteHere, field

router = APIRouter(dependencies=[OPEN_LINK])
_WRONG = N_("Esos datos no coinciden con los de tu escuela. Revísalos e intenta otra vez.")


@router.get("/responder/comprobar")
def ask(request: Request, db: Db, now: Now, site: SiteHere, r: str = "") -> Response:
    """The form. Says nothing about the person."""
    device = Device(request, site.secure)
    secret = ""
    try:
        secret = device.secret(r)
        with db.reading() as session:
            sitting = open_sitting(session.connection(), secret, now=now)
            curp = asks_for_curp(session, sitting)
    except AppError as refusal:
        return message_of(refusal, spoken(db, secret))
    language = sitting.visit.language
    return render(_page(sitting, device, secret, curp=curp), language=language)


@router.post("/responder/comprobar")
def compare(request: Request, db: Db, now: Now, site: SiteHere, form: Form) -> Response:
    """One try. The same words for every wrong datum."""
    device, secret = Device(request, site.secure), unmask_secret(field(form, SECRET))
    claim = _claim(field(form, "anio"), field(form, "mes"), field(form, "dia"), field(form, "fin"))
    try:
        with db.saving() as connection:
            sitting = open_sitting(connection, secret, now=now, to_save=True)
            held = claim is not None and try_second_check(connection, sitting, claim, now=now)
        if held:
            return RedirectResponse(device.address(sitting.visit.session_id), 303)
        with db.reading() as session:
            curp = asks_for_curp(session, sitting)
    except AppError as refusal:
        return message_of(refusal, spoken(db, secret))
    typed = tuple(Field(name, field(form, name)) for name in ("dia", "mes", "anio", "fin"))
    page = _page(sitting, device, secret, curp=curp, typed=typed, problem=_WRONG)
    return render(page, status=422, language=sitting.visit.language)


def _page(
    sitting: Sitting,
    device: Device,
    secret: str,
    *,
    curp: bool,
    typed: tuple[Field, ...] = (),
    problem: str | None = None,
) -> CheckPage:
    say = Say(sitting.visit.language)
    heading = say("Confirma que eres tú")
    values = {each.name: each.value for each in typed}
    session_id: UUID = sitting.visit.session_id
    return CheckPage(
        title=say("Error: {title}", title=heading) if problem else heading,
        school=sitting.wave.school,
        hidden=(Field(SECRET, mask_secret(secret)),),
        curp=curp,
        months=month_names(say.language),
        day=values.get("dia", ""),
        month=values.get("mes", ""),
        year=values.get("anio", ""),
        ending=values.get("fin", ""),
        problem=say(problem) if problem else None,
        back_url=device.address(session_id),
    )


def _claim(year: str, month: str, day: str, ending: str) -> Claim | None:
    try:
        return Claim(date(int(year), int(month), int(day)), ending)
    except ValueError:
        return None
