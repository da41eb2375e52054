"""`trayecto store`: bring the columnar store of big offices up to date now."""

from typing import Annotated

import typer

from app.analytics.editions.cuts import fielded
from app.analytics.editions.store import StoreNotInstalled, installed, store_folder
from app.analytics.editions.store_building import rebuild_part
from app.cli.runtime import opened_runtime
from app.cli.terminal import show_json
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment


def store(
    as_json: Annotated[bool, typer.Option("--json", help="Un documento JSON.")] = False,
) -> None:
    """Reúne las ediciones vigentes en columnas, para que las oficinas grandes lean rápido."""
    if not installed():
        raise StoreNotInstalled
    parts = persons = waves = 0
    with opened_runtime() as runtime:
        folder = store_folder() or runtime.settings.data_dir
        take_cuts(Deployment(runtime.settings, runtime.database, runtime.clock), every=True)
        with runtime.database.reading() as session:
            wanted = fielded(session)
        for cohort, questionnaire in wanted:
            with runtime.database.reading() as session:
                done = rebuild_part(session, folder, cohort, questionnaire, now=runtime.clock())
            parts, persons, waves = (
                parts + done.parts,
                persons + done.persons,
                waves + done.waves_read,
            )
    if as_json:
        show_json({"parts": parts, "waves_read": waves, "persons": persons})
    else:
        print(f"{parts} partes escritas, {waves} levantamientos leídos, {persons} personas.")
