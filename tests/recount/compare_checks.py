"""What the comparison of groups, schools and units should say: rates, target, funnel and files."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose

import numpy as np
import polars as pl
from scipy import stats

from app.analytics.released import Audience
from tests.recount.checks import Check, Problems, tables_checked
from tests.recount.drawn import CORNER, Drawings, Drawn, number
from tests.recount.estimates import fives
from tests.recount.pages import RATE, Cells, PageText
from tests.recount.process import funnel_of
from tests.recount.site import View, answered_of, frame_of, rate_told

TARGET = 0.65


@dataclass(frozen=True)
class Compared:
    """A group or a unit: persons, and its rate as this reader may have it."""

    name: str
    answered: int
    listed: int
    words: str
    share: float | None

    @property
    def exact(self) -> float:
        return self.answered / self.listed


def compare_page(page: PageText, view: View, lines: Sequence[Mapping[str, str]]) -> Problems:
    """Groups of a school, or units: sorted by their rate; and who lies outside the funnel."""
    counted, schools = compared(view), [one for one in _schools(view) if one.share is not None]
    words = Counter(one.words for one in counted)
    places = [_place(one, view) for one in schools]
    spread, outside = funnel_of(places) if len(places) > 2 else (0.0, set[str]())
    far = Counter(one.words for one in schools if one.name in outside)
    told = [one for one in counted if one.share is not None]
    checks = {"Tasas de respuesta": _exactly(words), "Fuera de los límites": _exactly(far)}
    yield from tables_checked(page, checks, needed=["Tasas de respuesta"] if told else ())
    if far and "Fuera de los límites" not in {table.name for table in page.tables}:
        yield f"not said to lie outside: {far}"
    yield from _same_file(lines, counted, view)
    yield from _funnel_drawn(page, places)
    for said in re.findall(r"dispersión ([\d.]+)", page.prose):
        if abs(float(said) - spread) > 0.05:
            yield f"dispersion {said}, counted {spread}"
    reached = sum(one.share >= TARGET for one in told if one.share is not None)
    for part, whole in re.findall(r"(\d+) de (\d+) alcanzan? la meta", page.prose):
        if (int(part), int(whole)) != (reached, len(told)):
            yield f"{part} of {whole} reach the target, counted {reached} of {len(told)}"
    if told and f"En conjunto: {rate_told(view.cases, view.audience)[0]}." not in page.prose:
        yield "the rate of all is not said"
    if view.audience is Audience.PUBLIC and (exact := RATE.search(page.prose)):
        yield f"the public reads {exact.group()}"


def _funnel_drawn(page: PageText, places: Sequence[tuple[str, float, int]]) -> Problems:
    """Every school is where its rate and its list put it; the last line is the longest list."""
    for drawn in Drawings(page.html).found:
        if drawn.key != "embudo":
            continue
        largest = max(listed for _, _, listed in places)
        left = min(number(one["x1"]) for one in drawn.of("line", "axis"))
        wanted = sorted((left + (99 - left) * n / largest, drawn.down(k / n)) for _, k, n in places)
        shown = sorted((number(one["cx"]), number(one["cy"])) for one in drawn.of("circle"))
        if not np.allclose(np.array(shown), np.array(wanted), rtol=0, atol=CORNER):
            yield f"schools drawn at {shown}, counted {wanted}"
        yield from _limits_drawn(drawn, places, left)


def _limits_drawn(drawn: Drawn, places: Sequence[tuple[str, float, int]], left: float) -> Problems:
    """The rate of all, and around it how far chance takes 95 and 99.8 % of schools of each size."""
    largest = max(listed for _, _, listed in places)
    rate = sum(k for _, k, _ in places) / sum(n for _, _, n in places)
    (mean,) = drawn.of("line", "beside")
    if not isclose(number(mean["y1"]), drawn.down(rate), abs_tol=CORNER):
        yield f"the rate of all, {rate}, is at {mean}"
    for look, tail in (("limit-near", 0.025), ("limit-far", 0.001)):
        lines = drawn.of("path", look)
        for line, side in zip(lines, (tail, 1 - tail), strict=True):
            x, y = np.array([one.split(" ") for one in line["d"][1:].split("L")], dtype=float).T
            listed = largest * (x / 10 - left) / (99 - left)
            reach = stats.norm.ppf(side) * np.sqrt(rate * (1 - rate) / listed)
            wanted = [drawn.down(share) for share in np.clip(rate + reach, 0, 1)]
            # Near the smallest lists the limit is steep: half a thousandth across is much down.
            slack = np.abs(reach) / (x - 10 * left) * 150 + 2 * CORNER
            if np.any(np.abs(y - wanted) > slack):
                yield f"{look} is at {y}, counted {wanted}"


def _same_file(
    lines: Sequence[Mapping[str, str]], counted: Sequence[Compared], view: View
) -> Problems:
    shown: Counter[Cells] = Counter(
        (line["respondieron"], line["lista"], line["tasa"]) for line in lines
    )
    wanted: Counter[Cells] = Counter()
    for one in counted:
        if one.share is None:
            wanted["", "", ""] += 1
        elif view.audience is Audience.PUBLIC:
            wanted["", str(fives(one.listed)), str(round(one.share, 4))] += 1
        else:
            wanted[str(one.answered), str(one.listed), str(round(one.share, 4))] += 1
    if shown != wanted:
        yield f"file {shown - wanted}, counted {wanted - shown}"
    rates = [float(line["tasa"] or -1) for line in lines]  # what is not told comes last
    if rates != sorted(rates, reverse=True):
        yield f"{rates} are not sorted"


def _place(one: Compared, view: View) -> tuple[str, float, int]:
    """Name, answered and listed as the funnel may have them."""
    if view.audience is not Audience.PUBLIC or one.share is None:
        return one.name, one.answered, one.listed
    return one.name, one.share * fives(one.listed), fives(one.listed)


def _exactly(counted: Counter[str]) -> Check:
    """The words of rates, each as often as it was counted."""

    def check(rows: list[Cells]) -> Problems:
        shown = Counter(row[2] for row in rows)
        if shown != counted:
            yield f"{shown - counted} shown, counted {counted - shown}"

    return check


def compared(view: View) -> list[Compared]:
    """Groups of a school by name, or schools and units below by code: answered and listed."""
    if view.unit in set(view.raw.cases["school"]):
        parts = view.cases.partition_by("group_name", as_dict=True)
        found = [_compared(str(name), cases, view) for (name,), cases in parts.items()]
    else:
        found = [
            _compared(unit, view.cases.filter(pl.col("school").is_in(sorted(below))), view)
            for unit in view.raw.children_of.get(view.unit, frozenset())
            for below in [view.raw.schools_of[unit]]
        ]
    return [one for one in found if one.listed]


def _compared(name: str, cases: pl.DataFrame, view: View) -> Compared:
    words, share = rate_told(cases, view.audience)
    return Compared(name, answered_of(cases), frame_of(cases), words, share)


def _schools(view: View) -> list[Compared]:
    if view.unit in set(view.raw.cases["school"]):
        return []
    parts = view.cases.partition_by("school", as_dict=True)
    return [_compared(str(name), cases, view) for (name,), cases in parts.items()]
