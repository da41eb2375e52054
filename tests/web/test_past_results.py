"""Results of earlier generations on the panel, and how each figure is made."""

import html
from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from app.db.transactions import Database
from app.staff.roles import Role
from tests.web.test_results_page import LARGE, SEVEN, client_at, surveyed
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in

PAST = f"/panel/cronologia/{SCHOOL_A}/anteriores"
FIGURE = {
    "generation": "2012-2015",
    "questionnaire": "2",
    "figure": "H1|si",
    "value": "26.9",
    "base": "516",
    "source": "Informe 2016, página 12",
}


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def send(client: TestClient, world: World, tail: str, **data: str) -> int:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    return client.post(f"{PAST}{tail}", data={"csrf": csrf, **data}).status_code


def test_a_figure_is_told_replaced_and_taken_back(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)

    assert send(client, world, "", **FIGURE) == 303
    assert send(client, world, "", **{**FIGURE, "value": "27.5"}) == 303
    page = client.get(PAST).text
    figure_id = page.split('name="figure" value="')[1].split('"')[0]
    gone = send(client, world, "/quitar", figure=figure_id)
    again = send(client, world, "/quitar", figure=figure_id)

    assert "Generación 2012-2015*, Cuestionario 2" in page
    assert ("27.5\u00a0%" in page, "26.9\u00a0%" in page) == (True, False)
    assert "516 personas" in page
    assert "No comparable" in page
    assert (gone, again) == (303, 404)
    assert "27.5\u00a0%" not in client.get(PAST).text


def test_what_is_wrong_is_shown_and_nothing_is_kept(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    text = "generacion,cuestionario,cifra,valor,base,fuente\n2012-2015,2,H1,26.9,,Informe\nx,,,,,\n"

    typed = client.post(PAST, data={"csrf": csrf, **FIGURE, "value": "mucho"})
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    file = client.post(
        f"{PAST}/archivo", data={"csrf": csrf}, files={"file": ("a.csv", text.encode())}
    )

    assert (typed.status_code, file.status_code) == (422, 422)
    assert "por ejemplo 26.9" in typed.text
    assert 'value="mucho"' in typed.text
    assert "Fila 3: Escriba la generación" in file.text
    assert "Informe" not in client.get(PAST).text


def test_a_viewer_reads_and_does_not_tell(world: World, db: Database, now: datetime) -> None:
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    page = client.get(PAST)

    assert page.status_code == 200
    assert "Agregar una cifra" not in page.text


def test_each_figure_is_worked_through_with_the_numbers_of_the_school(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, LARGE)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    page = html.unescape(client.get(f"/panel/olas/{wave}/calculo").text)
    glossary = client.get("/panel/glosario").text

    assert "30 ÷ 50 = 60.0\u00a0%; intervalo de Wilson al 95\u00a0% con población finita" in page
    assert "50 ÷ 51 = 98.0\u00a0%" in page  # RR2
    assert "Continúa en educación superior" in page
    assert "domain.md" not in page + glossary
    assert "Kaplan" in glossary


def test_of_a_small_generation_nothing_is_worked_through(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, SEVEN)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    page = html.unescape(client.get(f"/panel/olas/{wave}/calculo").text)

    assert "4 ÷ 7" not in page
    assert "menos de 5 personas" in page
