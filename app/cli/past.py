"""`trayecto past …`: figures of earlier generations as papers of the time give them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from app.analytics.past_figures import LARGEST_FILE, TypedFigure, Wrong
from app.analytics.past_figures import read_file as read_figures
from app.analytics.past_results import keep_figures, past_figures
from app.cli.files import read_file
from app.cli.runtime import opened_runtime
from app.cli.terminal import refuse, show_json
from app.errors import NotFound
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit

SHOWN_FAULTS = 20  # lines on a terminal; --json has them all

past = typer.Typer(
    name="past",
    help="Resultados de generaciones anteriores: agregados, con su fuente.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="Un documento JSON.")]


@dataclass(frozen=True, slots=True)
class PastImport:
    """What an import did. `kept` is 0 where anything is rejected, or on a trial."""

    rows: int
    units: int
    kept: int
    rejected: tuple[Wrong, ...]


@past.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV: generacion, cuestionario, cifra, valor, base y fuente; sin --unit, unidad.",
            show_default=False,
        ),
    ],
    unit: Annotated[str, typer.Option(help="Clave de la unidad de todas las filas.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Revisa y no guarda nada.")] = False,
    as_json: Json = False,
) -> None:
    """Carga cifras de generaciones anteriores: todas o ninguna. La misma cifra se reemplaza."""
    figures, wrong = read_figures(read_file(file, limit=LARGEST_FILE))
    if not figures and not wrong:
        wrong = [Wrong(1, "", "El archivo no tiene ninguna cifra.")]
    with opened_runtime() as runtime, runtime.database.unit_of_work() as session:
        found, unknown = _by_unit(session, figures, unit)
        wrong = sorted([*wrong, *unknown], key=lambda one: one.row)
        kept = 0
        if not wrong and not dry_run:
            for owner, mine in found:
                kept += keep_figures(session, owner, mine, staff_id=None, now=runtime.clock())
    done = PastImport(len(figures) + len(wrong) - len(unknown), len(found), kept, tuple(wrong))
    _tell(done, as_json=as_json, dry_run=dry_run)
    if wrong:
        refuse(f"No se guardó nada: {len(wrong)} problemas. El primero: {_sentence(wrong[0])}")
        raise typer.Exit(1)


@past.command("list")
def list_all(
    unit: Annotated[str, typer.Option(help="Clave de la unidad.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Muestra las cifras anteriores de una unidad."""
    with opened_runtime() as runtime, runtime.database.reading() as session:
        lines = past_figures(session, WHOLE, unit_by_code(session, WHOLE, unit).id)
    if as_json:
        show_json(
            [
                {
                    "generation": str(line.cohort),
                    "questionnaire": line.questionnaire,
                    "figure": f"{line.indicator}|{line.category}",
                    "value": line.value,
                    "base": line.base,
                    "source": line.source,
                }
                for line in lines
            ]
        )
        return
    for line in lines:
        base = "" if line.base is None else f"{line.base:,}"
        told = (
            line.cohort.label,
            f"C{line.questionnaire}",
            line.words,
            f"{100 * line.value:.1f} %",
        )
        print("\t".join((*told, base, line.source)))
    if not lines:
        print("No hay cifras anteriores. Cárguelas con: trayecto past import cifras.csv")


def _by_unit(
    session: Session, figures: Sequence[TypedFigure], unit: str
) -> tuple[list[tuple[OrganisationUnit, list[TypedFigure]]], list[Wrong]]:
    """The figures of each unit; a row of another unit, or of none that is known, is wrong.

    Raises:
        NotFound: `unit` is not registered.
    """
    given = unit_by_code(session, WHOLE, unit) if unit else None
    known: dict[str, OrganisationUnit | None] = {} if given is None else {given.code: given}
    found: dict[str, list[TypedFigure]] = defaultdict(list)
    wrong = []
    for one in figures:
        code = one.unit or unit
        if code not in known:
            known[code] = None if given is not None else _registered(session, code)
        if known[code] is None:
            said = f"La unidad «{code}» no es la de esta carga." if given else _unknown(code)
            wrong.append(Wrong(one.row, "unit", said))
        else:
            found[code].append(one)
    return [(unit, found[code]) for code, unit in known.items() if unit and code in found], wrong


def _registered(session: Session, code: str) -> OrganisationUnit | None:
    try:
        return unit_by_code(session, WHOLE, code)
    except NotFound:
        return None


def _unknown(code: str) -> str:
    if not code:
        return "Falta la clave de la unidad: agregue la columna «unidad» o use --unit."
    return f"No hay una unidad con la clave «{code}». Cárguela antes o corrija la clave."


def _tell(done: PastImport, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        show_json(asdict(done))
        return
    for one in done.rejected[:SHOWN_FAULTS]:
        print(_sentence(one))
    more = len(done.rejected) - SHOWN_FAULTS
    if more > 0:
        print(f"… y {more} problemas más; véalos todos con --json.")
    if not done.rejected:
        trial = "Nada se guardó: era una revisión." if dry_run else f"Guardadas: {done.kept}."
        print(f"Filas: {done.rows}. Unidades: {done.units}. {trial}")


def _sentence(one: Wrong) -> str:
    return f"Fila {one.row}: {one.sentence}"
