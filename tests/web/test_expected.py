"""On the page of a person: which messages come and why, or why none does."""

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from uuid import UUID

import pytest
from sqlmodel import Session

from app.db.transactions import Database
from app.directory.tables import OptOut
from app.fieldwork.dispositions import Disposition
from app.fieldwork.invitations import pause_wave
from app.fieldwork.tables import Case
from app.staff.roles import Role
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def told(db: Database, world: World, now: datetime) -> list[str]:
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.TUTOR)
    ids = world.ids[SCHOOL_A]
    page = client.get(f"/panel/olas/{ids['wave_id']}/casos/{ids['case_id']}").text
    part = page.partition("Qué mensajes vienen")[2].partition("</ul>")[0]
    return [unescape(line) for line in re.findall(r"<li>(.*?)</li>", part)]


def change(db: Database, world: World, act: Callable[[Session, Case], object]) -> None:
    with db.unit_of_work() as session:
        act(session, session.get_one(Case, UUID(world.ids[SCHOOL_A]["case_id"])))


def test_what_comes_is_said_with_its_day(db: Database, world: World, now: datetime) -> None:
    """The wave opened two weeks ago and nobody has been written to."""
    lines = told(db, world, now)

    assert len(lines) == 4
    assert lines[0].startswith("Invitación, el ")
    assert lines[1].startswith("Tercer recordatorio, el ")
    assert "25 días después de abrir, si sigue sin responder" in lines[1]
    assert lines[2].startswith("Último aviso, el ")
    assert lines[3].startswith("Lleva 0 de 6 contactos")


@pytest.mark.parametrize(
    ("act", "sentence", "lines"),
    [
        (
            lambda session, case: session.add(
                OptOut(member_id=case.member_id, at=case.added_at, source="page")
            ),
            "Ahora no sale ninguno: pidió no recibir mensajes.",
            2,
        ),
        (
            lambda _, case: setattr(case, "disposition", Disposition.COMPLETE),
            "Ahora no sale ninguno: ya respondió.",
            2,
        ),
        (
            lambda session, case: pause_wave(session, case.wave_id, reason="x", now=case.added_at),
            "Ahora no sale ninguno: los mensajes de este levantamiento están en pausa.",
            5,
        ),
        (
            lambda _, case: setattr(case, "contacts", 6),
            "Ya no sale otro: recibió todos los contactos que permite el plan.",
            2,
        ),
    ],
    ids=["opted out", "answered", "paused", "spent"],
)
def test_why_none_comes_is_said(
    db: Database,
    world: World,
    now: datetime,
    act: Callable[[Session, Case], object],
    sentence: str,
    lines: int,
) -> None:
    change(db, world, act)

    found = told(db, world, now)

    assert (found[0], len(found)) == (sentence, lines)
