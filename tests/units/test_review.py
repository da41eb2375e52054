from hypothesis import given
from hypothesis import strategies as st

from app.units.placement import faults
from app.units.places import shipped_geography
from app.units.review import review
from app.units.sheet import REQUIRED, Column, UnitRow
from app.units.tree import Tree, closure

GEOGRAPHY = shipped_geography()

CODES = ("MX", "R", "SON", "Z1", "Z2", "DGB", "26DPR0001A", "26dpr0001a", "08DCT0001B", "=x", "")
cells = {
    Column.CODE: st.sampled_from(CODES),
    Column.NAME: st.sampled_from(("Sonora", " Zona\u00a0 1 ", "Peñón", "", "a\0b")),
    Column.KIND: st.sampled_from(("nation", "estado", "zona", "subsistema", "plantel", "x")),
    Column.PARENT: st.sampled_from(("", *CODES)),
    Column.SUBSYSTEM_PARENT: st.sampled_from(("", "DGB", "Z1", "none")),
    Column.TIME_ZONE: st.sampled_from(("", "America/Tijuana", "Mars/Base")),
    Column.MUNICIPALITY: st.sampled_from(("", "26018", "8037", "99999")),
    Column.VALID_FROM: st.sampled_from(("", "2020-01-01", "1/8/2020")),
    Column.VALID_UNTIL: st.sampled_from(("", "2026-08-01", "nunca")),
    Column.SUCCESSOR: st.sampled_from(("", "Z2", "08DCT0001B")),
}


@st.composite
def files(draw: st.DrawFn) -> list[UnitRow]:
    """Rows of one file: the same columns in each, content right and wrong."""
    columns = [*REQUIRED, *draw(st.sets(st.sampled_from(sorted(set(Column) - set(REQUIRED)))))]
    size = draw(st.integers(1, 6))
    return [
        UnitRow(row, {column: draw(cells[column]) for column in columns})
        for row in range(2, 2 + size)
    ]


@st.composite
def sound_files(draw: st.DrawFn) -> list[UnitRow]:
    """Rows that can be stored: levels in order, some cells blank."""
    uppers = [""]
    rows = []
    for level, kind in enumerate(("nation", "state", "zone", "school")):
        for number in range(draw(st.integers(0, 3))):
            code = f"{number + 25}DPR000{number}A" if kind == "school" else f"{kind}{number}"
            given_cells = {
                Column.CODE: code,
                Column.NAME: draw(st.sampled_from(("Sonora", "Baja California", "Otra"))),
                Column.KIND: kind,
                Column.PARENT: draw(st.sampled_from(uppers)) if level else "",
                Column.TIME_ZONE: draw(st.sampled_from(("", "America/Cancun"))),
            }
            rows.append(given_cells)
        uppers += [r[Column.CODE] for r in rows if r[Column.KIND] == kind and kind != "school"]
    shuffled = draw(st.permutations(rows))
    return [UnitRow(row, found) for row, found in enumerate(shuffled, start=2)]


@given(files(), sound_files())
def test_any_file_gives_a_sound_tree_or_problems_on_its_rows(
    file: list[UnitRow], before: list[UnitRow]
) -> None:
    stored = review(before, {}, GEOGRAPHY).tree

    plan = review(file, stored, GEOGRAPHY)

    if plan.problems:
        assert (plan.created, plan.changed, plan.tree) == ((), (), stored)
        assert {problem.row for problem in plan.problems} <= {row.row for row in file}
    else:
        assert_sound(plan.tree)
        assert len(plan.created) + len(plan.changed) + plan.unchanged == len(file)


def assert_sound(tree: Tree) -> None:
    assert list(faults(tree, set(tree))) == []
    assert set(closure(tree)) == set(tree)
    assert all(GEOGRAPHY.is_zone(node.time_zone) for node in tree.values())


@given(sound_files())
def test_twice_is_once(file: list[UnitRow]) -> None:
    once = review(file, {}, GEOGRAPHY)

    twice = review(file, once.tree, GEOGRAPHY)

    assert once.problems == ()
    assert len(once.created) == len(file)
    assert (twice.created, twice.changed, twice.unchanged) == ((), (), len(file))
    assert twice.tree == once.tree


@given(sound_files())
def test_units_are_planned_after_those_above_them(file: list[UnitRow]) -> None:
    plan = review(file, {}, GEOGRAPHY)

    for place, code in enumerate(plan.created):
        assert set(plan.tree[code].above) <= set(plan.created[:place])
