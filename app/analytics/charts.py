"""Released figures → charts: bars drawn by the server, and the same bars for Plotly.

The figure for Plotly is a plain document of a dozen keys, written here without plotly.py: the
package is needed for its browser bundle alone (app/web/assets.py), and importing it costs a
second and 60 MB in every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.headlines import category_label, percent
from app.analytics.released import IndicatorRow

HIGHLIGHT, GREY = "#0072B2", "#8C9399"  # on white 5.2 and 3.1 to 1; told apart in grey by tone
TRACK = 80  # percent of the drawing that 100 % is wide: the rest is for the number
ROW = 56  # pixels of a bar with its label above it


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label above, its number behind its end, its interval as a whisker.

    Down in pixels, across in percent of the drawing: it stretches and its letters do not.
    """

    label: str
    text: str
    percent: float | None  # 0 to 100, as `text` says it; None where withheld
    label_at: int
    bar_at: int
    middle: int
    text_at: int
    width: float
    text_from: float
    low: float | None
    high: float | None
    highlighted: bool


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars from 0 to 100 %."""

    key: str  # unique on its page
    title: str
    description: str
    height: int
    track: int
    bars: tuple[Bar, ...]


def bar_chart(rows: Sequence[IndicatorRow], *, title: str, whole_percents: bool) -> BarChart | None:
    """The shares of one indicator as bars; None where no figure may be shown.

    Args:
        rows: of one indicator with categories.
        title: what the chart says.
        whole_percents: for the public.
    """
    shown = [row.value for row in rows if row.value is not None]
    if not shown:
        return None
    largest = max(shown)
    bars = tuple(
        _bar(row, place, whole=whole_percents, highlighted=row.value == largest)
        for place, row in enumerate(rows)
    )
    return BarChart(
        key=rows[0].id,
        title=title,
        description="; ".join(f"{bar.label}: {bar.text}" for bar in bars),
        height=ROW * len(bars),
        track=TRACK,
        bars=bars,
    )


def plotly_figure(chart: BarChart) -> dict[str, object]:
    """The chart as Plotly.js takes it: only a bar trace, no template, no fetched fonts.

    Bars that may not be shown are not in it; the table beside it says why.
    """
    shown = [bar for bar in chart.bars if bar.percent is not None]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [bar.label for bar in shown],
                "x": [bar.percent for bar in shown],
                "text": [bar.text for bar in shown],
                "textposition": "outside",
                "cliponaxis": False,
                "hoverinfo": "y+text",
                "marker": {"color": [HIGHLIGHT if bar.highlighted else GREY for bar in shown]},
            }
        ],
        "layout": {
            "xaxis": {"range": [0, 115], "ticksuffix": " %", "fixedrange": True},
            "yaxis": {"autorange": "reversed", "automargin": True, "fixedrange": True},
            "margin": {"l": 16, "r": 24, "t": 16, "b": 40},
            "showlegend": False,
            "font": {"family": "system-ui, sans-serif", "size": 14},
        },
    }


def _bar(row: IndicatorRow, place: int, *, whole: bool, highlighted: bool) -> Bar:
    top = ROW * place
    said = None if row.value is None else round(100 * row.value, 0 if whole else 1)
    width, high = _across(row.value) or 0.0, _across(row.high)
    return Bar(
        label=category_label(row),
        text="no se muestra" if row.value is None else percent(row.value, whole=whole),
        percent=said,
        label_at=top + 16,
        bar_at=top + 24,
        middle=top + 34,
        text_at=top + 39,
        width=width,
        text_from=max(width, high or 0.0) + 1,
        low=_across(row.low),
        high=high,
        highlighted=highlighted,
    )


def _across(value: float | None) -> float | None:
    return None if value is None else round(TRACK * value, 2)
