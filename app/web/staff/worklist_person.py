"""One person of the worklist: their card alone, the appointment, and what was tried so far."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.directory.keyed import match_keys
from app.errors import AppError
from app.fieldwork import queries, wave_people
from app.fieldwork.wave_people import CaseRef
from app.fieldwork.worklist import appointments, others_told, people, relatives
from app.fieldwork.worklist.appointments import LONGEST_NOTE, Agreed, AppointmentNotPossible
from app.fieldwork.worklist.attempts import AttemptLine, attempts_of
from app.fieldwork.worklist.others_told import Situation, Telling
from app.fieldwork.worklist.relatives import Other
from app.fieldwork.worklist.results import RULES
from app.fieldwork.worklist.told import TOLD_BY_WORDS, ToldBy
from app.staff.roles import Permission
from app.web.render import Page
from app.web.staff.shell import Issue, Shell, shell
from app.web.staff.wave_pages import WaveTop, local_moment, wave_top
from app.web.staff.waves import Seeker, steward
from app.web.staff.worklist import Recorder, with_apps
from app.web.staff.worklist_pages import Card, Undo, cards_of, undo_of
from app.web.staff.worklist_words import CHANNEL_NAMES, Button
from app.web.wiring import Caller, Db, Form, Now, field

router = APIRouter()
UNDONE = "Listo: quedó como estaba antes de anotarlo."
# `alt_parentesco` of the questionnaires.
RELATIONS = {
    "1": "su mamá o papá",
    "2": "su hermana o hermano",
    "3": "de su familia",
    "4": "amistad",
    "5": "alguien cercano",
}


@dataclass(frozen=True, slots=True)
class AppointmentText:
    """The appointment as it is typed."""

    day: str = ""
    hour: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PersonWorklistPage(Page):
    """Everything a tutor does about one person."""

    template: ClassVar[str] = "staff/worklist_person.html"
    title: str
    shell: Shell
    top: WaveTop
    action: str
    card: Card | None
    person_url: str | None
    case_url: str
    records: bool
    appointment: AppointmentText
    first_day: str
    last_day: str
    longest_note: int
    attempts: tuple[tuple[str, str], ...]
    other: str
    other_routes: tuple[Button, ...]
    told: str
    told_by: tuple[tuple[str, str], ...]
    frame_url: str | None
    said: str
    undo: Undo | None
    issues: tuple[Issue, ...]
    back: str


@router.get("/panel/olas/{wave_id}/casos/{case_id}/contacto")
def person_page(
    wave_id: UUID, case_id: UUID, request: Request, caller: Seeker, db: Db, now: Now
) -> Response:
    """The card of one person, with what may be noted about them."""
    with db.reading() as session:
        page = _page(session, caller, CaseRef(wave_id, case_id), now=now)
    if request.query_params.get("hecho") == "deshecho":
        page = replace(page, said=UNDONE)
    caller.saw("case.seen", ("case", case_id), unit_id=page.top.school_id)
    return with_apps(page)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/cita")
def agree(wave_id: UUID, case_id: UUID, caller: Recorder, form: Form, db: Db, now: Now) -> Response:
    """Keep when they asked to be called."""
    ref = CaseRef(wave_id, case_id)
    typed = AppointmentText(*(field(form, name) for name in ("day", "hour", "note")))
    try:
        with db.unit_of_work() as session:
            wave_people.case_of_wave(session, caller.scope, ref)
            zone = queries.wave_header(session, caller.scope, wave_id).zone
            agreed = Agreed(_moment(typed, zone), typed.note)
            appointments.agree(session, case_id, agreed, by=steward(caller), now=now)
    except AppError as refusal:
        if refusal.status != 422:
            raise
        issue = Issue("day", refusal.mensaje)
        with db.reading() as session:
            page = _page(session, caller, ref, now=now)
        return with_apps(replace(page, appointment=typed, issues=(issue,)), status=422)
    return RedirectResponse(f"/panel/olas/{wave_id}/casos/{case_id}/contacto", 303)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/terceros")
def tell(wave_id: UUID, case_id: UUID, caller: Recorder, form: Form, db: Db, now: Now) -> Response:
    """Keep what a relative, a teacher or an institution told."""
    ref = CaseRef(wave_id, case_id)
    said = tuple(field(form, name) for name in ("source", "studies", "works"))
    try:
        with db.unit_of_work() as session:
            wave_people.case_of_wave(session, caller.scope, ref)
            situation = _situation(*said)
            others_told.tell(session, case_id, situation, by=steward(caller), now=now)
    except AppError as refusal:
        if refusal.status != 422:
            raise
        with db.reading() as session:
            page = _page(session, caller, ref, now=now)
        return with_apps(replace(page, issues=(Issue("source", refusal.mensaje),)), status=422)
    return RedirectResponse(f"/panel/olas/{wave_id}/casos/{case_id}/contacto#terceros", 303)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/terceros/quitar")
def withdraw(wave_id: UUID, case_id: UUID, caller: Recorder, db: Db, now: Now) -> Response:
    """It was a mistake: what others told is taken off."""
    with db.unit_of_work() as session:
        wave_people.case_of_wave(session, caller.scope, CaseRef(wave_id, case_id))
        others_told.withdraw(session, case_id, by=steward(caller), now=now)
    return RedirectResponse(f"/panel/olas/{wave_id}/casos/{case_id}/contacto#terceros", 303)


class ThirdPartyIncomplete(AppError):
    """Who told, or what, is missing."""

    code = "third_party.incomplete"
    status = 422
    plantilla = "Falta decir quién lo contó, si estudia y si trabaja. No guardamos nada todavía."


def _situation(source: str, studies: str, works: str) -> Situation:
    if source not in set(ToldBy) or not {studies, works} <= {"si", "no"}:
        raise ThirdPartyIncomplete
    return Situation(ToldBy(source), studies == "si", works == "si")


def _other_words(other: Other, zone: str) -> str:
    relation = RELATIONS.get(other.relationship or "", "alguien cercano")
    before = ""
    if other.asked_at is not None:
        before = f". A ese número ya se le escribió el {local_moment(other.asked_at, zone)}"
    return f"{other.name} ({relation}){before}"


def _told_words(telling: Telling | None, zone: str) -> str:
    if telling is None:
        return ""
    return (
        f"{TOLD_BY_WORDS[telling.source]} contó su situación el {local_moment(telling.at, zone)}."
    )


def _moment(typed: AppointmentText, zone: str) -> datetime:
    try:
        day, hour = date.fromisoformat(typed.day), time.fromisoformat(typed.hour)
    except ValueError as error:
        raise AppointmentNotPossible from error
    return datetime.combine(day, hour.replace(tzinfo=None), ZoneInfo(zone))


def _page(session: Session, caller: Caller, ref: CaseRef, *, now: datetime) -> PersonWorklistPage:
    case = wave_people.case_of_wave(session, caller.scope, ref)
    header = queries.wave_header(session, caller.scope, ref.wave_id)
    top = wave_top(caller, header, at="/pendientes", tail=case.name)
    standing = people.standing_of(session, caller.scope, ref.case_id, now=now)
    (card,) = cards_of(session, caller, [standing], now=now) if standing else (None,)
    keys = match_keys(caller.request.app.state.site.settings.data_keys)
    asks = standing is not None and relatives.may_ask_others(standing)
    opens = asks and caller.actor.may(Permission.SEE_LINKS)
    other = relatives.other_of(session, case.member_id, keys) if opens else None
    here = now.astimezone(ZoneInfo(header.zone)).date()
    return PersonWorklistPage(
        title=case.name,
        shell=shell(caller, at="/panel/pendientes"),
        top=top,
        action=f"{top.url}/casos/{ref.case_id}",
        card=card,
        person_url=f"/panel/personas/{case.member_id}"
        if caller.actor.may(Permission.SEE_PEOPLE)
        else None,
        case_url=f"{top.url}/casos/{ref.case_id}",
        records=card is not None and caller.actor.may(Permission.RECORD_CONTACT),
        appointment=AppointmentText(),
        first_day=here.isoformat(),
        last_day=(header.closes - timedelta(days=1)).isoformat(),
        longest_note=LONGEST_NOTE,
        attempts=tuple(
            (local_moment(one.opened_at, header.zone), _attempt_words(one))
            for one in attempts_of(session, ref.case_id)
        ),
        other=_other_words(other, header.zone) if other else "",
        other_routes=tuple(
            Button(one.value, CHANNEL_NAMES[one]) for one in relatives.CHANNELS if other
        ),
        told=_told_words(others_told.telling_of(session, ref.case_id), header.zone),
        told_by=tuple((one.value, words) for one, words in TOLD_BY_WORDS.items()),
        frame_url=f"{top.url}/casos/{ref.case_id}/lista"
        if caller.actor.may(Permission.RUN_FIELDWORK)
        else None,
        said="",
        undo=undo_of(session, caller, case_id=ref.case_id, now=now),
        issues=(),
        back=f"{top.url}/pendientes",
    )


def _attempt_words(one: AttemptLine) -> str:
    happened = "falta decir qué pasó" if one.result is None else RULES[one.result].words.lower()
    to_other = " a su contacto" if one.to_other else ""
    return f"{CHANNEL_NAMES[one.channel]}{to_other}: {happened}"
