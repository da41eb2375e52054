"""Every route × every role × ids of the own school and of a sibling's.

Generated from the application: a new route joins by existing. An id in a path is taken
from the world by the parameter's name; a name nobody knows fails the test, so that
whoever adds a route also says what a stranger's one would be.
"""

from collections.abc import Iterator
from datetime import datetime
from re import findall

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlmodel import SQLModel

from app.db.transactions import Database
from app.staff.roles import PERMISSIONS, Permission, Role
from app.web.main import declaration, routes
from app.web.wiring import Permits
from tests.web.world import (
    CURPS,
    SCHOOL_A,
    SCHOOL_B,
    World,
    a_world,
    client_for,
    settings_for,
    sign_in,
)

# What only a stranger's school holds, by the words its pages would show.
SECRETS_OF_B = ("Plantel B", "02dct0002b@escuela.mx", "02DCT0002B", CURPS[SCHOOL_B])
REFUSED = {303, 401, 403, 404}


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def staff_routes() -> Iterator[tuple[APIRoute, str, Permission]]:
    for route in routes():
        declared = declaration(route)
        if isinstance(declared, Permits):
            for method in sorted(route.methods or ()):
                yield route, method, declared.permission


def address(route: APIRoute, ids: dict[str, str]) -> str:
    missing = [name for name in findall(r"{(\w+)", route.path) if name not in ids]
    assert not missing, f"say in tests/web/world.py what {missing} of {route.path} is"
    path = route.path
    for name in findall(r"{(\w+)", route.path):
        path = path.replace(f"{{{name}}}", ids[name])
    return path


def test_no_role_reaches_anything_of_a_sibling_school(
    world: World, db: Database, now: datetime
) -> None:
    """A stranger's anything is 404 (or refused before it is looked for), for GET and POST."""
    client = client_for(world, db, now=now)
    leaks, asked = [], 0
    for role in Role:
        csrf = sign_in(client, world, SCHOOL_A, role)
        for route, method, permission in staff_routes():
            path = address(route, world.ids[SCHOOL_B])
            if path == route.path:
                continue  # no id in it: the next test looks at what it shows
            answer = client.request(method, path, data={"csrf": csrf} if method == "POST" else None)
            asked += 1
            allowed = permission in PERMISSIONS[role]
            expected = {404} if allowed else REFUSED
            shown = [secret for secret in SECRETS_OF_B if secret in answer.text]
            if answer.status_code not in expected or shown:
                leaks.append((role.value, method, route.path, answer.status_code, shown))
    assert leaks == []
    assert asked >= len(Role)
    print(f"crawl: {asked} requests for a sibling's things")


def test_no_page_without_an_id_shows_a_sibling_school(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    leaks = []
    for role in Role:
        sign_in(client, world, SCHOOL_A, role)
        for route, method, _ in staff_routes():
            if method == "GET" and "{" not in route.path:
                answer = client.get(route.path)
                if any(secret in answer.text for secret in SECRETS_OF_B):
                    leaks.append((role.value, route.path))
    assert leaks == []


def test_every_route_refuses_who_is_not_signed_in(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    passed = []
    for route, method, _ in staff_routes():
        answer = client.request(method, address(route, world.ids[SCHOOL_A]))
        if answer.status_code not in {303, 401} or "/panel/entrar" not in str(
            answer.headers.get("location", "/panel/entrar")
        ):
            passed.append((method, route.path, answer.status_code))
    assert passed == []


def test_own_pages_open_for_every_role_that_may(world: World, db: Database, now: datetime) -> None:
    """The twin of the crawl: where the permission is held, the own school's page is there."""
    client = client_for(world, db, now=now)
    missing = []
    for role in Role:
        sign_in(client, world, SCHOOL_A, role)
        for route, method, permission in staff_routes():
            if method != "GET":
                continue
            answer = client.get(address(route, world.ids[SCHOOL_A]))
            allowed = permission in PERMISSIONS[role]
            if (answer.status_code in {200, 303}) != allowed:
                missing.append((role.value, route.path, answer.status_code))
    assert missing == []


def test_a_post_needs_the_token_of_its_own_session(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.ADMIN)
    passed = []
    for route, method, _ in staff_routes():
        if method == "POST":
            answer = client.post(address(route, world.ids[SCHOOL_A]), data={"csrf": "x" * 43})
            if answer.status_code != 403:
                passed.append((route.path, answer.status_code))
    assert passed == []


def test_looking_changes_nothing(world: World, db: Database, now: datetime) -> None:
    """A GET of staff may write audit_entry and last_seen, and nothing else (SEC-08)."""
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.ADMIN)
    before = snapshot(db)

    for route, method, _ in staff_routes():
        if method == "GET":
            client.get(address(route, world.ids[SCHOOL_A]))

    assert snapshot(db) == before


def snapshot(db: Database) -> dict[str, int]:

    written_by_trace = {"audit_entry", "staff_session"}
    with db.reading() as session:
        return {
            table.name: hash(
                tuple(map(str, session.connection().execute(text(f'select * from "{table.name}"'))))
            )
            for table in SQLModel.metadata.sorted_tables
            if table.name not in written_by_trace
        }
