from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from app.db.transactions import Database
from app.errors import NotFound
from app.units.importing import import_units
from app.units.queries import (
    UnitBelow,
    breadcrumb,
    children,
    first_school,
    list_units,
    profile_of,
    schools_below,
    tops,
    unit_by_code,
)
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import InstitutionProfile, OrganisationUnit, UnitKind

NATION = """code,name,kind,parent,subsystem_parent
MX,México,nation,,
DGB,Bachilleratos,subsystem,MX,
SON,Sonora,state,MX,
SIN,Sinaloa,state,MX,
Z1,Zona 1,zone,SON,DGB
26DPR0001A,Cajeme,school,Z1,DGB
26DPR0002B,Guaymas,school,SON,
25DPR0001A,Culiacán,school,SIN,DGB
"""


@pytest.fixture
def ids(db: Database) -> dict[str, UUID]:
    """The nation above, stored; its ids by code."""
    with db.unit_of_work() as session:
        import_units(session, NATION.encode())
        return {unit.code: unit.id for unit in session.exec(select(OrganisationUnit))}


def scope_on(*units: UUID) -> Scope:
    return Scope(tuple(Reach(unit) for unit in units))


def seen(below: list[UnitBelow]) -> list[tuple[str, int]]:
    return [(unit.code, unit.schools) for unit in below]


def test_the_list_holds_what_the_scope_reaches_from_the_top(
    db: Database, ids: dict[str, UUID]
) -> None:
    with db.reading() as session:
        whole = list_units(session, WHOLE)
        sonora = list_units(session, scope_on(ids["SON"]))
        nothing = list_units(session, Scope())

    assert [line.code for line in whole] == [
        "MX", "SIN", "SON", "DGB", "Z1", "25DPR0001A", "26DPR0001A", "26DPR0002B"
    ]  # fmt: skip
    assert [(line.code, line.parent, line.subsystem_parent) for line in sonora] == [
        ("SON", None, None),  # what stands above is not the caller's
        ("Z1", "SON", None),
        ("26DPR0001A", "Z1", None),
        ("26DPR0002B", "SON", None),
    ]
    assert nothing == []


def test_a_breadcrumb_begins_where_the_scope_does(db: Database, ids: dict[str, UUID]) -> None:
    school = ids["26DPR0001A"]

    with db.reading() as session:
        paths = [
            [crumb.code for crumb in breadcrumb(session, scope, school)]
            for scope in (WHOLE, scope_on(ids["SON"]), scope_on(school), scope_on(ids["DGB"]))
        ]

    assert paths == [
        ["MX", "SON", "Z1", "26DPR0001A"],
        ["SON", "Z1", "26DPR0001A"],
        ["26DPR0001A"],
        ["DGB", "Z1", "26DPR0001A"],
    ]


def test_another_units_school_does_not_exist(db: Database, ids: dict[str, UUID]) -> None:
    sinaloa = scope_on(ids["SIN"])
    asked: list[Callable[[Session], object]] = [
        lambda session: breadcrumb(session, sinaloa, ids["26DPR0001A"]),
        lambda session: profile_of(session, sinaloa, ids["26DPR0001A"]),
        lambda session: unit_by_code(session, sinaloa, "26DPR0001A"),
        lambda session: breadcrumb(session, WHOLE, uuid4()),
    ]

    for ask in asked:
        with db.reading() as session, pytest.raises(NotFound):
            ask(session)
    with db.reading() as session:
        assert children(session, sinaloa, ids["SON"]) == []
        assert schools_below(session, sinaloa, ids["SON"]) == []


def test_children_are_those_of_both_hierarchies_with_their_schools(
    db: Database, ids: dict[str, UUID]
) -> None:
    with db.reading() as session:
        of_nation = children(session, WHOLE, ids["MX"])
        of_subsystem = children(session, WHOLE, ids["DGB"])
        of_subsystem_for_sonora = children(session, scope_on(ids["SON"]), ids["DGB"])

    assert seen(of_nation) == [("SIN", 1), ("SON", 2), ("DGB", 2)]
    assert seen(of_subsystem) == [("Z1", 1), ("25DPR0001A", 1), ("26DPR0001A", 1)]
    assert seen(of_subsystem_for_sonora) == [("Z1", 1), ("26DPR0001A", 1)]


def test_counts_stay_inside_the_scope(db: Database, ids: dict[str, UUID]) -> None:
    with db.reading() as session:
        top = tops(session, scope_on(ids["DGB"]))
        two = tops(session, scope_on(ids["SON"], ids["25DPR0001A"], ids["Z1"]))
        whole = tops(session, WHOLE)

    assert seen(top) == [("DGB", 2)]
    assert seen(two) == [("SON", 2), ("25DPR0001A", 1)]
    assert seen(whole) == [("MX", 3)]


def test_schools_below_an_office_at_any_depth(db: Database, ids: dict[str, UUID]) -> None:
    with db.reading() as session:
        found = [
            [school.code for school in schools_below(session, WHOLE, ids[code])]
            for code in ("MX", "DGB", "Z1", "26DPR0002B")
        ]

    assert found == [
        ["25DPR0001A", "26DPR0001A", "26DPR0002B"],
        ["25DPR0001A", "26DPR0001A"],
        ["26DPR0001A"],
        ["26DPR0002B"],
    ]


def presented(db: Database, ids: dict[str, UUID], *codes: str) -> str | None:
    """Who signs for the school in Cajeme when these units have a profile."""
    with db.unit_of_work() as session:
        for code in codes:
            session.add(
                InstitutionProfile(
                    unit_id=ids[code],
                    sender_name=f"Oficina {code}",
                    reply_to="oficina@example.org",
                    changed_at=datetime(2026, 3, 2, tzinfo=UTC),
                )
            )
    school = ids["26DPR0001A"]
    with db.reading() as session:
        profile = profile_of(session, scope_on(school), school)
    return profile.sender_name if profile else None


@pytest.mark.parametrize(
    ("with_profile", "who"),
    [
        ((), None),
        (("MX", "SIN"), "Oficina MX"),
        (("MX", "SON"), "Oficina SON"),
        (("SON", "DGB", "MX"), "Oficina DGB"),
        (("DGB", "Z1"), "Oficina Z1"),  # a zone of that subsystem
        (("26DPR0001A", "DGB"), "Oficina 26DPR0001A"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_nearest_office_with_a_profile_signs(
    db: Database, ids: dict[str, UUID], with_profile: tuple[str, ...], who: str | None
) -> None:
    assert presented(db, ids, *with_profile) == who


def statements(session: Session, ask: Callable[[], object]) -> int:
    count = 0

    def one_more(*_: object) -> None:
        nonlocal count
        count += 1

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", one_more)
    ask()
    event.remove(connection, "before_cursor_execute", one_more)
    return count


def test_lists_cost_the_same_for_one_school_and_for_many(
    db: Database, ids: dict[str, UUID]
) -> None:
    with db.reading() as session:
        asked: list[Callable[[UUID], object]] = [
            lambda unit: list_units(session, scope_on(unit)),
            lambda unit: tops(session, scope_on(unit)),
            lambda unit: children(session, WHOLE, unit),
            lambda unit: schools_below(session, WHOLE, unit),
            lambda unit: breadcrumb(session, WHOLE, unit),
            lambda unit: profile_of(session, WHOLE, unit),
        ]
        costs = [
            {statements(session, lambda a=ask, c=code: a(ids[c])) for code in ("26DPR0001A", "MX")}  # type: ignore[misc]
            for ask in asked
        ]

    assert costs == [{1}, {2}, {2}, {1}, {1}, {3}]


def test_the_code_of_a_unit_finds_it_in_scope(db: Database, ids: dict[str, UUID]) -> None:
    with db.reading() as session:
        found = unit_by_code(session, scope_on(ids["DGB"]), "26DPR0001A")
        names = session.exec(
            select(OrganisationUnit.name).where(col(OrganisationUnit.id) == found.id)
        ).all()

    assert names == ["Cajeme"]


def test_the_first_school_is_that_of_the_whole_list(db: Database, ids: dict[str, UUID]) -> None:
    with db.reading() as session:
        for scope in (WHOLE, *(scope_on(unit) for unit in ids.values()), scope_on(uuid4())):
            listed = [one for one in list_units(session, scope) if one.kind is UnitKind.SCHOOL]
            found = first_school(session, scope)
            assert [one.code for one in listed[:1]] == ([] if found is None else [found.code])
