"""`trayecto …`: every command, gathered from the modules beside this one.

Only what was asked for is imported: the list of commands waits for no library of theirs.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import typer

from app.cli.terminal import refuse
from app.errors import AppError
from app.units.places import use_pinned_zones


@dataclass(frozen=True, slots=True)
class Listed:
    """A command, or a group of them: its module of app.cli, its name there, its line of help.

    The line is the first of its own help; a test compares them.
    """

    module: str
    name: str
    line: str


LISTED = {
    "migrate": Listed(
        "database", "migrate", "Lleva la base de datos a la última versión; se puede repetir."
    ),
    "serve": Listed("serve", "serve", "Sirve las páginas; se detiene con Ctrl-C."),
    "worker": Listed(
        "worker", "worker", "Abre y cierra levantamientos y envía mensajes; se detiene con Ctrl-C."
    ),
    "tick": Listed(
        "worker",
        "tick_once",
        "Hace una pasada: abre, cierra, pone en cola y envía lo que toca; se puede repetir.",
    ),
    "calendar": Listed(
        "worker",
        "calendar",
        "Ensaya los próximos días: qué se abrirá, enviará y cerrará, sin hacerlo.",
    ),
    "links": Listed(
        "worker", "links", "Escribe las ligas personales de un levantamiento; queda en la bitácora."
    ),
    "rates": Listed(
        "results",
        "rates",
        "Tasas de respuesta de un cuestionario de una generación, con sus cuentas.",
    ),
    "indicators": Listed(
        "results",
        "indicators",
        "Indicadores de un cuestionario, con lo que no se muestra y por qué.",
    ),
    "store": Listed(
        "store",
        "store",
        "Reúne las ediciones vigentes en columnas, para que las oficinas grandes lean rápido.",
    ),
    "counts": Listed(
        "counts",
        "counts",
        "Compara los conteos de cada levantamiento con sus casos y corrige lo que no cuadre.",
    ),
    "check": Listed(
        "database",
        "check",
        "Revisa ajustes, base de datos, migraciones, disco y correo; falla si no se puede servir.",
    ),
    "chronology": Listed(
        "chronology", "chronology", "Muestra la tabla cronológica: generaciones por ciclo escolar."
    ),
    "simulate": Listed(
        "simulate",
        "simulate",
        "Carga datos simulados en una base vacía: escuelas, personas, respuestas, mensajes.",
    ),
    "demo": Listed(
        "demo",
        "demo",
        "Carga una demostración con datos simulados y la sirve; se detiene con Ctrl-C.",
    ),
    "questionnaire": Listed("instruments", "questionnaire_app", "Cuestionarios: revisarlos."),
    "units": Listed("units", "units", "Unidades: del país a la escuela."),
    "catalogue": Listed("catalogue", "catalogue", "Catálogos: municipios con su edición y fuente."),
    "roster": Listed("roster", "roster", "Listas de control escolar: alumnado y egreso."),
    "past": Listed(
        "past", "past", "Resultados de generaciones anteriores: agregados, con su fuente."
    ),
    "staff": Listed("staff", "staff", "Cuentas del personal: invitar y restablecer."),
    "audit": Listed("staff", "audit", "Bitácora: comprobar que está completa."),
    "bounces": Listed("bounces", "bounces", "Mensajes que regresaron."),
}


def program(arguments: Sequence[str]) -> typer.Typer:
    """The program as these arguments need it: other commands are there by name and line only."""
    asked = next((one for one in arguments if not one.startswith("-")), None)
    made = typer.Typer(
        name="trayecto",
        help="Seguimiento de egresados de educación media superior.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name, listed in LISTED.items():
        if name == asked:
            _add(made, name, listed)
        else:
            made.command(name, help=listed.line)(_not_asked)
    return made


def main() -> None:
    """Run the program: exit 0, 1 with one Spanish line for a refusal, 2 for wrong usage."""
    use_pinned_zones()
    arguments = sys.argv[1:]
    try:
        program(arguments)(arguments)
    except AppError as error:
        refuse(error.mensaje_personal)
        sys.exit(1)


def _add(made: typer.Typer, name: str, listed: Listed) -> None:
    found = getattr(import_module(f"app.cli.{listed.module}"), listed.name)
    if isinstance(found, typer.Typer):
        made.add_typer(found, name=name)
    else:
        made.command(name)(found)


def _not_asked() -> None:
    """Stands where a command is only listed."""
