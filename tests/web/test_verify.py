"""/verifica: which school vouches, and nothing about a person."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from app.db.transactions import Database
from app.fieldwork.links import revoke_link
from app.fieldwork.tokens import token_of
from app.units.profiles import ProfileText, store_profile
from tests.fieldwork.field import KEYS, Person, a_school, a_wave, case_of, only_case
from tests.web.test_crawl import snapshot
from tests.web.world import World, client_for, settings_for

CODE = "15ECT0001A"
PROFILE = ProfileText("Dirección del CBTIS 8", "laura@cbtis8.mx", "", "Calle 5, Peñasco")


@pytest.fixture
def client(db: Database, database_url: str, now: datetime) -> TestClient:
    return client_for(World(settings_for(database_url)), db, now=now)


@pytest.fixture
def token(db: Database, now: datetime) -> str:
    with db.unit_of_work() as session:
        school = a_school(session, Person(), code=CODE)
        wave = a_wave(session, school, now=now)
        store_profile(session, school.unit_id, PROFILE, now=now)
        case = case_of(session, wave, school.members[0], now=now)
    return token_of(KEYS[0], case, 1)


def ask(client: TestClient, text: str) -> str:
    answer = client.post("/verifica", data={"mensaje": text})
    assert answer.status_code == 200
    return answer.text


def test_the_page_says_what_a_real_message_looks_like(client: TestClient) -> None:
    page = client.get("/verifica")

    assert page.status_code == 200
    assert "127.0.0.1:8000/e/" in page.text
    assert "@localhost" in page.text


@pytest.mark.parametrize(
    "typed",
    ["http://127.0.0.1:8000/e/{}", "127.0.0.1:8000/e/{}", "{}", " <http://127.0.0.1:8000/e/{}>. "],
)
def test_a_genuine_link_names_its_school_and_nobody(
    client: TestClient, db: Database, token: str, typed: str
) -> None:
    before = snapshot(db)

    text = ask(client, typed.format(token))

    assert "Plantel 15ECT0001A responde por este mensaje" in text
    assert "laura@cbtis8.mx" in text
    assert "Calle 5, Peñasco" in text
    assert "2023-2026" in text
    assert "Ana" not in text
    assert token not in text
    assert snapshot(db) == before


def test_a_revoked_link_is_still_its_school_s(
    client: TestClient, db: Database, token: str, now: datetime
) -> None:
    with db.unit_of_work() as session:
        revoke_link(session, only_case(session).id, KEYS, now=now)

    assert "responde por este mensaje" in ask(client, token)


def test_a_link_to_another_place_is_told(client: TestClient, token: str) -> None:
    text = ask(client, f"https://trayecto.example.com/e/{token}")

    assert "no es de esta página" in text
    assert "responde por este mensaje" not in text


@pytest.mark.parametrize("typed", ["x", "A" * 22, "09DCT9999Z", "Ana Núñez", "ana@example.org"])
def test_what_we_do_not_know_gets_one_answer(client: TestClient, token: str, typed: str) -> None:
    assert token
    assert "No reconocemos eso" in ask(client, typed)


def test_the_key_of_a_school_shows_the_school_and_proves_nothing(
    client: TestClient, token: str
) -> None:
    assert token
    text = ask(client, "15ect0001a")

    assert "hace este seguimiento" in text
    assert "laura@cbtis8.mx" in text
    assert "responde por este mensaje" not in text


def test_an_empty_question_shows_the_page_again(client: TestClient) -> None:
    assert "Así es un mensaje de verdad" in ask(client, "")
