"""What sums withhold, planned by looking again only at what a step touched."""

import random
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.figures.joint import Query
from app.analytics.protection.exchanges import Exchange, Looks, Part, bits_of, side_of
from app.analytics.protection.holding import Schools, _Holding, hold
from app.analytics.protection.holding_counts import Counts
from tests.analytics.attack import Told, sums_intervals

CATEGORIES = ("a", "b", "c")
NAME, SECOND = "L1", "L2"


def a_part(chance: random.Random) -> Part:
    """Two lines of the same persons; what the school withholds of them."""
    size = chance.choice([0, 1, 2, 4, 9])
    people = {
        frozenset({*cell(NAME, one), *cell(SECOND, other)}): chance.randint(0, size)
        for one in CATEGORIES
        for other in ("yes", "no")
    }
    queries = sorted({query for state in people for query in state})
    hidden = frozenset(query for query in queries if chance.random() < 0.5)
    return Part(people, None if chance.random() < 0.2 else hidden)


def cell(name: str, category: str) -> frozenset[Query]:
    return frozenset({(name, category), (f"base {name}", "")})


def a_nation(chance: random.Random, schools: int) -> Sequence[Schools]:
    """Zones, states of them and subsystems across both; two schools or more each."""
    every, units = range(schools), list[Schools]()
    for kind in (4, 12, schools):
        units += [frozenset(every[n : n + kind]) for n in range(0, schools, kind)]
    across = [chance.randrange(3) for _ in every]
    units += [frozenset(n for n in every if across[n] == one) for one in range(3)]
    return list(dict.fromkeys(one for one in units if len(one) > 1))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), schools=st.integers(2, 60))
def test_sums_withhold_what_looking_at_everything_again_would(seed: int, schools: int) -> None:
    chance = random.Random(seed)
    parts = [a_part(chance) for _ in range(schools)]
    sums = a_nation(chance, schools)

    held = hold(_counts(parts), sums, answered=_answered(parts, sums), at_first=_nothing(sums))

    assert held == _looking_at_everything_again(parts, sums)


def _looking_at_everything_again(
    parts: Sequence[Part], sums: Sequence[Schools]
) -> list[set[Query]]:
    answered = _answered(parts, sums)
    state = _Holding(_counts(parts), sums, answered, _nothing(sums))
    pending = list(_counts(parts).all())
    while pending:
        afresh = _Holding(_counts(parts), sums, answered, state.withheld)
        pending = [one for one in pending if not afresh.is_safe(one)]
        state.step_back(pending)
    return state.withheld


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), schools=st.integers(1, 6), need=st.integers(1, 5))
def test_what_is_soon_counted_says_of_an_exchange_what_the_flow_does(
    seed: int, schools: int, need: int
) -> None:
    chance = random.Random(seed)
    parts = [_bounded(a_part(chance), chance) for _ in range(schools)]
    states = sorted({state for part in parts for state in part.people}, key=sorted)
    bits = {q: 1 << i for i, q in enumerate(sorted({q for state in states for q in state}))}
    sides = [side_of(part, states, bits) for part in parts]
    numbers = [bits_of(state, bits) for state in states]
    looks = [Looks(numbers, side.hidden) for side in sides]
    every = Exchange(range(schools), sides, looks)

    told = [every.opens(0, sides[0], looks[0], bit, need=need) for bit in bits.values()]

    widths = [every.width(0, sides[0], looks[0], bit, enough=need) for bit in bits.values()]
    assert told == [width >= need for width in widths]


def _bounded(part: Part, chance: random.Random) -> Part:
    """Some states with what the rule of their line tells."""
    some = {state: n for state, n in part.people.items() if chance.random() < 0.5}
    least = chance.choice([0, 1])
    return Part(
        part.people,
        part.hidden,
        {s: (min(n, least), chance.choice([None, n, n + 2])) for s, n in some.items()},
    )


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), schools=st.integers(2, 7))
def test_integer_programming_finds_every_secret_as_open_as_its_school_leaves_it(
    seed: int, schools: int
) -> None:
    chance = random.Random(seed)
    parts = [a_part(chance) for _ in range(schools)]
    sums = a_nation(chance, schools)
    secrets = _counts(parts)
    held = hold(secrets, sums, answered=_answered(parts, sums), at_first=_nothing(sums))
    told = [
        Told(one, frozenset({query}), persons)
        for one, gone in [
            *((frozenset({n}), _gone(part, secrets)) for n, part in enumerate(parts)),
            *zip(sums, held, strict=True),
        ]
        for query in secrets.queries
        if query not in gone
        for persons in [sum(_persons(parts[n], query) for n in one)]
    ]
    nobody = {n for one in told if not one.persons for n in one.schools}
    found = [one for one in secrets.all() if one.place not in nobody]
    states = sorted({state for part in parts for state in part.people}, key=sorted)

    intervals = sums_intervals(
        states,
        told,
        [sum(part.people.values()) for part in parts],
        [(one.place, one.query) for one in found],
        {},
    )

    assert [i for i, one in zip(intervals, found, strict=True) if i.width < one.need] == []


def _gone(part: Part, secrets: Counts) -> AbstractSet[Query]:
    return set(secrets.queries) if part.hidden is None else part.hidden


def _persons(part: Part, query: Query) -> int:
    return sum(n for state, n in part.people.items() if query in state)


def test_a_sum_withholds_what_one_school_alone_hides() -> None:
    people = {cell(NAME, "a"): 9, cell(NAME, "b"): 9}
    both = frozenset({(NAME, "a"), (NAME, "b")})
    sums = [frozenset({0, 1})]

    alone, together = (
        hold(
            _counts([Part(people, one), Part(people, both)]),
            sums,
            answered=[36],
            at_first=[set()],
        )
        for one in (frozenset[Query](), both)
    )

    assert alone == [set(both)]
    assert together == [set()]


def _counts(parts: Sequence[Part]) -> Counts:
    return Counts(parts, order=[NAME, SECOND])


def _answered(parts: Sequence[Part], sums: Sequence[Schools]) -> list[int]:
    return [sum(sum(parts[n].people.values()) for n in one) for one in sums]


def _nothing(sums: Sequence[Schools]) -> list[set[Query]]:
    return [set() for _ in sums]
