"""/panel/buzon: development mail, read as text."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from sqlmodel import Session, select

from app.db.transactions import Database
from app.messaging import mailbox, outbox
from app.messaging.delivery import Outgoing, PlannedMessage
from app.messaging.queries import messages_about
from app.staff.roles import Role
from app.staff.tables import StaffGrant
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from tests.web.world import SCHOOL_A, SCHOOL_B, World, a_world, client_for, settings_for, sign_in


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


def a_summary(session: Session, code: str, *, now: datetime) -> UUID:
    """What the officer of a school asked to get on Mondays: of no unit."""
    officers = select(StaffGrant.account_id).where(
        StaffGrant.unit_id == unit_by_code(session, WHOLE, code).id,
        StaffGrant.role == Role.OFFICER,
    )
    account_id = session.exec(officers).one()
    planned = PlannedMessage(f"week/{code}", account_id, "digest/w", "escuela.mx", now)
    outbox.enqueue(session, [planned], now=now)
    (row,) = messages_about(session, [account_id])
    content = f"Subject: semana de {code}\r\n\r\nhola\r\n".encode()
    mailbox.keep(session, Outgoing(row.id, 1, "o@escuela.mx", "b@r.mx", content), now=now)
    return row.id


def test_the_monday_summary_is_read_by_who_asked_for_it(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        own, other = (a_summary(session, code, now=now) for code in (SCHOOL_A, SCHOOL_B))
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    listed = client.get("/panel/buzon").text

    assert (f"semana de {SCHOOL_A}" in listed, f"semana de {SCHOOL_B}" in listed) == (True, False)
    assert client.get(f"/panel/buzon/{own}").status_code == 200
    assert client.get(f"/panel/buzon/{other}").status_code == 404


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
