"""Where one lands without a way in: an empty deployment, a page that is not there, the trail."""

from datetime import datetime

from app.db.transactions import Database
from app.staff.roles import Role
from app.web.render import label_simulated
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in


def test_an_empty_deployment_says_where_to_begin(
    db: Database, database_url: str, now: datetime
) -> None:
    settings = settings_for(database_url)
    empty = client_for(World(settings), db, now=now).get("/panel/entrar").text
    a_world(db, settings, now=now)
    settled = client_for(World(settings), db, now=now).get("/panel/entrar").text

    assert "Abra la dirección de primer uso que escribe «trayecto serve»" in empty
    assert "primer uso" not in settled


def test_a_page_that_is_not_there_has_a_way_out(
    db: Database, database_url: str, now: datetime
) -> None:
    answer = client_for(World(settings_for(database_url)), db, now=now).get("/no/esta")

    assert answer.status_code == 404
    assert '<a href="/">Ir al inicio</a>' in answer.text


def test_the_trail_is_read_in_spanish(db: Database, database_url: str, now: datetime) -> None:
    world = a_world(db, settings_for(database_url), now=now)
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.ADMIN)

    page = client.get("/panel/bitacora").text

    assert "Dio un papel" in page
    assert "El sistema" in page
    assert "staff.granted" not in page
    assert "staff_account" not in page


def test_that_people_are_invented_is_said_inside_a_landmark(
    db: Database, database_url: str, now: datetime
) -> None:
    """A screen reader goes from landmark to landmark; axe asks for it ("region")."""
    client = client_for(World(settings_for(database_url)), db, now=now)
    label_simulated(simulated=True)
    try:
        pages = [client.get(path).text for path in ("/panel/entrar", "/e/nada")]
    finally:
        label_simulated(simulated=False)

    assert all('<aside class="simulated"' in page for page in pages)


def test_saving_the_sender_says_so_and_a_refusal_names_its_field(
    db: Database, database_url: str, now: datetime
) -> None:
    world = a_world(db, settings_for(database_url), now=now)
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    form = {"csrf": csrf, "sender_name": "CETIS 1", "reply_to": "ana@escuela.mx"}

    saved = client.post(f"/panel/unidades/{SCHOOL_A}/remitente", data=form)
    page = client.get(saved.headers["location"]).text
    refused = client.post(
        f"/panel/unidades/{SCHOOL_A}/remitente", data={**form, "reply_to": "ana"}
    ).text

    assert "Se guardó el remitente" in page
    assert 'href="#reply_to"' in refused
    assert "Se guardó" not in refused
