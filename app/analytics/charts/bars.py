"""Released figures → bars drawn by the server, and the same bars for Plotly.

The figure for Plotly is a plain document of a dozen keys, written here without plotly.py: the
package is needed for its browser bundle alone (app/web/assets.py), and importing it costs a
second and 60 MB in every process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from app.analytics.charts.drawing import Drawing, Rect, Shape, Stroke, Words
from app.analytics.charts.headlines import category_label, percent
from app.analytics.released import IndicatorRow
from app.fieldwork.percents import as_percent

TRACK = 80  # percent of the drawing that 100 % is wide: the rest is for the number
ROW = 56  # pixels of a bar with its label above it
LABEL, LINE_HEIGHT = 44, 18  # letters in a line of a label, and its pixels
NOT_SHOWN = "no se muestra"


@dataclass(frozen=True, slots=True)
class Beside:
    """A figure to compare with, by category: its word under the chart, and its shares."""

    name: str
    shares: Mapping[tuple[str, str], float]  # (indicator, category) → 0 to 1


def bar_chart(
    rows: Sequence[IndicatorRow],
    *,
    title: str,
    whole_percents: bool,
    beside: Beside | None = None,
    key: str = "",
    labels: Sequence[str] = (),
) -> Drawing | None:
    """Shares as horizontal bars from 0 to 100 %; None where no figure may be shown.

    Args:
        rows: of indicators made of shares.
        title: what the chart says.
        whole_percents: for the public.
        beside: marked by a dotted line across each bar.
        key: unique on the page; the indicator's own id if it is empty.
        labels: of the bars; those of their categories if there are none.
    """
    if all(row.value is None for row in rows):
        return None
    # Several indicators on one board: the sentence is about the first, and each has its own base.
    about = next(row.id for row in rows if row.value is not None)
    largest = max(row.value for row in rows if row.id == about and row.value is not None)
    own_bases = len({row.base for row in rows if row.base is not None}) > 1
    shapes: list[Shape] = []
    said, top = [], 0
    for place, row in enumerate(rows):
        label = labels[place] if labels else category_label(row)
        if own_bases and not labels and row.value is not None and row.base is not None:
            about_n = f"unas\u00a0{row.base:,}" if whole_percents else f"{row.base:,}"
            label += f" (base:\u00a0{about_n})"
        text = share_text(row, whole=whole_percents)
        other = None if beside is None else beside.shares.get((row.id, row.category))
        compared = "" if other is None else f" ({beside_text(beside, other)})"
        said.append(f"{label}: {text}{compared}")
        lines = wrap(label, LABEL)  # as much as a phone has room for
        shapes += [Words(0, top + 16 + LINE_HEIGHT * n, line) for n, line in enumerate(lines)]
        top += LINE_HEIGHT * (len(lines) - 1)
        highlighted = row.id == about and row.value == largest
        shapes += _bar(row, top, text, highlighted=highlighted, other=other)
        top += ROW
    return Drawing(
        key=key or rows[0].id,
        title=title,
        description="; ".join(said),
        height=top,
        shapes=tuple(shapes),
        look="bars",
    )


def plotly_bars(traces: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Horizontal bars of shares for Plotly.js: bar traces alone, no template, no fetched fonts.

    Each trace comes with its `y`, `x`, `text` and `marker`, without the bars that may not be shown.
    """
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "textposition": "outside",
                "cliponaxis": False,
                "hoverinfo": "y+text",
                **trace,
            }
            for trace in traces
        ],
        "layout": {
            "xaxis": {"range": [0, 115], "ticksuffix": " %", "fixedrange": True},
            "yaxis": {"autorange": "reversed", "automargin": True, "fixedrange": True},
            "margin": {"l": 16, "r": 24, "t": 16, "b": 40},
            "showlegend": len(traces) > 1,
            "legend": {"orientation": "h", "traceorder": "normal"},
            "font": {"family": "system-ui, sans-serif", "size": 14},
        },
    }


def share_text(row: IndicatorRow, *, whole: bool) -> str:
    """The number of a bar."""
    return NOT_SHOWN if row.value is None else percent(row.value, whole=whole)


def beside_text(beside: Beside | None, share: float) -> str:
    """The figure to compare with, in words."""
    name = "" if beside is None else beside.name
    return f"{name}: {as_percent(share)}"


def _bar(
    row: IndicatorRow, top: int, text: str, *, highlighted: bool, other: float | None
) -> list[Shape]:
    width, high = _across(row.value) or 0.0, _across(row.high)
    low = _across(row.low)
    shapes: list[Shape] = [Rect(0, top + 24, TRACK, 20, "bar-track")]
    if row.value is not None:
        shapes.append(Rect(0, top + 24, width, 20, "bar-main" if highlighted else "bar-other"))
        if low is not None and high is not None:
            shapes.append(Stroke(low, top + 34, high, top + 34, "whisker"))
    if other is not None:
        at = _across(other) or 0.0
        shapes.append(Stroke(at, top + 20, at, top + 48, "beside"))
    shapes.append(Words(max(width, high or 0.0) + 1, top + 39, text, "end"))
    return shapes


def _across(value: float | None) -> float | None:
    return None if value is None else round(TRACK * value, 2)
