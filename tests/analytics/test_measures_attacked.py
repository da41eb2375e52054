"""Means, medians, curves and mentions of a school under attack, beside its lines."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pytest

from app.analytics.figures.families import parent_of
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.tallies import Tally, tally_of
from app.analytics.panel_row import Row
from app.analytics.release.measures import release_mean
from app.analytics.release.outcome_release import release_counted
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from tests.analytics.attack_measures import (
    Guess,
    Knowledge,
    Numbers,
    codes,
    ends,
    lines_told,
    shares_of,
    worlds_of_bands,
    worlds_of_mean,
)
from tests.analytics.test_outcome_release import a_school

OFFICE = Context(audience=Audience.OFFICE)
MINIMUM, SMALL_GROUP = 5, 50
LIKING = ([1, 2, 6, 40, 51], [0, 0, 1, 9, 90], [10, 20, 30, 25, 15], [70, 20, 8, 1, 1])
Rows = Mapping[str, list[IndicatorRow]]


def opinions(n: int, seed: int, wave: int) -> list[Row]:
    """A school whose graduates like it much, a little or not at all; few worked before."""
    chance = random.Random(seed)
    weights = LIKING[seed % len(LIKING)]
    worked = chance.choice([0.05, 0.1, 0.3])

    def answer() -> int:
        return chance.choices([1, 2, 3, 4, 5], weights)[0]

    rows: list[Row] = []
    for row in a_school(n, seed, wave):
        asked = {entry.variable for entry in outcomes_of(wave) if entry.kind is Kind.MEAN}
        mine = {name: answer() for name in sorted(asked) if not name.startswith("brecha")}
        gaps = {name: answer() - answer() for name in sorted(asked) if name.startswith("brecha")}
        works = row.get("ocupado") == 1
        before = int(chance.random() < worked)
        wait = {
            "previo": before,
            "espera_meses": None if before else chance.choice([0, 1, 1, 2, 4, 7, 12]),
        }
        wait |= {
            "espera_tiempo": wait["espera_meses"],
            "espera_evento": None if before else 1,
        }
        if not works:
            late = {"espera_tiempo": chance.choice([3, 4]), "espera_evento": 0}
            wait = {"previo": None, "espera_meses": None, **late}
        paid = chance.choices([1, 2, 3, 4, 5, 6], weights=[*weights, 3])[0] if works else None
        reasons = chance.sample(range(1, 13), chance.choice([1, 1, 1, 2, 3]))
        given = {"motivo_no_estudio": frozenset(reasons)} if row.get("estudia_es") == 0 else {}
        rows.append({**row, **mine, **gaps, **wait, **given, "ingreso_mensual": paid})
        if not works and "satisf_trabajo" in mine:
            rows[-1] = {**rows[-1], "satisf_trabajo": None}
    return rows


def told(tally: Tally) -> Rows:
    found: dict[str, list[IndicatorRow]] = {}
    for row in release_counted(tally, OFFICE):
        found.setdefault(row.id, []).append(row)
    return found


def of_means(tally: Tally, rows: Rows) -> Iterator[tuple[Guess, int]]:
    for entry in outcomes_of(tally.wave):
        if entry.kind is not Kind.MEAN or rows[entry.id][0].base is None:
            continue
        (row,), answers = rows[entry.id], codes(entry)
        assert row.base is not None
        n, names = row.base, [f"{one}" for one in answers]
        lines = _lines(entry, rows, names, n, tally.wave)
        worlds = worlds_of_mean(answers, row, n, None, lines)
        people = tally.values_of(entry).tally
        secrets = {name: frozenset({name}) for name in names}
        for share in shares_of(entry, outcomes_of(tally.wave)):
            if share.kind is Kind.PROPORTION and rows[share.id][0].reason == Reason.SMALL:
                secrets[share.id] = frozenset(f"{one}" for one in share.categories[0].codes)
            if share.kind is Kind.SCALE and not rows[share.id][0].withheld:
                secrets = {}
        small = any(
            people.get(one, 0) < MINIMUM and (people.get(one, 0) or n < SMALL_GROUP)
            for one in answers
        )
        for name, inside in secrets.items() if small else ():
            count = sum(people.get(int(one), 0) for one in inside)
            if count or n < SMALL_GROUP:
                aim = np.array([float(one in inside) for one in names])
                yield _guess(f"mean {entry.id} {name}", aim, worlds, lines, n)


def of_bands(tally: Tally, rows: Rows) -> Iterator[tuple[Guess, int]]:
    entries = {entry.id: entry for entry in outcomes_of(tally.wave)}
    if "L9m" not in rows or rows["L9"][0].base is None:
        return
    names = [one.id for one in entries["L9"].categories]
    n = rows["L9"][0].base
    lines = _lines(entries["L9m"], rows, names, n, tally.wave)
    worlds = worlds_of_bands(rows["L9m"][0], n, lines)
    cells = tally.counts_of(entries["L9"]).cells
    for row in rows["L9"]:
        if row.numerator is None and (cells[row.category] or n < SMALL_GROUP):
            aim = np.array([float(one == row.category) for one in names])
            yield _guess(f"bands {row.category}", aim, worlds, lines, n)


def _lines(entry: Indicator, rows: Rows, names: Sequence[str], n: int, wave: int) -> Knowledge:
    known = {}
    for share in shares_of(entry, outcomes_of(wave)):
        by_id = {one.id: one.codes for one in share.categories}
        same = {one: frozenset({one}) for one in names}
        inside = {
            key: same.get(key) or frozenset(f"{code}" for code in found)
            for key, found in by_id.items()
        }
        known[share.id] = [
            (inside[row.category], row.numerator)
            for row in rows[share.id]
            if row.numerator is not None
        ]
    return lines_told(names, known, n)


def _guess(
    name: str, aim: Numbers, worlds: Sequence[Knowledge], alone: Knowledge, n: int
) -> tuple[Guess, int]:
    """A count, and how open the lines alone leave it."""
    kind, _, name = name.partition(" ")
    most = [float(n)] * len(aim)
    before = ends(aim, [alone], most)
    return Guess(kind, name, *ends(aim, worlds, most)), before[1] - before[0]


WAITS = ["si", "no", *(f"{how}{month}" for how in "ew" for month in range(17))]
FOUND, WAITING = [one for one in WAITS if one[0] == "e"], [one for one in WAITS if one[0] == "w"]


def among(wanted: Iterable[str]) -> Numbers:
    inside = set(wanted)
    return np.array([float(one in inside) for one in WAITS])


def of_waits(tally: Tally, rows: Rows) -> Iterator[tuple[Guess, int]]:
    """Who worked before, and how many found work in each quarter, when the curve is not told."""
    if "L10a" not in rows:
        return
    asked, short = rows["L10c"][0], rows["L10a"][0]
    # Who found work later had none.
    know = [among(["si", "no", *WAITING]), among(["no"]) - among(FOUND)]
    alone = Knowledge(know, [(0.0, float(tally.answered)), (0.0, np.inf)])
    alone = _exactly(alone, [(["si", "no"], asked.base), (["si"], asked.numerator)])
    bases = [(FOUND, short.base), ([*FOUND, *WAITING], rows["L10b"][0].base)]
    world = _exactly(alone, bases)
    if short.value is not None and short.base is not None:
        early = [f"e{month}" for month in range(17) if month <= short.value]
        late = [f"e{month}" for month in range(17) if month >= short.value]
        half = (short.base / 2, np.inf)
        world = world.also([among(early), among(late)], [half, half])
    secrets = {"previo": ["si"]} if asked.reason == Reason.SMALL else {}
    if rows["L10k"][0].withheld:
        for first, last in ((0, 3), (4, 6), (7, 9), (10, 12)):
            secrets[f"until {last}"] = [f"e{month}" for month in range(first, last + 1)]
    most = [float(tally.answered)] * len(WAITS)
    for name, inside in secrets.items():
        before = ends(among(inside), [alone], most)
        after = ends(among(inside), [world], most)
        yield Guess("waits", name, *after), before[1] - before[0]


def _exactly(known: Knowledge, sums: Iterable[tuple[Sequence[str], int | None]]) -> Knowledge:
    told = [(among(names), (float(n), float(n))) for names, n in sums if n is not None]
    return known.also([row for row, _ in told], [between for _, between in told])


def of_mentions(tally: Tally, rows: Rows) -> Iterator[tuple[Guess, int]]:
    """One to three are marked, each by some of those who marked any."""
    for entry in outcomes_of(tally.wave):
        if entry.kind is not Kind.MULTIPLE or rows[entry.id][0].base is None:
            continue
        mine, base = rows[entry.id], float(rows[entry.id][0].base or 0)
        every = np.ones(len(mine))
        fixed = [
            (np.eye(len(mine))[i], (row.numerator, row.numerator))
            for i, row in enumerate(mine)
            if row.numerator is not None
        ]
        world = Knowledge(
            [every, *(a for a, _ in fixed)], [(base, 3 * base), *(b for _, b in fixed)]
        )
        for i, row in enumerate(mine):
            if row.numerator is None:
                low, high = ends(np.eye(len(mine))[i], [world], [base] * len(mine))
                yield Guess("mentions", f"{entry.id} {row.category}", low, high), int(base)


def of_bases(tally: Tally, rows: Rows) -> Iterator[tuple[Guess, int]]:
    """A base that is told is at most the count of those who were asked."""
    for entry in outcomes_of(tally.wave):
        parent = parent_of(entry, tally.wave)
        if parent is None or entry.id not in rows or rows[entry.id][0].base is None:
            continue
        line = rows[parent[0]][0]
        if line.numerator is None and line.base is not None and line.reason == Reason.SMALL:
            least = rows[entry.id][0].base or 0
            yield Guess("bases", f"{parent[0]} by {entry.id}", least, line.base), line.base


def attack(tally: Tally) -> list[tuple[Guess, int]]:
    rows = told(tally)
    kinds = (of_means, of_bands, of_waits, of_mentions, of_bases)
    return [found for kind in kinds for found in kind(tally, rows)]


def narrow(found: Sequence[tuple[Guess, int]]) -> list[Guess]:
    return [guess for guess, alone in found if guess.width < min(MINIMUM, alone)]


SIZES = (23, 34, 55, 27, 48, 80, 140)


def attacked(wave: int, schools: Iterable[int]) -> list[tuple[Guess, int]]:
    tallies = [tally_of(opinions(SIZES[seed % 7], seed, wave), wave) for seed in schools]
    return [found for tally in tallies for found in attack(tally)]


def test_measures_of_a_school_give_nobody_away() -> None:
    found = attacked(2, range(3))

    assert len(found) > 60
    assert narrow(found) == []


def test_a_mean_that_says_what_everybody_answered_is_not_told() -> None:
    rows = [{**row, "satisfaccion_global": 5} for row in a_school(40, seed=4)]
    some = [{**row, "satisfaccion_global": 3 + i % 3} for i, row in enumerate(rows)]

    (closed,), (fine,) = told(tally_of(rows, 2))["C1"], told(tally_of(some, 2))["C1"]

    assert (closed.value, closed.reason) == (None, Reason.EXTREME)
    assert (fine.value, fine.low, fine.high) == (4.0, None, None)


def test_the_attack_finds_what_a_mean_with_its_interval_gives_away() -> None:
    answers = [1, 2, 3, 4, 5]
    people = lines_told([str(one) for one in answers], {}, 30)
    row = release_mean("C1", [5] * 29 + [1], OFFICE)

    low, high = ends(
        np.array([1.0, 0, 0, 0, 0]), worlds_of_mean(answers, row, 30, None, people), [30.0] * 5
    )

    assert high - low < MINIMUM


@pytest.mark.deep
@pytest.mark.parametrize("wave", [1, 2, 3])
def test_measures_of_many_schools_give_nobody_away(wave: int) -> None:
    found = attacked(wave, range(14))

    assert len(found) > 100
    assert narrow(found) == []
