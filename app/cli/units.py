"""`trayecto units …`: load the tree of offices and schools, and show it."""

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from app.cli.files import read_file
from app.cli.runtime import opened_runtime
from app.cli.terminal import refuse, show_json
from app.staff import audit
from app.units.importing import ImportResult, import_units
from app.units.placement import KIND_WORDS
from app.units.queries import UnitLine, list_units
from app.units.scope import WHOLE
from app.units.sheet import LARGEST_FILE, Problem

SHOWN_PROBLEMS = 20  # lines on a terminal; --json has them all

units = typer.Typer(name="units", help="Unidades: del país a la escuela.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Un documento JSON.")]


@units.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="Archivo CSV.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Carga unidades de un CSV: todas o ninguna."""
    data = read_file(file, limit=LARGEST_FILE)
    with opened_runtime() as runtime, runtime.database.unit_of_work() as session:
        result = import_units(session, data)
        if result.created or result.updated:
            audit.append(
                session,
                "units.imported",
                actor_id=None,
                about=("file", sha256(data).hexdigest()),
                now=runtime.clock(),
                created=result.created,
                updated=result.updated,
            )
    if as_json:
        show_json(asdict(result))
    else:
        _tell(result)
    if result.rejected:
        refuse(_refusal(result.rejected))
        raise typer.Exit(1)


@units.command("list")
def list_all(as_json: Json = False) -> None:
    """Muestra las unidades registradas."""
    with opened_runtime() as runtime, runtime.database.reading() as session:
        lines = list_units(session, WHOLE)
    if as_json:
        show_json([asdict(line) for line in lines])
        return
    for line in lines:
        print(_row(line))


def _tell(result: ImportResult) -> None:
    for warning in result.warnings:
        print(f"Aviso. {_sentence(warning)}")
    for problem in result.rejected[:SHOWN_PROBLEMS]:
        print(_sentence(problem))
    more = len(result.rejected) - SHOWN_PROBLEMS
    if more > 0:
        print(f"… y {more} problemas más; véalos todos con --json.")
    if not result.rejected:
        print(
            f"Filas: {result.rows}. Nuevas: {result.created}. "
            f"Cambiadas: {result.updated}. Sin cambio: {result.unchanged}."
        )


def _refusal(problems: tuple[Problem, ...]) -> str:
    """One line that stands alone: the whole list is on the other stream."""
    many = f"{len(problems)} problemas; el primero" if len(problems) > 1 else "un problema"
    return f"No se guardó nada por {many}: {_sentence(problems[0])}"


def _sentence(problem: Problem) -> str:
    place = f", columna {problem.column}" if problem.column else ""
    return f"Fila {problem.row}{place}: {problem.message}"


def _row(line: UnitLine) -> str:
    return "\t".join(
        (
            line.code,
            KIND_WORDS[line.kind],
            line.name,
            line.parent or "",
            line.subsystem_parent or "",
            line.time_zone,
        )
    )
