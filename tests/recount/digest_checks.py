"""What the Monday summary of staff should say of each questionnaire in the field."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape

import polars as pl

from tests.recount.pages import rate_said
from tests.recount.raw import Raw
from tests.recount.site import MONTHS, answered_of, frame_of

WAITING = ("planned", "invited", "undeliverable", "started", "break_off", "non_contact")
DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def digest_checked(subject: str, text: str, html: str, raw: Raw, unit: str) -> Iterator[str]:
    """Rates, who is missing by group, who has no address, and when it closes; worst first."""
    below = sorted(raw.schools_of[unit])
    cases = raw.cases.filter((pl.col("state") == "open") & pl.col("school").is_in(below))
    waves = cases.partition_by("wave_id")
    wanted = f"Resumen de la semana: {rate_said(answered_of(cases), frame_of(cases))}"
    if subject.replace("\u00a0", " ") != wanted:
        yield f"subject «{subject}», counted «{wanted}»"
    said = [part for part in _words(text).split("\n\n") if "Cuestionario" in part]
    counted = {_wave_words(wave): answered_of(wave) / frame_of(wave) for wave in waves}
    shown = [_without_names(part) for part in said]
    if Counter(shown) != Counter(counted.keys()):
        yield f"{sorted(shown)}, counted {sorted(counted)}"
    rates = [counted.get(part, 0.0) for part in shown]
    if rates != sorted(rates):
        yield f"{rates} are not the worst first"
    plain = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " "))
    for line in {line for part in shown for line in part.split("\n")}:
        if line not in plain:
            yield f"«{line}» is not in the letter with looks"


def _words(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\u00a0", " ")


def _without_names(part: str) -> str:
    """The lines with numbers: the school's name and the messages of the week are no figures."""
    first, *lines = part.split("\n")
    kept = [line for line in lines if re.match("Respuestas|Faltan|Sin un correo", line)]
    return "\n".join([first.rpartition(". ")[2], *kept])


def _wave_words(cases: pl.DataFrame) -> str:
    head = cases.row(0, named=True)
    last = date.fromisoformat(head["closes"]) - timedelta(days=1)
    day = f"{DAYS[last.weekday()]} {last.day} de {MONTHS[last.month - 1]} de {last.year}"
    lines = [
        f"Cuestionario {head['questionnaire']}, generación {head['entered']}-{head['leaves']}",
        f"Respuestas: {rate_said(answered_of(cases), frame_of(cases))}. Cierra el {day}.",
    ]
    missing = cases.filter(pl.col("disposition").is_in(WAITING))
    names = Counter(missing["group_name"].to_list())
    by_group = sorted(names.items(), key=lambda one: (one[0] is None, one[0] or ""))
    if by_group:
        groups = ", ".join(f"{name or 'sin grupo'} {n:,}" for name, n in by_group)
        lines.append(f"Faltan por grupo: {groups}.")
    dead = cases.filter(pl.col("disposition") == "undeliverable").height
    if dead:
        people = "1 persona" if dead == 1 else f"{dead:,} personas"
        lines.append(f"Sin un correo que sirva: {people}.")
    return "\n".join(lines)
