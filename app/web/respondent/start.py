"""/e/{token}: the page a link opens, and the button that begins. Looking writes nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.db.transactions import Database
from app.directory.tables import PrivacyNotice
from app.errors import AppError
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.entry import LinkState, OpenedLink
from app.fieldwork.first_question import TAPPED, wave_question
from app.fieldwork.progress import Why, advance_if_possible
from app.fieldwork.tables import Wave
from app.fieldwork.texts import MINUTES
from app.fieldwork.tokens import PURPOSE, parse_token
from app.keys import PurposeKey, keys_for
from app.questionnaires.items import Language
from app.questionnaires.publication import fetch
from app.units.tables import OrganisationUnit
from app.web.language import CHOICE, N_, NAMES, Say, chosen, language_of, with_choice
from app.web.render import Page, render_in, say_date
from app.web.respondent.messages import UNKNOWN_LINK, message_of, said
from app.web.respondent.pages import LanguageChoice, MessagePage, NoticePage, StartPage
from app.web.respondent.steps import notice_of, paragraphs, promises
from app.web.respondent.visiting import Device, short_id
from app.web.security import refuse_foreign_origin
from app.web.wiring import OPEN_LINK, OPEN_PAGE, Db, Now, ShortForm, Site, SiteHere, field

router = APIRouter()

_STATUS = {
    LinkState.UNKNOWN: 404,
    LinkState.REVOKED: 410,
    LinkState.CLOSED: 410,
    LinkState.NOT_EXPECTED: 410,
}


@router.get("/e/{token:path}", dependencies=[OPEN_LINK])
def start_page(token: str, request: Request, db: Db, now: Now, site: SiteHere) -> Response:
    """What this link is, without a word about the person: scanners look too."""
    device = Device(request, site.secure)
    with db.reading() as session:
        link = entry.open_link(session, token, link_keys(site), now=now)
        say = Say(chosen(request))
        page = _page(session, link, token, device, say, now=now)
    if isinstance(page, MessagePage):
        page = replace(page, offers_languages=True)
    response = render_in(say, page, status=_STATUS.get(link.state, 200))
    if link.state is LinkState.OPEN:
        device.probe(response)
    return response


@router.post("/e/{token:path}", dependencies=[OPEN_LINK])
def begin(
    token: str, request: Request, form: ShortForm, db: Db, now: Now, site: SiteHere
) -> Response:
    """Comenzar. Where cookies are kept the token leaves the address here, else at /responder."""
    device = Device(request, site.secure)
    if not device.keeps_cookies:
        return RedirectResponse("/responder", 307)
    try:
        language = language_of(field(form, CHOICE))
        session_id, secret = open_session(db, token, device, site, language, now=now)
    except AppError as refusal:
        return message_of(refusal, Say(language_of(field(form, CHOICE))))
    response = RedirectResponse(device.address(session_id), 303)
    device.remember(response, session_id, secret)
    if code := field(form, TAPPED)[:4]:
        device.tap(response, session_id, code)
    return response


@router.get("/aviso/{notice_id}", dependencies=[OPEN_PAGE])
def full_notice(notice_id: UUID, request: Request, db: Db) -> Response:
    """The full privacy notice of an institution: public, in the words the institution wrote."""
    say = Say(chosen(request))
    with db.reading() as session:
        notice = session.get(PrivacyNotice, notice_id)
    if notice is None:
        return render_in(say, said(UNKNOWN_LINK, say), status=404)
    return render_in(say, NoticePage(say("Aviso de privacidad"), paragraphs(notice.full_text)))


def _tapped(session: Session, wave: Wave, request: Request, language: Language) -> tuple[str, str]:
    """Code and text of the option tapped in a letter; two empty texts where there is none."""
    code = request.query_params.get(TAPPED, "")
    question = wave_question(session, wave, language) if code else None
    return (code, question.text_of(code)) if question and question.has(code) else ("", "")


def open_session(  # one link, one device, one way of reading
    db: Database,
    token: str,
    device: Device,
    site: Site,
    language: Language,
    *,
    now: datetime,
) -> tuple[UUID, str]:
    """The session of this link on this device: the one it has, or a new one.

    Raises:
        ForeignPost: the button was not on our page.
        LinkNotOpen: the link opens nothing now; its page says why.
    """
    if device.request.headers.get("sec-fetch-site") == "cross-site":
        refuse_foreign_origin(device.request, site.settings.base_url)
    with db.unit_of_work() as session:
        link = entry.open_link(session, token, link_keys(site), now=now)
        if link.case_id is None or link.state is not LinkState.OPEN:
            raise entry.LinkNotOpen(state=link.state.value)
        held = _held_here(session, device, link.case_id, now=now)
        if held is not None:
            entry.speak(session, held[0], language)
            # As with a new session: who refused and presses Comenzar takes it back.
            started_again = Why("Comenzar")
            advance_if_possible(
                session, link.case_id, Disposition.STARTED, why=started_again, now=now
            )
            return held
        started = entry.start(session, link.case_id, language=language, now=now)
    return started.session_id, started.secret


def link_keys(site: Site) -> tuple[PurposeKey, ...]:
    """Keys of survey links, newest first."""
    return keys_for(PURPOSE, site.settings.secret_keys)


def _held_here(
    session: Session, device: Device, case_id: UUID, *, now: datetime
) -> tuple[UUID, str] | None:
    """The live session of this case that the browser already has."""
    for _, secret in device.secrets():
        visit = entry.session_of(session, secret, now=now)
        if visit is not None and visit.case_id == case_id:
            return visit.session_id, secret
    return None


def _page(  # a link, a device, a language
    session: Session, link: OpenedLink, token: str, device: Device, say: Say, *, now: datetime
) -> Page:
    if link.wave_id is None or link.case_id is None:
        return said(_REVOKED if link.state is LinkState.REVOKED else UNKNOWN_LINK, say)
    wave = session.get_one(Wave, link.wave_id)
    school = session.get_one(OrganisationUnit, wave.school_id)
    if link.state is LinkState.OPEN:
        tapped = _tapped(session, wave, device.request, say.language)
        address = f"/e/{parse_token(token)}" + (f"?{TAPPED}={tapped[0]}" if tapped[0] else "")
        return StartPage(
            title=fetch(session, wave.version_id).title.text(say.language),
            school=school.name,
            minutes=MINUTES[wave.questionnaire],
            closes=say_date(wave.closes - timedelta(days=1), language=say.language),
            notice=promises(notice_of(session, wave.notice_id, say), say),
            token=parse_token(token) or "",  # without what the mail client added
            tapped=tapped[0],
            tapped_text=tapped[1],
            language=say.language.value,
            others=tuple(
                LanguageChoice(code.value, name, with_choice(address, code))
                for code, name in NAMES.items()
                if code is not say.language
            ),
        )
    if link.state is LinkState.EARLY:
        opens = say_date(civil_date(wave.opens_at, school.time_zone), language=say.language)
        text = say("Este cuestionario abre el {day}. Guarda tu enlace: es el mismo.", day=opens)
        return MessagePage(say("Todavía no abre"), (text,))
    if link.state is LinkState.FINISHED:
        held = _held_here(session, device, link.case_id, now=now)
        return MessagePage(
            say("Ya recibimos tu cuestionario"),
            tuple(map(say, _FINISHED)),
            link=f"/responder?r={short_id(held[0])}" if held else None,
            link_text=say("Ver lo que contesté"),
        )
    return said(_ENDED.get(link.state, _REVOKED), say)


_FINISHED = (
    N_("Gracias por contestar. No tienes que hacer nada más."),
    N_("Con las respuestas de toda la generación, tu escuela prepara un informe sin nombres."),
)
_CLOSED = MessagePage(
    N_("Este cuestionario ya cerró"),
    (
        N_("Lo que hayas contestado antes del cierre quedó guardado y cuenta."),
        N_("Si tienes algo que decirle a tu escuela, búscala directamente."),
    ),
)
_NOT_EXPECTED = MessagePage(
    N_("Este cuestionario no es para ti"),
    (
        N_("Control escolar nos dijo que este cuestionario no te corresponde."),
        N_("Si crees que es un error, avisa en tu escuela: pueden corregirlo."),
    ),
)
_REVOKED = MessagePage(
    N_("Este enlace se cambió por otro"),
    (
        N_("Busca el mensaje más reciente de tu escuela: ahí está el enlace que sirve."),
        N_("Si no lo encuentras, pide tu enlace otra vez."),
    ),
    link="/recuperar",
    link_text=N_("Pedir mi enlace"),
)
_ENDED = {LinkState.CLOSED: _CLOSED, LinkState.NOT_EXPECTED: _NOT_EXPECTED}
