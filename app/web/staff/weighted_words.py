"""The weighted figures beside the plain ones: how much would change, and what they are made of.

They never take the place of a figure (domain.md 3.7): where both say the same, who did not answer
changes little by what is known of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from app.analytics.charts.headlines import percent
from app.analytics.figures.registry import indicator
from app.analytics.nonresponse import TRAITS
from app.analytics.released import IndicatorRow, Weighted
from app.analytics.reports import IndicatorsReport

SMALL_CHANGE = 3  # points that nobody would act upon
METHOD = (
    "Ponderado: como si hubieran respondido con la mezcla de la lista por {traits} (calibración a "
    "esos márgenes, con pesos de un tercio a tres veces la media). Con los pesos, {answered:,} "
    "respuestas informan como {effective:,.0f} (efecto de diseño {deff:.2f}). Es una prueba al "
    "lado: la cifra que se presenta es la de sin ponderar."
)


@dataclass(frozen=True, slots=True)
class WeightedRow:
    """One figure both ways; the change in points."""

    label: str
    plain: str
    weighted: str
    change: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What weighting would change. `rows`: the figures that change most, first."""

    lead: str
    method: str
    rows: tuple[WeightedRow, ...]


def sensitivity_of(report: IndicatorsReport, *, most: int = 8) -> Sensitivity | None:
    """How much the figures change; None where nothing can be weighted, or for another reader."""
    found = report.weighted
    if found is None:
        return None
    pairs = sorted(_pairs(report.figures, found), key=lambda pair: -abs(_points(*pair)))
    if not pairs:
        return None
    return Sensitivity(
        lead=_lead(*pairs[0], traits=_traits(found)),
        method=method_words(found),
        rows=tuple(_row(row, share) for row, share in pairs[:most]),
    )


def method_words(found: Weighted) -> str:
    """What the weights are made of, and what they cost."""
    return METHOD.format(
        traits=_traits(found),
        answered=round(found.n_eff * found.deff),
        effective=found.n_eff,
        deff=found.deff,
    )


def weighted_text(row: IndicatorRow, found: Weighted | None) -> str:
    """The weighted share of one figure; empty where there is none."""
    share = None if found is None else found.shares.get((row.id, row.category))
    return "" if share is None or row.value is None else percent(share, whole=False)


def _pairs(rows: Iterable[IndicatorRow], found: Weighted) -> Iterator[tuple[IndicatorRow, float]]:
    for row in rows:
        share = found.shares.get((row.id, row.category))
        if share is not None and row.value is not None:
            yield row, share


def _points(row: IndicatorRow, share: float) -> float:
    return 100 * (share - (row.value or 0))


def _lead(row: IndicatorRow, share: float, *, traits: str) -> str:
    most = abs(_points(row, share))
    if most < 0.5:
        return f"Al ponderar por {traits} ninguna cifra cambia."
    whole = ceil(round(most, 6))  # "no more than 2" is not said of 2.4
    words = f"{whole} punto{'s' if whole != 1 else ''}"
    if most <= SMALL_CHANGE:
        return f"Al ponderar por {traits} ninguna cifra cambia más de {words}."
    return (
        f"Al ponderar por {traits} alguna cifra cambia hasta {words}: léalas con reserva, porque "
        "quienes respondieron no son como la lista."
    )


def _row(row: IndicatorRow, share: float) -> WeightedRow:
    points = _points(row, share)
    change = f"{points:+.1f}".replace("-", "−")  # noqa: RUF001
    return WeightedRow(
        label=_label(row),
        plain=percent(row.value, whole=False),
        weighted=percent(share, whole=False),
        change="sin cambio" if abs(points) < 0.05 else f"{change} puntos",
    )


def _label(row: IndicatorRow) -> str:
    entry = indicator(row.id)
    category = next((one.label for one in entry.categories if one.id == row.category), "")
    return entry.name if category in {"", "Sí"} else f"{entry.name}: {category.lower()}"


def _traits(found: Weighted) -> str:
    names = [TRAITS[name] for name in found.traits]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} y {names[-1]}"
