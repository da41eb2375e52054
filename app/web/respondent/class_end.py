"""Before a student of a class goes: can we find you later? And out, with nothing left behind.

Each button is a POST known by its hidden field, and answers with the same page again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import FormData

from app.classroom import proofs
from app.classroom.opening import number_of_class
from app.classroom.proofs import Typed
from app.classroom.tables import ProofKind
from app.classroom.ways import Alarm, Way, wants_follow_up, ways_of
from app.db.transactions import Database
from app.directory.contacts import add_contact, read_address, set_alternate
from app.directory.keyed import match_keys
from app.directory.mails import NotAMail, suggested
from app.directory.phones import NotAPhone
from app.directory.reference import mail_domains
from app.directory.school_domains import closes, closing_domains
from app.directory.states import ContactKind, ContactSource
from app.errors import AppError, NotFound
from app.fieldwork import entry
from app.fieldwork.stationery import post_office
from app.fieldwork.tables import Mode
from app.keys import PurposeKey, keys_for
from app.questionnaires.flow import first_unanswered
from app.responses.sitting import SessionOver, Sitting, open_sitting
from app.web.language import N_, Say
from app.web.render import Page, render
from app.web.respondent.messages import message_of, spoken
from app.web.respondent.pages import Field
from app.web.respondent.posted import SECRET, act_fields
from app.web.respondent.visiting import Device
from app.web.security import mask_secret, unmask_secret
from app.web.wiring import OPEN_LINK, Db, Form, Now, Site, SiteHere, field

router = APIRouter(dependencies=[OPEN_LINK])

_SAID_OF_CODE = {
    Typed.RIGHT: N_("Listo, comprobamos que ese correo te llega."),
    Typed.WRONG: N_("Ese no es el código. Míralo otra vez en tu correo y escríbelo completo."),
    Typed.OVER: N_("Ese código ya no sirve. Pide otro."),
}
_NO_MAIL = N_("Escribe el correo completo, por ejemplo ana@gmail.com.")
_SCHOOL_MAIL = N_("Ese correo es de la escuela y se cierra cuando egresas. Escribe uno personal.")
_MEANT = N_("¿Quisiste escribir {mail}? Si es así, escríbelo otra vez.")
_NO_PHONE = N_("Escribe los 10 dígitos de su teléfono, o + y la clave si es de otro país.")
_RELATIONS = (
    ("1", N_("Mamá o papá")),
    ("2", N_("Hermana o hermano")),
    ("3", N_("Otro familiar")),
    ("4", N_("Amiga o amigo")),
    ("5", N_("Otra persona cercana")),
)


@dataclass(frozen=True, slots=True)
class WayBox:
    """One way to be reached: `state` is done, asked, alarm or open."""

    kind: str
    target: str
    shown: str
    state: str
    note: str
    digits: str
    url: str  # opens WhatsApp with the text ready


@dataclass(frozen=True, slots=True)
class ClassEndPage(Page):
    """The end of a questionnaire in class. Nothing that was answered stands on it."""

    template: ClassVar[str] = "respondent/class_end.html"
    title: str
    school: str
    paragraphs: tuple[str, ...]
    said: str | None
    wrong: bool
    hidden: tuple[Field, ...]
    ways: tuple[WayBox, ...]
    asks_mail: bool
    asks_relative: bool
    relations: tuple[tuple[str, str], ...]
    continue_url: str | None
    continue_form: tuple[Field, ...]
    leave: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a button came to."""

    words: str
    wrong: bool = False
    mail: str = ""  # that was probably meant


NOTHING = Told("")
_DONE = (
    N_("Tus respuestas llegaron y están guardadas. Gracias por tu tiempo."),
    N_("Con las respuestas de toda la generación, tu escuela prepara un informe sin nombres."),
)
_THANKS = N_("Gracias, ya recibimos tu cuestionario")
_MAY_LEAVE = N_("Puedes salir")
_STOPPED = (
    N_("Guardamos lo que contestaste. Puedes seguir ahora, o después con tu enlace personal."),
)


def class_end_page(
    session: Session,
    sitting: Sitting,
    device: Device,
    secret: str,
    *,
    now: datetime,
    told: Told = NOTHING,
) -> ClassEndPage:
    """The end of a student of a class, finished or not."""
    resume = None if sitting.finished else first_unanswered(sitting.questionnaire, sitting.answers)
    step = resume.name if resume else ""
    cookies = device.holds(sitting.visit.session_id, secret)
    asks = wants_follow_up(session, sitting.member_id)
    member = [sitting.member_id] if asks else []
    ways = ways_of(session, member, _keys(_site(device)), now=now).get(sitting.member_id, ())
    number = number_of_class(session, sitting.visit.case_id) if asks else None
    kinds = {way.kind for way in ways if way.alarm is not Alarm.SCHOOL_ACCOUNT}
    say = Say(sitting.visit.language)
    title = _THANKS if sitting.finished else _MAY_LEAVE
    return ClassEndPage(
        title=say(title),
        school=sitting.wave.school,
        paragraphs=tuple(map(say, _DONE if sitting.finished else _STOPPED)),
        said=say(told.words, mail=told.mail) if told.words else None,
        wrong=told.wrong,
        hidden=(Field(SECRET, mask_secret(secret)),),
        ways=tuple(_box(say, way, sitting, number) for way in ways),
        asks_mail=asks and ProofKind.MAIL not in kinds,
        asks_relative=asks and ProofKind.RELATIVE not in kinds,
        relations=tuple((code, say(words)) for code, words in _RELATIONS),
        continue_url=device.address(sitting.visit.session_id, paso=step)
        if step and cookies
        else None,
        continue_form=act_fields(secret, "atras", step) if step and not cookies else (),
        leave=act_fields(secret, "salir"),
    )


@router.post("/aula/contactos/codigo")
def send_code(request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Six digits to an address that is known, or to one that is typed now."""

    def act(session: Session, sitting: Sitting) -> Told:
        contact_id = _target(form) or _new_mail(session, sitting, field(form, "correo"), site, now)
        proofs.send_code(
            session,
            sitting.member_id,
            contact_id,
            unit_id=sitting.wave.school_id,
            mail_domain=post_office(site.settings).mail_domain,
            now=now,
        )
        return Told(N_("Te mandamos un código de 6 números. Puede tardar un minuto."))

    return _done(Desk(request, form, db, site, now), act)


@router.post("/aula/contactos/comprobar")
def compare(request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """The digits that came."""

    def act(session: Session, sitting: Sitting) -> Told:
        typed = field(form, "codigo")[:40]
        found = proofs.try_code(session, sitting.member_id, typed, _keys(site), now=now)
        return Told(_SAID_OF_CODE[found], wrong=found is not Typed.RIGHT)

    return _done(Desk(request, form, db, site, now), act)


@router.post("/aula/contactos/whatsapp")
def expect_message(request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """The student is about to write."""

    def act(session: Session, sitting: Sitting) -> Told:
        target = _target(form)
        if target is None:
            raise NotFound
        proofs.expect_message(session, sitting.member_id, target, now=now)
        return NOTHING

    return _done(Desk(request, form, db, site, now), act)


@router.post("/aula/contactos/familiar")
def name_relative(request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Somebody who can tell how to find the student."""

    def act(session: Session, sitting: Sitting) -> Told:
        relation = field(form, "parentesco")
        try:
            set_alternate(
                session,
                sitting.member_id,
                name=field(form, "nombre")[:60],
                phone=field(form, "telefono")[:40],
                relationship=relation if relation in dict(_RELATIONS) else None,
                source=ContactSource.RESPONDENT,
                now=now,
            )
        except NotAPhone:
            return Told(_NO_PHONE, wrong=True)
        return Told(N_("Listo. Avísale que nos diste su teléfono."))

    return _done(Desk(request, form, db, site, now), act)


@dataclass(frozen=True, slots=True)
class Desk:
    """One request at work."""

    request: Request
    form: FormData
    db: Database
    site: Site
    now: datetime


def _done(desk: Desk, act: Callable[[Session, Sitting], Told]) -> Response:
    """Do it for whoever the form says, in class and with their consent; then the page again."""
    device = Device(desk.request, desk.site.secure)
    secret = unmask_secret(field(desk.form, SECRET))
    try:
        with desk.db.unit_of_work() as session:
            sitting = open_sitting(session.connection(), secret, now=desk.now)
            if sitting.visit.mode is not Mode.CLASS:
                raise SessionOver
            if not wants_follow_up(session, sitting.member_id):
                raise NotFound(member=sitting.member_id)
            entry.keep_alive(session, sitting.visit, now=desk.now)
            try:
                told = act(session, sitting)
            except _Mend as fault:
                told = Told(fault.words, wrong=True, mail=fault.mail)
            except proofs.TooManyCodes as refusal:
                told = Told(refusal.plantilla, wrong=True)
            session.flush()
            page = class_end_page(session, sitting, device, secret, now=desk.now, told=told)
    except AppError as refusal:
        return message_of(refusal, spoken(desk.db, secret))
    return render(page, status=422 if page.wrong else 200, language=sitting.visit.language)


class _Mend(ValueError):
    """What was typed cannot be used, and why; the mail that was probably meant."""

    def __init__(self, words: str, mail: str = "") -> None:
        super().__init__(words)
        self.words, self.mail = words, mail


def _target(form: FormData) -> UUID | None:
    text = field(form, "via")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(contact=text[:40]) from error


def _new_mail(session: Session, sitting: Sitting, typed: str, site: Site, now: datetime) -> UUID:
    try:
        address = read_address(ContactKind.EMAIL, typed[:254])
    except NotAMail as error:
        raise _Mend(_NO_MAIL) from error
    closing = closing_domains(session, sitting.wave.school_id)
    if address.institutional or closes(address.value, closing):
        raise _Mend(_SCHOOL_MAIL)
    meant = suggested(address.value, mail_domains())
    if meant is not None:
        raise _Mend(_MEANT, meant)
    keys = match_keys(site.settings.data_keys)
    source = ContactSource.RESPONDENT
    return add_contact(session, sitting.member_id, address, source=source, keys=keys, now=now)


def _box(say: Say, way: Way, sitting: Sitting, number: str | None) -> WayBox:
    state = "done" if way.proven else "alarm" if way.alarm else "asked" if way.asked else "open"
    return WayBox(
        kind=way.kind.value,
        target=str(way.target_id),
        shown=way.shown,
        state=state,
        note=_note(say, way, number),
        digits=way.digits,
        url=_whatsapp(way, sitting, number),
    )


def _note(say: Say, way: Way, number: str | None) -> str:
    if way.alarm is Alarm.SCHOOL_ACCOUNT:
        return say("Es de la escuela y se cierra cuando egresas.")
    if way.alarm is Alarm.MISTYPED:
        return say("Parece mal escrito: revisa lo que va después de la arroba.")
    if way.kind is ProofKind.WHATSAPP and number is None:
        return say("Tu maestra o maestro puede comprobarlo con una llamada.")
    if way.kind is ProofKind.RELATIVE:
        return say(
            "Avísale que nos diste su teléfono; cuando conteste, dilo a tu maestra o maestro."
        )
    return ""


def _whatsapp(way: Way, sitting: Sitting, number: str | None) -> str:
    """The conversation in WhatsApp, its text ready; the student presses send.

    In Spanish whatever the student reads: a relative and the school read it.
    """
    if way.kind is ProofKind.RELATIVE:
        text = (
            f"Hola. Le di tu teléfono a mi escuela ({sitting.wave.school}) para que te pregunten "
            "cómo encontrarme cuando ya haya egresado. Solo es para eso. Si no quieres, dime y lo "
            "quito."
        )
        return f"https://wa.me/{way.phone.removeprefix('+')}?text={quote(text)}"
    if way.kind is ProofKind.WHATSAPP and number is not None and way.digits:
        text = f"Hola, mi código de {sitting.wave.school} es {way.digits}"
        return f"https://wa.me/{number.removeprefix('+')}?text={quote(text)}"
    return ""


def _keys(site: Site) -> tuple[PurposeKey, ...]:
    return keys_for(proofs.PURPOSE, site.settings.secret_keys)


def _site(device: Device) -> Site:
    site: Site = device.request.app.state.site
    return site
