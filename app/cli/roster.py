"""`trayecto roster …`: load the lists of schools, and confirm who graduated.

Good rows are stored even if others are rejected: those are listed, corrected and loaded again.
A fault of the file as a whole, or a crash, stores nothing.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlmodel import Session

from app.chronology.wave_plan import Cohort
from app.cli.files import read_file
from app.cli.runtime import Runtime, opened_runtime
from app.cli.terminal import show_json
from app.directory.cells import read_cohort
from app.directory.findings import Finding, as_json_list
from app.directory.keyed import match_keys
from app.directory.roster.apply import apply_roster
from app.directory.roster.candidates import Reading
from app.directory.roster.confirm import (
    ConfirmReport,
    apply_confirmation,
    counts,
    review_confirmation,
)
from app.directory.roster.container import LARGEST_FILE
from app.directory.roster.planning import (
    ImportReport,
    Target,
    preview,
    reading_of,
    schools_in_scope,
)
from app.directory.roster.reading import RosterFile, open_roster
from app.errors import AppError
from app.staff import audit
from app.units.scope import WHOLE

SHOWN_FINDINGS = 30  # lines on a terminal; --json has them all

roster = typer.Typer(
    name="roster", help="Listas de control escolar: alumnado y egreso.", no_args_is_help=True
)

RosterPath = Annotated[Path, typer.Argument(help="Archivo CSV, XLSX u ODS.", show_default=False)]
School = Annotated[str | None, typer.Option("--school", help="CCT del plantel.")]
Generation = Annotated[str | None, typer.Option("--generation", help="Por ejemplo 2023-2026.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Solo revisar, sin guardar.")]
Json = Annotated[bool, typer.Option("--json", help="Un documento JSON.")]


class SchoolUnknown(AppError):
    """No school has this CCT."""

    code = "roster.school_unknown"
    status = 404
    plantilla = (
        "No hay un plantel con la CCT «{cct}». Revísela o cárguelo antes con «units import»."
    )


@roster.command("import")
def import_file(
    file: RosterPath,
    school: School = None,
    generation: Generation = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Carga la lista de alumnado próximo a egresar."""
    content = read_file(file, limit=LARGEST_FILE)
    cohort = _cohort(generation)
    listed = open_roster(content)
    with opened_runtime() as runtime:
        if dry_run:
            with runtime.database.reading() as session:
                report = preview(
                    session, listed, _reading(runtime, session, listed, school, cohort)
                )
        else:
            with runtime.database.unit_of_work() as session:
                reading = _reading(runtime, session, listed, school, cohort)
                report = apply_roster(session, listed, reading, now=runtime.clock())
                _note(runtime, session, "roster.imported", content, reading, _import_counts(report))
    if as_json:
        show_json(
            {
                **_import_counts(report),
                "rejected": as_json_list(report.rejected),
                "warnings": as_json_list(report.warnings),
            }
        )
        return
    print(
        f"Renglones: {report.rows}. Nuevos: {report.created}. Cambiados: {report.updated}. "
        f"Sin cambio: {report.unchanged}. No cargados: {len(report.rejected)}."
    )
    _tell("No se cargó", report.rejected)
    _tell("Aviso", report.warnings)


@roster.command("confirm")
def confirm_file(
    file: RosterPath,
    school: School = None,
    generation: Generation = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Confirma o niega el egreso con la columna EGRESÓ o CERTIFICADO."""
    content = read_file(file, limit=LARGEST_FILE)
    cohort = _cohort(generation)
    listed = open_roster(content)
    with opened_runtime() as runtime:
        report = _confirm(runtime, listed, content, (school, cohort), dry_run=dry_run)
    if as_json:
        show_json({**counts(report), "findings": as_json_list(report.findings)})
        return
    print(
        f"Egreso confirmado: {report.confirmed}. Negado: {report.denied}. "
        f"No encontrados: {report.unmatched}. Sin respuesta: {report.undecided}."
    )
    _tell("Aviso", report.findings)


def _confirm(
    runtime: Runtime,
    listed: RosterFile,
    content: bytes,
    chosen: tuple[str | None, Cohort | None],
    *,
    dry_run: bool,
) -> ConfirmReport:
    if dry_run:
        with runtime.database.reading() as session:
            return review_confirmation(
                session, listed, _reading(runtime, session, listed, *chosen)
            )[0]
    with runtime.database.unit_of_work() as session:
        reading = _reading(runtime, session, listed, *chosen)
        report = apply_confirmation(session, listed, reading, now=runtime.clock())
        _note(runtime, session, "roster.confirmed", content, reading, counts(report))
        return report


def _reading(
    runtime: Runtime,
    session: Session,
    listed: RosterFile,
    cct: str | None,
    cohort: Cohort | None,
) -> Reading:
    school = None
    if cct:
        school = schools_in_scope(session, WHOLE).get(cct.strip().upper())
        if school is None:
            raise SchoolUnknown(cct=cct)
    return reading_of(
        session,
        WHOLE,
        listed,
        Target(school, cohort),
        match_keys(runtime.settings.data_keys),
        runtime.clock().date(),
    )


def _cohort(generation: str | None) -> Cohort | None:
    if generation is None:
        return None
    cohort = read_cohort(generation)
    if cohort is None:
        raise typer.BadParameter("escriba los dos años, por ejemplo 2023-2026")
    return cohort


def _import_counts(report: ImportReport) -> dict[str, int]:
    return {
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
    }


def _note(
    runtime: Runtime,
    session: Session,
    action: Literal["roster.imported", "roster.confirmed"],
    content: bytes,
    reading: Reading,
    numbers: Mapping[str, int],
) -> None:
    """Into the audit trail: counts and the file's hash, nobody's data."""
    audit.append(
        session,
        action,
        actor_id=None,
        about=("file", sha256(content).hexdigest()),
        now=runtime.clock(),
        unit_id=reading.school.id if reading.school else None,
        **numbers,
    )


def _tell(word: str, findings: list[Finding]) -> None:
    for each in findings[:SHOWN_FINDINGS]:
        where = f"renglón {each.row}" if each.row else "archivo"
        column = f", columna «{each.column}»" if each.column else ""
        print(f"{word} ({where}{column}). {each.message}")
    if len(findings) > SHOWN_FINDINGS:
        print(f"Y {len(findings) - SHOWN_FINDINGS} más; con --json salen todos.")
