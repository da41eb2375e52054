"""/responder/comprobar: prove who one is on another device, to see earlier answers there."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.errors import AppError
from app.responses.second_check import Claim, asks_for_curp, try_second_check
from app.responses.sitting import Sitting, open_sitting
from app.web.render import render
from app.web.respondent.messages import message_of
from app.web.respondent.pages import CheckPage, Field
from app.web.respondent.posted import SECRET
from app.web.respondent.steps import MONTH_NAMES
from app.web.respondent.visiting import Device
from app.web.security import mask_secret, unmask_secret
from app.web.wiring import OPEN_LINK, Db, Form, Now, SiteHere, field

router = APIRouter(dependencies=[OPEN_LINK])
_WRONG = "Esos datos no coinciden con los de tu escuela. Revísalos e intenta otra vez."


@router.get("/responder/comprobar")
def ask(request: Request, db: Db, now: Now, site: SiteHere, r: str = "") -> Response:
    """The form. Says nothing about the person."""
    device = Device(request, site.secure)
    try:
        secret = device.secret(r)
        with db.reading() as session:
            sitting = open_sitting(session.connection(), secret, now=now)
            curp = asks_for_curp(session, sitting)
    except AppError as refusal:
        return message_of(refusal)
    return render(_page(sitting, device, secret, curp=curp))


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
        return message_of(refusal)
    typed = tuple(Field(name, field(form, name)) for name in ("dia", "mes", "anio", "fin"))
    return render(
        _page(sitting, device, secret, curp=curp, typed=typed, problem=_WRONG), status=422
    )


def _page(
    sitting: Sitting,
    device: Device,
    secret: str,
    *,
    curp: bool,
    typed: tuple[Field, ...] = (),
    problem: str | None = None,
) -> CheckPage:
    values = {each.name: each.value for each in typed}
    session_id: UUID = sitting.visit.session_id
    return CheckPage(
        title="Error: Confirma que eres tú" if problem else "Confirma que eres tú",
        school=sitting.wave.school,
        hidden=(Field(SECRET, mask_secret(secret)),),
        curp=curp,
        months=MONTH_NAMES,
        day=values.get("dia", ""),
        month=values.get("mes", ""),
        year=values.get("anio", ""),
        ending=values.get("fin", ""),
        problem=problem,
        back_url=device.address(session_id),
    )


def _claim(year: str, month: str, day: str, ending: str) -> Claim | None:
    try:
        return Claim(date(int(year), int(month), int(day)), ending)
    except ValueError:
        return None
