"""`trayecto questionnaire …`: look a questionnaire over before it is published."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.files import read_file
from app.cli.terminal import refuse, show_json
from app.questionnaires.format import Questionnaire
from app.questionnaires.paths import Length, reach
from app.questionnaires.problems import Problem, Problems
from app.questionnaires.reader import read

LARGEST_FILE = 4_000_000  # bytes; the format allows a million characters

questionnaire_app = typer.Typer(
    name="questionnaire", help="Cuestionarios: revisarlos.", no_args_is_help=True
)


@questionnaire_app.callback()
def _group() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@questionnaire_app.command("check")
def check_file(
    file: Annotated[Path, typer.Argument(help="Archivo YAML.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Un documento JSON.")] = False,
) -> None:
    """Revisa un cuestionario: nombres, condiciones, listas y caminos."""
    found = _read(file)
    if isinstance(found, Questionnaire):
        _tell(found, file, as_json=as_json)
        return
    if as_json:
        show_json({"file": file.name, "ok": False, "problems": [asdict(each) for each in found]})
    else:
        for problem in found:
            print(problem)
    many = f"{len(found)} problemas; el primero" if len(found) > 1 else "Un problema"
    refuse(f"{many}: {found[0]}")
    raise typer.Exit(1)


def _read(file: Path) -> Questionnaire | Problems:
    data = read_file(file, limit=LARGEST_FILE)
    try:
        return read(data.decode("utf-8-sig"), file.name)
    except UnicodeDecodeError:
        message = "El archivo no está en UTF-8. Guárdelo con esa codificación."
        return (Problem(file.name, 1, "", 1, "file.encoding", message),)


def _tell(questionnaire: Questionnaire, file: Path, *, as_json: bool) -> None:
    seen = reach(questionnaire)
    longest = seen.longest if seen.exhausted else None
    if as_json:
        show_json(
            {
                "file": file.name,
                "ok": True,
                "questionnaire": questionnaire.questionnaire,
                "version": questionnaire.version,
                "items": len(questionnaire.items),
                "variables": len(questionnaire.variables),
                "longest": None if longest is None else asdict(longest),
                "problems": [],
            }
        )
        return
    print(
        f"{file.name}: sin problemas. {len(questionnaire.items)} preguntas, "
        f"{len(questionnaire.variables)} variables. {_longest_words(longest)}"
    )


def _longest_words(longest: Length | None) -> str:
    if longest is None:
        return "Tiene demasiados caminos para medir el más largo."
    minutes = f"{longest.seconds / 60:.1f}"
    return (
        f"El camino más largo: {longest.items} preguntas, {longest.seconds} segundos "
        f"({minutes} minutos)."
    )
