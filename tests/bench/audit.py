"""The attack on released figures (tests/analytics): tables, hidden counts, smallest interval.

Invented schools by fixed seeds; whatever is told of them together is attacked by integer
programming. `tables`: of one school, one sum or one edition. `smallest`: of the intervals of the
hidden counts that what is told of one school alone leaves five persons wide or more. `narrow`:
hidden counts of which more is told than that, up to five persons; there must be none.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.analytics.figures.registry import indicator
from app.analytics.frame.tallies import tally_of
from tests.analytics import test_editions_attacked as editions
from tests.analytics import test_measures_attacked as measures
from tests.analytics import test_measures_of_sums as measured_sums
from tests.analytics import test_sums_of_schools as sums
from tests.analytics.attack_measures import Guess

MINIMUM = 5


@dataclass
class Found:
    """Of each hidden count how open it is alone, and beside everything."""

    tables: int
    pairs: list[tuple[int, int]]


def run() -> dict[str, object]:
    """Every kind of figure."""
    return {
        "measures of a school": _measured(of_schools),
        "lines of sums": _measured(of_sums),
        "crossings by sex of sums": _measured(of_crossings),
        "measures of sums": _measured(of_measured_sums),
        "lines of editions": _measured(of_editions),
    }


def _measured(attack: Callable[[], dict[str, Found]]) -> dict[str, object]:
    began = time.perf_counter()
    found = attack()
    told: dict[str, object] = {kind: _figures(one) for kind, one in sorted(found.items())}
    return {**told, "seconds": round(time.perf_counter() - began, 1)}


def _figures(found: Found) -> dict[str, int | None]:
    open_alone = [after for before, after in found.pairs if before >= MINIMUM]
    return {
        "tables": found.tables,
        "hidden": len(found.pairs),
        "smallest": min(open_alone, default=None),
        "narrow": sum(after < min(MINIMUM, before) for before, after in found.pairs),
    }


def of_schools() -> dict[str, Found]:
    tallies = [
        tally_of(measures.opinions(measures.SIZES[seed], seed, wave), wave)
        for wave in (1, 2, 3)
        for seed in range(7)
    ]
    guesses: list[tuple[Guess, int]] = [one for tally in tallies for one in measures.attack(tally)]
    kinds = sorted({guess.kind for guess, _ in guesses})
    return {
        kind: Found(
            len(tallies), [(before, one.width) for one, before in guesses if one.kind == kind]
        )
        for kind in kinds
    }


def _worlds(seeds: Iterable[int]) -> list[sums.World]:
    return [
        sums.protected(sums.a_world(seed, zones, subsystems=subsystems))
        for seed in seeds
        for zones in sums.ZONES.values()
        for subsystems in (0, 2)
    ]


def of_sums() -> dict[str, Found]:
    worlds = _worlds([7])
    *alone, together = sums.groups()
    tables = sum(len(world.schools) + len(world.sums) for world in worlds)
    return {
        "each alone": Found(
            tables, [pair for world in worlds for one in alone for pair in sums.widths(world, one)]
        ),
        "the core together": Found(
            tables, [pair for world in worlds for pair in sums.widths(world, together)]
        ),
    }


def of_crossings() -> dict[str, Found]:
    worlds = [sums.protected(sums.a_world(11, [[25, 40, 60, 130], [60, 95, 240, 30]]))]
    return {
        name: Found(
            sum(len(world.schools) + len(world.sums) for world in worlds),
            [p for world in worlds for p in sums.crossed_widths(world, indicator(name))],
        )
        for name in sums.CROSSED_LINES
    }


def of_measured_sums() -> dict[str, Found]:
    worlds = [measured_sums.a_world(zones, 3) for zones in measured_sums.ZONES.values()]
    found: dict[str, Found] = {}
    for entry in measured_sums.ENTRIES:
        one = found.setdefault(entry.kind.value, Found(0, []))
        for world in worlds:
            one.tables += len(world.schools) + len(world.sums)
            one.pairs += measured_sums.widths(world, entry)
    return found


def of_editions() -> dict[str, Found]:
    histories = [editions.a_history(seed) for seed in range(6)]
    tables = sum(len(one) for one in histories)
    lines = [p for one in histories for each in editions.EACH for p in editions.widths(one, each)]
    core = [p for one in histories for p in editions.widths(one[-2:], editions.TOGETHER)]
    return {"each alone": Found(tables, lines), "the core together": Found(tables, core)}
