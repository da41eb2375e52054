"""Load the lists of control escolar: choose a file, look at what it would do, decide.

One file serves two purposes: the directory of a generation (roster), and who graduated
(confirmation). Nothing is stored in the directory before somebody says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.chronology.wave_plan import parse_cohort
from app.directory import uploads
from app.directory.headings import Field as Heading
from app.directory.keyed import match_keys
from app.directory.roster.apply import apply_roster
from app.directory.roster.candidates import Reading
from app.directory.roster.confirm import apply_confirmation, counts, review_confirmation
from app.directory.roster.container import FileRefused
from app.directory.roster.planning import (
    Target,
    preview,
    reading_of,
    schools_in_scope,
)
from app.directory.roster.reading import RosterFile, open_roster
from app.directory.tables import ImportState
from app.directory.uploads import UploadRow, upload_of
from app.staff import audit
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit
from app.web.render import render
from app.web.staff import roster_pages
from app.web.staff.roster_pages import Told, numbers_of
from app.web.staff.shell import Issue
from app.web.wiring import Caller, Db, Form, Now, Permits, Site, SiteHere, field, upload

router = APIRouter()
Importer = Annotated[Caller, Depends(Permits(Permission.IMPORT_ROSTER))]


@dataclass(frozen=True, slots=True)
class _Work:
    """A file that waits, opened for its school."""

    batch: UploadRow
    unit: OrganisationUnit
    listed: RosterFile
    reading: Reading


@router.get("/panel/listas/nueva")
def new_page(request: Request, caller: Importer, db: Db) -> Response:
    """The form; `?unidad=CCT` chooses the school."""
    with db.reading() as session:
        unit = _unit(session, caller, request.query_params.get("unidad", ""))
        return render(roster_pages.new_page(caller, unit, {}, ()))


@router.post("/panel/listas")
def receive(caller: Importer, form: Form, db: Db, now: Now) -> Response:
    """Keep the file and show what it would do."""
    typed = {name: field(form, name) for name in ("unit", "generation", "kind")}
    chosen = upload(form, "file")
    issue = _problem(typed, chosen)
    if issue is None and chosen is not None:
        name, content = chosen
        try:
            open_roster(content)
        except FileRefused as refusal:
            issue = Issue("file", refusal.mensaje)
        else:
            with db.unit_of_work() as session:
                chosen_unit = units.unit_by_code(session, caller.scope, typed["unit"])
                batch_id = uploads.keep_upload(
                    session,
                    chosen_unit.id,
                    content,
                    kind=typed["kind"],
                    file_name=name,
                    staff_id=caller.actor.account_id,
                    options={"generation": typed["generation"]},
                    now=now,
                )
            return RedirectResponse(f"/panel/listas/{batch_id}", 303)
    with db.reading() as session:
        unit = _unit(session, caller, typed["unit"])
        found = (issue,) if issue else ()
        return render(roster_pages.new_page(caller, unit, typed, found), status=422)


@router.get("/panel/listas/{batch_id}")
def preview_page(batch_id: UUID, caller: Importer, db: Db, now: Now, site: SiteHere) -> Response:
    """What the file would do."""
    with db.reading() as session:
        batch = upload_of(session, caller.scope, batch_id)
        if batch.state is not ImportState.PREVIEW:
            return render(roster_pages.decided(caller, batch))
        work = _prepare(session, caller, batch, site, now=now)
        page = roster_pages.preview_of(caller, batch, work.listed, _tell(session, work))
    return render(page)


@router.post("/panel/listas/{batch_id}/columnas")
def set_columns(batch_id: UUID, caller: Importer, form: Form, db: Db) -> Response:
    """Correct by hand what a column holds."""
    known = {one.value for one in Heading}
    chosen = {
        int(name.removeprefix("column-")): (value if value in known else None)
        for name, value in form.multi_items()
        if name.startswith("column-") and name[7:].isdecimal() and isinstance(value, str)
    }
    with db.unit_of_work() as session:
        upload_of(session, caller.scope, batch_id)
        uploads.set_columns(session, batch_id, chosen)
    return RedirectResponse(f"/panel/listas/{batch_id}", 303)


@router.post("/panel/listas/{batch_id}/aplicar")
def apply_now(batch_id: UUID, caller: Importer, db: Db, now: Now, site: SiteHere) -> Response:
    """Store what the preview showed."""
    with db.unit_of_work() as session:
        batch = upload_of(session, caller.scope, batch_id)
        work = _prepare(session, caller, batch, site, now=now)
        numbers = _apply(session, work, now=now)
        uploads.close_upload(session, batch_id, ImportState.APPLIED, counts=numbers)
        audit.append(
            session,
            "roster.imported" if batch.kind == "roster" else "roster.confirmed",
            actor_id=caller.actor.account_id,
            about=("import_batch", batch_id),
            unit_id=work.unit.id,
            now=now,
            **numbers,
        )
    return RedirectResponse(f"/panel/listas/{batch_id}", 303)


@router.post("/panel/listas/{batch_id}/descartar")
def discard(batch_id: UUID, caller: Importer, db: Db) -> Response:
    """Forget the file."""
    with db.unit_of_work() as session:
        batch = upload_of(session, caller.scope, batch_id)
        uploads.close_upload(session, batch_id, ImportState.DISCARDED)
    return RedirectResponse(f"/panel/listas/nueva?unidad={batch.unit_code}", 303)


def _problem(typed: Mapping[str, str], chosen: tuple[str, bytes] | None) -> Issue | None:
    if chosen is None:
        return Issue(
            "file", "Elija el archivo: CSV o Excel (.xlsx), tal como sale de control escolar."
        )
    if typed["kind"] not in roster_pages.KINDS:
        return Issue("kind", "Elija para qué es el archivo.")
    if typed["generation"]:
        try:
            parse_cohort(typed["generation"])
        except ValueError:
            return Issue("generation", "Escriba la generación con sus dos años: 2023-2026.")
    return None


def _unit(session: Session, caller: Caller, code: str) -> OrganisationUnit | None:
    if code:
        return units.unit_by_code(session, caller.scope, code)
    tops = units.tops(session, caller.scope)
    return units.unit_by_code(session, caller.scope, tops[0].code) if len(tops) == 1 else None


def _prepare(
    session: Session, caller: Caller, batch: UploadRow, site: Site, *, now: datetime
) -> _Work:
    unit = units.unit_by_code(session, caller.scope, batch.unit_code)
    by_hand = {
        int(at): (Heading(name) if name else None) for at, name in (batch.columns or {}).items()
    }
    content = uploads.upload_content(session, batch.id)
    listed = open_roster(content, by_hand=by_hand or None)
    generation = batch.options.get("generation", "")
    cohort = parse_cohort(generation) if generation else None
    target = Target(schools_in_scope(session, caller.scope).get(unit.code), cohort)
    keys = match_keys(site.settings.data_keys)
    reading = reading_of(session, caller.scope, listed, target, keys, now.date())
    return _Work(batch, unit, listed, reading)


def _tell(session: Session, work: _Work) -> Told:
    if work.batch.kind != "roster":
        report, _ = review_confirmation(session, work.listed, work.reading)
        return Told(counts(report), warnings=tuple(report.findings))
    plan = preview(session, work.listed, work.reading)
    return Told(numbers_of(plan), tuple(plan.shown), tuple(plan.rejected), tuple(plan.warnings))


def _apply(session: Session, work: _Work, *, now: datetime) -> dict[str, int]:
    if work.batch.kind != "roster":
        return dict(counts(apply_confirmation(session, work.listed, work.reading, now=now)))
    return numbers_of(apply_roster(session, work.listed, work.reading, now=now))
