"""Where the interval of each figure is drawn: as its table tells it, on the axis that is drawn.

A whisker that no table tells, or an interval of the table that nothing draws, is said.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

import numpy as np

from tests.recount.drawn import BARS, CORNER, Drawn, number
from tests.recount.pages import CENSUS, MINUS, Cells

MARGIN = re.compile(r"de ([+\N{MINUS SIGN}]?[\d.]+)( %)? a ([+\N{MINUS SIGN}]?[\d.]+)(?: %)?")
NOTHING = "—"


@dataclass(frozen=True)
class Told:
    """A row of a table: its words, its number and its interval, as shares or points."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    digits: int  # decimals of a share; of a mean one

    @property
    def ends(self) -> tuple[float, float] | None:
        return None if self.low is None or self.high is None else (self.low, self.high)


def told_in(row: Cells) -> Told:
    """Of label, number, persons and margin."""
    label, said, _, margin = row[:4]
    percent = said.endswith(" %")
    value = None if said == NOTHING else _number(said.removesuffix(" %"), percent=percent)
    digits = len(said.removesuffix(" %").partition(".")[2])
    found = MARGIN.fullmatch(margin)
    if found is None:
        ends = (value, value) if margin == CENSUS else (None, None)
    else:
        ends = tuple(_number(found[place], percent=bool(found[2])) for place in (1, 3))  # type: ignore[assignment]
    return Told(label, value, *ends, digits)


def _number(text: str, *, percent: bool) -> float:
    return float(text.replace(MINUS, "-")) / (100 if percent else 1)


def whiskers_checked(drawings: Sequence[Drawn], tables: Mapping[str, list[Cells]]) -> Iterator[str]:
    """Each drawing of a page beside the table of its numbers."""
    for drawn in drawings:
        rows = _rows_of(drawn, tables)
        check = _check_of(drawn)
        if check is not None and rows:
            told = [told_in(row) for row in rows]
            yield from (f"whiskers of {drawn.key}: {said}" for said in check(drawn, told))
        elif drawn.of("line", "whisker") or drawn.of("path", "band"):
            yield f"whiskers of {drawn.key}: no table tells them"


def _rows_of(drawn: Drawn, tables: Mapping[str, list[Cells]]) -> list[Cells]:
    if drawn.key == "serie":
        return tables.get("Generaciones", [])
    if drawn.key == "vista":  # of the exploration, whose table is called by the indicator
        return next((rows for name, rows in tables.items() if name.startswith("Números de ")), [])
    return tables.get(f"Números de {drawn.key}", [])


def _check_of(drawn: Drawn) -> Callable[[Drawn, list[Told]], Iterator[str]] | None:
    if drawn.look == "bars":
        return _bars
    if drawn.key == "serie":
        return _series
    if drawn.parts[0].startswith("mes "):
        return _band
    return _means if any("axis" in one["class"] for one in drawn.of("line")) else None


def _bars(drawn: Drawn, told: list[Told]) -> Iterator[str]:
    tracks = drawn.of("rect", "bar-track")
    whiskers = {number(one["y1"]): one for one in drawn.of("line", "whisker")}
    bars = {number(one["y"]): one for one in drawn.of("rect", *BARS)}
    if len(tracks) != len(told):
        yield f"{len(tracks)} bars of {len(told)} rows"
        return
    for track, row in zip(tracks, told, strict=True):
        y, whole = number(track["y"]), number(track["width"])
        yield from _across(whiskers.pop(y + 10, None), row, lambda share, w=whole: w * share, whole)  # type: ignore[misc]
        bar = bars.get(y)
        if row.value is not None and (
            bar is None or not _near(bar["width"], row.value, whole, row)
        ):
            yield f"«{row.label}» is {bar}, told {row.value}"
    yield from (f"nobody told {one}" for one in whiskers.values())


def _near(at: str, share: float, whole: float, row: Told) -> bool:
    return isclose(
        number(at), whole * share, abs_tol=whole * 0.51 / 10 ** (2 + row.digits) + CORNER
    )


def _across(
    whisker: dict[str, str] | None, row: Told, place: Callable[[float], float], unit: float
) -> Iterator[str]:
    """A whisker that lies, from the lower end to the upper."""
    if whisker is None or row.ends is None:
        if whisker is not None or (row.ends is not None and row.value is not None):
            yield f"«{row.label}» has {whisker}, told {row.ends}"
        return
    slack = unit * 0.51 / 10 ** (2 + row.digits) + CORNER
    shown = number(whisker["x1"]), number(whisker["x2"])
    wanted = place(row.ends[0]), place(row.ends[1])
    if whisker["y1"] != whisker["y2"] or not all(
        isclose(a, b, abs_tol=slack) for a, b in zip(shown, wanted, strict=True)
    ):
        yield f"«{row.label}» from {shown[0]} to {shown[1]}, told {row.ends}: {wanted}"


def _means(drawn: Drawn, told: list[Told]) -> Iterator[str]:
    """Points of 1 to 5, or of -2 to 2, as far as the axis goes."""
    gaps = any(text == "sin brecha" for _, text in drawn.words)
    low, wide = (-2.0, 4.0) if gaps else (1.0, 4.0)
    axes = drawn.of("line", "axis")
    whole = number(axes[0]["x2"])
    whiskers = {one["y1"]: one for one in drawn.of("line", "whisker")}
    names = [part.rpartition(": ")[0] for part in drawn.parts]
    by_name = {row.label.rpartition(": ")[2].capitalize(): row for row in told}
    for axis, name in zip(axes, names, strict=False):
        row = by_name.get(name)
        if row is None:
            yield f"«{name}» is not in the table"
            continue

        def place(points: float) -> float:
            return whole * min(1.0, max(0.0, (points - low) / wide))

        points = Told(row.label, row.value, row.low, row.high, digits=-1)  # to a tenth of a point
        yield from _across(whiskers.pop(axis["y1"], None), points, place, whole / wide)
    yield from (f"nobody told {one}" for one in whiskers.values())


def _series(drawn: Drawn, told: list[Told]) -> Iterator[str]:
    """Whiskers that stand on their dots, and lines that go through dots alone."""
    dots = drawn.of("circle")
    shown = [row for row in told if row.value is not None]
    if len(dots) != len(shown) or drawn.level is None:
        yield f"{len(dots)} dots of {len(shown)} rows"
        return
    whole = drawn.level[0] - drawn.level[1]
    standing = [one for one in drawn.of("line", "whisker") if one["x1"] == one["x2"]]
    whiskers = {one["x1"]: one for one in standing}
    for dot, row in zip(dots, shown, strict=True):
        whisker = whiskers.pop(dot["cx"], None)
        if whisker is None or row.ends is None:
            if whisker is not None or row.ends is not None:
                yield f"«{row.label}» has {whisker}, told {row.ends}"
            continue
        slack = whole * 0.51 / 10 ** (2 + row.digits) + CORNER
        shown_at = [number(whisker[name]) for name in ("y1", "y2")]
        if not np.allclose(shown_at, [drawn.down(end) for end in row.ends], rtol=0, atol=slack):
            yield f"«{row.label}» ends at {shown_at}, told {row.ends}"
    yield from (f"nobody told {one}" for one in whiskers.values())
    places = {(round(10 * number(dot["cx"])), number(dot["cy"])) for dot in dots}
    for line in drawn.of("path", "trace"):
        corners = [tuple(map(float, one.split(" "))) for one in line["d"][1:].split("L")]
        far = {(round(x), y) for x, y in corners} - places
        yield from (f"the line goes through {corner}, where no dot is" for corner in far)


def _band(drawn: Drawn, told: list[Told]) -> Iterator[str]:
    """The field around a curve: at each month its edge is at both ends of the interval."""
    bands, ends = drawn.of("path", "band"), [row for row in told if row.ends is not None]
    months = {text: 10 * number(given["x"]) for given, text in drawn.words if text.isdecimal()}
    curve = {month[0]: row for row in ends if (month := re.findall(r"\d+", row.label))}
    if not bands or drawn.level is None:
        if len(curve) > 1:
            yield f"{len(curve)} intervals and no field"
        return
    corners = [tuple(map(float, one.split(" "))) for one in bands[0]["d"][1:-1].split("L")]
    last = max(map(int, months))
    whole = drawn.level[0] - drawn.level[1]
    for month, row in curve.items():
        x = months["0"] + (months[str(last)] - months["0"]) * int(month) / last
        near = [y for at, y in corners if isclose(at, x, abs_tol=0.2)]
        slack = whole * 0.51 / 10 ** (2 + row.digits) + CORNER
        for end in row.ends or ():
            if not any(isclose(y, drawn.down(end), abs_tol=slack) for y in near):
                yield f"month {row.label}: {end} is not at the edge, which is at {near}"
