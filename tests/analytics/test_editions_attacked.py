"""Editions of one school under attack by whoever kept all of them."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from app.analytics.editions.content import EditionContent, read_back, written
from app.analytics.figures.families import CORE
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.tallies import Tally, tally_of
from app.analytics.panel_row import Row
from app.analytics.release.beside_earlier import withheld_beside
from app.analytics.release.outcome_release import release_counted
from app.analytics.released import Audience, Context, IndicatorRow
from tests.analytics.attack_measures import Knowledge, Numbers, ends
from tests.analytics.test_measures_attacked import opinions
from tests.analytics.test_outcome_release import a_school, possible, state

WAVE = 2
OFFICE = Context(audience=Audience.OFFICE)
MINIMUM, STEP = 5, 10
Cell = tuple[str, str]
State = frozenset[Cell]


def history(rows: Sequence[Row], *, guarded: bool = True, first: int = 40) -> list[Tally]:
    """The editions of a school whose graduates answer in this order: by tens, and at the close."""
    sizes = [*range(first, len(rows) - STEP + 1, STEP), len(rows)]
    told: list[Tally] = []
    for n in sizes:
        tally = tally_of(rows[:n], WAVE)
        if guarded:
            tally = replace(tally, gone=withheld_beside(told, tally))
        told.append(tally)
    return told


@dataclass
class Edition:
    """What a reader sees of some indicators, and what the edition hides for its own sake."""

    answered: int
    told: dict[Cell, int]
    hidden: list[Cell]


def seen(tally: Tally, entries: Sequence[Indicator]) -> Edition:
    names = {entry.id for entry in entries}
    found = Edition(tally.answered, {}, [])
    for row in release_counted(tally, OFFICE):
        if row.id in names:
            if row.base is not None:
                found.told[row.id, "base"] = row.base
            if row.numerator is not None:
                found.told[row.id, row.category] = row.numerator
    own = release_counted(replace(tally, gone=frozenset()), OFFICE)
    found.hidden = [(r.id, r.category) for r in own if r.id in names and _is_hidden(r)]
    return found


def _is_hidden(row: IndicatorRow) -> bool:
    return row.numerator is None and "menos de 23" not in (row.reason or "")


def widths(editions: Sequence[Tally], entries: Sequence[Indicator]) -> list[tuple[int, int]]:
    """Of every count that an edition hides: how open it is alone, and beside all the others."""
    cells = [(entry.id, category.id) for entry in entries for category in entry.categories]
    if len(entries) == 1:
        states = [frozenset({cell, (entries[0].id, "base")}) for cell in cells]
    else:
        rows = a_school(400, seed=5)
        states = sorted(possible(WAVE) | {state(row, WAVE) for row in rows}, key=sorted)
    states = [*states, frozenset[Cell]()]
    every = [seen(tally, entries) for tally in editions]
    size, many = len(states), len(every)
    alone = [_known(one, states, place, many) for place, one in enumerate(every)]
    whole = Knowledge([], [])
    for known in alone:
        whole = whole.also(known.rows, known.between)
    for place in range(many - 1):  # nobody leaves a count
        growth = np.eye(many)[place + 1] - np.eye(many)[place]
        steps = [np.kron(growth, one) for one in np.eye(size)]
        whole = whole.also(steps, [(0.0, np.inf)] * size)
    most = [float(one.answered) for one in every for _ in states]
    found = []
    for place, one in enumerate(every):
        nobody = {c for later in every[place:] for c, n in later.told.items() if not n}
        for cell in one.hidden:
            if cell in nobody:
                continue
            aim = np.kron(np.eye(many)[place], [float(cell in state) for state in states])
            before, after = ends(aim, [alone[place]], most), ends(aim, [whole], most)
            found.append((before[1] - before[0], after[1] - after[0]))
    return found


def _known(one: Edition, states: Sequence[State], place: int, many: int) -> Knowledge:
    at = np.eye(many)[place]
    rows: list[Numbers] = [np.kron(at, np.ones(len(states)))]
    between = [(float(one.answered), float(one.answered))]
    for cell, n in one.told.items():
        rows.append(np.kron(at, [float(cell in state) for state in states]))
        between.append((float(n), float(n)))
    return Knowledge(rows, between)


LINES = [
    entry
    for entry in outcomes_of(WAVE)
    if entry.kind in {Kind.PROPORTION, Kind.DISTRIBUTION} and entry.categories
]
TOGETHER = [
    entry
    for entry in LINES
    if entry.variable in CORE and not any(a.variable.startswith("q1_") for a in entry.among)
]


def narrow(
    editions: Sequence[Tally], groups: Iterable[Sequence[Indicator]]
) -> tuple[int, int, int]:
    """Hidden counts, the smallest interval of those that are open alone, and how many are tight."""
    found = [pair for entries in groups for pair in widths(editions, entries)]
    open_alone = [after for before, after in found if before >= MINIMUM]
    tight = sum(after < min(MINIMUM, before) for before, after in found)
    return len(found), min(open_alone, default=MINIMUM), tight


EACH = [[entry] for entry in LINES]


def of_a_few(*names: str) -> list[list[Indicator]]:
    return [[entry] for entry in LINES if entry.id in names]


def a_history(seed: int, *, guarded: bool = True) -> list[Tally]:
    size = random.Random(seed).randint(62, 99)
    return history(opinions(size, seed, WAVE), guarded=guarded)


def test_what_an_edition_hides_the_next_ones_do_not_tell() -> None:
    cells, least, tight = narrow(a_history(4), of_a_few("S1", "H2", "H2b"))

    assert cells > 15
    assert (least, tight) == (MINIMUM, 0)


def test_the_attack_finds_what_editions_by_tens_give_away() -> None:
    _, least, tight = narrow(a_history(4, guarded=False), of_a_few("S1", "H2", "H2b"))

    assert least < MINIMUM
    assert tight


def test_a_first_person_among_many_is_not_told_by_the_edition_before() -> None:
    """Nobody is in one category and eight in another of sixty, which is told; then one is."""
    answers = [1] * 52 + [2] * 8
    first = tally_of([{"demanda": one} for one in answers], WAVE)
    second = tally_of([{"demanda": one} for one in (*answers, *([1] * 9), 3)], WAVE)

    gone = withheld_beside([first], second)

    assert {name for name, _ in gone} == {"H2"}
    assert read_back(written(EditionContent(replace(second, gone=gone), 80))).tally.gone == gone
    assert withheld_beside([], second) == frozenset()
    assert withheld_beside([second], first) == frozenset()  # a correction: counts went back


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(12))
def test_no_edition_of_many_histories_tells_what_another_hides(seed: int) -> None:
    editions = a_history(seed)

    lines, family = narrow(editions, EACH), narrow(editions[-2:], [TOGETHER])

    print(seed, [one.answered for one in editions], lines, family)
    assert (lines[2], family[2]) == (0, 0)
