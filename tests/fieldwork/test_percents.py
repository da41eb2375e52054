"""Rounding as people round: half up, whatever a float makes of the half."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.fieldwork.percents import half_up, in_percent


def test_halves_go_up() -> None:
    assert str(in_percent(Fraction(198, 240))) == "83"  # 82.5, which Python rounds to 82
    assert str(in_percent(29 / 200)) == "15"  # 14.499999999999998 as a float
    assert str(in_percent(1 / 16, digits=1)) == "6.3"
    assert str(in_percent(-0.125)) == "-13"
    assert str(half_up(3.55, digits=1)) == "3.6"


@given(st.integers(0, 5_000), st.integers(1, 5_000))
def test_a_float_says_what_its_fraction_says(k: int, n: int) -> None:
    for digits in (0, 1):
        told = in_percent(Fraction(k, n), digits=digits)
        assert told == in_percent(k / n, digits=digits)
        half = Decimal("0.5").scaleb(-digits)
        assert abs(told - Decimal(100 * k) / n) <= half
