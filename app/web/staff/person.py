"""One person: see, correct, and keep the ways to reach them. Every act and view is audited.

No address holds more than the id; what is typed travels in the body and never in the trail.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.directory import contacts
from app.directory.actions import Correction, StudentIdTaken, correct_member, settle_correction
from app.directory.keyed import MatchKeys, match_keys
from app.directory.namesakes import CurpTaken, refuse_taken_curp
from app.directory.pending import refuse_strange_request
from app.directory.person_page import PersonPage, is_in_scope
from app.directory.person_page import person_page as person_of
from app.directory.queries import groups_in_scope
from app.directory.states import ContactState
from app.errors import NotFound
from app.fieldwork import noes
from app.staff import audit
from app.staff.roles import Permission
from app.web.render import render
from app.web.staff.person_forms import (
    NewContact,
    contact_text,
    correction_text,
    read_contact,
    read_correction,
)
from app.web.staff.person_pages import Typed, person_screen
from app.web.staff.shell import Issue
from app.web.wiring import Caller, Db, Form, NotAllowed, Now, Permits, SiteHere

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_PEOPLE))]
Editor = Annotated[Caller, Depends(Permits(Permission.EDIT_PEOPLE))]

# What the page says after an act; the address carries the word and nothing else.
DONE = {
    "corregido": "Se guardó la corrección.",
    "igual": "No había nada distinto que guardar.",
    "contacto": "Se guardó el medio de contacto.",
    "retirado": "La persona había retirado ese medio: no se usa hasta que ella lo dé de nuevo.",
    "confirmado": "Quedó confirmado.",
    "muerto": "Ya no se usará. Si la persona da otro, agréguelo.",
    "no_usado": "Ese medio ya no se usaba.",
    "baja": "No se le escribirá más. Puede contestar si quiere, con su enlace o en clase.",
    "reanudado": "Se le puede escribir otra vez.",
    "por_ley": "La persona se opuso por su derecho: solo ella puede levantarlo.",
    "atendido": "El aviso quedó atendido.",
    "unido": "Las dos fichas ahora son una.",
}


@router.get("/panel/personas/{member_id}")
def show_person(member_id: UUID, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """One person; a card that was merged leads to the one that stayed."""
    with db.reading() as session:
        person = person_of(session, caller.scope, member_id)
        if person.merged_into is not None:
            return RedirectResponse(f"/panel/personas/{person.merged_into}", 303)
        done = DONE.get(request.query_params.get("hecho", ""), "")
        page = person_screen(session, caller, person, now=now, done=done)
    caller.saw("person.viewed", ("panel_member", member_id), unit_id=person.school_id)
    return render(page)


@router.post("/panel/personas/{member_id}/corregir")
def correct(
    member_id: UUID, caller: Editor, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Correct data, with the reason; the trail keeps the names of the fields."""
    typed = correction_text(form)
    keys = match_keys(site.settings.data_keys)
    try:
        with db.unit_of_work() as session:
            person = live_person(session, caller, member_id)
            groups = groups_in_scope(session, caller.scope, person.school_id, person.cohort)
            today = civil_date(now, person.zone)
            read = read_correction(typed, person, groups, today=today)
            if isinstance(read, Correction):
                changed = _store(session, person, read, keys, now=now)
                if changed:
                    note(session, caller, person, "person.corrected", now=now, fields=changed,
                         reason=typed.reason)  # fmt: skip
                return _back(member_id, "corregido" if changed else "igual")
            issues = read
    except StudentIdTaken as refusal:
        issues = (Issue("student_id", refusal.mensaje),)
    except CurpTaken as refusal:
        issues = (Issue("curp", refusal.mensaje),)
    with db.reading() as session:
        person = live_person(session, caller, member_id)
        again = Typed(correction=typed, issues=issues)
        return render(person_screen(session, caller, person, now=now, typed=again), status=422)


@router.post("/panel/personas/{member_id}/contactos")
def add_contact(
    member_id: UUID, caller: Editor, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Add a way to reach the person."""
    typed = contact_text(form)
    read = read_contact(typed)
    with db.unit_of_work() as session:
        person = _reachable_person(session, caller, member_id)
        if isinstance(read, NewContact):
            contact_id = contacts.add_contact(
                session,
                member_id,
                read.address,
                source=read.source,
                keys=match_keys(site.settings.data_keys),
                now=now,
            )
            note(session, caller, person, "contact.added", now=now,
                 contact=str(contact_id), kind=typed.kind, source=read.source.value)  # fmt: skip
            stored = person_of(session, caller.scope, member_id).contacts
            usable = all(
                one.state is not ContactState.WITHDRAWN for one in stored if one.id == contact_id
            )
            return _back(member_id, "contacto" if usable else "retirado")
    with db.reading() as session:
        person = _reachable_person(session, caller, member_id)
        again = Typed(contact=typed, issues=read)
        return render(person_screen(session, caller, person, now=now, typed=again), status=422)


@router.post("/panel/personas/{member_id}/contactos/{contact_id}/confirmar")
def confirm_contact(
    member_id: UUID, contact_id: UUID, caller: Editor, db: Db, now: Now
) -> Response:
    """The person said that it is still theirs."""

    def confirm(session: Session) -> bool:
        return contacts.confirm_contact(session, contact_id, now=now)

    with db.unit_of_work() as session:
        return _settle_contact(
            session, caller, (member_id, contact_id), confirm, ("confirmed", "confirmado"), now=now
        )


@router.post("/panel/personas/{member_id}/contactos/{contact_id}/muerto")
def give_up_contact(
    member_id: UUID, contact_id: UUID, caller: Editor, db: Db, now: Now
) -> Response:
    """It leads nowhere, or to somebody else."""

    def give_up(session: Session) -> bool:
        return contacts.mark_dead(session, contact_id)

    with db.unit_of_work() as session:
        return _settle_contact(
            session, caller, (member_id, contact_id), give_up, ("dead", "muerto"), now=now
        )


@router.post("/panel/personas/{member_id}/contactos/{contact_id}/retirar")
def withdraw_contact(
    member_id: UUID, contact_id: UUID, caller: Editor, db: Db, now: Now
) -> Response:
    """The person does not want it to be used."""

    def withdraw(session: Session) -> bool:
        return contacts.withdraw_contact(session, contact_id)

    with db.unit_of_work() as session:
        return _settle_contact(
            session, caller, (member_id, contact_id), withdraw, ("withdrawn", "muerto"), now=now
        )


@router.post("/panel/personas/{member_id}/baja")
def stop_writing(member_id: UUID, caller: Editor, db: Db, now: Now) -> Response:
    """No message on any channel. Not a refusal: the person may still answer."""
    with db.unit_of_work() as session:
        person = live_person(session, caller, member_id)
        if noes.opt_out(session, member_id, source="staff", now=now):
            note(session, caller, person, "person.opted_out", now=now)
    return _back(member_id, "baja")


@router.post("/panel/personas/{member_id}/reanudar")
def write_again(member_id: UUID, caller: Editor, db: Db, now: Now) -> Response:
    """The person wants messages again; what the law ended stays ended."""
    with db.unit_of_work() as session:
        person = live_person(session, caller, member_id)
        lifted = noes.withdraw_opt_out(session, member_id)
        if lifted:
            note(session, caller, person, "person.opt_out_withdrawn", now=now)
        by_law = not lifted and person.opted_out_at is not None
    return _back(member_id, "por_ley" if by_law else "reanudado")


@router.post("/panel/personas/{member_id}/correcciones/{request_id}/atender")
def settle_request(member_id: UUID, request_id: UUID, caller: Editor, db: Db, now: Now) -> Response:
    """What the person called wrong was looked at."""
    with db.unit_of_work() as session:
        person = live_person(session, caller, member_id)
        refuse_strange_request(session, member_id, request_id)
        if settle_correction(session, request_id, now=now):
            note(session, caller, person, "correction.settled", now=now, request=str(request_id))
    return _back(member_id, "atendido")


def live_person(session: Session, caller: Caller, member_id: UUID) -> PersonPage:
    """A person of the caller's who was not merged into another.

    Raises:
        NotFound: there is none.
    """
    person = person_of(session, caller.scope, member_id)
    if person.merged_into is not None:
        raise NotFound(member=member_id)
    return person


def note(
    session: Session,
    caller: Caller,
    person: PersonPage,
    action: str,
    *,
    now: datetime,
    **details: audit.Detail,
) -> None:
    """Write an act on a person down: ids, codes and names of fields."""
    audit.append(
        session,
        action,
        actor_id=caller.actor.account_id,
        about=("panel_member", person.id),
        unit_id=person.school_id,
        now=now,
        **details,
    )


def _reachable_person(session: Session, caller: Caller, member_id: UUID) -> PersonPage:
    """A person whose addresses the caller may see: an office corrects data, not addresses.

    Raises:
        NotFound, NotAllowed.
    """
    person = live_person(session, caller, member_id)
    if not is_in_scope(session, caller.actor.scope(Permission.SEE_CONTACTS), member_id):
        raise NotAllowed(permission=Permission.SEE_CONTACTS.value)
    return person


def _settle_contact(
    session: Session,
    caller: Caller,
    ids: tuple[UUID, UUID],
    act: Callable[[Session], bool],
    words: tuple[str, str],
    *,
    now: datetime,
) -> Response:
    """Do one thing to an address of a person; `words`: as audited, and as said on the page."""
    member_id, contact_id = ids
    person = _reachable_person(session, caller, member_id)
    contacts.refuse_strange_contact(session, member_id, contact_id)
    if not act(session):
        return _back(member_id, "no_usado")
    audited, done = words
    note(session, caller, person, f"contact.{audited}", now=now, contact=str(contact_id))
    return _back(member_id, done)


def _store(
    session: Session, person: PersonPage, correction: Correction, keys: MatchKeys, *, now: datetime
) -> tuple[str, ...]:
    if correction.curp:
        refuse_taken_curp(session, person.id, correction.curp, keys=keys)
    return correct_member(session, person.id, correction, keys=keys, now=now)


def _back(member_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/panel/personas/{member_id}?hecho={done}", 303)
