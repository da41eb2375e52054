"""Which lines must not be shown together, because they count the same persons.

Three lines of one wave can tell what each of them hides: who only studies, who studies, who
works. A withheld count is safe here only if two worlds are at hand that look alike in everything
shown and differ in it by the minimum: persons moved between states that read the same, or
exchanged around four states that do. Sound, exact and quick; it may hide more than need be.
Source: domain.md 3.8, rules 1 and 2.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations_with_replacement

Query = tuple[str, str]  # indicator and category: the persons in it
State = frozenset[Query]  # every category that one person is in


def hide_together(
    people: Mapping[State, int], hidden: AbstractSet[Query], *, order: Sequence[str], minimum: int
) -> set[Query]:
    """The counts to withhold so that each of `hidden` stays uncertain by `minimum`.

    Args:
        people: persons by state; possible states with nobody help, with 0.
        hidden: counts withheld already, each line by its own rule.
        order: indicators, the most important first; whole lines go, from the end.
        minimum: persons.
    """
    withheld = set(hidden)
    queries = {query for state in people for query in state}
    while tight := [q for q in withheld & queries if _leeway(people, withheld, q) < minimum]:
        line = _next_line(people, withheld, tight, order=order, queries=queries)
        if line is None:
            break  # nothing of these persons is shown any more
        withheld |= line
    return withheld


def _next_line(
    people: Mapping[State, int],
    withheld: AbstractSet[Query],
    tight: Sequence[Query],
    *,
    order: Sequence[str],
    queries: AbstractSet[Query],
) -> set[Query] | None:
    """The least important line whose absence gives a tight count more leeway; else the last."""
    lines = [{q for q in queries if q[0] == name} - withheld for name in reversed(order)]
    lines = [line for line in lines if line]
    before = {query: _leeway(people, withheld, query) for query in tight}
    for line in lines:
        if any(_leeway(people, withheld | line, q) > least for q, least in before.items()):
            return line
    return lines[0] if lines else None


def _leeway(people: Mapping[State, int], withheld: AbstractSet[Query], query: Query) -> int:
    """How far apart the counts of `query` are in two worlds that look alike."""
    looks = {state: state - withheld for state in people}
    alike: dict[State, list[State]] = defaultdict(list)
    for state, look in looks.items():
        alike[look].append(state)
    moved = sum(
        sum(people[state] for state in states)
        for states in alike.values()
        if 0 < sum(query in state for state in states) < len(states)
    )
    return max(moved, _exchanged(people, looks, query))


def _exchanged(people: Mapping[State, int], looks: Mapping[State, State], query: Query) -> int:
    """The widest exchange: a pair of states for another that reads the same in sum."""
    pairs: dict[tuple[State, State], list[tuple[int, int]]] = defaultdict(list)
    for one, other in combinations_with_replacement(people, 2):
        reads = (looks[one] | looks[other], looks[one] & looks[other])
        pairs[reads].append((_pairs_in(people, one, other), (query in one) + (query in other)))
    return max((_widest(group) for group in pairs.values()), default=0)


def _pairs_in(people: Mapping[State, int], one: State, other: State) -> int:
    return people[one] // 2 if one == other else min(people[one], people[other])


def _widest(group: Iterable[tuple[int, int]]) -> int:
    """Persons by whom the count changes, from all of one kind of pair to all of another."""
    most: dict[int, int] = defaultdict(int)
    for size, inside in group:
        most[inside] = max(most[inside], size)
    return max(
        (abs(a - b) * (most[a] + most[b]) for a in most for b in most if a < b),
        default=0,
    )
