from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from app.db.transactions import Database
from app.units.importing import import_units
from app.units.queries import people_in_scope
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import OrganisationUnit, StudentGroup

TWO_SCHOOLS = b"""code,name,kind,parent
SON,Sonora,state,
26DPR0001A,Plantel A,school,SON
26DPR0002B,Plantel B,school,SON
"""


@pytest.fixture
def ids(db: Database) -> dict[str, UUID]:
    """Two schools with groups "A 1", "A 2" and "B 1"; every id by code or name."""
    with db.unit_of_work() as session:
        import_units(session, TWO_SCHOOLS)
        ids = {unit.code: unit.id for unit in session.exec(select(OrganisationUnit))}
        for code, name in (("26DPR0001A", "A 1"), ("26DPR0001A", "A 2"), ("26DPR0002B", "B 1")):
            group = StudentGroup(school_id=ids[code], cohort="2023-2026", name=name)
            session.add(group)
            ids[name] = group.id
    return ids


def groups_seen(db: Database, scope: Scope) -> list[str]:
    with db.reading() as session:
        return sorted(
            session.exec(
                select(StudentGroup.name).where(
                    people_in_scope(scope, col(StudentGroup.school_id), col(StudentGroup.id))
                )
            )
        )


def test_an_office_sees_the_groups_of_its_schools(db: Database, ids: dict[str, UUID]) -> None:
    assert groups_seen(db, WHOLE) == ["A 1", "A 2", "B 1"]
    assert groups_seen(db, Scope((Reach(ids["SON"]),))) == ["A 1", "A 2", "B 1"]


def test_a_school_sees_its_own(db: Database, ids: dict[str, UUID]) -> None:
    assert groups_seen(db, Scope((Reach(ids["26DPR0001A"]),))) == ["A 1", "A 2"]


def test_a_tutor_sees_the_groups_of_the_grant_and_no_other(
    db: Database, ids: dict[str, UUID]
) -> None:
    tutor = Scope((Reach(ids["26DPR0001A"], frozenset({ids["A 2"]})),))
    of_two_schools = Scope((*tutor.reaches, Reach(ids["26DPR0002B"])))

    assert groups_seen(db, tutor) == ["A 2"]
    assert groups_seen(db, of_two_schools) == ["A 2", "B 1"]


def test_without_a_grant_there_is_nothing(db: Database, ids: dict[str, UUID]) -> None:
    assert ids
    assert groups_seen(db, Scope()) == []
    assert groups_seen(db, Scope((Reach(uuid4()),))) == []
