import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event, func
from sqlmodel import col, select

from app.db.engine import make_engine
from app.db.transactions import Database
from app.errors import AppError, StorageBusy, StorageFull
from app.units.importing import ImportResult, import_units, store_units
from app.units.queries import list_units
from app.units.scope import WHOLE
from app.units.sheet import Column, UnitRow
from app.units.tables import OrganisationUnit, UnitAncestor
from app.units.tree import Node, closure, tree_of

NATION = """code,name,kind,parent,subsystem_parent,time_zone
26DPR0001A,Bachillerato Cajeme,school,Z1,DGB,
MX,México,nation,,,
DGB,Dirección General de Bachilleratos,subsystem,MX,,
Z1,Zona 1,zone,SON,DGB,
SON,Sonora,state,MX,,
"""


def load(db: Database, text: str) -> ImportResult:
    with db.unit_of_work() as session:
        return import_units(session, text.encode())


def stored(db: Database) -> dict[str, Node]:
    with db.reading() as session:
        found = {}
        for line in list_units(session, WHOLE):
            facts = asdict(line)
            del facts["id"]
            found[line.code] = Node(**facts)
        return found


def stored_ancestors(db: Database) -> dict[str, frozenset[str]]:
    with db.reading() as session:
        codes: dict[UUID, str] = {
            unit.id: unit.code for unit in session.exec(select(OrganisationUnit))
        }
        pairs = [
            (codes[p.unit_id], codes[p.ancestor_id]) for p in session.exec(select(UnitAncestor))
        ]
    return {code: frozenset(up for low, up in pairs if low == code) for code in codes.values()}


def counted(db: Database) -> Iterator[int]:
    with db.reading() as session:
        for table in (OrganisationUnit, UnitAncestor):
            yield session.exec(select(func.count()).select_from(table)).one()


def test_a_file_becomes_the_tree_whatever_the_order_of_its_rows(db: Database) -> None:
    result = load(db, NATION)

    assert result == ImportResult(rows=5, created=5)
    school = stored(db)["26DPR0001A"]
    assert (school.parent, school.subsystem_parent) == ("Z1", "DGB")
    assert stored_ancestors(db) == closure(tree_of(stored(db).values()))
    assert stored_ancestors(db)["26DPR0001A"] == {"26DPR0001A", "Z1", "SON", "DGB", "MX"}


def test_the_same_file_again_changes_nothing(db: Database) -> None:
    load(db, NATION)
    before = (stored(db), stored_ancestors(db))

    result = load(db, NATION)

    assert result == ImportResult(rows=5, unchanged=5)
    assert (stored(db), stored_ancestors(db)) == before


def test_a_school_that_moves_leaves_its_old_office(db: Database) -> None:
    load(db, NATION + "Z2,Zona 2,zone,SON,,\n")

    result = load(db, NATION.replace("school,Z1,DGB", "school,Z2,"))

    assert result == ImportResult(rows=5, updated=1, unchanged=4)
    assert stored_ancestors(db)["26DPR0001A"] == {"26DPR0001A", "Z2", "SON", "MX"}


def test_what_stands_below_a_unit_moves_with_it(db: Database) -> None:
    load(db, NATION + "SIN,Sinaloa,state,MX,,\n")

    load(db, "code,name,kind,parent\nZ1,Zona 1,zone,SIN\n")

    assert stored_ancestors(db)["26DPR0001A"] == {"26DPR0001A", "Z1", "SIN", "DGB", "MX"}
    assert stored_ancestors(db) == closure(tree_of(stored(db).values()))


def test_a_new_office_between_others_joins_everybodys_ancestors(db: Database) -> None:
    load(db, NATION)

    load(db, "code,name,kind,parent\nNO,Noroeste,region,MX\nSON,Sonora,state,NO\n")

    assert "NO" in stored_ancestors(db)["26DPR0001A"]
    assert stored_ancestors(db) == closure(tree_of(stored(db).values()))


def test_a_column_the_file_lacks_keeps_what_is_stored(db: Database) -> None:
    load(db, NATION)

    load(db, "code,name,kind,parent\n26DPR0001A,Otro nombre,school,Z1\n")

    school = stored(db)["26DPR0001A"]
    assert (school.name, school.subsystem_parent) == ("Otro nombre", "DGB")


def test_a_blank_cell_empties_what_is_stored(db: Database) -> None:
    load(db, NATION)

    load(db, NATION.replace("school,Z1,DGB", "school,Z1,"))

    assert stored(db)["26DPR0001A"].subsystem_parent is None


@pytest.mark.parametrize(
    ("row", "zone"),
    [
        ("02DCT0001A,Escuela,school,,America/Cancun,23005", "America/Cancun"),
        ("08DCT0001A,Escuela,school,,,08037", "America/Ciudad_Juarez"),
        ("08DCT0001A,Escuela,school,,,8037", "America/Ciudad_Juarez"),
        ("08DCT0001A,Escuela,school,,,", "America/Chihuahua"),
        ("02DCT0001A,Escuela,school,SON,,", "America/Tijuana"),
        ("BC,Baja California,state,,,", "America/Tijuana"),
        ("02,Estado 2,state,,,", "America/Tijuana"),
        ("Z2,Zona 2,zone,SON,,", "America/Hermosillo"),
        ("EU,Oficina,zone,,,", "America/Mexico_City"),
    ],
)
def test_a_unit_gets_the_hour_of_its_place(db: Database, row: str, zone: str) -> None:
    load(db, NATION)

    result = load(db, f"code,name,kind,parent,time_zone,municipality\n{row}\n")

    assert result.rejected == ()
    assert stored(db)[row.split(",", maxsplit=1)[0]].time_zone == zone


def test_a_school_that_moves_to_another_municipality_changes_its_clock(db: Database) -> None:
    load(db, "code,name,kind,parent,municipality\n08DCT0001A,Escuela,school,,08037\n")

    load(db, "code,name,kind,parent,municipality\n08DCT0001A,Escuela,school,,08052\n")

    assert stored(db)["08DCT0001A"].time_zone == "America/Ojinaga"


def test_an_explicit_zone_stays_while_the_file_does_not_speak_of_it(db: Database) -> None:
    load(db, "code,name,kind,parent,time_zone\n08DCT0001A,Escuela,school,,America/Ojinaga\n")

    result = load(db, "code,name,kind,parent\n08DCT0001A,Escuela,school,\n")

    assert result.unchanged == 1
    assert stored(db)["08DCT0001A"].time_zone == "America/Ojinaga"


def test_a_municipality_of_another_state_is_kept_and_told(db: Database) -> None:
    result = load(db, "code,name,kind,parent,municipality\n26DPR0001A,Escuela,school,,25001\n")

    assert (result.created, [found.code for found in result.warnings]) == (
        1,
        ["units.municipality_elsewhere"],
    )


def test_dates_and_successors_are_kept(db: Database) -> None:
    text = (
        "code,name,kind,parent,valid_from,valid_until,successor\n"
        "26DPR0001A,Escuela,school,,2001-08-20,31/07/2026,26dpr0002z\n"
        "26DPR0002Z,Escuela nueva,school,,2026-07-31,,\n"
    )

    assert load(db, text) == ImportResult(rows=2, created=2)
    assert load(db, text) == ImportResult(rows=2, unchanged=2)
    old = stored(db)["26DPR0001A"]
    assert (str(old.valid_from), str(old.valid_until), old.successor) == (
        "2001-08-20",
        "2026-07-31",
        "26DPR0002Z",
    )


def test_kinds_may_be_spanish_and_a_cct_in_small_letters(db: Database) -> None:
    load(db, "clave;nombre;tipo;depende de\nSON;Sonora;Estado;\n26dpr0001a;Uno;Plantel;SON\n")

    assert [(node.code, node.kind) for node in stored(db).values()] == [
        ("SON", "state"),
        ("26DPR0001A", "school"),
    ]


def test_a_page_stores_typed_rows_the_same_way(db: Database) -> None:
    row = UnitRow(
        1,
        {Column.CODE: "26DPR0001A", Column.NAME: "Uno", Column.KIND: "school", Column.PARENT: ""},
    )

    with db.unit_of_work() as session:
        result = store_units(session, [row])

    assert result == ImportResult(rows=1, created=1)


GOOD = "26DPR0009Z,Escuela buena,school,Z1,,\n"
BAD_ROWS = {
    "unknown parent": ("A,Zona,zone,NADIE,,", "parent", "units.unknown_unit"),
    "unknown subsystem": ("A,Zona,zone,SON,NADIE,", "subsystem_parent", "units.unknown_unit"),
    "depends on itself": ("A,Zona,zone,A,,", "parent", "units.cycle"),
    "short cct": ("26DPR001A,Escuela,school,SON,,", "code", "units.bad_cct"),
    "state 33": ("33DPR0001A,Escuela,school,SON,,", "code", "units.bad_cct"),
    "no code": (",Escuela,school,SON,,", "code", "units.code_missing"),
    "slash in code": ("A/B,Zona,zone,SON,,", "code", "units.bad_code"),
    "formula as code": ("=1+1,Zona,zone,SON,,", "code", "units.bad_code"),
    "odd parent": ("A,Zona,zone,=SON,,", "parent", "units.bad_code"),
    "stored twice": ("26DPR0009Z,Otra,school,Z1,,", "code", "units.code_twice"),
    "no name": ("A,,zone,SON,,", "name", "units.name_missing"),
    "name of spaces": ('A," \u00a0 ",zone,SON,,', "name", "units.name_missing"),
    "long name": (f"A,{'a' * 201},zone,SON,,", "name", "units.name_too_long"),
    "control character": ("A,a\x9bb,zone,SON,,", "name", "units.name_unstorable"),
    "wrong encoding": ("A,PeÃ±Ã³n,zone,SON,,", "name", "units.name_spoilt"),
    "wrong kind": ("A,Zona,galaxy,SON,,", "kind", "units.bad_kind"),
    "no kind": ("A,Zona,,SON,,", "kind", "units.bad_kind"),
    "wrong zone": ("A,Zona,zone,SON,,America/Sonora", "time_zone", "units.bad_time_zone"),
    "school as parent": ("A,Zona,zone,26DPR0001A,,", "parent", "units.wrong_level"),
    "school under school": (
        "26DPR0002B,Dos,school,26DPR0001A,,", "parent", "units.wrong_level"),
    "state under zone": ("A,Estado,state,Z1,,", "parent", "units.wrong_level"),
    "no subsystem": ("A,Zona,zone,SON,SON,", "subsystem_parent", "units.not_a_subsystem"),
    "ring with stored": ("SON,Sonora,zone,Z1,,", "parent", "units.cycle"),
    "school becomes office": ("26DPR0001A,Uno,zone,Z1,,", "kind", "units.kind_is_fixed"),
    "too many cells": ("A,Zona, Norte,zone,SON,,,x", "", "units.too_many_cells"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "column", "code"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_one_bad_row_stores_nothing(db: Database, row: str, column: str, code: str) -> None:
    load(db, NATION)
    before = (stored(db), list(counted(db)))
    head = NATION.splitlines()[0]

    result = load(db, f"{head}\n{GOOD}{row}\n")

    assert (3, column, code) in [(found.row, found.column, found.code) for found in result.rejected]
    assert all(found.message.endswith(".") for found in result.rejected)
    assert (result.created, result.updated, result.unchanged) == (0, 0, 0)
    assert (stored(db), list(counted(db))) == before


BAD_MORE = {
    "municipality": ("municipality", "99001", "units.bad_municipality"),
    "municipality name": ("municipality", "Cajeme", "units.bad_municipality"),
    "date": ("valid_until", "31/02/2026", "units.bad_date"),
    "words for a date": ("valid_from", "mañana", "units.bad_date"),
    "unknown successor": ("successor", "26DPR0404X", "units.unknown_unit"),
}


@pytest.mark.parametrize(("column", "cell", "code"), BAD_MORE.values(), ids=BAD_MORE)
def test_optional_columns_are_checked_too(db: Database, column: str, cell: str, code: str) -> None:
    result = load(db, f"code,name,kind,parent,{column}\n26DPR0001A,Uno,school,,{cell}\n")

    assert [(found.row, found.column, found.code) for found in result.rejected] == [
        (2, column, code)
    ]
    assert list(counted(db)) == [0, 0]


def test_a_ring_in_the_file_is_told_on_each_of_its_rows(db: Database) -> None:
    result = load(db, "code,name,kind,parent\nA,a,zone,B\nB,b,zone,C\nC,c,zone,A\n")

    assert [(found.row, found.code) for found in result.rejected] == [
        (2, "units.cycle"),
        (3, "units.cycle"),
        (4, "units.cycle"),
    ]
    assert list(counted(db)) == [0, 0]


def test_every_problem_is_told_at_once_and_none_twice(db: Database) -> None:
    """A unit whose own row is wrong is not also unknown to those below it."""
    result = load(db, "code,name,kind,parent\nA,,zone,\nB,b,zone,A\nC,c,zone,Z\nD,d,luna,\n")

    assert [(found.row, found.column) for found in result.rejected] == [
        (2, "name"),
        (4, "parent"),
        (5, "kind"),
    ]


def test_what_was_not_text_stores_nothing(db: Database) -> None:
    with db.unit_of_work() as session:
        result = import_units(session, b"PK\x03\x04\0\0")

    assert [found.code for found in result.rejected] == ["file.not_text"]
    assert list(counted(db)) == [0, 0]


def test_objects_read_before_an_import_are_not_stale(db: Database) -> None:
    load(db, NATION)
    with db.unit_of_work() as session:
        state = session.exec(
            select(OrganisationUnit).where(col(OrganisationUnit.code) == "SON")
        ).one()
        import_units(session, NATION.replace("Sonora", "Estado de Sonora").encode())

        assert state.name == "Estado de Sonora"


def test_two_imports_at_once_do_not_make_a_ring_together(db: Database) -> None:
    load(db, "code,name,kind,parent\nA,a,zone,\nB,b,zone,\n")

    with ThreadPoolExecutor(1) as pool:
        with db.unit_of_work() as session:
            first = import_units(session, b"code,name,kind,parent\nA,a,zone,B\n")
            waiting = pool.submit(load, db, "code,name,kind,parent\nB,b,zone,A\n")
            wait([waiting], timeout=0.3)  # time enough to go wrong
        second = waiting.result()

    assert (first.updated, [found.code for found in second.rejected]) == (1, ["units.cycle"])


@contextmanager
def second_process(path: Path, *pragmas: str) -> Iterator[Database]:
    """The same SQLite file as another process sees it, with little patience or little room."""
    engine = make_engine(f"sqlite:///{path}")

    def prepare(connection: sqlite3.Connection, _: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    database = Database(engine)
    yield database
    database.dispose()


@pytest.fixture
def sqlite_file(tmp_path: Path, sqlite_template: Path) -> Path:
    return Path(shutil.copy(sqlite_template, tmp_path / "units.db"))


def test_a_full_disk_stores_nothing(sqlite_file: Path) -> None:
    rows = "".join(f"26DPR{n:04}A,Escuela,school,SON\n" for n in range(3000))

    with second_process(sqlite_file, "max_page_count = 60") as db:
        assert_refused(db, "code,name,kind,parent\nSON,Sonora,state,\n" + rows, StorageFull)
        assert list(counted(db)) == [0, 0]


def test_a_locked_database_stores_nothing(sqlite_file: Path) -> None:
    with (
        second_process(sqlite_file) as writer,
        second_process(sqlite_file, "busy_timeout = 50") as db,
    ):
        with writer.unit_of_work() as session:
            session.connection()  # begins, and takes the lock
            assert_refused(db, NATION, StorageBusy)
        assert list(counted(db)) == [0, 0]


def assert_refused(db: Database, text: str, refusal: type[AppError]) -> None:
    with pytest.raises(refusal) as refused:
        load(db, text)
    assert refused.value.mensaje.startswith("No pudimos guardar")
