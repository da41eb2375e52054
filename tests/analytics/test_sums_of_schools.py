"""Sums of schools beside the schools themselves, under attack by whoever may see all of them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from app.analytics.figures.families import CORE
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.joint import Query
from app.analytics.figures.registry import indicator, outcomes_of
from app.analytics.frame.tallies import Tally, add_tallies, tally_of
from app.analytics.release.crossed_release import CrossedRow, release_crossed
from app.analytics.release.outcome_release import release_counted
from app.analytics.release.sum_parts import summand_of, withheld_of_sums
from app.analytics.released import Audience, Context, IndicatorRow
from tests.analytics.attack import FAR, Told, sums_intervals
from tests.analytics.test_crossed_release import SEX, by_sex
from tests.analytics.test_outcome_release import a_school, possible, state

pytestmark = pytest.mark.slow

WAVE = 2
LINES = (Kind.PROPORTION, Kind.DISTRIBUTION)
Cell = tuple[str, str]
Schools = frozenset[int]


@dataclass
class World:
    """Schools in the sums of two hierarchies, and what all of them are told as."""

    sizes: Sequence[int]
    sums: Sequence[Schools]
    schools: list[Tally] = field(default_factory=list)
    withheld: Sequence[frozenset[Query]] = field(default_factory=list)

    def figures(self) -> Iterator[tuple[Schools, list[IndicatorRow]]]:
        """Of each school, and of each sum."""
        for place, tally in enumerate(self.schools):
            alone = Context(audience=Audience.OFFICE)
            small = tally.answered < 23  # told in a pool, if at all
            yield frozenset({place}), [] if small else release_counted(tally, alone)
        for schools, gone in zip(self.sums, self.withheld, strict=True):
            total = add_tallies([self.schools[place] for place in sorted(schools)], WAVE)
            context = Context(audience=Audience.OFFICE, schools=len(schools), withheld=gone)
            yield schools, release_counted(total, context)


def a_world(seed: int, zones: Sequence[Sequence[int]], *, subsystems: int = 0) -> World:
    """Zones of schools of so many answers; a state of them; subsystems across them."""
    chance = random.Random(seed)
    sizes = [n for zone in zones for n in zone]
    sums, first = [], 0
    for zone in zones:
        sums.append(frozenset(range(first, first + len(zone))))
        first += len(zone)
    whole = frozenset(range(first))
    groups = [chance.randrange(subsystems) for _ in sizes] if subsystems else []
    sums += [frozenset(p for p in whole if groups[p] == g) for g in range(subsystems)]
    world = World(sizes, [one for one in dict.fromkeys([*sums, whole]) if len(one) > 1])
    world.schools = [tally_of(by_sex(n, chance.randrange(10**6)), WAVE) for n in sizes]
    return world


def protected(world: World) -> World:
    """As the door tells it."""
    schools = [summand_of(tally) for tally in world.schools]
    world.withheld = withheld_of_sums(schools, world.sums, WAVE)
    return world


def exact(world: World) -> World:
    """As it was told before: every sum of three schools exactly."""
    world.withheld = [frozenset() for _ in world.sums]
    return world


@dataclass
class Seen:
    """What a reader sees of some indicators, and what each school hides of them."""

    told: list[Told] = field(default_factory=list)
    hidden: list[tuple[int, Cell]] = field(default_factory=list)


def seen(world: World, entries: Sequence[Indicator]) -> Seen:
    found = Seen()
    names = {entry.id: [c.id for c in entry.categories] for entry in entries}
    for schools, rows in world.figures():
        shown: set[Cell] = set()
        for row in rows:
            if row.id not in names:
                continue
            if row.base is not None:
                found.told.append(Told(schools, frozenset({(row.id, "base")}), row.base))
            if row.numerator is not None:
                cell = (row.id, row.category)
                shown.add(cell)
                found.told.append(Told(schools, frozenset({cell}), row.numerator))
            elif row.reason is not None and "menos de 23" in row.reason:
                shown.add((row.id, row.category))  # too few for a percentage, no secret
        if len(schools) == 1:
            (place,) = schools
            found.hidden += [
                (place, (name, category))
                for name, categories in names.items()
                for category in (categories[:1] if is_share(name) else categories)
                if (name, category) not in shown
            ]
    return found


def is_share(name: str) -> bool:
    return indicator(name).kind is Kind.PROPORTION


def widths(world: World, entries: Sequence[Indicator]) -> list[tuple[int, int]]:
    """Of every hidden cell: how wide its interval is alone, and beside all sums."""
    if len(entries) == 1:
        (entry,) = entries
        cells = [(entry.id, category.id) for category in entry.categories]
        states = [frozenset({cell, (entry.id, "base")}) for cell in cells]
    else:
        rows = a_school(400, seed=5)
        states = sorted(possible(WAVE) | {state(row, WAVE) for row in rows}, key=sorted)
    states = [*states, frozenset[Cell]()]
    everything = seen(world, entries)
    answered = [tally.answered for tally in world.schools]
    limits = rule(world, entries[0], states, everything) if len(entries) == 1 else {}
    alone = [one for one in everything.told if len(one.schools) == 1]
    zero = said_to_be_nobody(everything)
    hidden = [one for one in everything.hidden if one not in zero]
    before = sums_intervals(states, alone, answered, hidden, limits)
    after = sums_intervals(states, everything.told, answered, hidden, limits)
    return [(a.width, b.width) for a, b in zip(before, after, strict=True)]


def rule(
    world: World, entry: Indicator, states: Sequence[frozenset[Cell]], found: Seen
) -> dict[tuple[int, int], tuple[int, int]]:
    """What rule 2 says of a hidden cell of a school whose base is told."""
    limits: dict[tuple[int, int], tuple[int, int]] = {}
    for place in range(len(world.schools)):
        mine = [one for one in found.told if one.schools == {place}]
        base = next((o.persons for o in mine if (entry.id, "base") in o.cells), None)
        shown = {c: o.persons for o in mine for c in o.cells if c[1] != "base"}
        if base is None:
            continue
        for kind, cells in enumerate(states[:-1]):
            (cell,) = (c for c in cells if c[1] != "base")
            if cell in shown or (is_share(entry.id) and shown):
                continue
            true = world.schools[place].counts_of(entry).cells[cell[1]]
            most = min((n for n in shown.values() if n), default=FAR)
            # A cell that went for the sake of another line may be larger than what is shown.
            limits[place, kind] = (min(true, int(base >= 50)), most - 1 if true < most else FAR)
    return limits


def said_to_be_nobody(found: Seen) -> set[tuple[int, Cell]]:
    """Cells of which a sum of fifty persons or more says that nobody is in them (rule 2)."""
    bases = {(o.schools, c[0]): o.persons for o in found.told for c in o.cells if c[1] == "base"}
    return {
        (place, cell)
        for one in found.told
        for cell in one.cells
        if not one.persons and len(one.schools) > 1
        if not is_share(cell[0]) or not bases.get((one.schools, cell[0]))
        if bases.get((one.schools, cell[0]), 0) >= 50 or not bases.get((one.schools, cell[0]))
        for place in one.schools
    }


def groups() -> list[list[Indicator]]:
    """Each line alone; and together those of study and work, which count the same persons."""
    lines = [e for e in outcomes_of(WAVE) if e.kind in LINES and e.categories]
    core = [
        e
        for e in lines
        if e.variable in CORE and not any(a.variable.startswith("q1_") for a in e.among)
    ]
    return [*([entry] for entry in lines), core]


ZONES = {
    "small and large": [[7, 12, 40, 130], [25, 60, 240]],
    "a lone telebachillerato": [[7, 95, 130], [95, 130, 60]],
    "many small": [[7, 12, 9, 25, 30, 12, 15]],
    "two and one": [[40, 30], [60], [25, 95, 45]],
}


def audit(world: World, indicators: Sequence[Sequence[Indicator]]) -> tuple[int, int, int]:
    """Hidden cells, the smallest interval of them, and how many are narrower than they must be.

    A cell must stay as open as its own school leaves it, up to five persons.
    """
    found = [pair for entries in indicators for pair in widths(world, entries)]
    narrow = [after for before, after in found if after < min(5, before)]
    return len(found), min((a for b, a in found if b >= 5), default=5), len(narrow)


def check(world: World) -> str:
    """The audit of a world, in one line."""
    cells, least, narrow = audit(world, groups())
    gone = [len(one) for one in world.withheld]
    words = f"{len(world.schools)} schools, {cells} hidden cells, smallest {least}, withheld {gone}"
    assert cells > 80
    assert (least >= 5, narrow) == (True, 0), words
    return words


def test_sums_do_not_give_their_schools_away() -> None:
    check(protected(a_world(7, ZONES["small and large"])))


def test_sums_of_two_hierarchies_do_not_give_their_schools_away() -> None:
    check(protected(a_world(7, ZONES["a lone telebachillerato"], subsystems=2)))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("subsystems", [0, 2])
@pytest.mark.parametrize("shape", ZONES)
def test_sums_of_many_worlds_do_not_give_their_schools_away(
    shape: str, subsystems: int, seed: int
) -> None:
    print(
        shape,
        subsystems,
        seed,
        check(protected(a_world(seed, ZONES[shape], subsystems=subsystems))),
    )


def by_sex_told(world: World) -> Iterator[tuple[Schools, list[CrossedRow]]]:
    """Every crossing by sex, of each school that is told alone and of each sum."""
    for place, tally in enumerate(world.schools):
        alone = Context(audience=Audience.OFFICE)
        yield (
            frozenset({place}),
            [] if tally.answered < 23 else release_crossed(tally, SEX, alone),
        )
    for schools, gone in zip(world.sums, world.withheld, strict=True):
        total = add_tallies([world.schools[place] for place in sorted(schools)], WAVE)
        context = Context(audience=Audience.OFFICE, schools=len(schools), withheld=gone)
        yield schools, release_crossed(total, SEX, context)


def crossed_widths(world: World, entry: Indicator) -> list[tuple[int, int]]:
    """Of every hidden cell of an indicator by sex: alone, and beside all sums."""
    names = [category.id for category in entry.categories]
    states = [
        frozenset({(group, name), (group, "base"), (entry.id, name), (entry.id, "base")})
        for group in ("H", "M")
        for name in names
    ]
    lines = seen(world, [entry]).told
    crossed: list[Told] = []
    hidden: list[tuple[int, Cell]] = []
    for schools, rows in by_sex_told(world):
        mine = {(one.group, one.row.category): one.row for one in rows if one.row.id == entry.id}
        for (group, name), row in mine.items():
            if row.base is not None:
                crossed.append(Told(schools, frozenset({(group, "base")}), row.base))
            if row.numerator is not None:
                crossed.append(Told(schools, frozenset({(group, name)}), row.numerator))
        if len(schools) == 1:
            shown = {cell for cell, row in mine.items() if row.numerator is not None}
            (place,) = schools
            some = names[:1] if is_share(entry.id) else names
            cells = [(group, name) for group in ("H", "M") for name in some]
            hidden += [(place, cell) for cell in cells if cell not in shown]
    answered = [tally.answered for tally in world.schools]
    states = [*states, frozenset[Cell]()]
    alone = [one for one in (*lines, *crossed) if len(one.schools) == 1]
    zero = {
        (place, cell)
        for one in crossed
        for cell in one.cells
        if not one.persons and len(one.schools) > 1
        for place in one.schools
    }
    hidden = [one for one in hidden if one not in zero]
    before = sums_intervals(
        states, [*alone, *(o for o in lines if len(o.schools) > 1)], answered, hidden, {}
    )
    after = sums_intervals(states, [*lines, *crossed], answered, hidden, {})
    return [(a.width, b.width) for a, b in zip(before, after, strict=True)]


CROSSED_LINES = ("S1", "S2", "H1", "L1", "C1t")


def test_crossings_of_sums_do_not_give_their_schools_away() -> None:
    world = protected(a_world(11, [[25, 40, 60, 130], [60, 95, 240, 30]]))

    found = [pair for name in CROSSED_LINES for pair in crossed_widths(world, indicator(name))]

    assert len(found) > 30
    assert [pair for pair in found if pair[1] < min(5, pair[0])] == []
    told = [one for _, rows in by_sex_told(world) for one in rows if not one.row.withheld]
    assert told


def test_the_attack_finds_what_exact_crossings_give_away() -> None:
    world = exact(a_world(11, [[25, 40, 60, 130], [60, 95, 240, 30]]))

    found = crossed_widths(world, indicator("S1"))

    assert min(after for _, after in found) == 0


def test_the_attack_finds_what_exact_sums_give_away() -> None:
    world = exact(a_world(7, ZONES["small and large"]))

    _, least, narrow = audit(world, groups()[:5])

    assert least == 0
    assert narrow > 5
