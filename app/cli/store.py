"""`trayecto store`: bring the columnar store of big offices up to date now."""

from typing import Annotated

import typer

from app.analytics.editions.store import StoreNotInstalled, installed, store_folder
from app.analytics.editions.store_building import parts_to_build, rebuild_part
from app.cli.runtime import opened_runtime
from app.cli.terminal import show_json
from app.worker.columns import tell_apart


def store(
    as_json: Annotated[bool, typer.Option("--json", help="Un documento JSON.")] = False,
) -> None:
    """Reúne las ediciones vigentes en columnas, para que las oficinas grandes lean rápido."""
    if not installed():
        raise StoreNotInstalled
    parts = persons = waves = 0
    with opened_runtime() as runtime:
        folder = store_folder() or runtime.settings.data_dir
        with runtime.database.reading() as session:
            wanted = parts_to_build(session)
        for cohort, questionnaire in wanted:
            tell_apart(runtime.database, cohort, questionnaire)
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
