"""What schools of an office still lack, for one generation: each with its count and its list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.chronology.table import standard_cohorts
from app.chronology.wave_plan import Cohort
from app.classroom.held import without_class
from app.fieldwork.coverage import Lacking, coverage
from app.web.render import Page, render
from app.web.staff.results_asked import Asked, Reader, UnitTop, asked_of, unit_top
from app.web.staff.results_pages import Choice
from app.web.staff.shell import Shell, shell
from app.web.wiring import Caller, Db, Now

router = APIRouter()
MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class LackingRow:
    """A school of a list."""

    name: str
    code: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that schools lack. `rest`: how many more there are than are listed."""

    id: str
    title: str
    count: str
    what: str
    rows: tuple[LackingRow, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class CoveragePage(Page):
    """The coverage of a unit."""

    template: ClassVar[str] = "staff/results_coverage.html"
    title: str
    shell: Shell
    top: UnitTop
    generations: tuple[Choice, ...]
    lead: str
    gaps: tuple[Gap, ...]


@router.get("/panel/resultados/{unit_code}/cobertura")
def coverage_page(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """Schools without list, class or confirmation; `?generacion=2013-2016`."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request, strict=False)
        cohorts = _cohorts(asked, civil_date(now, asked.unit.time_zone).year)
        page = _page(session, caller, asked, cohorts, request)
    return render(page)


def _cohorts(asked: Asked, year: int) -> list[Cohort]:
    """Those that were asked something, and those that leave last year, now and next."""
    standard = standard_cohorts(year - 4, year - 2)
    found = {*(one.cohort for one in asked.all_fielded), *standard}
    return sorted(found, key=lambda one: (-one.leaves, -one.entered))


def _page(
    session: Session, caller: Caller, asked: Asked, cohorts: Sequence[Cohort], request: Request
) -> CoveragePage:
    name = request.query_params.get("generacion", "")
    default = asked.chosen.cohort if asked.chosen is not None else cohorts[0]
    chosen = next((one for one in cohorts if str(one) == name), default)
    found = coverage(session, caller.scope, asked.unit.id, chosen)
    no_class, opened = without_class(session, caller.scope, asked.unit.id, chosen)
    if asked.as_public:  # of how few persons graduation is not known is nobody else's
        missing = [Lacking(one.code, one.name) for one in found.without_confirmation]
    else:
        missing = list(found.without_confirmation)
    return CoveragePage(
        title=f"Cobertura. {asked.unit.name}",
        shell=shell(caller, at="/panel/resultados"),
        top=unit_top(session, caller, asked, at="/cobertura"),
        generations=tuple(Choice(str(one), str(one), chosen=one == chosen) for one in cohorts),
        lead=f"Generación {chosen}: {_schools(found.schools)}.",
        gaps=(
            _gap(
                "lista",
                "Sin lista de la generación",
                "Sin lista no hay a quién invitar. Pida que carguen su archivo de control escolar.",
                found.without_roster,
                found.schools,
            ),
            _gap(
                "clase",
                "Sin sesión en clase",
                "Abrieron el Cuestionario 1 y ningún grupo lo ha respondido en clase, que es como "
                "responde casi toda la generación.",
                no_class,
                opened,
            ),
            _gap(
                "egreso",
                "Sin confirmar quién egresó",
                "Cerraron el Cuestionario 1 y falta decir quién egresó. Mientras tanto esas "
                "personas cuentan en la lista como por confirmar.",
                missing,
                found.schools,
            ),
        ),
    )


def _gap(key: str, title: str, what: str, lacking: Sequence[Lacking], of: int) -> Gap:
    rest = len(lacking) - MOST_LISTED
    return Gap(
        id=key,
        title=title,
        count=f"{len(lacking):,} de {_schools(of)}",
        what=what,
        rows=tuple(
            LackingRow(
                name=one.name,
                code=one.code,
                url=f"/panel/cronologia/{one.code}",
                note="" if not one.persons else f"{one.persons:,} por confirmar",
            )
            for one in lacking[:MOST_LISTED]
        ),
        rest=f"Y {rest:,} más: elija una unidad más pequeña." if rest > 0 else "",
    )


def _schools(number: int) -> str:
    return "1 plantel" if number == 1 else f"{number:,} planteles"
