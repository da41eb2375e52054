"""Numbers as people read them: shares in percent, means; half up, the same on every page.

Python rounds halves to the even neighbour, and a float may lie just under a half: 82.5 % would
be told as 82 here and as 83 there.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

_NOISE = 12  # decimals of a float that mean something


def in_percent(share: Fraction | float, *, digits: int = 0) -> Decimal:
    """A share times one hundred, half up (away from zero) at `digits` decimals."""
    if isinstance(share, Fraction):
        return _half_up(Decimal(100 * share.numerator) / Decimal(share.denominator), digits)
    return _half_up(100 * _without_noise(share), digits)


def as_percent(share: Fraction | float, *, digits: int = 0) -> str:
    """A share as a text has it: "62 %", never broken between the number and its sign."""
    return f"{in_percent(share, digits=digits)}\u00a0%"


def half_up(number: float, *, digits: int) -> Decimal:
    """A mean or a median, half up (away from zero) at `digits` decimals."""
    return _half_up(_without_noise(number), digits)


def _without_noise(number: float) -> Decimal:
    return Decimal(repr(round(float(number), _NOISE)))


def _half_up(exact: Decimal, digits: int) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
