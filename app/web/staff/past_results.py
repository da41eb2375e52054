"""Results of earlier generations: told by hand or by a file, with their source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.past_figures import NAMES, TypedFigure, Wrong, offered, read_figure, read_file
from app.analytics.past_results import PastLine, drop_figure, keep_figures, past_figures
from app.fieldwork.percents import as_percent
from app.staff.roles import Permission
from app.units.queries import unit_by_code
from app.units.tables import OrganisationUnit
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.staff.waves import steward
from app.web.wiring import Caller, Db, Form, Now, Permits, field, upload

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_OUTCOMES))]
Signer = Annotated[Caller, Depends(Permits(Permission.SIGN_OFF))]
MOST_ISSUES = 30


@dataclass(frozen=True, slots=True)
class FigureOption:
    """A figure that may be told."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PastRow:
    """A figure of the past, in words."""

    figure: str
    value: str
    base: str
    source: str
    drop_url: str


@dataclass(frozen=True, slots=True)
class PastGeneration:
    """A questionnaire of an earlier generation."""

    title: str
    rows: tuple[PastRow, ...]


@dataclass(frozen=True, slots=True)
class PastPage(Page):
    """The figures of earlier generations of a unit, and the forms that add to them."""

    template: ClassVar[str] = "staff/past_results.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    generations: tuple[PastGeneration, ...]
    may_add: bool
    action: str
    options: tuple[FigureOption, ...]
    typed: Mapping[str, str]
    issues: tuple[Issue, ...]


@router.get("/panel/cronologia/{unit_code}/anteriores")
def past(unit_code: str, caller: Reader, db: Db) -> Response:
    """What was told of earlier generations."""
    with db.reading() as session:
        unit = unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, unit, {}, ())
    return render(page)


@router.post("/panel/cronologia/{unit_code}/anteriores")
def add(unit_code: str, caller: Signer, form: Form, db: Db, now: Now) -> Response:
    """Keep one figure."""
    typed = {name: field(form, name) for name in NAMES}
    found = read_figure(typed)
    figures = [found] if isinstance(found, TypedFigure) else []
    wrong = [found] if isinstance(found, Wrong) else []
    return _kept(unit_code, caller, db, now, figures, wrong, typed)


@router.post("/panel/cronologia/{unit_code}/anteriores/archivo")
def add_file(unit_code: str, caller: Signer, form: Form, db: Db, now: Now) -> Response:
    """Keep every figure of a file, or none."""
    chosen = upload(form, "file")
    if chosen is None:
        return _kept(
            unit_code, caller, db, now, [], [Wrong(0, "file", "Elija el archivo CSV.")], {}
        )
    figures, wrong = read_file(chosen[1])
    wrong += [
        Wrong(one.row, "file", f"es de la unidad «{one.unit}», y aquí se carga {unit_code}.")
        for one in figures
        if one.unit not in {"", unit_code}
    ]
    if not figures and not wrong:
        wrong = [Wrong(1, "", "El archivo no tiene ninguna cifra.")]
    return _kept(unit_code, caller, db, now, figures, wrong, {})


@router.post("/panel/cronologia/{unit_code}/anteriores/quitar")
def drop(unit_code: str, caller: Signer, form: Form, db: Db, now: Now) -> Response:
    """Take one figure back."""
    with db.unit_of_work() as session:
        unit = unit_by_code(session, caller.scope, unit_code)
        drop_figure(session, unit, _id(field(form, "figure")), by=steward(caller), now=now)
    return RedirectResponse(f"/panel/cronologia/{unit_code}/anteriores", 303)


def _kept(  # noqa: PLR0913, PLR0917 (one act of two forms, and the page again where it is refused)
    unit_code: str,
    caller: Caller,
    db: Db,
    now: Now,
    figures: Sequence[TypedFigure],
    wrong: Sequence[Wrong],
    typed: Mapping[str, str],
) -> Response:
    if not wrong:
        with db.unit_of_work() as session:
            unit = unit_by_code(session, caller.scope, unit_code)
            keep_figures(session, unit, figures, staff_id=steward(caller).staff_id, now=now)
        return RedirectResponse(f"/panel/cronologia/{unit_code}/anteriores", 303)
    issues = tuple(_issue(one) for one in wrong[:MOST_ISSUES])
    with db.reading() as session:
        unit = unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, unit, typed, issues)
    return render(page, status=422)


def _issue(wrong: Wrong) -> Issue:
    if not wrong.row:
        return Issue(wrong.column, wrong.sentence)
    return Issue("file", f"Fila {wrong.row}: {wrong.sentence} No se guardó ninguna.")


def _page(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    typed: Mapping[str, str],
    issues: tuple[Issue, ...],
) -> PastPage:
    action = f"/panel/cronologia/{unit.code}/anteriores"
    lines = past_figures(session, caller.scope, unit.id)
    groups: dict[tuple[str, int], list[PastLine]] = {}
    for line in lines:
        groups.setdefault((line.cohort.label, line.questionnaire), []).append(line)
    return PastPage(
        title="Resultados de generaciones anteriores",
        shell=shell(caller, at="/panel"),
        trail=(
            Crumb(unit.name, f"/panel/cronologia/{unit.code}"),
            Crumb("Resultados de generaciones anteriores"),
        ),
        generations=tuple(
            PastGeneration(
                f"Generación {label}, Cuestionario {number}",
                tuple(_row(line) for line in mine),
            )
            for (label, number), mine in groups.items()
        ),
        may_add=caller.actor.may(Permission.SIGN_OFF),
        action=action,
        options=tuple(
            FigureOption(one.key, one.words, chosen=one.key == typed.get("figure"))
            for one in offered()
        ),
        typed=dict.fromkeys(NAMES, "") | dict(typed),
        issues=issues,
    )


def _row(line: PastLine) -> PastRow:
    return PastRow(
        figure=line.words,
        value=as_percent(line.value, digits=1),
        base="no dice" if line.base is None else f"{line.base:,} personas",
        source=line.source,
        drop_url=str(line.id),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's
