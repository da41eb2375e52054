"""`trayecto …`: every command, gathered from the modules beside this one."""

import sys

import typer

from app.cli.bounces import bounces
from app.cli.catalogue import catalogue
from app.cli.chronology import chronology
from app.cli.database import check, migrate
from app.cli.demo import demo
from app.cli.instruments import questionnaire_app
from app.cli.results import indicators, rates
from app.cli.roster import roster
from app.cli.serve import serve
from app.cli.simulate import simulate
from app.cli.staff import audit, staff
from app.cli.store import store
from app.cli.terminal import refuse
from app.cli.units import units
from app.cli.worker import calendar, links, tick_once, worker
from app.errors import AppError
from app.units.places import use_pinned_zones

program = typer.Typer(
    name="trayecto",
    help="Seguimiento de egresados de educación media superior.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

program.command()(migrate)
program.command()(serve)
program.command()(worker)
program.command("tick")(tick_once)
program.command()(calendar)
program.command()(links)
program.command()(rates)
program.command()(indicators)
program.command()(store)
program.command()(check)
program.command()(chronology)
program.command()(simulate)
program.command()(demo)
program.add_typer(questionnaire_app)
program.add_typer(units)
program.add_typer(catalogue)
program.add_typer(roster)
program.add_typer(staff)
program.add_typer(audit)
program.add_typer(bounces)


def main() -> None:
    """Run the program: exit 0, 1 with one Spanish line for a refusal, 2 for wrong usage."""
    use_pinned_zones()
    try:
        program()
    except AppError as error:
        refuse(error.mensaje_personal)
        sys.exit(1)
