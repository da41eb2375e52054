"""`trayecto bounces ingest`: messages that came back, from files or a pipe."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from app.cli.files import read_file
from app.cli.runtime import opened_runtime
from app.cli.terminal import show_json
from app.messaging.bounces import LARGEST, Verdict
from app.worker.deployment import Deployment
from app.worker.intake import Ingested, ingest

bounces = typer.Typer(name="bounces", help="Mensajes que regresaron.", no_args_is_help=True)

PIPE = "-"
_WORDS = {
    Verdict.HARD: "la dirección no existe",
    Verdict.SOFT: "no se entregó esta vez",
    Verdict.COMPLAINT: "queja: ya no se le escribe",
    Verdict.AUTO_REPLY: "respuesta automática",
    Verdict.NOT_A_BOUNCE: "no es un rebote",
    Verdict.FORGED: "falso: no trae nuestra firma",
    Verdict.UNKNOWN: "no se entiende",
}
_COUNTED = {
    Verdict.HARD: "definitivos",
    Verdict.SOFT: "pasajeros",
    Verdict.COMPLAINT: "quejas",
    Verdict.AUTO_REPLY: "respuestas automáticas",
    Verdict.NOT_A_BOUNCE: "no son rebotes",
    Verdict.FORGED: "falsos",
    Verdict.UNKNOWN: "no se entienden",
}


@bounces.callback()
def _group() -> None:
    """Mensajes que regresaron."""


@bounces.command("ingest")
def ingest_files(
    files: Annotated[list[str], typer.Argument(help="Un mensaje por archivo; - lee la entrada.")],
    as_json: Annotated[bool, typer.Option("--json", help="Un documento JSON.")] = False,
) -> None:
    """Lee rebotes y quejas y hace lo que piden; leer dos veces el mismo no cambia nada."""
    contents = [(name, _content(name)) for name in files]
    with opened_runtime() as runtime:
        deployment = Deployment(runtime.settings, runtime.database, runtime.clock)
        done = [(name, ingest(deployment, raw)) for name, raw in contents]
    if as_json:
        show_json([_document(name, one) for name, one in done])
        return
    for name, one in done:
        where = f" ({one.recipient})" if one.recipient else ""
        print(f"{name}: {_WORDS[one.verdict]}{where}")
    print(counted_in_words(Counter(one.verdict for _, one in done)))


def counted_in_words(counts: Mapping[Verdict, int]) -> str:
    """How many of each, the gravest first: "definitivos 3, pasajeros 1"."""
    named = ((words, counts.get(verdict, 0)) for verdict, words in _COUNTED.items())
    return ", ".join(f"{words} {count:,}" for words, count in named if count)


def _content(name: str) -> bytes:
    """At most what the parser reads: a mail of 50 MB needs no memory."""
    if name == PIPE:
        return sys.stdin.buffer.read(LARGEST)
    return read_file(Path(name), limit=LARGEST)


def _document(name: str, one: Ingested) -> dict[str, object]:
    return {
        "file": name,
        "recipient": one.recipient,
        "verdict": one.verdict.value,
        "status": one.status,
        "applied": one.applied,
        "repeated": one.repeated,
    }
