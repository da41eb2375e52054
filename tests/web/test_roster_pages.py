from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import CohortRow, ImportBatch, PanelMember
from app.staff.roles import Role
from tests.web.world import (
    ROSTER,
    SCHOOL_A,
    World,
    a_world,
    client_for,
    settings_for,
    sign_in,
)


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def send(client: TestClient, csrf: str, content: bytes, **changes: str) -> str:
    form = {"csrf": csrf, "unit": SCHOOL_A, "generation": "2023-2026", "kind": "roster", **changes}
    answer = client.post("/panel/listas", data=form, files={"file": ("lista.csv", content)})
    return answer.headers.get("location") or answer.text


def names(db: Database) -> set[str]:
    """Of the generation of the file; the world has a wave of an older one."""
    with db.reading() as session:
        found = select(PanelMember).join(CohortRow).where(CohortRow.leaves == 2026)
        return {member.given_name for member in session.exec(found)}


def test_a_roster_is_looked_at_before_it_is_stored(
    world: World, client: TestClient, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    page = send(client, csrf, ROSTER.encode("cp1252"))
    preview = client.get(page).text
    before = names(db)
    applied = client.post(f"{page}/aplicar", data={"csrf": csrf})

    assert ("Muñoz" in preview, before) == (True, set())
    assert applied.status_code == 303
    assert names(db) == {"Íñigo", "Ana"}
    assert "Se guardó en el directorio" in client.get(page).text


def test_the_content_of_a_file_goes_when_it_is_decided(
    world: World, client: TestClient, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    page = send(client, csrf, ROSTER.encode("cp1252"))

    client.post(f"{page}/descartar", data={"csrf": csrf})

    with db.reading() as session:
        batch = session.exec(select(ImportBatch).where(ImportBatch.id == ImportBatch.id)).all()
        assert any(one.content is None for one in batch)
    assert names(db) == set()
    assert client.post(f"{page}/aplicar", data={"csrf": csrf}).status_code == 409


def test_a_column_is_corrected_by_hand(world: World, client: TestClient) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    content = "Clave rara;Nombre completo;Grupo\n77;Ana López Ruiz;6A\n".encode()
    page = send(client, csrf, content)

    client.post(f"{page}/columnas", data={"csrf": csrf, "column-0": "matricula"})

    assert '<option value="matricula" selected>' in client.get(page).text


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        (b"", {}, "No se pudo leer"),
        (b"%PDF-1.7", {}, "No se pudo leer"),
        (b"PK\x03\x04 not a zip", {}, "No se pudo leer"),
        (ROSTER.encode(), {"generation": "2023"}, "dos a"),
        (ROSTER.encode(), {"kind": "otra"}, "para qu"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_words(
    world: World,
    client: TestClient,
    db: Database,
    content: bytes,
    changes: dict[str, str],
    words: str,
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    shown = send(client, csrf, content, **changes)

    assert words in shown
    assert names(db) == set()


def test_cells_of_a_file_are_shown_as_text(world: World, client: TestClient) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    content = "Matrícula;Nombre;Primer apellido\n1;<script>alert(1)</script>;=cmd|x\n".encode()

    shown = client.get(send(client, csrf, content)).text

    assert "<script>alert" not in shown
