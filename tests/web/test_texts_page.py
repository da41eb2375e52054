"""The message texts in the panel: seen as they will be read, changed, refused, given up."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from app.chronology.contact_plan import Step
from app.db.transactions import Database
from app.fieldwork.own_texts import own_texts
from app.fieldwork.texts import MINUTES, text_of
from app.staff.roles import Role
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in

URL = f"/panel/unidades/{SCHOOL_A}/textos"
ASKED = {"cuestionario": "2", "paso": "reminder_1", "empezo": "1"}
BODY = "Hola, {{nombre}}:\r\n\r\nFalta poco.\r\n\r\n{{liga}}\r\n\r\nBaja: {{baja}}"


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def kept(db: Database) -> list[tuple[int, str, bool, str, str]]:
    with db.reading() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        return [
            (key.questionnaire, key.step.value, key.started, text.subject, text.body)
            for key, text in own_texts(session, unit.id).items()
        ]


def test_an_officer_writes_a_text_and_goes_back(
    client: TestClient, world: World, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    before = client.get(URL).text
    form = ASKED | {"csrf": csrf, "subject": " Sigue   aquí ", "body": BODY}

    saved = client.post(URL, data=form)
    after = client.get(saved.headers["location"]).text
    written = kept(db)
    client.post(f"{URL}/original", data=ASKED | {"csrf": csrf})

    assert text_of(2, Step.INVITATION).subject in before
    assert "Hola, Ana:" in before  # the preview, filled with nobody's data
    assert "Se guardó el texto" in after
    assert "Falta poco." in after
    body = BODY.replace("\r\n", "\n") + "\n"
    assert written == [(2, "reminder_1", True, "Sigue aquí", body)]
    assert kept(db) == []


def test_looking_keeps_nothing_and_shows_what_it_becomes(
    client: TestClient, world: World, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    form = ASKED | {"csrf": csrf, "subject": "De {{escuela}}", "body": BODY, "accion": "ver"}

    shown = client.post(URL, data=form)

    assert shown.status_code == 200
    assert "De Plantel A" in shown.text
    assert "http://127.0.0.1:8000/e/" in shown.text
    assert kept(db) == []


@pytest.mark.parametrize("medium", ["", "corto"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_preview_says_the_minutes_of_its_questionnaire(
    client: TestClient, world: World, number: int, medium: str
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    asked = {"cuestionario": str(number), "paso": "invitation", "medio": medium, "accion": "ver"}
    body = BODY.replace("Falta poco", "Toma {{minutos}} minutos")

    shown = client.post(URL, data=asked | {"csrf": csrf, "subject": "Hola", "body": body})

    assert f"Toma {MINUTES[number]} minutos" in shown.text


@pytest.mark.parametrize("act", ["ver", "guardar"])
def test_an_unknown_field_is_refused_with_a_sentence(
    client: TestClient, world: World, db: Database, act: str
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    form = ASKED | {"csrf": csrf, "subject": "Hola {{apellido}}", "body": BODY, "accion": act}

    refused = client.post(URL, data=form)

    assert refused.status_code == 422
    assert "en el asunto no existe el campo «apellido»" in refused.text
    assert "Hola {{apellido}}" in refused.text
    assert kept(db) == []


SHORT_ASKED = {"cuestionario": "2", "paso": "last_call", "medio": "corto"}
SHORT_BODY = "Hola, {{nombre}}: falta poco.\r\n{{liga}}\r\nBaja: {{baja}}"


def test_a_text_message_is_written_beside_the_mail_and_counted(
    client: TestClient, world: World, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    before = client.get(f"{URL}?cuestionario=2&paso=last_call&medio=corto").text
    form = SHORT_ASKED | {"csrf": csrf, "body": SHORT_BODY}

    saved = client.post(URL, data=form)
    after = client.get(saved.headers["location"]).text
    with db.reading() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        (key,) = own_texts(session, unit.id)
    dear = client.post(URL, data=form | {"body": f"🎓 {SHORT_BODY}", "accion": "ver"}).text
    client.post(f"{URL}/original", data=SHORT_ASKED | {"csrf": csrf})

    assert "Último aviso de Plantel A" in before
    assert "Asunto" not in before
    assert "Enviarme una prueba" not in before
    assert "letras, 3 SMS por persona" in before
    assert "letras, 2 SMS por persona" in after
    assert (key.step, key.short, key.started) == (Step.LAST_CALL, True, False)
    assert "Por «🎓» cada SMS lleva 67 letras" in dear
    assert kept(db) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("Hola. {{baja}}", "le falta {{liga}}"),
        ("Hola. {{liga}}", "le falta {{baja}}"),
        ("{{apellido}} {{liga}} {{baja}}", "no existe el campo «apellido»"),
        ("http://x.mx {{liga}} {{baja}}", "lleva una dirección de internet"),
        ("a" * 900 + " {{liga}} {{baja}}", "partes de SMS y se admiten 6"),
    ],
)
def test_a_text_message_that_cannot_be_used_is_refused(
    client: TestClient, world: World, db: Database, body: str, problem: str
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    refused = client.post(URL, data=SHORT_ASKED | {"csrf": csrf, "body": body})

    assert refused.status_code == 422
    assert problem in refused.text
    assert kept(db) == []
