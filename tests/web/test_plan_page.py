"""The contact plan in the panel: seen, changed, refused with a sentence, given up."""

from datetime import date, datetime
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.chronology.contact_plan import BY_LINK
from app.db.transactions import Database
from app.directory.tables import CohortRow
from app.fieldwork.plans import plans_of
from app.fieldwork.tables import WindowChange
from app.fieldwork.windows import next_window
from app.staff.roles import Role
from app.staff.tables import AuditEntry
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from tests.web.world import SCHOOL_A, SCHOOL_B, World, a_world, client_for, settings_for, sign_in

URL = f"/panel/unidades/{SCHOOL_A}/plan"
TYPED = {
    "questionnaire": "2",
    "invitation": "1",
    "reminder_1": "6",
    "reminder_2": "",
    "reminder_3": "",
    "last_call": "10",
    "most": "3",
    "gap": "4",
    "opens": "10:00",
    "closes": "19:00",
    "preferred": "",
    "weekdays_only": "1",
}


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def days_of(db: Database, code: str) -> list[tuple[int | None, int | None]]:
    with db.reading() as session:
        unit = unit_by_code(session, WHOLE, code)
        plan = plans_of(session, [unit.id]).of(unit.id, 2)
    return [(rule.day, rule.before_close) for rule in plan.rules]


def test_an_officer_changes_the_plan_and_goes_back(
    client: TestClient, world: World, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    before = client.get(URL).text

    saved = client.post(URL, data=TYPED | {"csrf": csrf})
    after = client.get(saved.headers["location"]).text
    chosen = days_of(db, SCHOOL_A)
    client.post(f"{URL}/heredar", data={"questionnaire": "2", "csrf": csrf})

    assert "Es el plan con el que viene el sistema." in before
    assert "Se guardó el plan" in after
    assert "Propio, desde el" in after
    assert 'value="10:00"' in after
    assert chosen == [(1, None), (6, None), (None, 10)]
    default = [(rule.day, rule.before_close) for rule in BY_LINK.rules]
    assert days_of(db, SCHOOL_A) == days_of(db, SCHOOL_B) == default
    with db.reading() as session:
        actions = set(session.exec(select(AuditEntry.action)))
    assert {"contact_plan.chosen", "contact_plan.inherited"} <= actions


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"invitation": ""}, "El plan empieza con la invitación: escriba su día."),
        ({"reminder_1": "x"}, "Escriba un número de días, por ejemplo 4."),
        ({"most": "7"}, "Una persona recibe de 1 a 6 contactos por todos los medios."),
        ({"opens": "8"}, "Escriba la hora con minutos, por ejemplo 09:00."),
        ({"opens": "07:00"}, "Los mensajes salen entre las 9:00 y las 20:00."),
    ],
)
def test_a_plan_that_cannot_be_is_shown_again_as_typed(
    client: TestClient, world: World, db: Database, wrong: dict[str, str], sentence: str
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    answer = client.post(URL, data=TYPED | wrong | {"csrf": csrf})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="19:00"' in answer.text
    assert len(days_of(db, SCHOOL_A)) == len(BY_LINK.rules)


def test_the_days_follow_a_window_that_was_moved(
    client: TestClient, world: World, db: Database, now: datetime
) -> None:
    """Above the school, for a generation without a list and for one with: the newest rules."""
    sign_in(client, world, SCHOOL_A, Role.OFFICER)
    before = client.get(URL).text
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        for cohort in session.exec(select(CohortRow).where(CohortRow.school_id == unit.id)).all():
            session.add(moved(unit.id, cohort.entered, cohort.leaves, date(2026, 3, 9), now))
        session.add(moved(unit.id, 2021, 2024, date(2026, 3, 10), now))
    after = client.get(URL).text
    with db.reading() as session:
        other = unit_by_code(session, WHOLE, SCHOOL_B).id
        theirs = next_window(session, other, 2, now.date())

    assert "9 mar 2026" not in before
    assert "del 9 mar 2026 al cierre del 8 may 2026" in after
    assert "lunes 9 de marzo de 2026" in after
    assert theirs.opens == date(2026, 10, 1)


def moved(unit_id: UUID, entered: int, leaves: int, opens: date, now: datetime) -> WindowChange:
    return WindowChange(
        unit_id=unit_id,
        entered=entered,
        leaves=leaves,
        questionnaire=2,
        opens=opens,
        closes=date(2026, 5, 9),
        reason="Paro",
        at=now,
    )
