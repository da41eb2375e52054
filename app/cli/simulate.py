"""`trayecto simulate`: a synthetic world of any size, for trying things out."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.chronology.calendar import civil_date
from app.chronology.wave_plan import Cohort, parse_cohort
from app.cli.moments import CENTRE, HELP, clock_at
from app.cli.runtime import Runtime, opened_runtime
from app.cli.terminal import show_json
from app.directory.keyed import match_keys
from app.errors import AppError
from app.fieldwork.stationery import post_office
from app.simulation.loading import (
    Loaded,
    finish,
    load_school,
    move_windows,
    prepare,
    refuse_unfit,
)
from app.simulation.parameters import parameters
from app.simulation.plans import WorldPlan, usual_cohorts
from app.staff import audit
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions

MOST_SCHOOLS = 20_000  # a nation has some 15,400
EDITIONS = 500  # frozen at once; of a larger world the worker freezes the rest


class GenerationsRefused(AppError):
    """--generations is not a list of pairs of years."""

    code = "simulation.generations_refused"
    status = 400
    plantilla = (
        "No se entiende la generación «{text}». Escríbalas así, con comas: 2021-2024,2022-2025."
    )


def simulate(
    schools: Annotated[int, typer.Option(help="Cuántas escuelas.", min=1, max=MOST_SCHOOLS)] = 3,
    generations: Annotated[
        str | None, typer.Option(help="Por ejemplo 2021-2024,2022-2025; si no, las cuatro de hoy.")
    ] = None,
    now: Annotated[str | None, typer.Option("--now", help=HELP)] = None,
    seed: Annotated[str, typer.Option(help="La misma semilla da el mismo mundo.")] = "1",
    as_json: Annotated[bool, typer.Option("--json", help="Un documento JSON.")] = False,
) -> None:
    """Carga datos simulados en una base vacía: escuelas, personas, respuestas, mensajes."""
    with opened_runtime() as runtime:
        moment = clock_at(now, runtime.clock)()
        cohorts = _cohorts(generations) or usual_cohorts(civil_date(moment, CENTRE))
        loaded = _load(runtime, WorldPlan(seed, schools, cohorts, moment))
    if as_json:
        show_json({**asdict(loaded), "generations": [str(cohort) for cohort in cohorts]})
    else:
        print(
            f"Datos simulados: {loaded.schools} escuelas, {loaded.members} personas, "
            f"{loaded.waves} levantamientos, {loaded.responses} cuestionarios respondidos, "
            f"{loaded.messages} mensajes."
        )


def _load(runtime: Runtime, plan: WorldPlan) -> Loaded:
    """School by school, each in a transaction of its own: a nation is too much for one."""
    office = post_office(runtime.settings)
    match = match_keys(runtime.settings.data_keys)
    with runtime.database.unit_of_work() as session:
        refuse_unfit(session, runtime.settings)
        ground = prepare(session, plan, office, match, assumed=parameters())
    total = Loaded()
    for school in ground.schools:
        with runtime.database.unit_of_work() as session:
            total += load_school(session, ground, school)
    with runtime.database.unit_of_work() as session:
        move_windows(session, ground)
        finish(session, plan, kind="simulate")
        audit.append(
            session,
            "simulation.loaded",
            actor_id=None,
            about=("seed", plan.seed[:80]),
            now=runtime.clock(),
            schools=total.schools,
            members=total.members,
        )
    deployment = Deployment(runtime.settings, runtime.database, lambda: plan.now)
    if freeze_editions(deployment, limit=EDITIONS) < EDITIONS:
        take_cuts(deployment)
    return total


def _cohorts(text: str | None) -> tuple[Cohort, ...]:
    if text is None:
        return ()
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(parse_cohort(part))
        except ValueError as error:
            raise GenerationsRefused(text=part) from error
    return tuple(sorted(set(found)))
