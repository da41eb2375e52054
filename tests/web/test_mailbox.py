"""/panel/buzon: development mail, read as text."""

from dataclasses import replace
from datetime import datetime

import pytest

from app.db.transactions import Database
from app.staff.roles import Role
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def test_a_message_is_read_with_its_link_alive(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    listed = client.get("/panel/buzon")
    read = client.get(f"/panel/buzon/{world.ids[SCHOOL_A]['message_id']}")

    assert "ana@09dct0001a.invalid" in listed.text
    assert "ana@02dct0002b.invalid" not in listed.text
    assert '<a href="http://127.0.0.1:8000/e/x">' in read.text
    assert 'href="/panel/buzon" aria-current' in listed.text


@pytest.mark.parametrize("change", ["smtp", "production"])
def test_elsewhere_there_is_no_mailbox(
    world: World, db: Database, now: datetime, change: str
) -> None:
    settings = (
        replace(world.settings, smtp_url="smtp://127.0.0.1:25")
        if change == "smtp"
        else replace(world.settings, environment=type(world.settings.environment).PRODUCTION)
    )
    client = client_for(replace(world, settings=settings), db, now=now)
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    assert client.get("/panel/buzon").status_code == 404
    message = world.ids[SCHOOL_A]["message_id"]
    assert client.get(f"/panel/buzon/{message}").status_code == 404
    assert "/panel/buzon" not in client.get("/panel").text
