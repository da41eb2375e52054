"""What each page of figures should say, told as differences; a table that nobody checks is one."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import isclose

import numpy as np
import polars as pl

from app.analytics.charts.boards import BOARDS
from app.analytics.released import Audience, Reason
from tests.recount.drawn import CORNER, Drawings, Drawn, drawings_checked, number
from tests.recount.estimates import fives, half_up
from tests.recount.flows import flows_checked
from tests.recount.outcomes import Figure, Key
from tests.recount.pages import (
    RATE,
    Cells,
    PageText,
    Table,
    body_of,
    figure_said,
    of_percent,
    rate_said,
    rates_in,
)
from tests.recount.process import answered_by_day
from tests.recount.site import View, day_said, label_of, rate_told, share_told
from tests.recount.weights import Again
from tests.recount.whiskers import whiskers_checked

Problems = Iterator[str]
Check = Callable[[list[Cells]], Problems]
NOTHING = "—"
TARGET = 0.65
NEEDED = ("Respuestas acumuladas por día", "Números de satisfaccion")


def tables_checked(
    page: PageText, checks: Mapping[str, Check], *, needed: Iterable[str] = ()
) -> Problems:
    """Each table by its name, and each drawing; one without a check nobody counted again."""
    yield from drawings_checked(page.html)
    numbers = {table.name: body_of(table) for table in page.tables}
    yield from whiskers_checked(Drawings(page.html).found, numbers)
    there = {table.name for table in page.tables}
    yield from (f"there is no table «{name}»" for name in needed if name not in there)
    for table in page.tables:
        check = checks.get(table.name) or checks.get(re.sub(r" [\w]+$", " *", table.name))
        if check is None:
            yield f"nobody checks the table «{table.name}»"
        else:
            yield from (f"«{table.name}»: {said}" for said in check(_named(table)))


def _named(table: Table) -> list[Cells]:
    return [(table.name.rpartition(" ")[2], *row) for row in body_of(table)]


def prose_checked(page: PageText, view: View) -> Problems:
    """Every rate of the prose is arithmetic, and that of the wave is said."""
    for percent, part, whole in rates_in(page.prose):
        if whole and percent != half_up(Fraction(part, whole)):
            yield f"{part} de {whole} is not {percent} %"
    yield from _followed(page, view)
    yield from bases_checked(page, view)
    if view.audience is Audience.PUBLIC and (exact := RATE.search(page.prose)):
        yield f"the public reads {exact.group()}"


def bases_checked(page: PageText, view: View) -> Problems:
    """Whom the figures are of: the list, and its rate."""
    answered, frame = view.based
    listed = fives(frame) if view.audience is Audience.PUBLIC else frame
    for base in re.findall(r"Base: (?:unas )?[\d,]+ de (?:unas )?([\d,]+) personas", page.prose):
        if int(base.replace(",", "")) != listed:
            yield f"a base of {base}, listed {listed}"
    _, share = share_told(answered, frame, view.audience)
    for said in re.findall(r"\(tasa de respuesta (\d+) %", page.prose):
        if share is None or int(said) != half_up(Fraction(answered, frame)):
            yield f"a rate of {said} %, counted {share}"


def headlines_checked(page: PageText, view: View) -> Problems:
    """The shares that titles say: of those satisfied, of the best and worst aspect, of reasons."""

    def whole(*keys: Key) -> set[str]:
        shares = [view.figures[key].share for key in keys if key in view.figures]
        return {str(half_up(share)) for share in shares if share is not None}

    aspects = {key for key in view.figures if key[0].startswith("C2t_")}
    counted = {
        r"El (\d+) % de las personas dicen estar satisfechas": whole(("C1t", "si")),
        r"Lo mejor calificado: [^;%]+ \((\d+) %\);": whole(*aspects),
        r"; lo menos: [^;%]+ \((\d+) %\)": whole(*aspects),
        r"Lo más mencionado: [^%]+\((\d+) %\)": whole(*(k for k in view.figures if k[0] == "H5")),
        r"tasa de enlace (\d+) %": whole(("X1e", "si")),
    }
    for pattern, shares in counted.items():
        for said in re.findall(pattern, page.prose):
            if said not in shares:
                yield f"the title says {said} % ({pattern}), counted {shares}"


def _followed(page: PageText, view: View) -> Problems:
    """The knowledge rate (R10), and who stays (R12), of a school and of an office."""
    _, there, after = page.prose.partition("Tasa de conocimiento: ")
    if view.audience is Audience.PUBLIC:
        return
    if not there:
        yield "no knowledge rate"
    known, stayed, before = view.followed
    wanted = [(known, view.frame), *([(stayed, before)] if before else [])]
    said = [(part, whole) for _, part, whole in rates_in(after)]
    if said[: len(wanted)] != wanted:
        yield f"known and stayed {said[:2]}, counted {wanted}"


def board_page(
    page: PageText,
    view: View,
    above: View | None,
    before: View | None = None,
    *,
    needed: Sequence[str] = NEEDED,
) -> Problems:
    """The dashboards of a unit.

    Args:
        page: as a reader sees it.
        view: what they should.
        above: the unit above as anybody reads it, where it is told beside.
        before: its generation before, whose line is drawn in grey.
        needed: tables that its own school must find.
    """
    told = view.exact and view.audience is Audience.OWN
    yield from tables_checked(
        page,
        {
            "Números de *": lambda rows: _numbers(rows, view, above),
            "Matriz de *": lambda rows: _matrix(rows, view),
            "Respuestas acumuladas por día": lambda rows: _days(rows, view),
            "Unidades": lambda rows: _units(rows, view),
        },
        needed=needed if told else (),
    )
    yield from prose_checked(page, view)
    yield from headlines_checked(page, view)
    yield from flows_checked(page.html, view)
    yield from _rises(page, view, before)
    said = rate_said(view.answered, view.frame)
    lead = f"Tasa de respuesta, al momento: {said}."
    if view.audience is Audience.PUBLIC:
        lead = f"Tasa de respuesta: {rate_told(view.cases, view.audience)[0].partition(' de ')[0]}."
    if lead not in page.prose:
        yield f"not said: {lead}"


def findings_page(page: PageText, view: View) -> Problems:
    """The first findings of a wave, and one of them explored."""
    yield from tables_checked(page, {"Números de *": lambda rows: _numbers(rows, view, None)})
    yield from prose_checked(page, view)


def _numbers(rows: list[Cells], view: View, above: View | None) -> Problems:
    """The table of a dashboard: every row is a counted figure, and none is missing."""
    key = rows[0][0]
    found = [one for one in BOARDS[view.wave.questionnaire] if one.key == key]
    names = {name for one in found for name in (*one.indicators, *one.otherwise)} or {key}
    expected = {k: f for k, f in view.figures.items() if k[0] in names}
    yield from _figures(rows, expected, view)
    if above is not None:
        yield from _beside(rows, expected, above)
    if view.weighted is not None:
        yield from _weighted(rows, expected, view.weighted)


def _weighted(rows: list[Cells], expected: Mapping[Key, Figure], again: Again) -> Problems:
    """The column of the figures as if all groups had answered alike."""
    said = {
        (label_of(key), f"Ponderado: {of_percent(again.shares[key])}")
        for key in expected.keys() & again.shares.keys()
    }
    for row in rows:
        for cell in row[6:]:
            if cell.startswith("Ponderado: ") and (row[1], cell) not in said:
                yield f"{row[1]}: {cell} was not counted; {sorted(said)}"


def _figures(rows: Iterable[Cells], expected: Mapping[Key, Figure], view: View) -> Problems:
    """Rows of label, share, persons, margin (and note)."""
    said = Counter(
        (label_of(key), *figure_said(key[0], figure, view.reader))
        for key, figure in expected.items()
    )
    some = {
        (label_of(key), *figure_said(key[0], figure, view.reader))
        for key, figure in view.in_part.items()
        if key in expected
    }
    for row in rows:
        if row[2] != NOTHING and Reason.SOME in row and row[1:5] not in some:
            yield f"{row} of some schools was not counted; {[s for s in some if s[0] == row[1]]}"
    shown = Counter(row[1:5] for row in rows if row[2] != NOTHING and Reason.SOME not in row)
    for row in shown - said:
        yield f"{row} was not counted; {sorted(s for s in said if s[0] == row[0])}"
    if view.exact and view.audience is Audience.OWN:
        drawn = {key[0] for key in expected} - {"X1", "X1b"}
        told = {label_of(key) for key in expected if key[0] in drawn}
        wanted = Counter({s: n for s, n in said.items() if s[0] in told and s[1] != NOTHING})
        shown_labels = {row[0] for row in shown}
        for row in wanted - shown:
            if row[0] in shown_labels:
                yield f"{row} is not shown"


def _beside(rows: list[Cells], expected: Mapping[Key, Figure], above: View) -> Problems:
    """The last column: the unit above as anybody may read it."""
    said = {
        (label_of(key), figure_said(key[0], above.figures[key], above.reader)[0])
        for key in expected
        if key in above.figures
    }
    for row in rows:
        if len(row) > 6 and row[6] and not row[6].startswith("Ponderado: "):
            value = row[6].rpartition(": ")[2]
            if (row[1], value) not in said:
                yield f"beside {row[1]}: {value} was not counted"


def _matrix(rows: list[Cells], view: View) -> Problems:
    name = "X1" if view.wave.questionnaire == 2 else "X1b"
    cells: dict[str, list[Figure]] = {}
    for key, figure in view.figures.items():
        if key[0] == name:
            cells.setdefault(label_of(key).partition(" → ")[0], []).append(figure)
    public = view.audience is Audience.PUBLIC
    for _, before, *shown, base in rows:
        n = cells[before][0].base
        if base not in {f"{fives(n) if public else n:,}", "no se muestra"}:
            yield f"{before}: base {base}, counted {n}"
        for text, figure in zip(shown, cells[before], strict=True):
            said = _cell_said(figure, public=public)
            if not text.startswith(NOTHING) and text != said:
                yield f"{before}: {text}, counted {said}"


def _cell_said(figure: Figure, *, public: bool) -> str:
    n, k = figure.base, figure.numerator or 0
    if not n:
        return NOTHING
    if public:
        return f"{half_up(Fraction(k, n))} %"
    return f"{half_up(Fraction(k, n), 1)} % ({k:,})"


def _rises(page: PageText, view: View, before: View | None) -> Problems:
    """The line of answers and that of the generation before, each over its own window."""
    for drawn in Drawings(page.html).found:
        if drawn.key != "avance" or drawn.level is None:
            continue
        (mark,) = drawn.of("line", "beside")
        if not isclose(number(mark["y1"]), drawn.down(TARGET), abs_tol=CORNER):
            yield f"the target is at {mark}"
        grey = drawn.of("path", "trace earlier")
        if (before is None or not answered_by_day(before.raw, before.cases)) != (not grey):
            yield f"the generation before is drawn by {grey}"
        left = 10 * min(number(one["x1"]) for one in drawn.of("line", "axis"))
        for line, one in ((drawn.of("path", "trace"), view), (grey, before)):
            corners = (
                [tuple(map(float, c.split(" "))) for c in line[0]["d"][1:].split("L")]
                if line
                else []
            )
            for place in _rise(one, left, drawn) if one is not None and line else []:
                if not any(np.allclose(place, corner, rtol=0, atol=0.11) for corner in corners):
                    yield f"{one.wave if one else ''}: {place} is not in {corners}"


def _rise(view: View, left: float, drawn: Drawn) -> list[tuple[float, float]]:
    """Where the line should be at the end of each day with answers."""
    opens = date.fromisoformat(min(view.cases["opens"].to_list()))
    closes = date.fromisoformat(max(view.cases["closes"].to_list()))
    found = []
    for day, n in answered_by_day(view.raw, view.cases):
        part = ((date.fromisoformat(day) - opens).days + 1) / (closes - opens).days
        across = left + (1000 - left) * min(1.0, max(0.0, part))
        found.append((across, drawn.down(n / view.frame)))
    return found


def _days(rows: list[Cells], view: View) -> Problems:
    counted = [
        (day_said(day), rate_said(n, view.frame))
        for day, n in answered_by_day(view.raw, view.cases)
    ]
    yield from same_rows([row[1:] for row in rows], counted)


def same_rows(shown: Sequence[Cells], counted: Sequence[Cells]) -> Problems:
    """Rows in their order."""
    if len(shown) != len(counted):
        yield f"{len(shown)} rows, counted {len(counted)}"
    yield from (f"{a}, counted {b}" for a, b in zip(shown, counted, strict=False) if a != b)


def _units(rows: list[Cells], view: View) -> Problems:
    """Units below: each by its own rate."""
    rates: Counter[str] = Counter()
    for unit, schools in view.raw.schools_of.items():
        cases = view.cases.filter(pl.col("school").is_in(sorted(schools)))
        if unit != view.unit and cases.height:
            rates[rate_told(cases, view.audience)[0]] += 1
    for row in rows:
        if row[3] not in rates and row[3] != "sin levantamiento":
            yield f"{row[1]}: {row[3]} was not counted"
