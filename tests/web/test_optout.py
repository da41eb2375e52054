"""/baja/{token}: F-44, F-51, F-52."""

from datetime import datetime
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import OptOut, PanelMember
from app.fieldwork.noes import object_by_law
from app.fieldwork.stationery import UNSUBSCRIBE
from app.keys import keys_for
from app.messaging.signing import unsubscribe_token
from app.settings import Secret
from tests.conftest import SECRET_KEYS
from tests.fieldwork.field import Person, a_school
from tests.web.test_crawl import snapshot
from tests.web.world import World, client_for, settings_for

FORM = {"content-type": "application/x-www-form-urlencoded"}
ONE_CLICK = "List-Unsubscribe=One-Click"
KEYS = keys_for(UNSUBSCRIBE, SECRET_KEYS)


@pytest.fixture
def client(db: Database, database_url: str, now: datetime) -> TestClient:
    return client_for(World(settings_for(database_url)), db, now=now)


@pytest.fixture
def member(db: Database) -> UUID:
    with db.unit_of_work() as session:
        return a_school(session, Person()).members[0]


def address(member: UUID) -> str:
    return f"/baja/{unsubscribe_token(member, KEYS)}"


def opted_out(db: Database) -> list[tuple[UUID, str]]:
    with db.reading() as session:
        return [(row.member_id, row.source) for row in session.exec(select(OptOut))]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing_and_names_nobody(
    client: TestClient, db: Database, member: UUID, method: str
) -> None:
    before = snapshot(db)

    answers = [client.request(method, address(member)) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert snapshot(db) == before
    assert "Ana" not in answers[0].text
    assert "Núñez" not in answers[0].text


def test_one_click_works_without_anything_else_and_twice(
    client: TestClient, db: Database, member: UUID
) -> None:
    foreign = {**FORM, "origin": "https://mail.example", "sec-fetch-site": "cross-site"}

    first = client.post(address(member), content=ONE_CLICK, headers=foreign)
    second = client.post(address(member), content=ONE_CLICK, headers=FORM)

    assert (first.status_code, second.status_code) == (200, 200)
    assert "set-cookie" not in first.headers
    assert opted_out(db) == [(member, "one_click")]


def test_one_click_as_a_multipart_form(client: TestClient, db: Database, member: UUID) -> None:
    answer = client.post(address(member), files={"List-Unsubscribe": (None, "One-Click")})

    assert answer.status_code == 200
    assert opted_out(db) == [(member, "one_click")]


@pytest.mark.parametrize(
    "body",
    ["", "List-Unsubscribe=one-click", f"{ONE_CLICK}&x=1", "accion=borrar", "x", f"{ONE_CLICK}%00"],
)
def test_any_other_body_is_refused(
    client: TestClient, db: Database, member: UUID, body: str
) -> None:
    assert client.post(address(member), content=body, headers=FORM).status_code == 400
    assert opted_out(db) == []


def test_the_button_of_the_page_works_and_can_be_taken_back(
    client: TestClient, db: Database, member: UUID
) -> None:
    page = client.get(address(member))
    stopped = client.post(address(member), data={"accion": "baja"})
    told = client.get(address(member))
    was = opted_out(db)
    again = client.post(address(member), data={"accion": "volver"})

    assert 'value="baja"' in page.text
    assert 'value="volver"' in stopped.text
    assert 'value="volver"' in told.text
    assert was == [(member, "page")]
    assert "te volveremos a escribir" in again.text
    assert opted_out(db) == []


def test_what_the_law_ended_is_not_taken_back_here(
    client: TestClient, db: Database, member: UUID, now: datetime
) -> None:
    with db.unit_of_work() as session:
        object_by_law(session, member, now=now)

    answer = client.post(address(member), data={"accion": "volver"})

    assert answer.status_code == 200
    assert "pídelo en tu escuela" in answer.text
    assert opted_out(db) == [(member, "law")]


@pytest.mark.parametrize("token", ["x", "a" * 5000, "ñ", "AAAA.BBBB", "%00"])
def test_a_token_that_is_not_ours_is_one_404(client: TestClient, token: str) -> None:
    page = client.get(f"/baja/{token}")

    assert page.status_code == 404
    assert "pide en tu escuela que ya no te escriban" in page.text
    assert client.post(f"/baja/{token}", content=ONE_CLICK, headers=FORM).status_code == 404


def test_a_survey_link_stops_no_messages(client: TestClient, member: UUID) -> None:
    other = unsubscribe_token(member, keys_for("link", SECRET_KEYS))

    assert client.get(f"/baja/{other}").status_code == 404


def test_the_oldest_message_works_after_a_new_key_and_a_merge(
    db: Database, database_url: str, now: datetime
) -> None:
    with db.unit_of_work() as session:
        kept, dropped = a_school(session, Person(), Person(mail="b@x.mx")).members
    with db.unit_of_work() as session:
        session.get_one(PanelMember, dropped).merged_into = kept
    settings = settings_for(database_url)
    values = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
    newer = (Secret("s9", b"a newer key for tests, 32 bytes long!"), *SECRET_KEYS)
    client = client_for(World(type(settings)(**{**values, "secret_keys": newer})), db, now=now)

    answer = client.post(address(dropped), content=ONE_CLICK, headers=FORM)

    assert answer.status_code == 200
    assert opted_out(db) == [(kept, "one_click")]


def test_somebody_whose_data_are_gone_gets_a_plain_answer(client: TestClient) -> None:
    gone = UUID(int=7)

    assert client.get(address(gone)).status_code == 200
    assert client.post(address(gone), content=ONE_CLICK, headers=FORM).status_code == 200
