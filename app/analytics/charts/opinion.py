"""Released answers to scales → 100 % stacked bars with their numbers on them, and a net score."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.charts.drawing import Drawing, Key, Rect, Shape, Words
from app.analytics.charts.headlines import percent
from app.analytics.figures.registry import indicator
from app.analytics.released import IndicatorRow
from app.fieldwork.percents import in_percent

ROW = 60  # pixels of a bar with its label above it
LEGIBLE = 0.09  # share under which the number does not fit in its segment
ON_DARK = {1, 2, 5}  # answers whose segment is so dark that the number is white
NET = "Neto: quienes dan las dos mejores respuestas menos quienes dan las dos peores, en puntos."


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a scale, all of it released."""

    name: str
    rows: tuple[IndicatorRow, ...]  # worst answer first

    @property
    def top(self) -> float:
        """Share of the two best answers."""
        return sum(row.value or 0 for row in self.rows[-2:])

    @property
    def net(self) -> float:
        """Share of the two best answers less that of the two worst."""
        return self.top - sum(row.value or 0 for row in self.rows[:2])


def items_of(rows: Sequence[IndicatorRow]) -> tuple[Item, ...]:
    """The questions that are told, best first."""
    names = dict.fromkeys(row.id for row in rows)
    items = [Item(_plain(name), tuple(row for row in rows if row.id == name)) for name in names]
    told = [one for one in items if all(row.value is not None for row in one.rows)]
    return tuple(sorted(told, key=lambda one: (-one.top, one.name)))


def stacked_chart(
    items: Sequence[Item], *, key: str, title: str, whole_percents: bool
) -> Drawing | None:
    """Each question as a bar of 100 %; None without any."""
    if not items:
        return None
    shapes: list[Shape] = []
    said = []
    for place, item in enumerate(items):
        top, at = ROW * place, 0.0
        net = _net(item.net)
        # The question of a whole board is its title, and both words would meet on a phone.
        name = "" if item.rows[0].id == "C1d" else item.name
        shapes += [Words(0, top + 16, name), Words(100, top + 16, net, "quiet", "end")]
        for rating, row in enumerate(item.rows, 1):
            share = row.value or 0.0
            shapes.append(
                Rect(round(at, 2), top + 24, round(100 * share, 2), 26, f"scale-{rating}")
            )
            if share >= LEGIBLE:
                look = "on-dark" if rating in ON_DARK else "on-light"
                middle = round(at + 50 * share, 2)
                shapes.append(Words(middle, top + 42, f"{in_percent(share)}", look, "middle"))
            at += 100 * share
        parts = (f"{_label(row)} {percent(row.value, whole=whole_percents)}" for row in item.rows)
        said.append(f"{item.name}, {net}: {', '.join(parts)}")
    return Drawing(
        key=key,
        title=title,
        description="; ".join(said),
        height=ROW * len(items),
        shapes=tuple(shapes),
        keys=tuple(
            Key(f"scale-{rating}", _label(row)) for rating, row in enumerate(items[0].rows, 1)
        ),
    )


def _net(score: float) -> str:
    """Points from -100 to 100, with their sign."""
    return f"neto {in_percent(score):+}".replace("-", "−")  # noqa: RUF001 (a real minus)


def _label(row: IndicatorRow) -> str:
    return next(c.label for c in indicator(row.id).categories if c.id == row.category)


def _plain(name: str) -> str:
    """The question without what all of them share: "docentes", not "Cómo califican docentes"."""
    words = indicator(name).name.removeprefix("Cómo califican ")
    return words[0].upper() + words[1:]
