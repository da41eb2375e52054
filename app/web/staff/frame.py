"""The list of a wave by hand: who should not count, with both rates in words before deciding."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.errors import AppError
from app.fieldwork import queries, wave_people
from app.fieldwork.dispositions import Disposition, Outcome, outcome
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.tables import Case
from app.fieldwork.wave_people import CaseRef
from app.fieldwork.worklist import frame_changes, frame_history
from app.fieldwork.worklist.frame_changes import (
    BY_HAND,
    Change,
    FrameDateWrong,
    FrameKindMissing,
    Tally,
)
from app.fieldwork.worklist.frame_history import ChangeLine, DoubtLine
from app.web.render import Page, render, say_date
from app.web.staff.person_words import INELIGIBILITY_WORDS
from app.web.staff.shell import Issue, Shell, shell
from app.web.staff.wave_pages import WaveTop, local_moment, wave_top
from app.web.staff.wave_words import rate_in_words
from app.web.staff.waves import Runner, steward
from app.web.staff.worklist_words import Button
from app.web.wiring import Caller, Db, Form, Now, field

router = APIRouter()

_REASONS = {
    Ineligibility.DENIED: "No egresó: no debe contar en ningún cuestionario posterior al egreso",
    Ineligibility.DECEASED: "Falleció antes de que abriera este cuestionario",
}


@dataclass(frozen=True, slots=True)
class FrameText:
    """The form as it is typed."""

    kind: str = ""
    since: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FramePersonPage(Page):
    """Whether one person counts."""

    template: ClassVar[str] = "staff/frame_person.html"
    title: str
    shell: Shell
    top: WaveTop
    action: str
    now_words: str
    then_words: str
    out: bool
    by_hand: bool
    doubts: tuple[str, ...]
    kinds: tuple[Button, ...]
    typed: FrameText
    merge_url: str
    changes_url: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change of the list, in words."""

    when: str
    name: str
    url: str
    what: str
    reason: str
    rates: str


@dataclass(frozen=True, slots=True)
class DoubtView:
    """A warning to decide on."""

    name: str
    url: str
    what: str


@dataclass(frozen=True, slots=True)
class FrameChangesPage(Page):
    """What was changed by hand in the list of a wave, and what waits."""

    template: ClassVar[str] = "staff/frame_changes.html"
    title: str
    shell: Shell
    top: WaveTop
    doubts: tuple[DoubtView, ...]
    changes: tuple[ChangeView, ...]


@router.get("/panel/olas/{wave_id}/cambios")
def changes(wave_id: UUID, caller: Runner, db: Db) -> Response:
    """Changes of the list, newest first, and the warnings that wait."""
    with db.reading() as session:
        page = _changes_page(session, caller, wave_id)
    caller.saw("wave.missing_seen", ("wave", wave_id), unit_id=page.top.school_id)
    return render(page)


@router.get("/panel/olas/{wave_id}/casos/{case_id}/lista")
def person_page(wave_id: UUID, case_id: UUID, caller: Runner, db: Db, now: Now) -> Response:
    """The rates with and without this person, and the form."""
    with db.reading() as session:
        page = _page(session, caller, CaseRef(wave_id, case_id), now=now)
    caller.saw("case.seen", ("case", case_id), unit_id=page.top.school_id)
    return render(page)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/lista")
def change(wave_id: UUID, case_id: UUID, caller: Runner, form: Form, db: Db, now: Now) -> Response:
    """Take the person out of the list, or put them back."""
    ref = CaseRef(wave_id, case_id)
    typed = FrameText(*(field(form, name) for name in ("kind", "since", "reason")))
    try:
        with db.unit_of_work() as session:
            wave_people.case_of_wave(session, caller.scope, ref)
            asked = _asked(typed)
            frame_changes.change_frame(session, ref, asked, by=steward(caller), now=now)
    except AppError as refusal:
        if refusal.status not in {409, 422}:
            raise
        with db.reading() as session:
            page = _page(session, caller, ref, now=now)
        issue = Issue(_FIELD_OF.get(refusal.code, ""), refusal.mensaje)
        return render(replace(page, typed=typed, issues=(issue,)), status=refusal.status)
    return RedirectResponse(f"/panel/olas/{wave_id}/cambios", 303)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/lista/cuenta")
def dismiss(wave_id: UUID, case_id: UUID, caller: Runner, db: Db, now: Now) -> Response:
    """The warning was wrong: the person counts."""
    with db.unit_of_work() as session:
        ref = CaseRef(wave_id, case_id)
        frame_changes.dismiss_doubt(session, ref, by=steward(caller), now=now)
    return RedirectResponse(f"/panel/olas/{wave_id}/cambios", 303)


_FIELD_OF = {"frame.reason_missing": "reason", "frame.date_wrong": "since"}


def _asked(typed: FrameText) -> Change:
    try:
        since = date.fromisoformat(typed.since)
    except ValueError as error:
        raise FrameDateWrong(why="elija desde qué día") from error
    if typed.kind == "back":
        return Change(None, since, typed.reason)
    if typed.kind not in {one.value for one in BY_HAND}:
        raise FrameKindMissing
    return Change(Ineligibility(typed.kind), since, typed.reason)


def _page(session: Session, caller: Caller, ref: CaseRef, *, now: datetime) -> FramePersonPage:
    case = wave_people.case_of_wave(session, caller.scope, ref)
    header = queries.wave_header(session, caller.scope, ref.wave_id)
    top = wave_top(caller, header, at="/pendientes", tail=case.name)
    row = session.get_one(Case, ref.case_id)
    today = Tally(header.counts.answered, header.counts.frame)
    doubts = frame_history.doubts_of(session, caller.scope, ref.wave_id, case_id=ref.case_id)
    here = now.astimezone(ZoneInfo(header.zone)).date()
    out = row.disposition is Disposition.NOT_ELIGIBLE
    return FramePersonPage(
        title=f"¿Cuenta en la lista? {case.name}",
        shell=shell(caller, at="/panel/pendientes"),
        top=top,
        action=f"{top.url}/casos/{ref.case_id}/lista",
        now_words=f"Hoy: {_rate(today)}.",
        then_words=f"{'Contándole' if out else 'Sin contarle'}: {_rate(_other(today, row))}.",
        out=out,
        by_hand=row.ineligibility in BY_HAND,
        doubts=tuple(_doubt_words(one, header.zone) for one in doubts),
        kinds=tuple(Button(one.value, _REASONS[one]) for one in BY_HAND),
        typed=FrameText(since=here.isoformat(), kind=doubts[0].reason.value if doubts else ""),
        merge_url=f"/panel/personas/{case.member_id}/unir",
        changes_url=f"{top.url}/cambios",
        issues=(),
    )


def _other(today: Tally, row: Case) -> Tally:
    """The tally as it would be with the other decision about this one case."""
    if row.disposition is Disposition.NOT_ELIGIBLE:
        return Tally(today.answered, today.frame + 1)
    group = outcome(row.disposition, eligibility_confirmed=row.eligibility_confirmed)
    answered = group in {Outcome.COMPLETE, Outcome.PARTIAL}
    return Tally(today.answered - answered, today.frame - 1)


def _rate(tally: Tally) -> str:
    return rate_in_words(tally.answered, tally.frame)


def _doubt_words(one: DoubtLine, zone: str) -> str:
    return f"El {local_moment(one.at, zone)} avisaron: {INELIGIBILITY_WORDS[one.reason]}."


def _changes_page(session: Session, caller: Caller, wave_id: UUID) -> FrameChangesPage:
    header = queries.wave_header(session, caller.scope, wave_id)
    top = wave_top(caller, header, at="/pendientes", tail="Cambios de la lista")
    changes_made = frame_history.changes_of(session, caller.scope, wave_id)
    doubts = frame_history.doubts_of(session, caller.scope, wave_id)
    cases = {one.case_id for one in changes_made} | {one.case_id for one in doubts}
    names = wave_people.names_of_cases(session, caller.scope, sorted(cases))
    return FrameChangesPage(
        title="Cambios de la lista",
        shell=shell(caller, at="/panel/pendientes"),
        top=top,
        doubts=tuple(
            DoubtView(
                names[one.case_id],
                f"{top.url}/casos/{one.case_id}/lista",
                _doubt_words(one, header.zone),
            )
            for one in doubts
        ),
        changes=tuple(
            ChangeView(
                when=local_moment(one.at, header.zone),
                name=names[one.case_id],
                url=f"{top.url}/casos/{one.case_id}/lista",
                what=_change_words(one),
                reason=one.reason,
                rates=f"Antes: {_rate(one.before)}. Después: {_rate(one.after)}.",
            )
            for one in changes_made
        ),
    )


def _change_words(one: ChangeLine) -> str:
    since = say_date(one.since, "d 'de' MMMM 'de' y")
    if one.ineligibility is None:
        return f"Volvió a la lista, desde el {since}"
    return f"Salió de la lista: {INELIGIBILITY_WORDS[one.ineligibility]}, desde el {since}"
