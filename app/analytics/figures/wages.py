"""What a minimum wage is worth in a month, and which one was in force.

Daily wages are data (an argument): one row for each zone and period, as CONASAMI fixed them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

GENERAL_ZONE = "general"
BAND_EDGES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # lower bounds of bandas_sm, in monthly minimum wages


@dataclass(frozen=True, slots=True)
class DailyWage:
    """A general minimum wage, in pesos a day, from `since` to `until` (both included)."""

    zone: str
    amount: Decimal
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class WageInForce:
    """A monthly wage for a wave; `expired` when the year's own was not yet known."""

    monthly: Decimal
    zone: str
    year: int
    expired: bool


def monthly_minimum_wage(daily: Decimal | float | str) -> Decimal:
    """Pesos a month for a daily minimum wage: daily × 365 / 12, half up to the cent.

    Source: CONASAMI's own monthly figures; domain.md T18 (30.4 days would be wrong).

    Raises:
        ValueError: a wage that is not above zero.
    """
    amount = Decimal(str(daily))
    if not amount > 0:
        raise ValueError(f"a daily wage of {daily}")
    return (amount * 365 / 12).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def wage_in_force(wages: Iterable[DailyWage], *, zone: str, on: date) -> WageInForce | None:
    """The monthly wage of `zone` on a day; the newest older one when that day has none yet.

    Source: questions.md, bandas_sm. A zone that did not exist then has the general wage.

    Returns:
        None when no wage had begun by that day.
    """
    begun = [wage for wage in wages if wage.since <= on]
    own = [wage for wage in begun if wage.zone == zone]
    general = [wage for wage in begun if wage.zone == GENERAL_ZONE]
    if not own and not general:
        return None
    newest = max(own or general, key=lambda wage: wage.since)
    return WageInForce(
        monthly=monthly_minimum_wage(newest.amount),
        zone=newest.zone,
        year=newest.since.year,
        expired=newest.until < on,
    )


def band_limits(monthly: Decimal) -> tuple[int, ...]:
    """Upper limits in pesos of the closed income bands, to the nearest hundred.

    Source: questions.md, bandas_sm (half, 1, 1½, 2 and 3 monthly minimum wages).
    """
    hundred = Decimal(100)
    return tuple(
        int((monthly * Decimal(str(edge)) / hundred).quantize(Decimal(1), ROUND_HALF_UP) * hundred)
        for edge in BAND_EDGES[1:]
    )
