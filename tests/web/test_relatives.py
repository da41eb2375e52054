"""Somebody close: asked to pass the link on, counted, and never again if they say no."""

from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.contacts import set_alternate
from app.directory.states import ContactSource
from app.directory.tables import AlternateContact, OptOut
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, ThirdPartySilence
from app.staff.roles import Role
from tests.web.in_field import Someone
from tests.web.test_wave_pages import audit_of, more_people
from tests.web.test_worklist import attempts, case_now, of
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in

ROSA = "55 8765 4321"


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon in Mexico City."""
    return datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def with_rosa(world: World, db: Database, *people: Someone, now: datetime) -> list[UUID]:
    """People who named the same Rosa, their mother."""
    cases = more_people(world, db, *people, now=now)
    with db.unit_of_work() as session:
        for case_id in cases:
            set_alternate(
                session,
                session.get_one(Case, case_id).member_id,
                name="Rosa",
                phone=ROSA,
                relationship="1",
                source=ContactSource.RESPONDENT,
                now=now,
            )
    return cases


def opened(client: TestClient, world: World, case_id: UUID, csrf: str) -> str:
    form = {"csrf": csrf, "channel": "whatsapp", "to": "other"}
    answer = client.post(of(world, case_id, "abrir"), data=form)
    return answer.headers.get("location", str(answer.status_code))


def said(db: Database, client: TestClient, world: World, case_id: UUID, **form: str) -> int:
    (attempt,) = attempts(db, case_id)
    data = {"attempt": str(attempt.id), **form}
    return client.post(of(world, case_id, "dicho"), data=data).status_code


def test_somebody_close_is_asked_to_pass_the_link_on(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = with_rosa(world, db, Someone(mail=False), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    page = client.get(of(world, ana, "contacto")).text
    where = opened(client, world, ana, csrf)
    asked = client.get(of(world, ana, "contacto")).text
    wrong = said(db, client, world, ana, csrf=csrf, result="refused")
    kept = said(db, client, world, ana, csrf=csrf, result="relayed")
    twice = said(db, client, world, ana, csrf=csrf, result="relayed")

    assert "Rosa (su mamá o papá)" in page
    assert where.startswith("https://wa.me/525587654321?text=Hola%2C%20Rosa.")
    assert "/e/" in unquote(where)
    assert "¿Qué pasó con su contacto?" in asked
    assert (wrong, kept, twice) == (409, 303, 409)  # nobody refuses in somebody's place
    case = case_now(db, ana)
    assert (case.contacts, case.disposition) == (1, Disposition.INVITED)
    assert (
        "WhatsApp a su contacto: le pasará el enlace" in client.get(of(world, ana, "contacto")).text
    )
    assert len(audit_of(db, "contact.other_opened")) == 1


def test_who_refused_is_silent_whoever_names_them(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    ana, berta = with_rosa(world, db, Someone(), Someone("Berta"), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    opened(client, world, ana, csrf)

    kept = said(db, client, world, ana, csrf=csrf, result="other_refused")

    with db.reading() as session:
        silences = session.exec(select(ThirdPartySilence)).all()
        named = session.exec(select(AlternateContact.member_id)).all()
    assert (kept, len(silences)) == (303, 1)
    assert named == [case_now(db, berta).member_id]  # Ana's row is gone, Berta's stays unused
    assert "8765" not in silences[0].phone_hash
    assert "Rosa" not in client.get(of(world, berta, "contacto")).text
    assert opened(client, world, berta, csrf) == "404"


def test_a_wrong_number_of_somebody_close_is_forgotten_alone(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = with_rosa(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    opened(client, world, ana, csrf)

    said(db, client, world, ana, csrf=csrf, result="wrong_number")

    with db.reading() as session:
        assert session.exec(select(AlternateContact)).all() == []
        assert session.exec(select(ThirdPartySilence)).all() == []
    assert case_now(db, ana).disposition is Disposition.INVITED


def test_nobody_close_is_asked_against_the_persons_wish(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = with_rosa(world, db, Someone(), now=now)
    with db.unit_of_work() as session:
        silent = OptOut(member_id=session.get_one(Case, ana).member_id, at=now, source="page")
        session.add(silent)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    assert "Rosa" not in client.get(of(world, ana, "contacto")).text
    assert opened(client, world, ana, csrf) == "409"
    assert attempts(db, ana) == []


def test_what_was_not_done_takes_the_contact_back(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = with_rosa(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    opened(client, world, ana, csrf)

    said(db, client, world, ana, csrf=csrf, result="not_made")

    assert (case_now(db, ana).contacts, case_now(db, ana).last_contact_on) == (0, None)
