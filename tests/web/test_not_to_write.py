"""/no-avisar/{token}: somebody close says no, by one button, and nothing is shown of anybody."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.contacts import set_alternate
from app.directory.keyed import match_keys
from app.directory.states import ContactSource
from app.directory.tables import AlternateContact
from app.fieldwork.relaying import PURPOSE, note_asked
from app.fieldwork.tables import Case, ThirdPartySilence
from app.fieldwork.tokens import new_link, token_of
from app.keys import keys_for
from tests.conftest import DATA_KEYS, SECRET_KEYS
from tests.fieldwork.field import a_case
from tests.web.test_crawl import snapshot
from tests.web.world import World, client_for, settings_for

TOKENS = keys_for(PURPOSE, SECRET_KEYS)
ROSA = "+525587654321"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(db: Database, database_url: str, now: datetime) -> TestClient:
    return client_for(World(settings_for(database_url)), db, now=now)


@pytest.fixture
def address(db: Database, now: datetime) -> str:
    """The link of Rosa, whom Ana named and whom the gateway asked."""
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        set_alternate(
            session,
            session.get_one(Case, case_id).member_id,
            name="Rosa",
            phone=ROSA,
            relationship="1",
            source=ContactSource.RESPONDENT,
            now=now,
        )
        number = match_keys(DATA_KEYS).contact(ROSA)
        asked = note_asked(session, case_id, number, tokens=TOKENS, now=now)
    assert isinstance(asked, UUID)
    return f"/no-avisar/{token_of(TOKENS[0], asked, 1)}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing_and_shows_nothing_of_anybody(
    client: TestClient, db: Database, address: str, method: str
) -> None:
    before = snapshot(db)

    answers = [client.request(method, address) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert snapshot(db) == before
    for word in ("Ana", "Núñez", "Rosa", "8765", "Plantel"):
        assert word not in answers[0].text
    assert answers[0].headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("body", ["accion=no", "List-Unsubscribe=One-Click"])
def test_one_click_silences_the_number_and_forgets_it(
    client: TestClient, db: Database, address: str, body: str
) -> None:
    answers = [client.post(address, content=body, headers=FORM) for _ in range(2)]
    after = client.get(address)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Listo: no le escribiremos más" in answers[1].text
    assert "<form" not in after.text
    with db.reading() as session:
        (silence,) = session.exec(select(ThirdPartySilence)).all()
        assert silence.phone_hash == match_keys(DATA_KEYS).contact(ROSA)
        assert session.exec(select(AlternateContact)).all() == []


def test_what_mail_programs_do_to_a_link_is_forgiven(client: TestClient, address: str) -> None:
    assert client.get(f"{address}).").status_code == 200
    assert "Do not write to me again" in client.get(f"{address}?lang=en").text


@pytest.mark.parametrize("body", ["", "accion=volver", "accion=no&accion=no"])
def test_another_form_is_refused(client: TestClient, db: Database, address: str, body: str) -> None:
    before = snapshot(db)

    assert client.post(address, content=body, headers=FORM).status_code == 400
    assert snapshot(db) == before


def test_an_invented_link_says_so_and_nothing_else(client: TestClient, address: str) -> None:
    invented = new_link(TOKENS, uuid4(), 1).token

    answers = [
        client.get(f"/no-avisar/{invented}"),
        client.post(f"/no-avisar/{invented}", content="accion=no", headers=FORM),
        client.get("/no-avisar/x"),
    ]

    assert address
    assert {answer.status_code for answer in answers} == {404}
    assert all("No encontramos ese enlace" in answer.text for answer in answers)
