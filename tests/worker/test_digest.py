"""The Monday summary: asked for, sent once at eight of the own zone, without names, stopped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.messaging import mailbox
from app.settings import Settings
from app.staff.roles import Role
from app.staff.tables import StaffAccount
from app.units.scope import WHOLE
from tests.web.world import SCHOOL_A, SCHOOL_B, World, a_world, client_for, settings_for, sign_in
from tests.worker.deployments import Received, a_tick

MONDAY = datetime(2026, 3, 2, 14, tzinfo=UTC)  # eight in Mexico City, six in Tijuana
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return replace(settings_for(database_url), data_dir=tmp_path)


@pytest.fixture
def world(db: Database, settings: Settings) -> World:
    return a_world(db, settings, now=MONDAY - timedelta(days=3))


def ask(db: Database, world: World, code: str, *, wanted: bool = True) -> None:
    client = client_for(world, db, now=MONDAY - timedelta(days=3))
    csrf = sign_in(client, world, code, Role.OFFICER)
    form = {"csrf": csrf, "wanted": "1" if wanted else ""}
    assert client.post("/panel/cuenta/resumen", data=form).status_code == 303
    shown = client.get("/panel/cuenta").text
    assert ("Dejar de recibirlo" in shown) is wanted


def summaries(db: Database) -> list[Received]:
    with db.reading() as session:
        kept = mailbox.newest(session, WHOLE, limit=50)
    mails = [Received("", one.recipient, one.content) for one in kept]
    return [mail for mail in mails if "officer" in mail.recipient]


def test_it_comes_once_a_week_at_eight_of_the_own_zone(
    db: Database, world: World, settings: Settings
) -> None:
    ask(db, world, SCHOOL_A)

    counts = []
    for now in (
        MONDAY - timedelta(days=1),
        MONDAY - HOUR / 60,
        MONDAY,
        MONDAY,
        MONDAY + 4 * HOUR,
        MONDAY + timedelta(days=1),
        MONDAY + timedelta(days=7),
    ):
        a_tick(db, settings, now)
        counts.append(len(summaries(db)))

    assert counts == [0, 0, 1, 1, 1, 1, 2]


def test_it_tells_figures_of_the_own_schools_and_no_names(
    db: Database, world: World, settings: Settings
) -> None:
    ask(db, world, SCHOOL_A)
    a_tick(db, settings, MONDAY)

    (mail,) = summaries(db)

    assert str(mail.letter["Subject"]) == "Resumen de la semana: 0 % (0 de 1)"
    assert "Plantel A. Cuestionario 2, generación 2022-2025" in mail.text
    assert "Respuestas: 0\u00a0% (0 de 1). Cierra el martes 14 de abril de 2026." in mail.text
    assert "Faltan por grupo: 6A 1." in mail.text
    assert "http://127.0.0.1:8000/panel/cuenta" in mail.text
    assert "Ana" not in mail.text
    assert "Plantel B" not in mail.text
    assert mail.letter["List-Unsubscribe"] is None


def test_who_stopped_gets_none_even_if_it_was_queued(
    db: Database, world: World, settings: Settings
) -> None:
    ask(db, world, SCHOOL_A)
    ask(db, world, SCHOOL_B)
    ask(db, world, SCHOOL_B, wanted=False)

    a_tick(db, settings, MONDAY + 5 * HOUR)

    assert [mail.recipient for mail in summaries(db)] == [f"officer.{SCHOOL_A.lower()}@escuela.mx"]


def test_asking_twice_is_asking_once(db: Database, world: World) -> None:
    ask(db, world, SCHOOL_A)
    ask(db, world, SCHOOL_A)

    with db.reading() as session:
        wanting = session.exec(select(StaffAccount.id).where(StaffAccount.weekly_digest)).all()
    assert len(wanting) == 1
