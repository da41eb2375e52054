"""Classes in the panel: open one for a group, watch it, help who is stuck, close it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.classroom import helping, opening
from app.classroom.roll import class_view
from app.db.transactions import Database
from app.directory.phones import NotAPhone
from app.directory.school_domains import (
    DomainRefused,
    add_closing_domain,
    remove_closing_domain,
)
from app.errors import AppError
from app.fieldwork import queries
from app.staff import audit
from app.staff.roles import Permission
from app.web.render import render
from app.web.respondent.aula import class_keys
from app.web.staff.classroom_pages import class_page, classes_page
from app.web.staff.shell import Issue
from app.web.staff.slips import group_asked, uuid_of
from app.web.staff.waves import steward
from app.web.wiring import Caller, Db, Form, Now, Permits, Site, SiteHere, field

router = APIRouter()
Teacher = Annotated[Caller, Depends(Permits(Permission.RUN_CLASSROOM))]
Keeper = Annotated[Caller, Depends(Permits(Permission.MANAGE_INSTITUTION))]
_CLASS = "/panel/aulas/{classroom_id}"
_STUDENT = _CLASS + "/estudiantes/{case_id}"
_NO_PHONE = "Escriba los 10 dígitos del número, o + y la clave si es de otro país."


@router.get("/panel/olas/{wave_id}/aula")
def classes(wave_id: UUID, caller: Teacher, db: Db, now: Now) -> Response:
    """The groups of a wave and their classes."""
    with db.reading() as session:
        page = classes_page(session, caller, wave_id, now=now)
    return render(page)


@router.post("/panel/olas/{wave_id}/aula")
def open_one(
    wave_id: UUID, caller: Teacher, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Open a class for a group; the one that is open, where there is one."""
    whatsapp = field(form, "whatsapp")
    try:
        with db.unit_of_work() as session:
            classroom_id = opening.open_class(
                session,
                wave_id,
                group_asked(form),
                class_keys(site),
                by=steward(caller),
                now=now,
                whatsapp=whatsapp,
            )
    except NotAPhone:
        return _not_opened(wave_id, caller, db, Issue("whatsapp", _NO_PHONE), whatsapp, now=now)
    except opening.ClassNeedsOpenWave as refusal:
        issue = Issue("", refusal.mensaje_personal)
        return _not_opened(wave_id, caller, db, issue, whatsapp, status=refusal.status, now=now)
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


@router.post("/panel/olas/{wave_id}/aula/dominios")
def name_domain(wave_id: UUID, caller: Keeper, form: Form, db: Db, now: Now) -> Response:
    """Name a mail domain that the school closes when students leave, or take it back."""
    removed, added = field(form, "quitar"), field(form, "dominio")
    with db.reading() as session:
        school_id = queries.wave_header(session, caller.scope, wave_id).school_id
    try:
        with db.unit_of_work() as session:
            if removed:
                remove_closing_domain(session, school_id, removed)
            else:
                add_closing_domain(session, school_id, added, now=now)
            audit.append(
                session,
                "school_domain.removed" if removed else "school_domain.added",
                actor_id=caller.actor.account_id,
                about=("unit", school_id),
                unit_id=school_id,
                now=now,
            )
    except DomainRefused as refusal:
        issue = Issue("dominio", refusal.mensaje)
        return _not_opened(wave_id, caller, db, issue, "", now=now)
    return RedirectResponse(f"/panel/olas/{wave_id}/aula#dominios", 303)


@router.get(_CLASS)
def watch(classroom_id: UUID, caller: Teacher, db: Db, now: Now, site: SiteHere) -> Response:
    """A class by name."""
    return _shown(classroom_id, caller, db, site, now=now)


@router.post(_CLASS + "/cerrar")
def close(classroom_id: UUID, caller: Teacher, db: Db, now: Now) -> Response:
    """Take the code back."""
    with db.unit_of_work() as session:
        opening.close_class(session, classroom_id, by=steward(caller), now=now)
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


@router.post(_CLASS + "/reabrir")
def reopen(classroom_id: UUID, caller: Teacher, db: Db, now: Now, site: SiteHere) -> Response:
    """Two hours more, under a new code."""

    def act(session: Session) -> None:
        opening.reopen_class(session, classroom_id, class_keys(site), by=steward(caller), now=now)

    return _done(classroom_id, caller, db, site, act, now=now)


@router.post(_CLASS + "/whatsapp")
def change_number(
    classroom_id: UUID, caller: Teacher, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """The number to which students write, without opening the class again."""
    typed = field(form, "whatsapp")
    try:
        with db.unit_of_work() as session:
            opening.change_number(session, classroom_id, typed, by=steward(caller), now=now)
    except NotAPhone:
        issue = Issue("whatsapp", _NO_PHONE)
        return _shown(classroom_id, caller, db, site, now=now, issue=issue, typed=typed)
    return RedirectResponse(f"/panel/aulas/{classroom_id}#numero", 303)


@router.post(_CLASS + "/desbloquear")
def unlock(classroom_id: UUID, caller: Teacher, db: Db, now: Now) -> Response:
    """All tries again, for everybody."""
    with db.unit_of_work() as session:
        helping.unlock_class(session, classroom_id, by=steward(caller), now=now)
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


@router.post(_STUDENT + "/desbloquear")
def unlock_student(
    classroom_id: UUID, case_id: UUID, caller: Teacher, db: Db, now: Now, site: SiteHere
) -> Response:
    """Five more tries for one student."""
    with db.unit_of_work() as session:
        helping.unlock_student(
            session, classroom_id, case_id, class_keys(site), by=steward(caller), now=now
        )
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


@router.post(_STUDENT + "/entrar")
def let_in_again(classroom_id: UUID, case_id: UUID, caller: Teacher, db: Db, now: Now) -> Response:
    """End the session of a student, so that they can identify again."""
    with db.unit_of_work() as session:
        helping.let_in_again(session, classroom_id, case_id, by=steward(caller), now=now)
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


@router.post(_STUDENT + "/comprobado")
def confirm(
    classroom_id: UUID, case_id: UUID, caller: Teacher, form: Form, db: Db, now: Now
) -> Response:
    """A way of a student was seen to work."""
    target = uuid_of(field(form, "via"))
    with db.unit_of_work() as session:
        helping.confirm_way(session, classroom_id, case_id, target, by=steward(caller), now=now)
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


def _done(
    classroom_id: UUID,
    caller: Caller,
    db: Database,
    site: Site,
    act: Callable[[Session], None],
    *,
    now: datetime,
) -> Response:
    try:
        with db.unit_of_work() as session:
            act(session)
    except AppError as refusal:
        if refusal.status != 409:
            raise
        issue = Issue("", refusal.mensaje_personal)
        return _shown(classroom_id, caller, db, site, now=now, issue=issue)
    return RedirectResponse(f"/panel/aulas/{classroom_id}", 303)


def _shown(  # noqa: PLR0913  # the page once more
    classroom_id: UUID,
    caller: Caller,
    db: Database,
    site: Site,
    *,
    now: datetime,
    issue: Issue | None = None,
    typed: str | None = None,
) -> Response:
    with db.reading() as session:
        view = class_view(session, classroom_id, class_keys(site), by=steward(caller), now=now)
        issues = () if issue is None else (issue,)
        page = class_page(session, caller, site, view, now=now, issues=issues)
    caller.saw("classroom.seen", ("classroom", classroom_id), unit_id=view.school_id)
    if typed is not None:
        return render(replace(page, whatsapp=typed), status=422)
    return render(page, status=200 if issue is None else 409)


def _not_opened(  # noqa: PLR0913  # the form once more
    wave_id: UUID,
    caller: Caller,
    db: Database,
    issue: Issue,
    whatsapp: str,
    *,
    status: int = 422,
    now: datetime,
) -> Response:
    with db.reading() as session:
        queries.wave_header(session, caller.scope, wave_id)
        page = classes_page(session, caller, wave_id, now=now, issues=(issue,), whatsapp=whatsapp)
    return render(page, status=status)
