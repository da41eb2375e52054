"""The public reads nothing that could not be worked out from what an office reads.

So whatever an attack on the exact figures of offices cannot find, none on rounded figures can:
of schools, of the pools of small ones and of sums, alone and together.
"""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from app.analytics.disclosure import nearest_five
from app.analytics.frame.tallies import Tally, add_tallies
from app.analytics.release.outcome_release import release_counted
from app.analytics.released import Audience, Context, IndicatorRow
from tests.analytics.test_sums_of_schools import WAVE, ZONES, a_world, protected


def both(
    tally: Tally, schools: int, gone: frozenset[tuple[str, str]]
) -> list[tuple[IndicatorRow, IndicatorRow]]:
    """Each figure as an office and as anybody reads it."""
    exact, public = (
        release_counted(tally, Context(audience=one, schools=schools, withheld=gone))
        for one in (Audience.OFFICE, Audience.PUBLIC)
    )
    exact_of = {(row.id, row.category): row for row in exact}
    return [(exact_of[row.id, row.category], row) for row in public]


def rounded(value: float | None) -> set[float]:
    """A mean or a median to one decimal, a share of a curve in whole percents."""
    exact = Decimal(str(value))
    tenth = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return {float(tenth), float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))}


@pytest.mark.parametrize("shape", ["small and large", "many small"])
def test_rounded_figures_are_functions_of_the_exact_ones(shape: str) -> None:
    world = protected(a_world(3, ZONES[shape]))
    figures = [
        pair
        for tally in world.schools
        if tally.answered >= 23
        for pair in both(tally, 1, frozenset())
    ]
    for schools, gone in zip(world.sums, world.withheld, strict=True):
        total = add_tallies([world.schools[place] for place in sorted(schools)], WAVE)
        figures += both(total, len(schools), gone)

    told = [(office, public) for office, public in figures if public.value is not None]
    shares = [(o, p) for o, p in told if o.numerator is not None]
    assert len(shares) > 10
    assert all(not office.withheld for office, _ in told)
    for office, public in shares:
        assert office.numerator is not None
        assert office.base
        percent = (200 * office.numerator + office.base) // (2 * office.base)
        assert (public.value, public.numerator) == (percent / 100, None)
    for office, public in told:
        if office.numerator is None:
            assert public.value in rounded(office.value), (office, public)
    for office, public in figures:
        assert public.base is None or (
            office.base is not None and public.base == nearest_five(office.base)
        ), (office, public)
