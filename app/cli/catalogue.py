"""`trayecto catalogue …`: lists of official names, which the program does not ship."""

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from app.cli.files import read_file
from app.cli.runtime import opened_runtime
from app.cli.terminal import refuse, show_json
from app.staff import audit
from app.units.catalogues import catalogues, import_municipalities
from app.units.municipalities import LARGEST_FILE

SHOWN_FAULTS = 20  # lines on a terminal; --json has them all
INEGI = (
    "INEGI, Catálogo Único de Claves de Áreas Geoestadísticas Estatales, Municipales y Localidades"
)

catalogue = typer.Typer(
    name="catalogue", help="Catálogos: municipios con su edición y fuente.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Un documento JSON.")]


@catalogue.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="CSV de municipios (AGEEML de INEGI).", show_default=False)
    ],
    edition: Annotated[str, typer.Option(help="Edición, por ejemplo 2025-11.")] = "",
    source: Annotated[str, typer.Option(help="De dónde viene la lista.")] = INEGI,
    as_json: Json = False,
) -> None:
    """Carga los municipios de un CSV: todos o ninguno. Reemplaza la lista anterior."""
    data = read_file(file, limit=LARGEST_FILE)
    with opened_runtime() as runtime, runtime.database.unit_of_work() as session:
        now = runtime.clock()
        chosen = (edition or f"{now:%Y-%m}")[:60]
        done = import_municipalities(session, data, edition=chosen, source=source[:200], now=now)
        if not done.rejected:
            audit.append(
                session,
                "catalogue.imported",
                actor_id=None,
                about=("file", sha256(data).hexdigest()),
                now=now,
                rows=done.rows,
                edition=chosen,
            )
    if as_json:
        show_json(asdict(done))
    else:
        for fault in done.rejected[:SHOWN_FAULTS]:
            print(f"Renglón {fault.row}. {fault.message}" if fault.row else fault.message)
        if not done.rejected:
            print(f"Municipios: {done.rows:,}. Edición {chosen}.")
    if done.rejected:
        refuse(f"No se cargó nada: {len(done.rejected)} problemas. Corrija el archivo y repita.")
        raise typer.Exit(1)


@catalogue.command("list")
def list_all(as_json: Json = False) -> None:
    """Muestra qué catálogos hay, de qué edición y de dónde."""
    with opened_runtime() as runtime, runtime.database.reading() as session:
        lines = catalogues(session)
    if as_json:
        show_json([asdict(line) for line in lines])
        return
    for line in lines:
        print(f"{line.name}\t{line.edition}\t{line.rows:,}\t{line.source}")
    if not lines:
        print("No hay catálogos. Cargue uno con: trayecto catalogue import municipios.csv")
