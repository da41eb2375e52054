"""The sum over the schools that are told: it says nothing that they do not."""

import random

import pytest

from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.tallies import Tally, tally_of
from app.analytics.release.outcome_release import release_counted
from app.analytics.release.sum_parts import summand_of
from app.analytics.release.told_part import School, told_in_part
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from tests.analytics.test_outcome_release import a_school

WAVE = 2
NAMES = frozenset(entry.id for entry in outcomes_of(WAVE))


def schools(seed: int, *sizes: int) -> list[Tally]:
    chance = random.Random(seed)
    return [tally_of(a_school(n, chance.randrange(10**6)), WAVE) for n in sizes]


def in_part(tallies: list[Tally]) -> dict[tuple[str, str], IndicatorRow]:
    parts = [School(summand_of(tally), 2 * tally.answered) for tally in tallies]
    return {(row.id, row.category): row for row in told_in_part(parts, NAMES, WAVE)}


@pytest.mark.parametrize("seed", range(6))
def test_each_figure_can_be_added_up_from_the_schools(seed: int) -> None:
    tallies = schools(seed, 43, 92, 4, 300)
    alone = [
        {(r.id, r.category): r for r in release_counted(tally, Context(audience=Audience.OFFICE))}
        for tally in tallies
        if tally.answered >= 23
    ]

    found = in_part(tallies)

    told = {key: row for key, row in found.items() if not row.withheld}
    assert len(told) > 20
    for key, row in told.items():
        rows = [school[key] for school in alone if key in school]
        rows = [one for one in rows if one.base is not None]
        assert row.base == sum(one.base or 0 for one in rows)
        if row.base:
            assert None not in [one.numerator for one in rows]
            assert row.numerator == sum(one.numerator or 0 for one in rows)
            assert row.value == row.numerator / row.base
        assert row.reason is Reason.SOME
    for row in found.values():
        assert row.withheld or row.reason is Reason.SOME


def test_one_school_is_no_sum() -> None:
    assert in_part(schools(1, 300, 4)) == {}


def test_a_handful_does_not_stand_for_all() -> None:
    """Two schools of 30 beside one of 400 that is told nothing of it would be another state."""
    small = schools(2, 30, 30)
    whole = [School(summand_of(tally), 60) for tally in small]
    silent = School(summand_of(schools(3, 400)[0]), 800)
    silent = School(type(silent.summand)(silent.summand.tally, None), 800)

    assert told_in_part([*whole, silent], NAMES, WAVE) == []
    assert told_in_part(whole, NAMES, WAVE) != []
