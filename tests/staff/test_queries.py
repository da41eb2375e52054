from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session

from app.db.transactions import Database
from app.staff import audit, invitations, queries, sessions
from app.staff.queries import AccountState
from app.staff.roles import Permission, Role, WantedGrant
from app.units.scope import WHOLE, Scope
from tests.staff.house import KEYS, a_group, actor, signed_in, somebody, two_schools


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    statements: list[str] = []
    connection = session.connection()

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


def test_a_school_sees_its_own_people_and_their_roles_there(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        units = two_schools(session)
        a_group(session, units["A"], "6A")
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        somebody(session, "beto@escuela.mx", "A", Role.TUTOR, now=now, groups=("6A",))
        somebody(session, "beto@escuela.mx", "B", Role.VIEWER, now=now)
        somebody(session, "carla@escuela.mx", "B", now=now)
        new = WantedGrant("A", Role.VIEWER)
        invitations.invite(session, "eva@escuela.mx", new, keys=KEYS, by=None, now=now)
        scope = actor(session, alicia, now=now).scope(Permission.MANAGE_STAFF)

    with db.reading() as session:
        rows = queries.accounts(session, scope)
        seen = {
            row.email: (row.state, [(one.role, one.unit_code, one.groups) for one in row.roles])
            for row in rows
        }
    assert seen == {
        "alicia@escuela.mx": (AccountState.ACTIVE, [(Role.OFFICER, "A", None)]),
        "beto@escuela.mx": (AccountState.ACTIVE, [(Role.TUTOR, "A", ("6A",))]),
        "eva@escuela.mx": (AccountState.INVITED, [(Role.VIEWER, "A", None)]),
    }
    assert {row.email: row.last_seen_at for row in rows}["alicia@escuela.mx"] == now


@pytest.mark.parametrize("people", [1, 3])
def test_the_accounts_screen_costs_four_queries(db: Database, now: datetime, people: int) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        for number in range(people):
            somebody(session, f"p{number}@escuela.mx", "A", now=now)

    with db.reading() as session, counted(session) as statements:
        assert len(queries.accounts(session, WHOLE)) == people
        assert len(statements) == 4


@pytest.mark.parametrize("roles", [1, 3])
def test_who_calls_costs_three_queries(db: Database, now: datetime, roles: int) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", Role.OFFICER, now=now)
        for role in (Role.TUTOR, Role.VIEWER)[: roles - 1]:
            somebody(session, "alicia@escuela.mx", "A", role, now=now)
        token = signed_in(session, alicia, now=now)

    with db.reading() as session, counted(session) as statements:
        assert sessions.actor_of(session, token, now=now) is not None
        assert len(statements) == 3


def test_accounts_come_page_by_page(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        everybody = {somebody(session, f"p{n}@escuela.mx", "A", now=now) for n in range(5)}

    with db.reading() as session:
        first = queries.accounts(session, WHOLE, limit=3)
        second = queries.accounts(session, WHOLE, limit=3, after=first[-1].account_id)
    assert len(second) == 2
    assert {row.account_id for row in [*first, *second]} == everybody


def test_the_trail_of_another_school_is_not_shown(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        units = two_schools(session)
        alicia = actor(session, somebody(session, "alicia@escuela.mx", "A", now=now), now=now)
        carla = actor(session, somebody(session, "carla@escuela.mx", "B", now=now), now=now)
        for number, (by, unit) in enumerate([(alicia, "A"), (carla, "B")], 1):
            audit.append(
                session,
                "window.moved",
                actor_id=by.account_id,
                about=("unit", units[unit].id),
                unit_id=units[unit].id,
                now=now + timedelta(minutes=number),
                fields=["opens"],
            )
        for by in (alicia, carla):
            sessions.sign_out(session, by, now=now + timedelta(minutes=5))

    with db.reading() as session:
        rows = queries.audit_rows(session, alicia.scope(Permission.SEE_AUDIT))
        everything = queries.audit_rows(session, WHOLE, limit=500)
        assert queries.audit_rows(session, Scope()) == []
    assert {row.unit_code for row in rows} == {"A", None}
    assert {row.object_id for row in rows} & {str(units["B"].id), str(carla.session_id)} == set()
    assert [row.action for row in rows][:2] == ["staff.signed_out", "window.moved"]
    assert rows[1].details == {"fields": ["opens"]}
    assert rows[1].actor == "alicia"
    assert len(everything) > len(rows)


def test_the_trail_comes_page_by_page(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        for number in range(7):  # several in the same second
            moment = now + timedelta(seconds=number // 3)
            audit.append(session, "a.b", actor_id=None, about=("x", number), now=moment)

    seen: list[str] = []
    before = None
    with db.reading() as session:
        while rows := queries.audit_rows(session, WHOLE, limit=2, before=before):
            seen += [row.object_id for row in rows]
            before = (rows[-1].at, rows[-1].entry_id)
    assert sorted(seen) == [str(number) for number in range(7)]
