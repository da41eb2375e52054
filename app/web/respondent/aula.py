"""/aula: the code of the class, who one is, and into the questionnaire. Looking writes nothing.

Nothing of a person is shown before both data fit, and every wrong pair gets the same page.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.classroom.codes import read_code
from app.classroom.identifying import Claim, Door, Holder, knock
from app.classroom.opening import PURPOSE, OpenClass, class_by_code
from app.classroom.roll import progress_of
from app.db.transactions import Database
from app.fieldwork import entry
from app.keys import PurposeKey, keys_for
from app.web.asgi import Open
from app.web.language import N_, Say, chosen, with_choice
from app.web.render import Page, render_in
from app.web.respondent.answering import first_page
from app.web.respondent.messages import said
from app.web.respondent.pages import MessagePage
from app.web.respondent.steps import month_names
from app.web.respondent.visiting import Device
from app.web.security import refuse_foreign_origin
from app.web.wiring import Db, Form, Now, Site, SiteHere, field

OPEN_CLASS = Depends(Open("whoever is in the room reads the code of the class"))
router = APIRouter(dependencies=[OPEN_CLASS])

_NO_CLASS = N_(
    "No hay ninguna clase abierta con ese código. Míralo otra vez en la pantalla; si ya terminó "
    "la sesión, tu maestra o maestro puede abrirla de nuevo."
)
_INCOMPLETE = N_("Escribe tu matrícula y tu fecha de nacimiento completas: día, mes y año.")
_SAID = {
    Door.MISMATCH: (
        422,
        N_(
            "No encontramos esos datos en este grupo. Revisa tu matrícula y tu fecha de "
            "nacimiento; si están bien, avisa a tu maestra o maestro."
        ),
    ),
    Door.LOCKED: (
        429,
        N_(
            "Ya fueron varios intentos con esa matrícula. Avisa a tu maestra o maestro: desde su "
            "pantalla puede darte más."
        ),
    ),
    Door.CLASS_LOCKED: (
        429,
        N_(
            "Hubo demasiados intentos en esta clase y se detuvo la entrada. Avisa a tu maestra o "
            "maestro: desde su pantalla puede abrirla otra vez."
        ),
    ),
    Door.IN_USE: (
        409,
        N_(
            "Ese lugar ya está en uso en otro celular o computadora. Si no fuiste tú, avisa a tu "
            "maestra o maestro."
        ),
    ),
    Door.SHUT: (
        409,
        N_(
            "Tu cuestionario está detenido por seguridad. Avisa a tu maestra o maestro para que te "
            "den un enlace nuevo."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class CodePage(Page):
    """Type the code of the class."""

    template: ClassVar[str] = "respondent/aula_code.html"
    title: str
    code: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class AulaPage(Page):
    """Say who one is. The typed data never come back: another person may look at the screen."""

    template: ClassVar[str] = "respondent/aula.html"
    title: str
    school: str
    group: str
    action: str
    shared: bool
    months: tuple[tuple[str, str], ...]
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Here:
    """A door: its code as it was typed, and whether many students use this device."""

    say: Say
    code: str
    shared: bool


_FINISHED = MessagePage(
    N_("Ya recibimos tu cuestionario"),
    (N_("Gracias por contestar. No tienes que hacer nada más."),),
    link_text=N_("Sigue otra persona"),
)


@router.get("/aula")
def ask_code(request: Request, codigo: str = "") -> Response:
    """The code by hand, for who cannot scan it."""
    say = Say(chosen(request))
    code = read_code(codigo)
    if code is not None:
        return RedirectResponse(with_choice(f"/aula/{code}", say.language), 303)
    return _code_page(say, codigo[:20], _NO_CLASS if codigo else None)


@router.get("/aula/{code}")
def ask_who(code: str, request: Request, db: Db, now: Now, site: SiteHere) -> Response:
    """The page the QR opens."""
    return _door_page(code, request, db, site, now=now, shared=False)


@router.get("/aula/{code}/equipo")
def ask_who_here(code: str, request: Request, db: Db, now: Now, site: SiteHere) -> Response:
    """The same on a computer that the students of the class take in turns."""
    return _door_page(code, request, db, site, now=now, shared=True)


@router.post("/aula/{code}")
def identify(code: str, request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """One knock at the door."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        refuse_foreign_origin(request, site.settings.base_url)
    device, shared = Device(request, site.secure), field(form, "equipo") == "1"
    say = Say(chosen(request))
    claim = _claim(field(form, "matricula"), *(field(form, n) for n in ("anio", "mes", "dia")))
    keys = class_keys(site)
    with db.unit_of_work() as session:
        opened = class_by_code(session, code, keys, now=now)
        if opened is None:
            return _code_page(say, code[:20], _NO_CLASS, status=404)
        here = _Here(say, code, shared)
        if claim is None:
            return render_in(
                say, _who_page(session, opened, here, _INCOMPLETE, now=now), status=422
            )
        holder = Holder(tuple(secret for _, secret in device.secrets()), shared, say.language)
        answer = knock(session, opened.id, claim, keys=keys, device=holder, now=now)
        if answer.door is Door.FINISHED:
            next_url = f"/aula/{read_code(code)}/equipo" if shared else None
            return render_in(say, replace(said(_FINISHED, say), link=next_url))
        if answer.started is None:
            status, words = _SAID[answer.door]
            return render_in(say, _who_page(session, opened, here, words, now=now), status=status)
        over = _ended(session, holder, now=now)
    return _into(answer.started, device, db, over, code=code if shared else "", now=now)


def class_keys(site: Site) -> tuple[PurposeKey, ...]:
    """Keys of classes, newest first."""
    return keys_for(PURPOSE, site.settings.secret_keys)


def _into(
    started: entry.Started,
    device: Device,
    db: Database,
    over: tuple[str, ...],
    *,
    code: str,
    now: datetime,
) -> Response:
    """The first question; what others left in this browser goes."""
    if not device.keeps_cookies:
        return first_page(db, device, started.secret, now=now)
    response = RedirectResponse(device.address(started.session_id, without=over), 303)
    for secret in over:
        device.forget(response, secret)
    device.remember(response, started.session_id, started.secret, in_class=True)
    device.share(response, read_code(code) or "")
    return response


def _ended(session: Session, holder: Holder, *, now: datetime) -> tuple[str, ...]:
    """Secrets this browser still has whose sessions are over."""
    return tuple(
        secret for secret in holder.secrets if entry.session_of(session, secret, now=now) is None
    )


def _door_page(
    code: str, request: Request, db: Database, site: Site, *, now: datetime, shared: bool
) -> Response:
    device, say = Device(request, site.secure), Say(chosen(request))
    with db.reading() as session:
        opened = class_by_code(session, code, class_keys(site), now=now)
        if opened is None:
            return _code_page(say, code[:20], _NO_CLASS, status=404)
        page = _who_page(session, opened, _Here(say, code, shared), None, now=now)
    response = render_in(say, page)
    device.probe(response)
    return response


def _who_page(
    session: Session, opened: OpenClass, here: _Here, problem: str | None, *, now: datetime
) -> AulaPage:
    say = here.say
    progress = progress_of(session, opened, now=now)
    heading = say("Di quién eres")
    return AulaPage(
        title=say("Error: {title}", title=heading) if problem else heading,
        school=progress.school,
        group=progress.group or say("sin grupo"),
        action=with_choice(f"/aula/{read_code(here.code)}", say.language),
        shared=here.shared,
        months=month_names(say.language),
        problem=say(problem) if problem else None,
    )


def _code_page(say: Say, code: str, problem: str | None, *, status: int = 200) -> Response:
    heading = say("Escribe el código de la clase")
    title = say("Error: {title}", title=heading) if problem else heading
    page = CodePage(title, code, say(problem) if problem else None)
    return render_in(say, page, status=422 if problem and status == 200 else status)


def _claim(student_id: str, year: str, month: str, day: str) -> Claim | None:
    if not student_id:
        return None
    try:
        return Claim(student_id[:40], date(int(year), int(month), int(day)))
    except ValueError:
        return None
