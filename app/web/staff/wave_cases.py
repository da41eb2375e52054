"""One person in one wave: where they stand, what was sent, and what to do next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.errors import AppError
from app.fieldwork import queries, steering, wave_people
from app.fieldwork.explaining import expected_messages
from app.fieldwork.queries import EventLine
from app.fieldwork.stationery import PostOffice, post_office
from app.fieldwork.tables import WaveState
from app.fieldwork.wanted import AWAITED
from app.fieldwork.wave_people import CaseRef
from app.messaging.queries import messages_about
from app.staff.roles import Permission
from app.web.render import Page, render
from app.web.staff.expected_words import expected_lines
from app.web.staff.reason_words import plain_reason
from app.web.staff.shell import Issue, Shell, shell
from app.web.staff.wave_lists import MessageLine, message_line
from app.web.staff.wave_pages import WaveTop, local_moment, wave_top
from app.web.staff.wave_words import DISPOSITION_WORDS, last_contact
from app.web.staff.waves import Runner, Seeker, steward
from app.web.wiring import Caller, Db, Now, Permits, SiteHere

router = APIRouter()
LinkHolder = Annotated[Caller, Depends(Permits(Permission.SEE_LINKS))]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that happened to the case."""

    when: str
    what: str
    code: str  # of AAPOR, for who files the case


@dataclass(frozen=True, slots=True)
class CasePage(Page):
    """One person in one wave. `link` only where it was asked for just now."""

    template: ClassVar[str] = "staff/wave_case.html"
    title: str
    shell: Shell
    top: WaveTop
    action: str
    facts: tuple[tuple[str, str], ...]
    person_url: str | None
    contact_url: str | None
    link: str
    may_send: bool
    may_show_link: bool
    may_revoke: bool
    may_renew: bool
    expected: tuple[str, ...]
    messages: tuple[MessageLine, ...]
    history: tuple[HistoryLine, ...]
    issues: tuple[Issue, ...]


@router.get("/panel/olas/{wave_id}/casos/{case_id}")
def case_page(wave_id: UUID, case_id: UUID, caller: Seeker, db: Db, now: Now) -> Response:
    """The page of a case."""
    with db.reading() as session:
        page = _page(session, caller, CaseRef(wave_id, case_id), now=now)
    caller.saw("case.seen", ("case", case_id), unit_id=page.top.school_id)
    return render(page)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/enviar")
def send(
    wave_id: UUID, case_id: UUID, caller: Runner, db: Db, now: Now, site: SiteHere
) -> Response:
    """Write to this person now; twice on one day is once."""
    domain = post_office(site.settings).mail_domain

    def act(session: Session, ref: CaseRef) -> object:
        return steering.send_to_one(session, ref, mail_domain=domain, by=steward(caller), now=now)

    return _done(CaseRef(wave_id, case_id), caller, db, act, now=now)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/enlace")
def link(
    wave_id: UUID, case_id: UUID, caller: LinkHolder, db: Db, now: Now, site: SiteHere
) -> Response:
    """Show the link of this person, to be handed over by other means."""
    office, ref = post_office(site.settings), CaseRef(wave_id, case_id)
    try:
        with db.unit_of_work() as session:
            shown = _link(session, ref, office, caller, now=now)
    except AppError as refusal:
        return _refused(ref, caller, db, refusal, now=now)
    with db.reading() as session:
        return render(_page(session, caller, ref, link=shown, now=now))


@router.post("/panel/olas/{wave_id}/casos/{case_id}/revocar")
def revoke(
    wave_id: UUID, case_id: UUID, caller: Runner, db: Db, now: Now, site: SiteHere
) -> Response:
    """Kill the link of this person."""
    keys = post_office(site.settings).link_keys

    def act(session: Session, ref: CaseRef) -> object:
        return steering.revoke(session, ref, keys, by=steward(caller), now=now)

    return _done(CaseRef(wave_id, case_id), caller, db, act, now=now)


@router.post("/panel/olas/{wave_id}/casos/{case_id}/enlace-nuevo")
def renew(
    wave_id: UUID, case_id: UUID, caller: Runner, db: Db, now: Now, site: SiteHere
) -> Response:
    """Give this person a new link in place of a revoked one."""
    keys = post_office(site.settings).link_keys

    def act(session: Session, ref: CaseRef) -> object:
        return steering.renew(session, ref, keys, by=steward(caller), now=now)

    return _done(CaseRef(wave_id, case_id), caller, db, act, now=now)


def _link(
    session: Session, ref: CaseRef, office: PostOffice, caller: Caller, *, now: datetime
) -> str:
    return steering.show_link(
        session, ref, office.link_keys, base_url=office.base_url, by=steward(caller), now=now
    )


def _done(
    ref: CaseRef,
    caller: Caller,
    db: Db,
    act: Callable[[Session, CaseRef], object],
    *,
    now: datetime,
) -> Response:
    try:
        with db.unit_of_work() as session:
            act(session, ref)
    except AppError as refusal:
        return _refused(ref, caller, db, refusal, now=now)
    return RedirectResponse(f"/panel/olas/{ref.wave_id}/casos/{ref.case_id}", 303)


def _refused(ref: CaseRef, caller: Caller, db: Db, refusal: AppError, *, now: datetime) -> Response:
    if refusal.status != 409:
        raise refusal
    with db.reading() as session:
        page = _page(session, caller, ref, issues=(Issue("", refusal.mensaje),), now=now)
    return render(page, status=409)


def _page(
    session: Session,
    caller: Caller,
    ref: CaseRef,
    *,
    now: datetime,
    link: str = "",
    issues: tuple[Issue, ...] = (),
) -> CasePage:
    case = wave_people.case_of_wave(session, caller.scope, ref)
    header = queries.wave_header(session, caller.scope, ref.wave_id)
    top = wave_top(caller, header, at="/pendientes", tail=case.name)
    in_field = header.state is WaveState.OPEN
    runs = in_field and caller.actor.may(Permission.RUN_FIELDWORK)
    revoked = case.link_revoked_at is not None
    facts = [
        ("Situación", DISPOSITION_WORDS[case.disposition]),
        ("Grupo", case.group or "sin grupo"),
        ("Último contacto", last_contact(case.contacts, case.last_contact_on)),
        ("Enlace", "Revocado: con él no se puede responder" if revoked else "En vigor"),
    ]
    if case.opted_out:
        facts.append(("Mensajes", "Pidió no recibirlos"))
    if case.late_reason:
        facts.append(("Se agregó después", case.late_reason))
    return CasePage(
        title=case.name,
        shell=shell(caller, at="/panel"),
        top=top,
        action=f"{top.url}/casos/{case.case_id}",
        facts=tuple(facts),
        person_url=f"/panel/personas/{case.member_id}"
        if caller.actor.may(Permission.SEE_PEOPLE)
        else None,
        contact_url=f"{top.url}/casos/{case.case_id}/contacto" if in_field else None,
        link=link,
        may_send=runs and not revoked and case.disposition in AWAITED,
        may_show_link=in_field and not revoked and caller.actor.may(Permission.SEE_LINKS),
        may_revoke=runs and not revoked,
        may_renew=runs and revoked,
        expected=expected_lines(
            expected_messages(session, caller.scope, case.case_id, now=now), opens=header.opens
        )
        if in_field
        else (),
        messages=tuple(
            message_line(message, "", None, header.zone)
            for message in messages_about(session, [case.case_id])
        )
        if caller.actor.may(Permission.SEE_MESSAGES)
        else (),
        history=_history(queries.case_events(session, caller.scope, ref.case_id), header.zone),
        issues=issues,
    )


def _history(events: Sequence[EventLine], zone: str) -> tuple[HistoryLine, ...]:
    """What happened, in words. The first event is how the case entered the list."""
    words = ("Entró a la lista", *(DISPOSITION_WORDS[event.disposition] for event in events[1:]))
    return tuple(_line(event, what, zone) for event, what in zip(events, words, strict=True))


def _line(event: EventLine, what: str, zone: str) -> HistoryLine:
    reason, code = plain_reason(event.reason)
    said = f"{what}. {reason}" if reason else what
    return HistoryLine(local_moment(event.at, zone), said, code)
