"""What an edition withholds so that it does not tell what an earlier one of its school hid.

Whoever kept the edition before knows that no count became smaller: a category that nobody was in
and where somebody is now is told by the rest of its line, if that one had been told. Ten new
persons make sure that a difference is of ten; here every count that any edition withholds must stay
as open as its own edition leaves it, up to the minimum, for who kept all of them. That is shown by
another history at hand: persons who were told as the same are taken for each other in some
editions in a row, and no count shrinks from one to the next. Where there is none the new edition
withholds what the last one withheld of that line, and then the line.
Sound and quick; it may withhold more than need be. Source: domain.md 3.8, rule 1; decisions/0027.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise

from app.analytics.figures.families import FAMILIES, LINES, entries_of
from app.analytics.figures.indicators import Kind
from app.analytics.figures.joint import Query, State
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.tallies import Tally
from app.analytics.protection.exchanges import FREE, Bounds
from app.analytics.protection.suppression import MINIMUM_CELL
from app.analytics.release.outcome_release import lines_of, withheld_of
from app.analytics.release.pools import is_small
from app.analytics.release.sum_parts import line_bounds

People = Mapping[State, int]
OUT: State = frozenset()


@dataclass(frozen=True, slots=True)
class Chapter:
    """Persons of one edition by state. `hidden`: what it withholds, `own`: by its own counts."""

    people: People
    hidden: AbstractSet[Query]
    own: AbstractSet[Query]
    bounds: Mapping[State, Bounds]


def withheld_beside(earlier: Sequence[Tally], new: Tally) -> frozenset[Query]:
    """The counts that a new edition withholds for the sake of those before it.

    Args:
        earlier: every edition of the wave so far, oldest first, as it was told.
        new: what is to be frozen.
    """
    before = [tally for tally in earlier if not is_small(tally.answered)]
    if is_small(new.answered) or not before:
        return frozenset()
    told = [(tally, withheld_of(tally), _own(tally)) for tally in before]
    own, gone = _own(new), frozenset[Query]()
    while True:
        hidden = own if not gone else withheld_of(replace(new, gone=gone))
        more: set[Query] = set()
        for story in _stories([*told, (new, hidden, own)]):
            if _grows(story):
                more |= _next(story)
        if not more - gone:
            return gone
        gone |= more


def _own(tally: Tally) -> frozenset[Query]:
    return withheld_of(replace(tally, gone=frozenset()) if tally.gone else tally)


def _stories(
    editions: Sequence[tuple[Tally, AbstractSet[Query], AbstractSet[Query]]],
) -> Iterator[list[Chapter]]:
    """Each line, and each family of lines of the same answers, through all editions."""
    wave = editions[0][0].wave
    lines: dict[tuple[str, str], list[Chapter]] = {}
    for tally, hidden, own in editions:
        for entry in outcomes_of(wave):
            for line in (
                lines_of(entry, tally.counts_of(entry), wave) if entry.kind in LINES else ()
            ):
                people = {_cell(line.id, name): n for name, n in line.cells.items()}
                people[OUT] = tally.answered - sum(line.cells.values())
                bounds = line_bounds(line.id, line.cells, hidden)
                chapter = Chapter(people, hidden, own, bounds)
                mention = line.reported[0][0] if entry.kind is Kind.MULTIPLE else ""
                lines.setdefault((line.id, mention), []).append(chapter)
    yield from lines.values()
    for place, family in enumerate(FAMILIES):
        if len(entries_of(family, wave)) > 1:
            yield [Chapter(tally.states[place], hidden, own, {}) for tally, hidden, own in editions]


def _cell(name: str, cell: str) -> State:
    return frozenset({(name, cell), (f"base {name}", "")})


def _grows(story: Sequence[Chapter]) -> bool:
    """Whether no count became smaller; else nobody can take it for granted (a correction)."""
    return all(
        n <= after.people.get(state, 0)
        for before, after in pairwise(story)
        for state, n in before.people.items()
    )


def _next(story: Sequence[Chapter]) -> set[Query]:
    """What the newest edition withholds next of a line or family; nothing where all is well."""
    queries = {query for chapter in story for state in chapter.people for query in state}
    shown = {query for query in queries if query[1]} - story[-1].hidden
    for at, chapter in enumerate(story):
        for query in sorted(chapter.own & {query for query in queries if query[1]}):
            if shown and not (_is_nobody(story, at, query) or _is_open(story, at, query)):
                mine = {one for one in shown if one[0] == query[0]}
                last = mine & story[-2].hidden if len(story) > 1 else mine
                return last or mine or shown
    return set()


def _is_nobody(story: Sequence[Chapter], at: int, query: Query) -> bool:
    """Whether a later edition tells that nobody is there: then nobody was (rule 2)."""
    return any(
        query not in chapter.hidden
        and not any(n for state, n in chapter.people.items() if query in state)
        for chapter in story[at + 1 :]
    )


def _is_open(story: Sequence[Chapter], at: int, query: Query) -> bool:
    alone = [story[at]]
    need = sum(_moved(alone, 0, query, up=up) for up in (True, False))
    need = min(MINIMUM_CELL, need)
    found = _moved(story, at, query, up=True)
    return found >= need or found + _moved(story, at, query, up=False) >= need


def _moved(story: Sequence[Chapter], at: int, query: Query, *, up: bool) -> int:
    """By how many persons other histories move a count of one edition, one way."""
    states = sorted({state for chapter in story for state in chapter.people}, key=sorted)
    worlds = [dict(chapter.people) for chapter in story]
    pairs = [
        (one, other)
        for one in states
        for other in states
        if (query in one) is up and (query in other) is not up and _alike(story[at], one, other)
    ]
    moved = 0
    while moved < MINIMUM_CELL and any(_step(story, worlds, at, pair) for pair in pairs):
        moved += 1
    return moved


def _alike(chapter: Chapter, one: State, other: State) -> bool:
    return one - chapter.hidden == other - chapter.hidden


def _step(
    story: Sequence[Chapter],
    worlds: Sequence[dict[State, int]],
    at: int,
    pair: tuple[State, State],
) -> bool:
    """One person of the other state taken for one of the first, in some editions in a row."""
    gains, loses = pair
    first = last = at
    while first and worlds[first].get(loses, 0) <= worlds[first - 1].get(loses, 0):
        first -= 1
    while last < len(worlds) - 1 and worlds[last].get(gains, 0) >= worlds[last + 1].get(gains, 0):
        last += 1
    run = range(first, last + 1)
    for i in run:
        least, most = story[i].bounds.get(loses, FREE)[0], story[i].bounds.get(gains, FREE)[1]
        if worlds[i].get(loses, 0) <= least or not _alike(story[i], gains, loses):
            return False
        if most is not None and worlds[i].get(gains, 0) >= most:
            return False
    for i in run:
        worlds[i][gains] = worlds[i].get(gains, 0) + 1
        worlds[i][loses] -= 1
    return True
