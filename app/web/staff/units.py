"""The tree of units: walk down it, import it, see one of them."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlmodel import Session

from app.staff import audit
from app.staff.roles import Permission
from app.units import queries
from app.units.importing import ImportResult, import_units
from app.units.tables import OrganisationUnit, UnitKind
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.staff.wave_words import zone_in_words
from app.web.wiring import Caller, Db, Form, Now, Permits, upload

router = APIRouter()

KIND_NAMES = {
    UnitKind.NATION: "País",
    UnitKind.REGION: "Región",
    UnitKind.STATE: "Estado",
    UnitKind.SUBSYSTEM: "Subsistema",
    UnitKind.ZONE: "Zona",
    UnitKind.SCHOOL: "Plantel",
}
MOST_SHOWN = 500  # lines of one page; a zone has a few dozen schools

Reader = Annotated[Caller, Depends(Permits(Permission.SEE_CHRONOLOGY))]
Manager = Annotated[Caller, Depends(Permits(Permission.MANAGE_UNITS))]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit of a list."""

    code: str
    name: str
    kind: str
    schools: str
    url: str
    gone: bool


@dataclass(frozen=True, slots=True)
class UnitsPage(Page):
    """A unit and what is directly below it; without a unit, where the caller's tree begins."""

    template: ClassVar[str] = "staff/units.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    facts: tuple[tuple[str, str], ...]
    rows: tuple[UnitRow, ...]
    may_import: bool
    chronology_url: str | None
    profile_url: str | None
    plan_url: str | None = None
    rehearsal_url: str | None = None


@dataclass(frozen=True, slots=True)
class ImportPage(Page):
    """Choose a file of units; afterwards, what it did or what to mend."""

    template: ClassVar[str] = "staff/units_import.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    issues: tuple[Issue, ...]
    result: ImportResult | None


@router.get("/panel/unidades")
def units_page(caller: Reader, db: Db) -> Response:
    """Where the caller's tree begins."""
    with db.reading() as session:
        found = queries.tops(session, caller.scope)
        page = UnitsPage(
            "Planteles y oficinas",
            shell(caller, at="/panel/unidades"),
            (),
            (),
            _rows(found),
            caller.actor.may(Permission.MANAGE_UNITS),
            None,
            None,
        )
    return render(page)


@router.get("/panel/unidades/importar")
def import_page(caller: Manager) -> Response:
    """The import form."""
    return render(_import_page(caller, (), None))


@router.post("/panel/unidades/importar")
def import_now(caller: Manager, form: Form, db: Db, now: Now) -> Response:
    """Import a file of units: all or nothing."""
    chosen = upload(form, "file")
    if chosen is None:
        issue = Issue("file", "Elija el archivo CSV con las unidades.")
        return render(_import_page(caller, (issue,), None), status=422)
    name, data = chosen
    with db.unit_of_work() as session:
        result = import_units(session, data)
        if not result.rejected:
            audit.append(
                session,
                "units.imported",
                actor_id=caller.actor.account_id,
                about=("file", name),
                now=now,
                rows=result.rows,
                created=result.created,
                updated=result.updated,
            )
    page = _import_page(caller, (), result)
    return render(page, status=422 if result.rejected else 200)


@router.get("/panel/unidades/{unit_code}")
def unit_page(unit_code: str, caller: Reader, db: Db) -> Response:
    """One unit."""
    with db.reading() as session:
        unit = queries.unit_by_code(session, caller.scope, unit_code)
        trail = crumbs(session, caller, unit)
        below = queries.children(session, caller.scope, unit.id)
        page = UnitsPage(
            unit.name,
            shell(caller, at="/panel/unidades"),
            trail,
            _facts(unit),
            _rows(below),
            may_import=False,
            chronology_url=f"/panel/cronologia/{unit.code}",
            profile_url=f"/panel/unidades/{unit.code}/institucion"
            if caller.actor.may(Permission.MANAGE_INSTITUTION)
            else None,
            rehearsal_url=f"/panel/unidades/{unit.code}/ensayo"
            if caller.actor.may(Permission.SEE_MESSAGES)
            else None,
            plan_url=f"/panel/unidades/{unit.code}/plan"
            if caller.actor.may(Permission.MANAGE_INSTITUTION)
            else None,
        )
    return render(page)


def crumbs(session: Session, caller: Caller, unit: OrganisationUnit) -> tuple[Crumb, ...]:
    """From the top of the caller's tree to the unit."""
    path = queries.breadcrumb(session, caller.scope, unit.id)
    return (
        Crumb("Planteles y oficinas", "/panel/unidades"),
        *(Crumb(step.name, f"/panel/unidades/{step.code}") for step in path[:-1]),
        Crumb(unit.name),
    )


def _rows(found: list[queries.UnitBelow]) -> tuple[UnitRow, ...]:
    return tuple(
        UnitRow(
            unit.code,
            unit.name,
            KIND_NAMES[unit.kind],
            "" if unit.kind is UnitKind.SCHOOL else f"{unit.schools:,}",
            f"/panel/unidades/{unit.code}",
            gone=unit.valid_until is not None,
        )
        for unit in found[:MOST_SHOWN]
    )


def _facts(unit: OrganisationUnit) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Tipo", KIND_NAMES[unit.kind]),
        ("Clave", unit.code),
        ("Horario", zone_in_words(unit.time_zone)),
    ]
    if unit.valid_from is not None:
        facts.append(("Desde", f"{unit.valid_from:%d/%m/%Y}"))
    if unit.valid_until is not None:
        facts.append(("Hasta", f"{unit.valid_until:%d/%m/%Y}"))
    return tuple(facts)


def _import_page(
    caller: Caller, issues: tuple[Issue, ...], result: ImportResult | None
) -> ImportPage:
    trail = (Crumb("Planteles y oficinas", "/panel/unidades"), Crumb("Cargar unidades"))
    title = "Cargar planteles y oficinas"
    return ImportPage(title, shell(caller, at="/panel/unidades"), trail, issues, result)
