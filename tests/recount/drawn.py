"""Where shapes of a drawing should be: recomputed from the told figures and the axis that is drawn.

A drawing that no check knows is a figure that nobody counts.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from math import isclose

Attrs = dict[str, str]
PERCENT = re.compile(r"([\d.]+) %")
NUMBER = re.compile(r": ([+\N{MINUS SIGN}]?[\d.]+)$")
MINUS = "\N{MINUS SIGN}"
CORNER = 0.06  # of a pixel, or of a hundredth: places are rounded to one or two decimals
BARS = {"bar-main", "bar-other"}
LEVELS = ("0 %", "100 %")


@dataclass
class Drawn:
    """The shapes of one drawing in their order, and the words of each text."""

    key: str
    look: str
    described: str = ""
    shapes: list[tuple[str, Attrs]] = field(default_factory=list)
    words: list[tuple[Attrs, str]] = field(default_factory=list)

    def of(self, tag: str, *looks: str) -> list[Attrs]:
        """The shapes of some looks; of any where none is named."""
        found = [given for name, given in self.shapes if name == tag]
        return [one for one in found if not looks or one.get("class", "") in looks]

    @property
    def parts(self) -> list[str]:
        """What the description says of each thing that is drawn."""
        return self.described.rstrip(".").split("; ")

    @property
    def level(self) -> tuple[float, float] | None:
        """Where 0 % and 100 % are, from the words beside the axis; None where there is none."""
        beside = [one for one in self.words if one[0].get("class") == "quiet"]  # not of a dot
        at = {text: number(given["y"]) - 5 for given, text in beside if text in LEVELS}
        return (at["0 %"], at["100 %"]) if len(at) == len(LEVELS) else None

    def down(self, share: float) -> float:
        """How far down a share is."""
        assert self.level is not None
        foot, top = self.level
        return foot + (top - foot) * share


class Drawings(HTMLParser):
    """Collects the drawings of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Drawn] = []
        self._depth, self._into = 0, ""
        self.feed(html.replace("\u00a0", " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "svg" and not self._depth and given.get("role") == "img":
            key = given.get("aria-labelledby", "").split(" ")[0].removeprefix("t-")
            self.found.append(Drawn(key, given.get("class", "")))
        if tag == "svg" and (self._depth or given.get("role") == "img"):
            self._depth += 1
        elif self._depth:
            self._into = tag
            if tag in {"rect", "line", "circle", "path"}:
                self.found[-1].shapes.append((tag, given))
            elif tag == "text":
                self.found[-1].words.append((given, ""))

    def handle_endtag(self, tag: str) -> None:
        self._into = ""
        if tag == "svg" and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._into == "desc":
            self.found[-1].described += data
        elif self._into == "text":
            given, text = self.found[-1].words[-1]
            self.found[-1].words[-1] = (given, text + data)


def same_picture(drawn: Drawn, picture: str) -> Iterator[str]:
    """What a picture is made from has every shape and word of the drawing of its page."""
    wanted = Counter(_place(tag, one, 10) for tag, one in drawn.shapes if tag != "path")
    there = Counter(
        _place(tag, dict(re.findall(r'(?<![-\w])(\w+)="([\d.]+)"', given)), 1)
        for tag, given in re.findall(r"<(rect|circle|line) ([^>]*)/>", picture)
    )
    yield from (f"{shape} is not in the picture" for shape in wanted - there)
    written = Counter(re.findall(r"<text [^>]*>([^<]*)<", picture.replace("\u00a0", " ")))
    yield from (f"{text} is not written" for text in Counter(t for _, t in drawn.words) - written)
    paths = [one["d"] for one in drawn.of("path") if one["d"] not in picture]
    yield from (f"{path} is not in the picture" for path in paths)


def _place(tag: str, given: Attrs, times: int) -> tuple[str, ...]:
    """Where a shape is: across in thousandths, down in pixels."""
    across = [name for name in ("x", "width", "cx", "x1", "x2") if name in given]
    down = [name for name in ("y", "height", "cy", "y1", "y2", "r") if name in given]
    return (
        tag,
        *(f"{times * number(given[name]):.0f}" for name in across),
        *(f"{number(given[name]):.1f}" for name in down),
    )


def number(text: str) -> float:
    """A length, in percent or pixels."""
    return float(text.removesuffix("%"))


def drawings_checked(html: str) -> Iterator[str]:
    """Each drawing of a page by what it is made of."""
    for drawn in Drawings(html).found:
        yield from (f"drawing {drawn.key}: {said}" for said in _check_of(drawn)(drawn))


def _check_of(drawn: Drawn) -> Callable[[Drawn], Iterator[str]]:
    looks = {given.get("class", "") for _, given in drawn.shapes}
    kinds: Sequence[tuple[bool, Callable[[Drawn], Iterator[str]]]] = (
        (drawn.look == "bars", _bars),
        (drawn.look == "line-chart", _line_of_a_wave),
        ("scale-1" in looks, _stacked),
        ("node" in looks, _flow),
        (drawn.key == "embudo", _elsewhere),
        (drawn.level is not None, _risen),
        (bool(drawn.of("circle")), _dots),
    )
    return next((check for there, check in kinds if there), _unknown)


def _unknown(_: Drawn) -> Iterator[str]:
    yield "nobody checks this drawing"


def _elsewhere(_: Drawn) -> Iterator[str]:
    """The funnel: compare_checks.py knows the schools it is made of."""
    return iter(())


def _line_of_a_wave(drawn: Drawn) -> Iterator[str]:
    """Where the line ends is the share that its words say; 0 and 100 % are its two axes."""
    top, foot = sorted(number(one["y1"]) for one in drawn.of("line", "axis"))
    ((end, text),) = [one for one in drawn.words if one[0].get("class") == "end"]
    share = text.removesuffix(" %")
    (dot,) = drawn.of("circle")
    if abs(number(dot["cy"]) - (foot + (top - foot) * float(share) / 100)) > 0.5:
        yield f"{share} % is at {dot['cy']} between {foot} and {top}"
    *_, last = re.findall(r"V([\d.]+)", drawn.of("path", "trace")[0]["d"])
    if _off(float(last) + top, share, foot + (top - foot) * float(share) / 100, foot - top):
        yield f"the line ends at {last}, told {share} %"
    if end["x"] != dot["cx"]:
        yield f"the words are at {end['x']}, the end at {dot['cx']}"


def _off(at: float, told: str, place: float, whole: float) -> bool:
    """Whether a shape is not where its told number puts it, within what rounding took."""
    unit = 10.0 ** -len(told.partition(".")[2])
    return not isclose(at, place, abs_tol=abs(whole) * unit / 200 + CORNER)


def _bars(drawn: Drawn) -> Iterator[str]:
    """Bars of shares, and the dotted lines of the unit above across them."""
    tracks, parts = drawn.of("rect", "bar-track"), drawn.parts
    bars = {one["y"]: number(one["width"]) for one in drawn.of("rect", *BARS)}
    marks = {number(one["y1"]) + 4: number(one["x1"]) for one in drawn.of("line", "beside")}
    if len(tracks) != len(parts):
        yield f"{len(tracks)} bars, told {len(parts)}"
    for track, part in zip(tracks, parts, strict=False):
        whole, y = number(track["width"]), track["y"]
        told, *beside = re.findall(r": (no se muestra|[\d.]+ %)", part) or [""]
        if (y in bars) != told.endswith(" %"):
            yield f"«{part}» has {bars.get(y)}"
        elif y in bars and _off(bars[y], told[:-2], whole * float(told[:-2]) / 100, whole):
            yield f"«{part}» is {bars[y]} of {whole}"
        if told not in {text for _, text in drawn.words}:
            yield f"«{part}»: {told} is not written"
        mark = marks.get(number(y))
        other = beside[0].removesuffix(" %") if beside else ""
        if (mark is None) == bool(other):
            yield f"«{part}» is compared with {mark}"
        elif mark is not None and _off(mark, other, whole * float(other) / 100, whole):
            yield f"«{part}» is compared at {mark} of {whole}"


def _stacked(drawn: Drawn) -> Iterator[str]:
    shares = PERCENT.findall(drawn.described)
    rects = [one for one in drawn.of("rect") if one["class"].startswith("scale-")]
    if len(rects) != len(shares):
        yield f"{len(rects)} pieces, told {len(shares)}"
    end = 0.0
    for rect, share in zip(rects, shares, strict=False):
        start, wide = number(rect["x"]), number(rect["width"])
        if _off(wide, share, float(share), 100):
            yield f"{share} % is {wide} wide"
        if rect["class"] != "scale-1" and not isclose(start, end, abs_tol=CORNER):
            yield f"{share} % begins at {start}, the one before ends at {end}"
        end = start + wide


def _flow(drawn: Drawn) -> Iterator[str]:
    nodes = drawn.of("rect", "node")
    words = [text for given, text in drawn.words if given.get("class") == "small"]
    whole = sum(number(one["height"]) for one in nodes if number(one["x"]) < 50)
    for node, text in zip(nodes, words, strict=True):
        (share,) = PERCENT.findall(text)
        if _off(number(node["height"]), share, whole * float(share) / 100, whole):
            yield f"«{text}» is {node['height']} of {whole}"
    streams = drawn.of("path")
    sides = [(number(one["x"]) < 50, text.rpartition(" ")[0].rpartition(" ")[0])
             for one, text in zip(nodes, words, strict=True)]  # fmt: skip
    next_at = dict(zip(sides, (number(one["y"]) for one in nodes), strict=True))
    for path, part in zip(streams, drawn.parts, strict=True):
        (start, end) = re.findall(r"([\d.]+)V([\d.]+)C", path["d"])[0]
        (leaves,) = re.findall(r"^M[\d.]+ ([\d.]+)C", path["d"])
        before, _, after = part.rpartition(": ")[0].partition(" → ")
        for side, at in (((True, before), leaves), ((False, after), start)):
            if not isclose(next_at[side], float(at), abs_tol=0.1 * len(streams)):
                yield f"«{part}» is at {at}, the one before ends at {next_at[side]}"
            next_at[side] += float(end) - float(start)
        (share,) = PERCENT.findall(part)
        if _off(float(end) - float(start), share, whole * float(share) / 100, whole):
            yield f"«{part}» is {float(end) - float(start)} of {whole}"


def _risen(drawn: Drawn) -> Iterator[str]:
    """A line by day, a curve by month or dots by generation: how far up each is."""
    assert drawn.level is not None
    whole = drawn.level[0] - drawn.level[1]
    dots = drawn.of("circle")
    if drawn.key == "serie":
        told = [found[0] for part in drawn.parts if (found := PERCENT.findall(part))]
        yield from _heights(drawn, [number(one["cy"]) for one in dots], told, whole)
    elif drawn.parts[0].startswith("mes "):
        yield from _curve(drawn, whole)
    else:
        ends = [text for given, text in drawn.words if given.get("class") == "end"]
        told = [text.removesuffix(" %") for text in ends]
        yield from _heights(drawn, [number(one["cy"]) for one in dots], told, whole)


def _heights(
    drawn: Drawn, heights: Sequence[float], told: Sequence[str], whole: float
) -> Iterator[str]:
    if len(heights) != len(told):
        yield f"{len(heights)} dots, told {told}"
    for height, share in zip(heights, told, strict=False):
        if _off(height, share, drawn.down(float(share) / 100), whole):
            yield f"{share} % is at {height}, 0 % and 100 % at {drawn.level}"


def _curve(drawn: Drawn, whole: float) -> Iterator[str]:
    (line,) = drawn.of("path", "trace")
    corners = [one.split(" ") for one in line["d"][1:].split("L")]
    reached = {float(x): float(y) for x, y in corners}  # the last of those above each other
    told = dict(re.findall(r"mes (\d+): ([\d.]+) %", drawn.described))
    months = {text: 10 * number(given["x"]) for given, text in drawn.words if text.isdecimal()}
    last = max(map(int, told))
    left, right = months["0"], months[str(last)]
    for month, share in told.items():
        x = left + (right - left) * int(month) / last
        near = [y for at, y in reached.items() if isclose(at, x, abs_tol=0.2)]
        if len(near) != 1 or _off(near[0], share, drawn.down(float(share) / 100), whole):
            yield f"month {month}: {share} % is at {near}, 0 % and 100 % at {drawn.level}"


def _marks(drawn: Drawn, whole: float) -> Iterator[str]:
    """The dotted lines down the chart: the target, or no difference in the middle."""
    words = [text for _, text in drawn.words if text.startswith("Meta ") or text == "sin brecha"]
    for mark, text in zip(drawn.of("line", "beside"), words, strict=True):
        place = float(PERCENT.findall(text)[0]) if text.startswith("Meta ") else 50.0
        if number(mark["x1"]) != whole * place / 100 or mark["x1"] != mark["x2"]:
            yield f"{text} is at {mark}"


def _dots(drawn: Drawn) -> Iterator[str]:
    """Rates from 0 to 100 %, means from 1 to 5, or differences of them around none."""
    axes, dots = drawn.of("line", "axis"), {one["cy"]: one for one in drawn.of("circle")}
    gaps = any(text == "sin brecha" for _, text in drawn.words)
    low, high = (-2.0, 2.0) if gaps else (1.0, 5.0)
    parts = (
        drawn.described.partition(". Meta")[0].partition(". sin brecha")[0].rstrip(".").split("; ")
    )
    if len(axes) != len(parts):
        yield f"{len(axes)} lines, told {len(parts)}"
    yield from _marks(drawn, number(axes[0]["x2"]))
    for axis, part in zip(axes, parts, strict=False):
        whole, dot = number(axis["x2"]), dots.get(axis["y1"])
        share, value = PERCENT.findall(part), NUMBER.findall(part)
        if dot is None or not (share or value):
            if dot is not None or share or value:
                yield f"«{part}» is drawn {dot}"
            continue
        at = number(dot["cx"])
        if share:
            wrong = _off(at, share[0], whole * float(share[0]) / 100, whole)
        else:
            told = min(high, max(low, float(value[0].replace(MINUS, "-"))))
            wrong = not isclose(
                at,
                whole * (told - low) / (high - low),
                abs_tol=whole * 0.05 / (high - low) + CORNER,
            )
        if wrong:
            yield f"«{part}» is at {at} of {whole}"
