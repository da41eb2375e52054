from datetime import date
from decimal import Decimal

import pytest

from app.analytics.figures.wages import DailyWage, band_limits, monthly_minimum_wage, wage_in_force


@pytest.mark.parametrize(
    ("daily", "monthly"),
    [("315.04", "9582.47"), (440.87, "13409.80"), ("278.80", "8480.17"), (419.88, "12771.35")],
)
def test_monthly_minimum_wage(daily: str | float, monthly: str) -> None:
    """domain.md T18."""
    assert monthly_minimum_wage(daily) == Decimal(monthly)


def test_a_wage_is_above_zero() -> None:
    with pytest.raises(ValueError, match="daily wage"):
        monthly_minimum_wage(0)


def test_bands_of_2026() -> None:
    """questions.md, bandas_sm."""
    assert band_limits(Decimal("9582.47")) == (4800, 9600, 14400, 19200, 28700)


WAGES = [
    DailyWage("general", Decimal("88.36"), date(2018, 1, 1), date(2018, 12, 31)),
    DailyWage("general", Decimal("315.04"), date(2026, 1, 1), date(2026, 12, 31)),
    DailyWage("frontera_norte", Decimal("440.87"), date(2026, 1, 1), date(2026, 12, 31)),
]


def test_the_wage_in_force_is_that_of_the_zone() -> None:
    border = wage_in_force(WAGES, zone="frontera_norte", on=date(2026, 10, 1))

    assert border is not None
    assert (border.monthly, border.expired) == (Decimal("13409.80"), False)


def test_before_the_zone_existed_the_general_wage_holds() -> None:
    border = wage_in_force(WAGES, zone="frontera_norte", on=date(2018, 10, 1))

    assert border is not None
    assert (border.monthly, border.zone) == (Decimal("2687.62"), "general")


def test_until_a_year_has_its_wage_the_last_one_is_used_and_said() -> None:
    late = wage_in_force(WAGES, zone="general", on=date(2027, 10, 1))

    assert late is not None
    assert (late.year, late.expired) == (2026, True)
    assert wage_in_force(WAGES, zone="general", on=date(2010, 1, 1)) is None
