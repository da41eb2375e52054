"""The messages in an institution's own words, with what each becomes on a phone and a desk."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from app.chronology.contact_plan import Step
from app.fieldwork.own_texts import TextInForce, give_up_text, text_in_force, write_text
from app.fieldwork.texts import (
    EXAMPLE_BAJA,
    MEANINGS,
    MINUTES,
    MessageText,
    TextKey,
    checked_short,
    checked_text,
    example_values,
)
from app.messaging.sms_size import SmsSize
from app.messaging.templates import TemplateRefused
from app.staff import audit
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit
from app.web.render import Page, render
from app.web.staff.plans import asked_questionnaire
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.staff.wave_lists import Choice
from app.web.staff.wave_pages import local_moment
from app.web.staff.wave_words import STEP_WORDS
from app.web.wiring import Caller, Db, Form, Now, Permits, Site, SiteHere, field

router = APIRouter()
Manager = Annotated[Caller, Depends(Permits(Permission.MANAGE_INSTITUTION))]
DONE = {
    "guardado": "Se guardó el texto. Lo llevan los mensajes que salgan desde ahora, también los "
    "que ya estaban en cola.",
    "original": "Este texto ya no es propio: se usa el de arriba.",
}
MOST_NAMED = 6  # letters that make a text message dear
LOOK = "ver"  # the button that only shows the preview
BEGUN = "1"  # ?empezo= of the text for those who began
SHORT = "corto"  # ?medio= of the text for SMS and WhatsApp


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as somebody will read it: of nobody in particular."""

    sender: str
    subject: str
    paragraphs: tuple[tuple[str, ...], ...]
    size: str = ""  # of a text message: letters and parts
    dear: str = ""  # what makes its parts shorter


@dataclass(frozen=True, slots=True)
class TextsPage(Page):
    """One text: the form, the fields it may use, and what it becomes."""

    template: ClassVar[str] = "staff/texts.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    plan_url: str
    trial_url: str
    questionnaires: tuple[Choice, ...]
    media: tuple[Choice, ...]
    short: bool
    medium: str
    steps: tuple[Choice, ...]
    audiences: tuple[Choice, ...]
    questionnaire: int
    step: str
    started: str
    origin: str
    own: bool
    subject: str
    body: str
    fields: tuple[tuple[str, str], ...]
    preview: Preview | None
    done: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """What happened just before: a text refused or looked at as typed, or saved."""

    typed: MessageText | None = None
    done: str = ""
    issues: tuple[Issue, ...] = ()


@router.get("/panel/unidades/{unit_code}/textos")
def texts_page(
    unit_code: str, request: Request, caller: Manager, db: Db, site: SiteHere
) -> Response:
    """One text; `?cuestionario=&paso=&empezo=` choose which."""
    key = _key(request.query_params)
    done = DONE.get(request.query_params.get("hecho", ""), "")
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, site, unit, key, _Said(done=done))
    return render(page)


@router.post("/panel/unidades/{unit_code}/textos")
def save_text(
    unit_code: str, caller: Manager, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Keep the text, or with the button "ver" only show what it becomes."""
    key = _posted_key(form)
    typed = MessageText(" ".join(field(form, "subject").split()), field(form, "body"))
    said = _Said(typed)
    if field(form, "accion") != LOOK:
        try:
            with db.unit_of_work() as session:
                unit = units.unit_by_code(session, caller.scope, unit_code)
                staff_id = caller.actor.account_id
                write_text(session, unit.id, key, typed, staff_id=staff_id, now=now)
                _write_down(session, caller, unit, "message_text.written", key, now)
            return _back(unit_code, key, "guardado")
        except TemplateRefused as refusal:
            said = _Said(typed, issues=(Issue("body", refusal.mensaje),))
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, site, unit, key, said)
    return render(page, status=422 if page.issues else 200)


@router.post("/panel/unidades/{unit_code}/textos/original")
def restore_text(unit_code: str, caller: Manager, form: Form, db: Db, now: Now) -> Response:
    """Take the text from above again."""
    key = _posted_key(form)
    with db.unit_of_work() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        give_up_text(session, unit.id, key, staff_id=caller.actor.account_id, now=now)
        _write_down(session, caller, unit, "message_text.given_up", key, now)
    return _back(unit_code, key, "original")


def _posted_key(form: FormData) -> TextKey:
    names = ("cuestionario", "paso", "empezo", "medio")
    return _key({name: field(form, name) for name in names})


def _key(asked: Mapping[str, str]) -> TextKey:
    step, short = asked.get("paso", ""), asked.get("medio") == SHORT
    return TextKey(
        asked_questionnaire(asked.get("cuestionario", "")),
        Step(step) if step in set(Step) else Step.INVITATION,
        started=asked.get("empezo") == BEGUN and not short,
        short=short,
    )


def _address(url: str, key: TextKey) -> str:
    begun = f"&empezo={BEGUN}" if key.started else f"&medio={SHORT}" if key.short else ""
    return f"{url}?cuestionario={key.questionnaire}&paso={key.step}{begun}"


def _back(unit_code: str, key: TextKey, done: str) -> Response:
    url = _address(f"/panel/unidades/{unit_code}/textos", key)
    return RedirectResponse(f"{url}&hecho={done}", 303)


def _write_down(
    session: Session, caller: Caller, unit: OrganisationUnit, action: str, key: TextKey, now: Now
) -> None:
    audit.append(
        session,
        action,
        actor_id=caller.actor.account_id,
        about=("unit", unit.code),
        unit_id=unit.id,
        now=now,
        questionnaire=key.questionnaire,
        step=key.step.value,
        started=key.started,
        short=key.short,
    )


def _page(
    session: Session, caller: Caller, site: Site, unit: OrganisationUnit, key: TextKey, said: _Said
) -> TextsPage:
    found = text_in_force(session, caller.scope, unit.id, key)
    shown = said.typed or found.text
    unit_url = f"/panel/unidades/{unit.code}"
    preview, problem = _preview(session, caller, site, unit, shown, key)
    url = f"{unit_url}/textos"
    return TextsPage(
        title="Textos de los mensajes",
        shell=shell(caller, at="/panel/unidades"),
        trail=(Crumb(unit.name, unit_url), Crumb("Textos de los mensajes")),
        action=url,
        plan_url=f"{unit_url}/plan?cuestionario={key.questionnaire}",
        trial_url=f"{unit_url}/mensaje-de-prueba",
        questionnaires=tuple(
            Choice(
                f"Cuestionario {number}",
                _address(url, replace(key, questionnaire=number)),
                number == key.questionnaire,
            )
            for number in (1, 2, 3)
        ),
        steps=tuple(
            Choice(
                STEP_WORDS[step],
                _address(url, replace(key, step=step)),
                step is key.step,
            )
            for step in Step
        ),
        media=_media(url, key),
        short=key.short,
        medium=SHORT if key.short else "",
        audiences=() if key.short else _audiences(url, key),
        questionnaire=key.questionnaire,
        step=key.step.value,
        started=BEGUN if key.started else "",
        origin=_origin(found, unit),
        own=found.unit_id == unit.id,
        subject=shown.subject,
        body=shown.body,
        fields=tuple((f"{{{{{name}}}}}", meaning) for name, meaning in MEANINGS.items()),
        preview=preview,
        done=said.done,
        issues=said.issues or problem,
    )


def _media(url: str, key: TextKey) -> tuple[Choice, ...]:
    mail = replace(key, short=False)
    short = replace(key, started=False, short=True)
    return (
        Choice("Correo", _address(url, mail), not key.short),
        Choice("SMS y WhatsApp", _address(url, short), key.short),
    )


def _audiences(url: str, key: TextKey) -> tuple[Choice, ...]:
    return (
        Choice(
            "Para quien no ha empezado", _address(url, replace(key, started=False)), not key.started
        ),
        Choice(
            "Para quien empezó y no terminó", _address(url, replace(key, started=True)), key.started
        ),
    )


def _preview(  # a text, of whom, and on what
    session: Session,
    caller: Caller,
    site: Site,
    unit: OrganisationUnit,
    text: MessageText,
    key: TextKey,
) -> tuple[Preview | None, tuple[Issue, ...]]:
    """The message as somebody would read it, or why it cannot be used."""
    profile = units.profile_of(session, caller.scope, unit.id)
    signed = profile.sender_name if profile else unit.name
    base = site.settings.base_url
    example = example_values(
        unit.name,
        minutos=str(MINUTES[key.questionnaire]),
        remitente=signed,
        sitio=urlsplit(base).netloc,
        liga=f"{base}/e/AbCdEfGhIjKlMnOpQrStUv",
        baja=f"{base}/baja/{EXAMPLE_BAJA if key.short else 'ejemplo'}",
    )
    try:
        if key.short:
            return _short_preview(signed, *checked_short(text.body, example)), ()
        filled = checked_text(text, example).fill(example)
    except TemplateRefused as refusal:
        return None, (Issue("body", refusal.mensaje),)
    footer = profile.footer if profile else ""
    whole = "\n\n".join(filter(None, (filled.text.strip(), footer)))
    paragraphs = tuple(tuple(part.split("\n")) for part in whole.split("\n\n") if part.strip())
    return Preview(signed, filled.subject, paragraphs), ()


def _short_preview(signed: str, words: str, size: SmsSize) -> Preview:
    parts = "1 SMS" if size.parts == 1 else f"{size.parts} SMS"
    dear = ""
    if size.wide:
        letters = " ".join(f"«{letter}»" for letter in size.wide[:MOST_NAMED])
        dear = (
            f"Por {letters} cada SMS lleva {size.each} letras y no 153. Sin eso costaría menos de "
            "la mitad."
        )
    return Preview(
        signed,
        "",
        tuple((line,) for line in words.split("\n") if line.strip()),
        f"Con estos datos: {size.letters} letras, {parts} por persona. Los nombres largos pueden "
        "sumar uno más. Por SMS las vocales salen sin acento, que así cuesta menos.",
        dear,
    )


def _origin(found: TextInForce, unit: OrganisationUnit) -> str:
    if found.unit_id is None:
        return "Es el texto con el que viene el sistema."
    since = "" if found.at is None else f" desde el {local_moment(found.at, unit.time_zone)}"
    where = "Propio" if found.unit_id == unit.id else f"De {found.unit_name}"
    return f"{where},{since}."
