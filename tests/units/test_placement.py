from datetime import date

import pytest

from app.units.placement import DEEPEST, faults
from app.units.tree import Node, UnitKind, tree_of

NATION = Node("MX", "México", UnitKind.NATION)
REGION = Node("R", "Noroeste", UnitKind.REGION, "MX")
STATE = Node("SON", "Sonora", UnitKind.STATE, "R")
SUBSYSTEM = Node("DGB", "Bachilleratos", UnitKind.SUBSYSTEM, "MX")
ZONE = Node("Z1", "Zona 1", UnitKind.ZONE, "SON")
ZONE_OF_SUBSYSTEM = Node("Z2", "Zona 2", UnitKind.ZONE, "SON", "DGB")
SCHOOL = Node("26DPR0001A", "Escuela", UnitKind.SCHOOL, "Z1", "DGB")
SOUND = (NATION, REGION, STATE, SUBSYSTEM, ZONE, ZONE_OF_SUBSYSTEM, SCHOOL)


def found(*changed: Node) -> list[tuple[str, str, str]]:
    """(unit, column, code) of each fault, after these units came to a sound tree."""
    tree = {**tree_of(SOUND), **tree_of(changed)}
    return [
        (fault.unit, fault.column, fault.code)
        for fault in faults(tree, {node.code for node in changed})
    ]


def test_the_usual_tree_is_sound() -> None:
    assert found(*SOUND) == []


ALLOWED = {
    UnitKind.NATION: "",
    UnitKind.REGION: "MX",
    UnitKind.STATE: "MX R",
    UnitKind.SUBSYSTEM: "MX R SON DGB",
    UnitKind.ZONE: "MX R SON DGB Z1 Z2",
    UnitKind.SCHOOL: "MX R SON DGB Z1 Z2",
}


@pytest.mark.parametrize("kind", UnitKind)
@pytest.mark.parametrize("upper", SOUND, ids=lambda node: node.kind.value)
def test_who_may_depend_on_whom(kind: UnitKind, upper: Node) -> None:
    expected = (
        [] if upper.code in ALLOWED[kind].split() else [("new", "parent", "units.wrong_level")]
    )

    assert found(Node("new", "Nueva", kind, upper.code)) == expected


@pytest.mark.parametrize("kind", UnitKind)
def test_any_kind_may_be_the_top(kind: UnitKind) -> None:
    """A state office, or one school, runs the system for itself."""
    assert found(Node("new", "Nueva", kind)) == []


@pytest.mark.parametrize(
    ("kind", "upper", "code"),
    [
        (UnitKind.SCHOOL, "DGB", None),
        (UnitKind.SCHOOL, "Z2", None),
        (UnitKind.SCHOOL, "Z1", "units.not_a_subsystem"),  # a zone of no subsystem
        (UnitKind.SCHOOL, "SON", "units.not_a_subsystem"),
        (UnitKind.SCHOOL, "26DPR0001A", "units.not_a_subsystem"),
        (UnitKind.ZONE, "DGB", None),
        (UnitKind.ZONE, "Z2", None),
        (UnitKind.SUBSYSTEM, "DGB", None),
        (UnitKind.SUBSYSTEM, "Z2", "units.not_a_subsystem"),
        (UnitKind.STATE, "DGB", "units.no_subsystem"),
        (UnitKind.NATION, "DGB", "units.no_subsystem"),
        (UnitKind.SCHOOL, "nothing", "units.unknown_unit"),
    ],
)
def test_who_may_belong_to_what(kind: UnitKind, upper: str, code: str | None) -> None:
    expected = [("new", "subsystem_parent", code)] if code else []

    assert found(Node("new", "Nueva", kind, None, upper)) == expected


def test_nobody_depends_on_a_stranger_and_a_near_miss_is_named() -> None:
    tree = tree_of([*SOUND, Node("new", "Nueva", UnitKind.ZONE, "SONO")])

    (fault,) = faults(tree, {"new"})

    assert fault.code == "units.unknown_unit"
    assert "¿Quiso escribir «SON»?" in fault.message


def test_a_ring_is_told_on_every_row_of_it() -> None:
    ring = (Node("A", "A", UnitKind.ZONE, "B"), Node("B", "B", UnitKind.ZONE, None, "A"))

    assert found(*ring)[:2] == [("A", "parent", "units.cycle"), ("B", "parent", "units.cycle")]


def test_a_unit_does_not_depend_on_itself() -> None:
    assert found(Node("A", "A", UnitKind.ZONE, "A")) == [("A", "parent", "units.cycle")]


def test_a_unit_that_holds_others_keeps_a_fitting_kind() -> None:
    as_nation = Node("Z1", "Zona 1", UnitKind.SUBSYSTEM, "SON")
    as_region = Node("SON", "Sonora", UnitKind.SCHOOL, "MX")

    assert found(as_nation) == []
    assert found(as_region) == [
        ("SON", "kind", "units.holds_others"),
        ("SON", "kind", "units.holds_others"),
    ]


def test_a_subsystem_with_schools_stays_one() -> None:
    assert ("DGB", "kind", "units.holds_others") in found(Node("DGB", "x", UnitKind.ZONE, "MX"))


GONE = date(2026, 8, 1)


@pytest.mark.parametrize(
    ("successor", "until", "code"),
    [
        ("Z2", GONE, None),
        ("Z1", GONE, "units.bad_successor"),  # itself
        ("DGB", GONE, "units.bad_successor"),  # another kind
        ("Z2", None, "units.bad_successor"),  # never over
        ("nothing", GONE, "units.unknown_unit"),
    ],
)
def test_a_successor_exists_and_is_another_of_the_kind(
    successor: str, until: date | None, code: str | None
) -> None:
    closed = Node("Z1", "Zona 1", UnitKind.ZONE, "SON", valid_until=until, successor=successor)

    assert found(closed) == ([("Z1", "successor", code)] if code else [])


def test_successors_do_not_run_in_a_ring() -> None:
    ring = [
        Node(one, one, UnitKind.ZONE, valid_until=GONE, successor=other)
        for one, other in (("A", "B"), ("B", "A"), ("leads there", "A"))
    ]

    assert found(*ring) == [
        ("A", "successor", "units.successor_cycle"),
        ("B", "successor", "units.successor_cycle"),
    ]


def test_a_unit_does_not_end_before_it_begins() -> None:
    backwards = Node("A", "A", UnitKind.ZONE, valid_from=GONE, valid_until=GONE)

    assert found(backwards) == [("A", "valid_until", "units.ends_before_it_begins")]


def test_a_long_ring_is_told_in_a_short_line() -> None:
    size = 2000
    ring = tree_of(
        Node(f"U{n}", "Unidad", UnitKind.ZONE, f"U{(n + 1) % size}") for n in range(size)
    )

    told = [fault for fault in faults(ring, set(ring)) if fault.code == "units.cycle"]

    assert len(told) == size
    assert max(len(fault.message) for fault in told) < 200


def test_a_chain_has_an_end() -> None:
    chain = tree_of(
        Node(f"U{n}", "Unidad", UnitKind.ZONE, f"U{n - 1}" if n else None)
        for n in range(DEEPEST + 2)
    )

    told = [(fault.unit, fault.code) for fault in faults(chain, set(chain))]

    assert told == [(f"U{DEEPEST}", "units.too_deep"), (f"U{DEEPEST + 1}", "units.too_deep")]
