"""Tables with margins under attack; the reader is tests/analytics/attack.py."""

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.protection.suppression import suppress
from tests.analytics.attack import table_intervals, withheld_sums

MINIMUM, SMALL_GROUP = 5, 50


def with_margins(body: Sequence[Sequence[int]]) -> list[list[int]]:
    rows = [[*row, sum(row)] for row in body]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]]


def a_random_table(chance: random.Random) -> list[list[int]]:
    """From one category to six by six, from groups of a few to thousands, with zeros."""
    scale = chance.choice([1, 3, 8, 20, 60])
    rows, columns = chance.randint(1, 6), chance.randint(2, 6)
    return with_margins(
        [
            [int(chance.expovariate(1 / scale)) * (chance.random() < 0.85) for _ in range(columns)]
            for _ in range(rows)
        ]
    )


tables = st.integers(2, 5).flatmap(
    lambda columns: st.lists(
        st.lists(st.integers(0, 60), min_size=columns, max_size=columns), min_size=1, max_size=5
    ).map(with_margins)
)


def test_a_table_of_large_counts_is_shown_whole() -> None:
    table = with_margins([[100, 200], [300, 0]])

    assert suppress(table, MINIMUM) == table


def test_two_ones_take_company_in_their_row_and_their_columns() -> None:
    shown = suppress(with_margins([[1, 1, 60], [20, 30, 40], [70, 80, 90]]), MINIMUM)

    assert shown == [
        [None, None, None, 62],
        [None, None, None, 90],
        [70, 80, 90, 240],
        [91, 111, 190, 392],
    ]


def test_nobody_and_everybody_are_not_told_of_a_small_group() -> None:
    shown = suppress(with_margins([[0, 30], [200, 300]]), MINIMUM)

    assert shown[0][:2] == [None, None]


def test_a_small_margin_is_withheld_too() -> None:
    shown = suppress(with_margins([[1, 2], [60, 70], [80, 90]]), MINIMUM)

    assert shown[0] == [None, None, None]
    assert sum(row[-1] is None for row in shown[:-1]) >= 2


def test_an_empty_table_and_one_of_four_persons() -> None:
    empty = with_margins([[0, 0], [0, 0]])

    assert suppress(empty, MINIMUM) == empty
    assert suppress(with_margins([[1, 1], [1, 1]]), MINIMUM) == [[None] * 3] * 3


@pytest.mark.parametrize(
    "table", [[], [[1]], [[1, 1], [1]], [[1, 2, 3], [1, 2, 4]], [[-1, 1, 0], [-1, 1, 0]]]
)
def test_what_is_no_table_is_refused(table: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"totals|negative"):
        suppress(table, MINIMUM)


def test_a_minimum_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        suppress([[1, 1], [1, 1]], 0)


@given(tables)
def test_what_is_shown_is_true_and_not_small(table: list[list[int]]) -> None:
    shown = suppress(table, MINIMUM)

    assert [len(row) for row in shown] == [len(row) for row in table]
    pairs = [p for s, t in zip(shown, table, strict=True) for p in zip(s, t, strict=True)]
    assert all(s is None or (s == t and not 0 < s < MINIMUM) for s, t in pairs)
    assert all(total >= MINIMUM for total in withheld_sums(shown, table))


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(table: list[list[int]], chance: random.Random) -> None:
    order = list(range(len(table) - 1))
    chance.shuffle(order)
    order.append(len(order))

    moved = suppress([table[i] for i in order], MINIMUM)

    assert moved == [suppress(table, MINIMUM)[i] for i in order]


@given(tables)
def test_rows_and_columns_are_alike(table: list[list[int]]) -> None:
    turned = suppress(list(zip(*table, strict=True)), MINIMUM)

    assert [list(line) for line in zip(*turned, strict=True)] == suppress(table, MINIMUM)


def attacked(count: int, seed: int) -> tuple[int, int]:
    """Hidden cells met in `count` random tables, and the narrowest of their intervals."""
    chance = random.Random(seed)
    cells, narrowest = 0, 10**6
    for _ in range(count):
        table = a_random_table(chance)
        shown = suppress(table, MINIMUM)
        for found in table_intervals(shown, small_group=SMALL_GROUP):
            cells += 1
            narrowest = min(narrowest, found.width)
    return cells, narrowest


def test_a_reader_with_integer_programming_stays_uncertain() -> None:
    cells, narrowest = attacked(15, seed=1)

    assert cells > 60
    assert narrowest >= MINIMUM


@pytest.mark.slow
def test_a_reader_with_integer_programming_stays_uncertain_of_many_tables() -> None:
    cells, narrowest = attacked(300, seed=2)

    assert cells > 2_000
    assert narrowest >= MINIMUM


def test_the_attack_finds_what_a_careless_table_tells() -> None:
    """The opponent works: hiding the two ones alone tells both."""
    table: list[list[int | None]] = [[None, None, 60, 62], [20, 20, 20, 60], [21, 21, 80, 122]]

    assert {found.width for found in table_intervals(table, small_group=1)} == {0}


def narrowest_among_lookalikes(
    shape: tuple[int, int], top: int, *, minimum: int, small_group: int
) -> tuple[int, int]:
    """Hidden cells, and the least difference between tables that are released alike.

    The reader knows the program itself: every table up to `top` persons is released, and those
    that look alike are all that can be known.
    """
    rows, columns = shape
    alike = defaultdict(list)
    for cells in product(range(top + 1), repeat=rows * columns):
        if sum(cells) > top:
            continue
        table = with_margins([cells[i * columns : (i + 1) * columns] for i in range(rows)])
        shown = suppress(table, minimum, small_group=small_group)
        if shown[-1][-1] is not None:  # else larger tables look the same
            alike[tuple(map(tuple, shown))].append(table)
    spans = [
        max(t[i][j] for t in tables) - min(t[i][j] for t in tables)
        for shown, tables in alike.items()
        for i, row in enumerate(shown)
        for j, cell in enumerate(row)
        if cell is None
    ]
    return len(spans), min(spans)


@pytest.mark.parametrize(("minimum", "small_group"), [(2, 6), (2, 1), (3, 9)])
def test_a_reader_who_has_the_program_stays_uncertain(minimum: int, small_group: int) -> None:
    cells, narrowest = narrowest_among_lookalikes(
        (2, 2), 11, minimum=minimum, small_group=small_group
    )

    assert cells > 100
    assert narrowest >= minimum


@pytest.mark.slow
def test_a_reader_who_has_the_program_stays_uncertain_of_larger_tables() -> None:
    minimum = 3
    cells, narrowest = narrowest_among_lookalikes((2, 3), 10, minimum=minimum, small_group=9)

    assert cells > 100
    assert narrowest >= minimum
