"""Findings: a sentence from the data, its chart, its table, and how each figure is made.

Everything comes through the door of analytics: a number that is not there may not be shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.analytics.charts.bars import Beside, bar_chart
from app.analytics.charts.boards import Board, Look
from app.analytics.charts.compare import DotLine, Mark, dot_chart
from app.analytics.charts.drawing import Drawing
from app.analytics.charts.headlines import board_headline, category_label, headline, percent
from app.analytics.charts.opinion import NET, items_of, stacked_chart
from app.analytics.charts.over_time import curve_chart
from app.analytics.charts.paths import Matrix, flow_chart, matrix_of
from app.analytics.disclosure import nearest_five
from app.analytics.figures.indicators import Kind
from app.analytics.figures.national_references import beside, in_words
from app.analytics.figures.registry import column, indicator
from app.analytics.released import Audience, IndicatorRow, Reason
from app.analytics.reports import IndicatorsReport
from app.fieldwork.percents import half_up
from app.fieldwork.queries import OutcomeCounts
from app.web.staff.told_rates import told_rate
from app.web.staff.weighted_words import method_words, weighted_text
from app.web.staff.worked import SHARES, worked

WORST, BEST = 1, 5  # of an answer on a scale
WIDEST = 2  # points of a mean difference that the drawing has room for


@dataclass(frozen=True)
class Figures:
    """The figures of a questionnaire as one reader may see them, and of whom they are."""

    questionnaire: int
    report: IndicatorsReport
    counts: OutcomeCounts
    dated: str  # "al 2 de marzo de 2026", or the edition
    above: "Figures | None" = None  # of the unit above, to compare with
    above_name: str = ""

    @property
    def whole_percents(self) -> bool:
        return self.report.audience is Audience.PUBLIC

    @property
    def answered_of(self) -> tuple[int, int]:
        """Persons who answered, and those of the list: of the editions, where there are any."""
        editions, pool = self.report.editions, self.report.pool
        if pool is not None:
            return pool.answered, pool.frame
        if editions is None:
            return self.counts.answered, self.counts.frame
        return editions.answered, editions.frame

    def rows_of(self, name: str) -> tuple[IndicatorRow, ...]:
        """The figures of one indicator."""
        return self._by_name.get(name, ())

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[IndicatorRow, ...]]:
        found: dict[str, list[IndicatorRow]] = {}
        for row in self.rows:
            found.setdefault(row.id, []).append(row)
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def rows(self) -> tuple[IndicatorRow, ...]:
        """Every figure; of a generation too small alone, those of its pool.

        Where a sum of schools tells nothing of an indicator, those of the schools that do.
        """
        if self.report.pool is not None:
            return self.report.pooled
        some = {row.id for row in self.report.in_part}
        kept = [row for row in self.report.figures if row.id not in some]
        return (*kept, *self.report.in_part)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure, in words. `beside`: that of the unit above."""

    label: str
    share: str
    people: str
    interval: str
    note: str
    beside: str = ""
    weighted: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """How one indicator is made, with its numbers."""

    id: str
    name: str
    counted: str
    base: str
    worked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What the figures say, drawn and in numbers. Only one of the drawings may be there."""

    id: str
    headline: str
    subtitle: str
    chart: Drawing | None
    rows: tuple[FigureRow, ...]
    withheld: str
    definitions: tuple[Definition, ...]
    explore_url: str = ""
    calculation_url: str = ""
    csv_url: str = ""
    png_url: str = ""
    matrix: Matrix | None = None
    notes: tuple[str, ...] = ()
    beside_name: str = ""
    weighting: str = ""  # what the weighted figures of the table are; empty where there are none

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to see."""
        return self.chart is not None or self.matrix is not None


def finding_of_indicator(
    figures: Figures, name: str, *, explore_url: str, calculation_url: str
) -> Finding:
    """One indicator by itself, as bars."""
    rows = figures.rows_of(name)
    said = headline(rows) if rows else indicator(name).name
    return Finding(
        id=name,
        headline=said,
        subtitle=f"{indicator(name).name}. {base_words(rows, figures)}",
        chart=bar_chart(rows, title=said, whole_percents=figures.whole_percents),
        rows=tuple(figure_row(row, figures) for row in rows),
        withheld=_withheld(rows),
        definitions=(definition_of(name, rows),),
        explore_url=explore_url,
        csv_url=explore_url.replace("/explorar?", "/explorar.csv?", 1),
        png_url=explore_url.replace("/explorar?", "/explorar.png?", 1),
        calculation_url=f"{calculation_url}#cifra-{name}",
        weighting=_weighting(rows, figures),
    )


def finding_of_board(figures: Figures, board: Board, *, url: str, query: str) -> Finding | None:
    """One dashboard; None where nobody was asked any of it.

    Args:
        figures: of the unit.
        board: which.
        url: of the unit's results, for the links.
        query: the choices of the page, as in its address.
    """
    rows = [row for name in board.indicators for row in figures.rows_of(name)]
    look = board.look
    if board.otherwise and not any(row.value is not None for row in rows):
        rows, look = [row for name in board.otherwise for row in figures.rows_of(name)], Look.BARS
    if look is Look.BARS:
        rows = [row for row in rows if indicator(row.id).kind in SHARES or row.value is not None]
    counted = _cells(rows) if look is Look.PATHS else rows
    if all(row.base == 0 for row in counted):
        return None
    if look is not Look.PATHS:
        rows = [row for row in rows if row.base != 0]  # nobody was asked that one
    if look is Look.SORTED_BARS:
        rows = sorted(rows, key=lambda row: -(row.value or 0))
    tops = {
        scale: row.value
        for scale, top in zip(board.indicators, board.otherwise, strict=False)
        for row in figures.rows_of(top)
        if row.value is not None
    }
    said = board_headline(look, rows, board.question, tops=tops)
    asked = "" if said == board.question else f"{board.question} "
    chart, matrix = _drawn(figures, look, rows, key=board.key, title=said)
    link = f"{query}&tablero={board.key}"
    return Finding(
        id=board.key,
        headline=said,
        subtitle=f"{asked}{base_words(_based(rows, look), figures, linked=look is Look.PATHS)}",
        chart=chart,
        matrix=matrix,
        rows=tuple(figure_row(row, figures) for row in rows),
        withheld=_withheld(counted),
        definitions=tuple(
            definition_of(name, rows) for name in dict.fromkeys(row.id for row in rows)
        ),
        calculation_url=f"{url}/calculo?{query}&indicador={rows[0].id}#cifra-{rows[0].id}",
        explore_url=_explore_url(rows, url=url, query=query),
        csv_url=f"{url}/cifras.csv?{link}",
        png_url=f"{url}/grafica.png?{link}" if chart is not None else "",
        notes=tuple(_notes(figures, look, rows)),
        beside_name=figures.above_name if figures.above is not None else "",
        weighting=_weighting(rows, figures),
    )


def _explore_url(rows: Iterable[IndicatorRow], *, url: str, query: str) -> str:
    """The exploration of the first figure of a board that is a share; empty where none is."""
    name = next((row.id for row in rows if indicator(row.id).kind in SHARES), "")
    return f"{url}/explorar?{query}&indicador={name}" if name else ""


def base_words(rows: Iterable[IndicatorRow], figures: Figures, *, linked: bool = False) -> str:
    """The base of a finding, with the frame, the rate and the day. `linked`: who is in X1e."""
    bases = (row.numerator if linked and row.id == "X1e" else row.base for row in rows)
    base = next((one for one in bases if one is not None), None)
    answered, frame = figures.answered_of
    if base is None:
        said = "La base no se muestra"
    elif figures.whole_percents:
        said = f"Base: unas {base:,} de unas {nearest_five(frame):,} personas"
    else:
        said = f"Base: {base:,} de {frame:,} personas"
    told = told_rate(answered, frame, public=figures.whole_percents)
    rate = "" if told.share is None else f" (tasa de respuesta {told.alone})"
    pool = figures.report.pool
    dated = figures.dated if pool is None else pool.words.rstrip(".")
    return f"{said}{rate}, {dated}."


def label_of(row: IndicatorRow) -> str:
    """The words of a figure: of a crossing, what was before and what came of it."""
    entry = indicator(row.id)
    if entry.kind is not Kind.CROSSING or not row.category:  # all of it withheld: one row
        return category_label(row)
    before, _, after = row.category.partition("|")
    first = next(one.label for one in entry.categories if one.id == before)
    second = next(one.label for one in column(entry).categories if one.id == after)
    return f"{first} → {second}"


def _based(rows: Sequence[IndicatorRow], look: Look) -> Sequence[IndicatorRow]:
    """The figures whose base is that of the board: of a matrix, whoever answered both times."""
    kept = [row for row in rows if look is not Look.PATHS or row.id == "X2"]
    return kept or [row for row in rows if row.id == "X1e"]


def _drawn(
    figures: Figures, look: Look, rows: Sequence[IndicatorRow], *, key: str, title: str
) -> tuple[Drawing | None, Matrix | None]:
    whole = figures.whole_percents
    match look:
        case Look.SCALE:
            return stacked_chart(items_of(rows), key=key, title=title, whole_percents=whole), None
        case Look.CURVE:
            return curve_chart(rows, key=key, title=title, whole_percents=whole), None
        case Look.MEANS | Look.GAPS:
            return _dots(rows, look, key=key, title=title), None
        case Look.PATHS:
            cells = _cells(rows)
            matrix = matrix_of(cells, whole_percents=whole) if cells else None
            return flow_chart(cells, key=key, title=title), matrix
        case Look.BARS | Look.SORTED_BARS:
            other = _above(figures)
            return bar_chart(rows, title=title, whole_percents=whole, beside=other, key=key), None


def _cells(rows: Sequence[IndicatorRow]) -> Sequence[IndicatorRow]:
    return [row for row in rows if indicator(row.id).kind is Kind.CROSSING]


def _dots(rows: Sequence[IndicatorRow], look: Look, *, key: str, title: str) -> Drawing | None:
    """Means of 1 to 5, or differences of them around none."""
    low, wide = (WORST, BEST - WORST) if look is Look.MEANS else (-WIDEST, 2 * WIDEST)

    def at(value: float | None) -> float | None:
        return None if value is None else min(1.0, max(0.0, (value - low) / wide))

    ordered = sorted(rows, key=lambda row: -(row.value or 0))
    lines = [
        DotLine(
            name=category_label(row).rpartition(": ")[2].capitalize(),
            at=at(row.value),
            text=_number(row) if row.value is not None else "no se muestra",
            low=at(row.low),
            high=at(row.high),
        )
        for row in ordered
    ]
    mark = Mark(0.5, "sin brecha") if look is Look.GAPS else None
    return dot_chart(lines, key=key, title=title, mark=mark)


def _above(figures: Figures) -> Beside | None:
    if figures.above is None:
        return None
    shares = {
        (row.id, row.category): row.value
        for row in figures.above.report.figures
        if row.value is not None
    }
    return Beside(figures.above_name, shares)


def _notes(figures: Figures, look: Look, rows: Sequence[IndicatorRow]) -> Iterator[str]:
    if any(row.reason is Reason.SOME for row in rows):
        yield str(Reason.SOME)
    if look is Look.SCALE:
        yield NET
    if figures.above is not None and look in {Look.BARS, Look.SORTED_BARS}:
        above = _above(figures)
        if above is not None and any((row.id, row.category) in above.shares for row in rows):
            yield f"Línea punteada: {figures.above_name}, {figures.above.dated}."
    national = [found for row in rows if (found := beside(row.id, row.category)) is not None]
    if national:
        yield in_words(national)
    linked = next((row for row in rows if row.id == "X1e"), None)
    if linked is not None and linked.value is not None:
        share = percent(linked.value, whole=True)
        yield f"Solo cuenta a quienes respondieron también antes: tasa de enlace {share}."


def _weighting(rows: Iterable[IndicatorRow], figures: Figures) -> str:
    found = figures.report.weighted
    if found is None or not any(weighted_text(row, found) for row in rows):
        return ""
    return method_words(found)


def figure_row(row: IndicatorRow, figures: Figures, *, label: str = "") -> FigureRow:
    """One figure in words; `label` where its own would not do."""
    whole = figures.whole_percents
    people = "" if row.numerator is None else f"{row.numerator:,} de {row.base or 0:,}"
    is_share = indicator(row.id).kind not in {Kind.MEAN, Kind.MEDIAN, Kind.BANDED_MEDIAN}
    above = () if figures.above is None else figures.above.rows_of(row.id)
    other = next((one.value for one in above if one.category == row.category), None)
    return FigureRow(
        label=label or label_of(row),
        share=percent(row.value, whole=whole) if is_share else _number(row),
        people=people or ("" if row.base is None else f"entre {row.base:,}"),
        interval=_interval(row, whole=whole, is_share=is_share),
        note="" if row.reason is None else str(row.reason),
        beside="" if other is None or not is_share else percent(other, whole=True),
        weighted=weighted_text(row, figures.report.weighted),
    )


def _interval(row: IndicatorRow, *, whole: bool, is_share: bool) -> str:
    if row.value is None or row.low is None or row.high is None:
        return ""
    if row.low == row.value == row.high:
        return "respondieron todas: sin error de muestra"
    if not is_share:
        return f"de {_signed(row.low, row)} a {_signed(row.high, row)}"
    return f"de {percent(row.low, whole=whole)} a {percent(row.high, whole=whole)}"


def _number(row: IndicatorRow) -> str:
    return "—" if row.value is None else _signed(row.value, row)


def _signed(value: float, row: IndicatorRow) -> str:
    rounded = float(half_up(value, digits=1)) + 0.0  # no "−0.0"
    gap = row.id.startswith("C3b") and rounded
    return (f"{rounded:+.1f}" if gap else f"{rounded:.1f}").replace("-", "−")  # noqa: RUF001


def _withheld(rows: Sequence[IndicatorRow]) -> str:
    """Why nothing is shown, where nothing is."""
    if any(row.value is not None for row in rows):
        return ""
    return " ".join(sorted({str(row.reason) for row in rows if row.withheld and row.reason}))


def definition_of(name: str, rows: Iterable[IndicatorRow]) -> Definition:
    """How the indicator of that id is made, with its numbers among `rows`."""
    entry = indicator(name)
    return Definition(entry.id, entry.name, entry.numerator, entry.base, (*worked(entry, rows),))
