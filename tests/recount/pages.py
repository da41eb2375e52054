"""Pages as readers see them: their tables and their prose, and how a counted figure is said."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from html.parser import HTMLParser

from app.analytics.released import Audience
from tests.recount.agreement import Reader, told_numbers
from tests.recount.estimates import fives, half_up, public_share
from tests.recount.outcomes import Figure

SIGNED = "C3b_"
MINUS = "\N{MINUS SIGN}"
RATE = re.compile(r"(\d+) % \(([\d,]+) de ([\d,]+)\)")
CENSUS = "respondieron todas: sin error de muestra"
Cells = tuple[str, ...]


@dataclass
class Table:
    """A table of a page by the name that a screen reader says."""

    name: str
    rows: list[Cells] = field(default_factory=list)


class PageText(HTMLParser):
    """Collects the tables of the body, and the words outside them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tables: list[Table] = []
        self.words: list[str] = []
        self._region = ""
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._skipped = 0
        self.feed(html)

    @property
    def prose(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("role") == "region":
            self._region = given.get("aria-label") or ""
        if tag in {"script", "style", "svg", "select"}:
            self._skipped += 1
        elif tag == "table":
            self.tables.append(Table(self._region))
        elif tag == "tr":
            self._row = []
        elif tag in {"td", "th"} and self._row is not None:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "svg", "select"}:
            self._skipped -= 1
        elif tag in {"td", "th"} and self._row is not None and self._cell is not None:
            self._row.append(" ".join("".join(self._cell).split()))
            self._cell = None
        elif tag == "tr" and self._row is not None:
            self.tables[-1].rows.append(tuple(self._row))
            self._row = None

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        (self.words if self._cell is None else self._cell).append(data.replace("\u00a0", " "))


def body_of(table: Table) -> list[Cells]:
    """The rows under the headings."""
    return table.rows[1:]


def lines_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by heading."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def rate_said(answered: int, listed: int) -> str:
    """A rate with its numbers."""
    if not listed:
        return "nadie"
    return f"{half_up(Fraction(answered, listed))} % ({answered:,} de {listed:,})"


def rates_in(prose: str) -> Iterator[tuple[int, int, int]]:
    """Every "62 % (148 de 239)" of a text."""
    for found in RATE.finditer(prose):
        yield tuple(int(number.replace(",", "")) for number in found.groups())  # type: ignore[misc]


def figure_said(name: str, figure: Figure, reader: Reader) -> Cells:
    """Share, persons and margin of a figure as a table of this reader says them."""
    public = reader.audience is Audience.PUBLIC
    n = fives(figure.base) if public else figure.base
    if figure.kind in {"share", "cell"}:
        return _share_said(figure, reader, n)
    people = f"entre {n:,}"
    if figure.kind == "curve":
        value, *edges = (figure.value, figure.low, figure.high)
        if not reader.exact:  # whole percents
            value, *edges = (None if one is None else round(one, 2) for one in (value, *edges))
        digits = 0 if public else 1
        said = [of_percent(one, digits) for one in (value, *edges)]
        return said[0], people, _margin(said[1:], edges)
    numbers = told_numbers(figure, reader)
    signed = name.startswith(SIGNED)
    said = ["—" if one is None else _decimal(one, signed=signed) for one in numbers]
    if numbers[0] is not None and numbers[0] == numbers[1] == numbers[2]:
        return said[0], people, CENSUS
    return said[0], people, _margin(said[1:], numbers[1:])


def _share_said(figure: Figure, reader: Reader, n: int) -> Cells:
    share = figure.share
    if share is None or figure.numerator is None:
        return "—", f"{0:,} de {0:,}" if n == 0 else f"entre {n:,}", ""
    if reader.audience is Audience.PUBLIC:
        whole = half_up(share)
        if figure.kind == "cell":
            return f"{whole} %", f"entre {n:,}", ""
        shown = public_share(figure.numerator, figure.base, reader.population(figure))
        low, high = (round(100 * one) for one in shown[1:])
        margin = CENSUS if low == whole == high else f"de {low} % a {high} %"
        return f"{whole} %", f"entre {n:,}", margin
    people = f"{figure.numerator:,} de {figure.base:,}"
    if figure.low is not None and figure.low == figure.value == figure.high:
        return f"{half_up(share, 1)} %", people, CENSUS
    edges = (figure.low, figure.high)
    margin = _margin([of_percent(edge) for edge in edges], edges)
    return f"{half_up(share, 1)} %", people, margin


def _margin(said: Sequence[str], edges: Sequence[float | None]) -> str:
    return "" if None in edges else f"de {said[0]} a {said[1]}"


def of_percent(value: float | None, digits: int = 1) -> str:
    """A share in percent."""
    return "—" if value is None else f"{_rounded(100 * value, digits)} %"


def _decimal(value: float, *, signed: bool) -> str:
    rounded = _rounded(value)
    text = f"{rounded:+}" if signed and rounded else f"{rounded or abs(rounded)}"
    return text.replace("-", MINUS)


def _rounded(value: float, digits: int = 1) -> Decimal:
    """Half up, without the noise of a float."""
    exact = Decimal(repr(round(value, 9)))
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
