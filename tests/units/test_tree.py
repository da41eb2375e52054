from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.units.tree import (
    Node,
    Tree,
    UnitKind,
    ancestors,
    below,
    closure,
    cycles,
    descendants,
    is_cct,
    living,
    nearest_first,
    parents_first,
    path_to,
    tree_of,
)

MEXICO = tree_of(
    [
        Node("MX", "México", UnitKind.NATION),
        Node("SON", "Sonora", UnitKind.STATE, "MX"),
        Node("DGB", "Bachilleratos", UnitKind.SUBSYSTEM, "MX"),
        Node("Z1", "Zona 1", UnitKind.ZONE, "SON", "DGB"),
        Node("26DPR0001A", "Escuela", UnitKind.SCHOOL, "SON", "Z1"),
    ]
)


@st.composite
def forests(draw: st.DrawFn) -> Tree:
    """Any tree without rings: each unit stands under earlier ones."""
    size = draw(st.integers(1, 12))
    nodes = []
    for number in range(size):
        earlier = st.sampled_from([None, *(f"u{n}" for n in range(number))])
        nodes.append(
            Node(f"u{number}", "Unidad", UnitKind.ZONE, draw(earlier), draw(earlier)),
        )
    return tree_of(draw(st.permutations(nodes)))


@st.composite
def tangles(draw: st.DrawFn) -> Tree:
    """Any arrangement at all, rings and unknown units included."""
    codes = [f"u{n}" for n in range(draw(st.integers(1, 8)))]
    upper = st.none() | st.sampled_from([*codes, "elsewhere"])
    return tree_of(
        [Node(code, "Unidad", UnitKind.ZONE, draw(upper), draw(upper)) for code in codes]
    )


def test_a_school_stands_below_both_hierarchies() -> None:
    assert ancestors(MEXICO, "26DPR0001A") == {"26DPR0001A", "Z1", "DGB", "SON", "MX"}


def test_at_one_distance_the_subsystem_is_nearer_than_the_territory() -> None:
    assert nearest_first(MEXICO, "26DPR0001A") == ("26DPR0001A", "Z1", "DGB", "SON", "MX")


def test_what_is_not_in_the_tree_is_not_near() -> None:
    own = tree_of(node for node in MEXICO.values() if node.code != "MX")

    assert nearest_first(own, "26DPR0001A") == ("26DPR0001A", "Z1", "DGB", "SON")


def test_the_way_down_to_a_school_is_its_territory() -> None:
    assert path_to(MEXICO, "26DPR0001A") == ("MX", "SON", "26DPR0001A")


def test_without_territory_the_way_down_is_the_subsystem() -> None:
    own = tree_of(node for node in MEXICO.values() if node.code not in {"MX", "SON"})

    assert path_to(own, "26DPR0001A") == ("DGB", "Z1", "26DPR0001A")


def test_a_way_down_ends_even_in_a_ring() -> None:
    ring = tree_of(
        [Node("A", "A", UnitKind.ZONE, "B"), Node("B", "B", UnitKind.ZONE, "A")],
    )

    assert path_to(ring, "A") == ("B", "A")


def test_a_code_comes_once() -> None:
    with pytest.raises(ValueError, match="'A' comes twice"):
        tree_of([Node("A", "A", UnitKind.ZONE), Node("A", "B", UnitKind.ZONE)])


def test_rings_are_told_once_and_whole() -> None:
    ring = tree_of(
        [
            Node("A", "A", UnitKind.ZONE, "B"),
            Node("B", "B", UnitKind.ZONE, "C"),
            Node("C", "C", UnitKind.ZONE, None, "A"),
            Node("below", "No está en el círculo", UnitKind.ZONE, "A"),
            Node("alone", "Tampoco", UnitKind.ZONE),
        ]
    )

    assert cycles(ring) == (("A", "B", "C"),)
    with pytest.raises(ValueError, match="cycle"):
        parents_first(ring)


@given(forests())
def test_a_unit_comes_after_those_above_it(tree: Tree) -> None:
    order = parents_first(tree)

    assert sorted(order) == sorted(tree)
    assert all(
        order.index(upper) < order.index(node.code)
        for node in tree.values()
        for upper in node.above
    )


@given(forests())
def test_above_and_below_are_the_same_relation(tree: Tree) -> None:
    pairs_up = {(code, upper) for code in tree for upper in ancestors(tree, code)}
    pairs_down = {(lower, code) for code in tree for lower in descendants(tree, code)}

    assert pairs_up == pairs_down


@given(forests())
def test_the_nearest_office_never_stands_above_a_later_one(tree: Tree) -> None:
    for code in tree:
        order = nearest_first(tree, code)

        assert order[0] == code
        assert set(order) == ancestors(tree, code)
        assert all(
            order.index(lower) < order.index(upper)
            for lower in order
            for upper in tree[lower].above
        )


@given(forests())
def test_the_closure_is_everybodys_ancestors(tree: Tree) -> None:
    assert closure(tree) == {code: ancestors(tree, code) for code in tree}


@given(forests(), st.data())
def test_below_several_is_below_any_of_them(tree: Tree, data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(tree))))

    assert below(tree, some) == frozenset().union(*(descendants(tree, code) for code in some))


@given(tangles())
def test_a_tree_has_a_ring_exactly_when_a_unit_stands_above_itself(tree: Tree) -> None:
    rings = cycles(tree)

    own_ancestor = {
        code
        for code in tree
        if any(code in ancestors(tree, upper) for upper in tree[code].above if upper in tree)
    }
    assert bool(rings) == bool(own_ancestor)
    assert {code for ring in rings for code in ring} <= own_ancestor
    for ring in rings:
        for code, upper in zip(ring, (*ring[1:], ring[0]), strict=True):
            assert upper in tree[code].above


@pytest.mark.parametrize(
    ("day", "there"),
    [(date(2020, 7, 31), False), (date(2020, 8, 1), True), (date(2026, 7, 31), True),
     (date(2026, 8, 1), False)],
)  # fmt: skip
def test_a_unit_is_there_from_its_first_day_and_not_on_its_end(day: date, there: bool) -> None:  # noqa: FBT001
    unit = Node(
        "Z",
        "Zona",
        UnitKind.ZONE,
        valid_from=date(2020, 8, 1),
        valid_until=date(2026, 8, 1),
    )

    assert unit.exists_on(day) is there


def test_successors_are_followed_to_the_one_that_lives() -> None:
    tree = tree_of(
        [
            Node("A", "A", UnitKind.ZONE, valid_until=date(2020, 1, 1), successor="B"),
            Node("B", "B", UnitKind.ZONE, valid_until=date(2024, 1, 1), successor="C"),
            Node("C", "C", UnitKind.ZONE),
        ]
    )

    assert [living(tree, "A", today=date(year, 6, 1)) for year in (2019, 2022, 2026)] == [
        "A",
        "B",
        "C",
    ]


def test_the_last_of_a_line_stays_itself_when_nobody_follows() -> None:
    tree = tree_of([Node("A", "A", UnitKind.ZONE, valid_until=date(2020, 1, 1))])

    assert living(tree, "A", today=date(2026, 1, 1)) == "A"


@pytest.mark.parametrize("text", ["15ENL0036U", "09DPR1802X", "32DPR0001Z", "01AAA0000A"])
def test_keys_of_schools(text: str) -> None:
    assert is_cct(text)


@pytest.mark.parametrize(
    "text",
    ["", "00DPR0001A", "33DPR0001A", "9DPR1802X", "09DPR18022", "09dpr1802x", "09DPR1802X ",
     "09DPR1802X\n", "09DP11802X", "٠٩DPR1802X", "09DPR180２X", "09ÑPR1802X"],
)  # fmt: skip
def test_not_keys_of_schools(text: str) -> None:
    assert not is_cct(text)


@given(st.integers(1, 32), st.integers(0, 9999), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_the_check_letter_never_decides(state: int, number: int, letter: str) -> None:
    assert is_cct(f"{state:02}DCT{number:04}{letter}")
