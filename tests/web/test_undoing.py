"""A slip of the thumb on the worklist: taken back at once, by whoever made it, or not at all."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import OptOut
from app.fieldwork.dispositions import Disposition
from app.fieldwork.progress import advance
from app.fieldwork.worklist.results import AttemptResult
from app.fieldwork.worklist.tables import ContactAttempt
from app.messaging.delivery import PlannedMessage
from app.messaging.outbox import enqueue
from app.messaging.queries import messages_about
from app.messaging.states import OutboxState
from app.staff.roles import Role
from tests.web.in_field import Someone
from tests.web.test_wave_pages import audit_of, own
from tests.web.test_worklist import attempts, case_now, of, reachable
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon in Mexico City."""
    return datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def tapped(  # a tap
    client: TestClient, world: World, db: Database, case: UUID, csrf: str, result: str
) -> ContactAttempt:
    client.post(of(world, case, "abrir"), data={"csrf": csrf, "channel": "call"})
    (attempt,) = attempts(db, case)
    data = {"csrf": csrf, "attempt": str(attempt.id), "result": result}
    assert client.post(of(world, case, "dicho"), data=data).status_code == 303
    return attempt


def queued(db: Database, case: UUID, now: datetime) -> None:
    with db.unit_of_work() as session:
        planned = PlannedMessage("m", case, "reminder_1", "x.mx", now + timedelta(hours=5))
        enqueue(session, [planned], now=now)


def state_of(db: Database, case: UUID) -> OutboxState:
    with db.reading() as session:
        return messages_about(session, [case])[0].state


@pytest.mark.parametrize("result", ["refused", "no_messages", "deceased", "unable"])
def test_a_tap_that_ends_something_is_taken_back_whole(
    world: World, client: TestClient, db: Database, now: datetime, result: str
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    queued(db, ana, now)
    before = case_now(db, ana)
    attempt = tapped(client, world, db, ana, csrf, result)
    stopped = state_of(db, ana)
    list_page = client.get(own(world, "/pendientes")).text
    form = {"csrf": csrf, "attempt": str(attempt.id)}

    undone = client.post(of(world, ana, "deshacer"), data=form)
    again = client.post(of(world, ana, "deshacer"), data=form)
    page = client.get(undone.headers["location"]).text

    assert "¿Fue sin querer?" in list_page
    assert stopped is OutboxState.CANCELLED
    assert (undone.status_code, again.status_code) == (303, 409)
    assert "Listo: quedó como estaba" in page
    assert "¿Qué pasó con la llamada?" in page  # it was opened, so it is asked again
    after = case_now(db, ana)
    assert (after.disposition, after.contacts) == (before.disposition, before.contacts + 1)
    assert state_of(db, ana) is OutboxState.QUEUED
    with db.reading() as session:
        assert session.exec(select(OptOut)).all() == []
    assert len(audit_of(db, "contact.result_undone")) == 1
    assert "¿Fue sin querer?" not in client.get(own(world, "/pendientes")).text


def test_a_word_said_without_opening_anything_is_no_contact_after_all(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    client.post(of(world, ana, "dicho"), data={"csrf": csrf, "attempt": "", "result": "refused"})
    (attempt,) = attempts(db, ana)

    client.post(of(world, ana, "deshacer"), data={"csrf": csrf, "attempt": str(attempt.id)})

    assert [one.result for one in attempts(db, ana)] == [AttemptResult.NOT_MADE]
    assert case_now(db, ana).contacts == 0


@pytest.mark.parametrize("why", ["late", "moved", "another", "other_case", "not_ending"])
def test_what_cannot_be_put_back_stays(
    world: World, client: TestClient, db: Database, now: datetime, why: str
) -> None:
    ana, berta = reachable(world, db, Someone(), Someone("Berta"), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    attempt = tapped(
        client, world, db, ana, csrf, "will_answer" if why == "not_ending" else "refused"
    )
    case = berta if why == "other_case" else ana
    asked = client
    if why == "late":
        asked = client_for(world, db, now=now + timedelta(minutes=16))
        csrf = sign_in(asked, world, SCHOOL_A, Role.TUTOR)
    elif why == "another":
        csrf = sign_in(asked, world, SCHOOL_A, Role.OFFICER)
    elif why == "moved":
        with db.unit_of_work() as session:  # by the own link, a moment later
            later = now + timedelta(minutes=1)
            advance(session, ana, Disposition.STARTED, now=later)
    before = case_now(db, ana)

    answer = asked.post(
        of(world, case, "deshacer"), data={"csrf": csrf, "attempt": str(attempt.id)}
    )

    assert answer.status_code == 409
    assert "Ya no se puede deshacer" in answer.text
    after = case_now(db, ana)
    assert (after.disposition, after.moved_at) == (before.disposition, before.moved_at)
    assert attempts(db, ana)[0].result is not None


def test_an_opt_out_of_their_own_stays_when_the_tap_is_taken_back(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "call"})
    with db.unit_of_work() as session:
        member = case_now(db, ana).member_id
        session.add(OptOut(member_id=member, at=now - timedelta(hours=1), source="page"))
    (attempt,) = attempts(db, ana)
    data = {"csrf": csrf, "attempt": str(attempt.id)}
    client.post(of(world, ana, "dicho"), data=data | {"result": "no_messages"})

    client.post(of(world, ana, "deshacer"), data=data)

    with db.reading() as session:
        assert session.get(OptOut, member) is not None


def test_the_history_says_words_with_the_code_behind_them_and_paper_says_no_note(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    ana, berta = reachable(world, db, Someone(), Someone("Berta"), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    tapped(client, world, db, ana, csrf, "refused")
    form = {"csrf": csrf, "day": "2026-03-02", "hour": "17:30", "note": "Con su abuela"}
    client.post(of(world, berta, "cita"), data=form)

    history = client.get(of(world, ana, "").rstrip("/")).text
    paper = client.get(own(world, "/pendientes/imprimir")).text
    card = client.get(of(world, berta, "contacto")).text

    assert "No quiso responder. Ya no quiere " in history
    assert "(AAPOR" not in history
    assert "clave AAPOR 2.111" in history
    assert "Cita: lunes 2 de marzo, 17:30" in paper
    assert ("abuela" in paper, "abuela" in card) == (False, True)
