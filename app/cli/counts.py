"""`trayecto counts`: compare the counts of every wave with its cases now."""

from typing import Annotated

import typer

from app.cli.runtime import opened_runtime
from app.cli.terminal import show_json
from app.worker.counting import compare_counts, gather_counts
from app.worker.deployment import Deployment


def counts(
    as_json: Annotated[bool, typer.Option("--json", help="Un documento JSON.")] = False,
) -> None:
    """Compara los conteos de cada levantamiento con sus casos y corrige lo que no cuadre."""
    with opened_runtime() as runtime:
        deployment = Deployment(runtime.settings, runtime.database, runtime.clock)
        corrected = compare_counts(deployment)
        gathered = gather_counts(deployment)
    if as_json:
        show_json({"corrected": corrected, "gathered": gathered})
    else:
        print(f"{corrected} levantamientos corregidos, {gathered} movimientos reunidos.")
