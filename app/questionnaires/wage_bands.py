"""Income bands as multiples of the minimum wage of a year and zone.

Rounded to hundreds of pesos: the question asks for net pay, "más o menos".
Source of the formula: questions.md, `bandas_sm`: monthly = daily × 365 / 12.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

GENERAL = "general"
BORDER = "frontera_norte"
# Upper edges in halves of a minimum wage, by the marker of the amount.
_EDGES = {"sm_medio": 1, "sm_uno": 2, "sm_uno_y_medio": 3, "sm_dos": 4, "sm_tres": 6}
BAND_MARKERS = frozenset(name for edge in _EDGES for name in (edge, f"{edge}_mas"))
_STEP = 10_000  # cents: bands end at whole hundreds of pesos


@dataclass(frozen=True, slots=True)
class MinimumWage:
    """The general minimum wage of a zone, in pesos a day, while it is in force (both days in)."""

    zone: str
    daily: Decimal
    starts: date
    ends: date


def monthly_wage(wages: Iterable[MinimumWage], *, day: date, zone: str = GENERAL) -> int:
    """The monthly minimum wage of `zone` on `day`, in cents.

    A zone without a wage of its own takes the general one; a year whose wage is not yet set takes
    the latest one known.

    Raises:
        ValueError: no wage was in force by `day`.
    """
    begun = [wage for wage in wages if wage.starts <= day]
    own = [wage for wage in begun if wage.zone == zone]
    general = [wage for wage in begun if wage.zone == GENERAL]
    chosen = max(own or general, key=lambda wage: wage.starts, default=None)
    if chosen is None:
        raise ValueError(f"no minimum wage is known for {zone} on {day}")
    cents = chosen.daily * 100 * 365 / 12
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def band_edges(monthly: int) -> dict[str, int]:
    """Upper edge of each band but the last, in pesos, for a monthly wage in cents.

    9,582.47 pesos give 4,800, 9,600, 14,400, 19,200 and 28,700.
    """
    return {
        name: int(Fraction(monthly * halves, 2 * _STEP) + Fraction(1, 2)) * 100
        for name, halves in _EDGES.items()
    }


def band_markers(monthly: int) -> dict[str, str]:
    """Amounts for the labels: `sm_medio` ends a band, `sm_medio_mas` begins the next."""
    texts: dict[str, str] = {}
    for name, pesos in band_edges(monthly).items():
        texts[name] = f"${pesos:,}"
        texts[f"{name}_mas"] = f"${pesos + 1:,}"
    return texts
