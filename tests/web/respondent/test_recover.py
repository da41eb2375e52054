"""/recuperar and /ayuda: the same words for everybody, and one row whoever asks."""

from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.contacts import add_contact, read_address
from app.directory.keyed import match_keys
from app.directory.states import ContactKind, ContactSource
from app.directory.tables import PanelMember
from app.fieldwork.tables import LinkRequest, RequestState
from app.messaging.tables import MailboxMessage
from app.staff.roles import Role
from tests.conftest import DATA_KEYS
from tests.fieldwork.field import Person, a_school, a_wave, case_of
from tests.web.test_crawl import snapshot
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in
from tests.worker.deployments import a_mail_server, a_tick, settings_at

ANA = "ana@correo.mx"


@pytest.fixture
def client(db: Database, database_url: str, now: datetime) -> TestClient:
    with db.unit_of_work() as session:
        school = a_school(session, Person(mail=None))
        case_of(session, a_wave(session, school, now=now), school.members[0], now=now)
        add_contact(
            session,
            school.members[0],
            read_address(ContactKind.EMAIL, ANA),
            source=ContactSource.ROSTER,
            keys=match_keys(DATA_KEYS),
            now=now,
        )
    return client_for(World(settings_for(database_url)), db, now=now)


def form(contact: str, school: str = "15ECT0001A", name: str = "") -> dict[str, str]:
    return {"contacto": contact, "escuela": school, "nombre": name}


def test_known_and_unknown_hear_the_same_and_write_the_same(
    client: TestClient, db: Database
) -> None:
    before = snapshot(db)
    answers = [client.post("/recuperar", data=form(each)) for each in (ANA, "otro@correo.mx")]
    after = snapshot(db)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert {name for name in after if after[name] != before[name]} == {"link_request"}
    with db.reading() as session:
        states = session.exec(select(LinkRequest.state)).all()
    assert list(states) == [RequestState.ASKED, RequestState.ASKED]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (form("no es nada"), "Escribe un correo completo"),
        (form(""), "Escribe un correo completo"),
        (form("123"), "Escribe un correo completo"),
        (form("a@b@c.mx"), "Escribe un correo completo"),
        (form(ANA, school=""), "Escribe tu escuela o tu nombre"),
    ],
)
def test_a_form_that_cannot_be_used_says_what_is_missing(
    client: TestClient, db: Database, typed: dict[str, str], said: str
) -> None:
    answer = client.post("/recuperar", data=typed)

    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed["contacto"]}"' in answer.text
    with db.reading() as session:
        assert session.exec(select(LinkRequest)).all() == []


@pytest.mark.parametrize("path", ["/ayuda", "/recuperar"])
def test_looking_writes_nothing(client: TestClient, db: Database, path: str) -> None:
    before = snapshot(db)

    assert client.get(path).status_code == 200
    assert snapshot(db) == before


def test_help_answers_six_questions_and_says_what_it_costs(client: TestClient) -> None:
    page = client.get("/ayuda").text

    assert page.count("<h2>") == 6
    assert "100 kB" in page
    assert 'href="/recuperar?lang=es"' in page


@pytest.mark.parametrize("path", ["/e/nada", "/responder", "/recuperar", "/verifica", "/"])
def test_help_is_one_tap_away(client: TestClient, path: str) -> None:
    assert 'href="/ayuda?lang=es"' in client.get(path).text


def test_who_asks_receives_the_link(
    client: TestClient, db: Database, tmp_path: Path, now: datetime
) -> None:
    client.post("/recuperar", data=form("ANA@correo.mx"))
    with a_mail_server(tmp_path) as server:
        environ = {"SMTP_URL": server.url, "MAIL_FROM": "egresados@escuela.mx"}
        at = now.replace(hour=18)  # noon in Mexico City
        a_tick(db, settings_at(tmp_path, environ), at)
        letters = [
            one for one in server.received() if one.letter["Subject"] == "Tu liga para responder"
        ]

    (letter,) = letters
    assert letter.recipient == ANA
    assert "http://127.0.0.1:8000/e/" in letter.text
    assert "/ayuda" in letter.text


def test_who_asks_by_telephone_receives_a_text_message(
    client: TestClient, db: Database, tmp_path: Path, now: datetime
) -> None:
    with db.unit_of_work() as session:
        add_contact(
            session,
            session.exec(select(PanelMember.id)).one(),
            read_address(ContactKind.MOBILE, "55 1234 5678"),
            source=ContactSource.ROSTER,
            keys=match_keys(DATA_KEYS),
            now=now,
        )
    client.post("/recuperar", data=form("+52 55 1234 5678"))
    a_tick(db, settings_at(tmp_path), now.replace(hour=18))  # into the development mailbox

    with db.reading() as session:
        kept = session.exec(select(MailboxMessage)).all()
    (message,) = [each for each in kept if b"Pediste otra vez tu liga" in each.content]
    assert message.recipient == "+525512345678"
    assert b"http://127.0.0.1:8000/e/" in message.content


def test_staff_settle_a_request_with_one_tap(
    db: Database, database_url: str, now: datetime
) -> None:
    world = a_world(db, settings_for(database_url), now=now)
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    listed = client.get("/panel/enlaces-perdidos").text
    task = client.get("/panel/personas").text

    action = f"/panel/enlaces-perdidos/{world.ids[SCHOOL_A]['lost_link_id']}/atender"
    answers = [client.post(action, data={"csrf": csrf}).status_code for _ in range(2)]

    assert "Íñigo Muñoz" in listed
    assert "1 persona pide su enlace otra vez." in task
    assert answers == [303, 303]
    assert "Nadie espera su enlace" in client.get("/panel/enlaces-perdidos").text
