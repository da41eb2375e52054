"""What the files, series, explorations and tables of a unit should say."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from app.analytics.figures.traits import LATTICE
from app.analytics.released import Audience, Reason
from tests.recount.agreement import TINY, Reader, same_number, told_numbers
from tests.recount.checks import Problems, bases_checked, tables_checked
from tests.recount.estimates import fives, half_up
from tests.recount.outcomes import Figure, Key
from tests.recount.pages import Cells, PageText, body_of, figure_said, of_percent
from tests.recount.raw import Raw, Wave
from tests.recount.site import View, answered_of, frame_of, label_of, waves_of

Line = Mapping[str, str]
Known = Mapping[str, tuple[Figure, Reader]]
MEASURES = {"mean", "median"}
FITTED = 1e-5  # what either way of fitting leaves
NUMBERS = ("valor", "inferior", "superior")


def figures_file(lines: Sequence[Line], view: View) -> Problems:
    """A line of the file for each figure, with its decimals."""
    by_label: dict[tuple[str, str], Figure] = {
        (key[0], label_of(key)): figure for key, figure in view.figures.items()
    }
    in_part = {(key[0], label_of(key)): figure for key, figure in view.in_part.items()}
    some = {line["clave"] for line in lines if line["nota"] == Reason.SOME}
    for line in lines:
        known = in_part if line["clave"] in some else by_label
        figure = known.get(named_in(line))
        if figure is None:
            if line["valor"]:
                yield f"{dict(line)} was not counted"
        else:
            yield from line_checked(line, figure, view.reader)
            if view.weighted is not None and line["ponderado"]:
                key = next(k for k in view.figures if (k[0], label_of(k)) == named_in(line))
                if not same_number(float(line["ponderado"]), view.weighted.shares[key], FITTED):
                    yield f"{dict(line)}: weighted {view.weighted.shares[key]}"
    if view.exact and view.audience is Audience.OWN:
        named = {(line["clave"], line["categoria"]) for line in lines}
        yield from (f"{key} is not in the file" for key in by_label.keys() - named)


def named_in(line: Line) -> tuple[str, str]:
    """Which figure a line is of."""
    return line["clave"], line["categoria"]


def line_checked(line: Line, figure: Figure, reader: Reader) -> Problems:
    """One line of a file against what was counted."""
    public = reader.audience is Audience.PUBLIC
    base = fives(figure.base) if public else figure.base
    if line["base"] and int(line["base"]) != base:
        yield f"{dict(line)}: base counted {base}"
    if line["se_muestra"] == "no":
        if any(line[name] for name in ("numerador", *NUMBERS)):
            yield f"{dict(line)}: withheld and told"
        return
    if line["numerador"] != ("" if public or figure.numerator is None else str(figure.numerator)):
        yield f"{dict(line)}: persons counted {figure.numerator}"
    slack = TINY
    if not reader.exact and figure.kind not in {"share", "cell"}:
        slack += 0.05 if figure.kind in MEASURES else 0.02
    for name, value in zip(NUMBERS, told_numbers(figure, reader), strict=True):
        said = float(line[name]) if line[name] else None
        if not same_number(said, value, slack):
            yield f"{dict(line)}: {name} counted {value}"


def series_page(
    page: PageText, lines: Sequence[Line], name: str, points: Sequence[View]
) -> Problems:
    """A share over generations; an open one comes from an edition of another day outside."""
    known = {
        f"{one.wave.entered}-{one.wave.leaves}": (one.figures[name, "si"], one.reader)
        for one in points
        if not one.is_open or one.audience is Audience.OWN
    }
    yield from tables_checked(
        page,
        {"Generaciones": lambda rows: _generations(rows, name, known)},
        needed=["Generaciones"],
    )
    for line in lines:
        if line["generacion"] in known and line["valor"]:
            yield from line_checked({**line, "se_muestra": "sí"}, *known[line["generacion"]])
    changes = re.findall(r"(\d+) puntos? (más|menos) que la generación anterior", page.prose)
    for said, word in changes if len(known) == len(points) else ():
        yield from _change(int(said), word, [figure for figure, _ in known.values()])


def _generations(rows: list[Cells], name: str, known: Known) -> Problems:
    for _, generation, *said in rows:
        if generation in known and said[0] != "—":
            counted = figure_said(name, *known[generation])
            if tuple(said[:3]) != counted:
                yield f"{generation} {said[:3]}, counted {counted}"


def _change(said: int, word: str, told: Sequence[Figure]) -> Iterator[str]:
    shares = [figure.share for figure in told if figure.share is not None]
    change = shares[-1] - shares[-2]
    if said != abs(half_up(change)) or (change > 0) != (word == "más"):
        yield f"{said} points {word}, counted {float(change)}"


@dataclass(frozen=True)
class Explored:
    """What is asked of the exploration: an indicator, by a variable, of the value of another."""

    name: str
    variable: str = ""
    kept: str = ""
    value: str = ""

    @property
    def query(self) -> str:
        tail = f"&indicador={self.name}&variable={self.variable}"
        return tail + (f"&filtro={self.kept}:{self.value}" if self.kept else "")


def explored_page(page: PageText, lines: Sequence[Line], view: View, asked: Explored) -> Problems:
    """One indicator, by the values of a trait or of everybody, of all or of those of a filter."""
    name, variable = asked.name, asked.variable or asked.kept
    groups = _groups(view, asked)
    exact = view.exact and not (variable and view.audience is Audience.OWN)
    reader = Reader(view.audience, exact, view.frame, view.told.height)
    part = {} if variable else {label_of(k): f for k, f in view.in_part.items() if k[0] == name}
    expected = {
        (word, label_of(key)): figure
        for word, figures in groups.items()
        for key, figure in figures.items()
        if key[0] == name
    }
    said = {
        (label if not variable else f"{label} · {word}", *figure_said(name, figure, reader))
        for (word, label), figure in expected.items()
    }

    def view_rows(rows: list[Cells]) -> Problems:
        for row in rows:
            if Reason.SOME in row and row[1] in part:
                counted = (row[1], *figure_said(name, part[row[1]], reader))
                if row[2] != "—" and row[1:5] != counted:
                    yield f"{row} of some schools, counted {counted}"
            elif row[2] != "—" and row[1:5] not in said:
                yield f"{row} was not counted; {sorted(s for s in said if s[0] == row[1])}"

    yield from tables_checked(page, {"Números de *": view_rows})
    yield from bases_checked(page, view)
    yield from _same_cells(page, lines, view)
    some = any(line["nota"] == Reason.SOME for line in lines)
    for line in lines:
        figure = expected[line["grupo"], line["categoria"]]
        if some:
            figure = part.get(line["categoria"], figure)
        yield from line_checked(line, figure, reader)


def _same_cells(page: PageText, lines: Sequence[Line], view: View) -> Problems:
    """Screen, file and the drawing of the browser tell the same cells, and none that another hides.

    Row by row in the same order; the bases of the subtitle are those of the file.
    """
    digits = 0 if view.audience is Audience.PUBLIC else 1
    shown = [row for table in page.tables for row in body_of(table)]
    values = [line["valor"] and of_percent(float(line["valor"]), digits) for line in lines]
    if shown and [row[1] for row in shown] != [value or "—" for value in values]:
        yield f"on the page {[row[1] for row in shown]}, in the file {values}"
    (block,) = re.findall(r'id="figura">(.*?)</script>', page.html) or ["null"]
    figure = json.loads(block)
    if (figure is None) != (not any(values)):
        yield f"the browser draws {figure}, the file tells {values}"
    traces = [] if figure is None else figure["data"]
    told = [f"{x:.{digits}f} %" for trace in traces for x in trace["x"]]
    texts = [text.replace("\u00a0", " ") for trace in traces for text in trace["text"]]
    if told != [value for value in values if value] or not all(map(str.endswith, texts, told)):
        yield f"the browser draws {told} with {texts}, the file tells {values}"
    bases = dict.fromkeys((line["grupo"].lower(), line["base"]) for line in lines if line["base"])
    said = re.findall(r"Bases: (.*?\d), ", page.prose)
    counted = ", ".join(f"{group} {int(base):,}" for group, base in bases)
    if said and said[0] != counted:
        yield f"bases {said[0]}, in the file {counted}"
    alone = re.findall(r"Base: (?:unas )?([\d,]+) de", page.prose)
    if alone and alone[0].replace(",", "") not in {line["base"] for line in lines}:
        yield f"a base of {alone[0]}, in the file {bases}"


def closes_page(html: str, counted: Counter[str]) -> Problems:
    """How many closed waves stand where."""
    words = {"submitted": "En revisión", "returned": "Devueltos", "accepted": "Aceptados"}
    words["to_submit"] = "Por entregar"
    for state, name in words.items():
        (said,) = re.findall(rf">{name}: ([\d,]+)<", html)
        if int(said.replace(",", "")) != counted[state]:
            yield f"{name}: {said}, counted {counted[state]}"


def _groups(view: View, asked: Explored) -> dict[str, Mapping[Key, Figure]]:
    """The figures of each group by its word; of everybody where nothing divides."""
    variable = asked.variable or asked.kept
    if not variable:
        return {"Todas las personas": view.figures}
    within = {asked.kept: asked.value} if asked.kept not in {"", variable} else {}
    return {
        word: view.among({variable: str(code), **within})
        for code, word in LATTICE[variable].values.items()
        if asked.kept != variable or str(code) == asked.value
    }


def chronology_page(html: str, raw: Raw, unit: str) -> Problems:
    """Every fill and every "148 de 239 · 62 %" of the stations."""
    fills, counted = {}, []
    for wave in waves_of(raw, unit):
        cases = raw.listed(wave)
        k, n = answered_of(cases), frame_of(cases)
        if n:
            counted.append(f"{k:,} de {n:,} · {half_up(Fraction(k, n))} %")
            fills[counted[-1]] = str(half_up(Fraction(k, n)))
    found = re.findall(r'<rect width="(\d+)" height="8"/>.*?</span><span>([^<]+)</span>', html)
    for fill, said in found:
        said = said.replace("\u00a0", " ")  # noqa: PLW2901 (as read)
        if fills.get(said) != fill:
            yield f"{said}, filled {fill}, counted {counted}"
    if len(found) != len(counted):
        yield f"{len(found)} stations with people, counted {len(counted)}"


def coverage_page(html: str, raw: Raw, unit: str, generation: str) -> Problems:
    """How many schools lack a class, or a confirmation, and of how many persons."""
    entered, leaves = (int(year) for year in generation.split("-"))
    schools = raw.schools_of[unit] & set(raw.cases["school"])
    first = Wave(entered, leaves, 1, schools)
    held = set(raw.listed(first).filter(pl.col("wave_id").is_in(sorted(raw.in_class)))["school"])
    asked = set(raw.listed(first)["school"])
    waiting = {
        school: persons
        for (school, *years), persons in raw.unconfirmed.items()
        if school in schools and years == [entered, leaves]
    }
    gaps = dict(
        re.findall(r'id="falta-(\w+)">.*?<span class="big">([^<]+)</span>', html, re.DOTALL)
    )
    counted = {
        "lista": f"{len(schools - asked):,} de {len(schools):,} planteles",
        "clase": f"{len(asked - held):,} de {len(asked):,} planteles",
        "egreso": f"{len(waiting):,} de {len(schools):,} planteles",
    }
    rows = re.findall(r"<td>(\w+)</td><td>([\d,]+) por confirmar</td>", html)
    if dict(rows) != {school: f"{persons:,}" for school, persons in waiting.items()}:
        yield f"{rows} to confirm, counted {waiting}"
    yield from (f"{gap}: nobody counts it" for gap in gaps.keys() - counted.keys())
    for gap, words in counted.items():
        if gaps.get(gap) != words:
            yield f"{gap}: {gaps.get(gap)}, counted {words}"
