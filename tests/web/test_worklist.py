"""Pendientes, from the tap to the rates, on both engines."""

import json
from datetime import UTC, datetime, timedelta
from re import findall, search
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import ContactPoint, OptOut, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.worklist.appointments import forget_notes
from app.fieldwork.worklist.people import standing_of
from app.fieldwork.worklist.results import AttemptResult, Channel
from app.fieldwork.worklist.tables import Appointment, ContactAttempt, EligibilityDoubt
from app.staff import sessions
from app.staff.roles import Role
from app.staff.tables import StaffGrant
from app.units.scope import WHOLE
from app.web import security
from app.web.staff.worklist_words import why_closed
from tests.cli.test_units import Trayecto
from tests.web.in_field import Someone
from tests.web.test_wave_pages import audit_of, counted, more_people, own, text_of, tutor_of
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in

D, R = Disposition, AttemptResult


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


def reachable(
    world: World, db: Database, *people: Someone, now: datetime, number: int = 10
) -> list[UUID]:
    """People of the wave who have a mobile."""
    cases = more_people(world, db, *people, now=now)
    with db.unit_of_work() as session:
        for place, case_id in enumerate(cases):
            point = ContactPoint(
                member_id=session.get_one(Case, case_id).member_id,
                kind=ContactKind.MOBILE,
                value=f"+5255123456{number + place}",
                value_hash=uuid4().hex,
                source=ContactSource.ROSTER,
                added_at=now,
            )
            session.add(point)
    return cases


def tutor_again(db: Database, client: TestClient, *, now: datetime) -> str:
    """The tutor of `tutor_of` signs in later on the same day."""
    with db.unit_of_work() as session:
        limited = select(StaffGrant.account_id).where(col(StaffGrant.by_groups))
        account_id = session.exec(limited).one()
        token = sessions.open_session(session, account_id, place="p", device="t", now=now)
    client.cookies.set(security.cookie_name(security.STAFF_COOKIE, secure=False), token)
    return security.form_token(token)


def of(world: World, case_id: UUID, end: str) -> str:
    return own(world, f"/casos/{case_id}/{end}")


def attempts(db: Database, case_id: UUID) -> list[ContactAttempt]:
    with db.reading() as session:
        wanted = select(ContactAttempt).where(ContactAttempt.case_id == case_id)
        return list(session.exec(wanted))


def case_now(db: Database, case_id: UUID) -> Case:
    with db.reading() as session:
        return session.get_one(Case, case_id)


def test_one_tap_opens_whatsapp_with_the_link_and_counts_as_a_contact(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    before = client.get(own(world, "/pendientes"))
    opened = client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "whatsapp"})
    again = client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "whatsapp"})
    after = client.get(own(world, "/pendientes"))

    where = opened.headers["location"]
    token = search(r"/e/([\w-]{22})\n", unquote(where))
    assert (opened.status_code, opened.text) == (303, "")
    assert where.startswith("https://wa.me/525512345610?text=Hola%2C%20Ana.%20Soy%20")
    assert again.headers["location"] == where
    assert opened.headers["cache-control"] == "no-store"
    assert token is not None
    assert token[1] not in before.text + after.text
    assert [one.channel for one in attempts(db, ana)] == [Channel.WHATSAPP]  # one, not two
    assert case_now(db, ana).contacts == 1
    assert case_now(db, ana).last_contact_on == now.date()
    assert "¿Qué pasó con el WhatsApp?" in after.text
    assert len(audit_of(db, "contact.opened")) == 1
    assert "form-action 'self' https://wa.me tel: sms: mailto:" in str(
        after.headers["content-security-policy"]
    )


@pytest.mark.parametrize(
    ("channel", "begins"),
    [
        ("call", "tel:+525512345610"),
        ("sms", "sms:+525512345610?body=Ana%2C"),
        ("email", "mailto:"),
    ],
)
def test_each_app_has_its_own_address(
    world: World, client: TestClient, db: Database, now: datetime, channel: str, begins: str
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    opened = client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": channel})

    assert opened.headers["location"].startswith(begins)


def test_what_was_not_done_is_not_counted(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "call"})
    (attempt,) = attempts(db, ana)

    form = {"csrf": csrf, "attempt": str(attempt.id), "result": "not_made"}
    said = client.post(of(world, ana, "dicho"), data=form)
    twice = client.post(of(world, ana, "dicho"), data=form)

    assert (said.status_code, twice.status_code) == (303, 409)
    assert said.headers["location"].endswith("/pendientes?dicho=not_made")
    assert "No cuenta como contacto." in client.get(said.headers["location"]).text
    assert (case_now(db, ana).contacts, case_now(db, ana).last_contact_on) == (0, None)


# Result, channel, disposition after it, AAPOR's group in the rates.
WALK = [
    (R.SENT, "whatsapp", D.INVITED, "NC"),
    (R.WILL_ANSWER, "call", D.INVITED, "NC"),
    (R.NO_ANSWER, "call", D.PLANNED, "NC"),
    (R.MESSAGE_LEFT, "call", D.PLANNED, "NC"),
    (R.CALL_AGAIN, "call", D.INVITED, "NC"),
    (R.WRONG_NUMBER, "sms", D.UNDELIVERABLE, "NC"),
    (R.REFUSED, "call", D.REFUSED, "R"),
    (R.NO_MESSAGES, "whatsapp", D.PLANNED, "NC"),
    (R.DECEASED, "call", D.OTHER, "O"),
    (R.UNABLE, "call", D.OTHER, "O"),
    (R.DID_NOT_GRADUATE, "call", D.PLANNED, "NC"),
    (R.LISTED_TWICE, "call", D.PLANNED, "NC"),
]


def test_from_the_tap_to_the_rates(  # noqa: PLR0917
    world: World,
    client: TestClient,
    db: Database,
    database_url: str,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Twelve people, twelve taps, and one who answered: NC 10 with the one of the world."""
    people = [Someone(f"P{n}", disposition=D.PLANNED, mail=False) for n in range(len(WALK))]
    cases = reachable(world, db, *people, now=now)
    more_people(world, db, Someone(disposition=D.COMPLETE), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    for case_id, (result, channel, _, _) in zip(cases, WALK, strict=True):
        client.post(of(world, case_id, "abrir"), data={"csrf": csrf, "channel": channel})
        (attempt,) = attempts(db, case_id)
        form = {"csrf": csrf, "attempt": str(attempt.id), "result": result.value}
        assert client.post(of(world, case_id, "dicho"), data=form).status_code == 303, result

    assert [case_now(db, one).disposition for one in cases] == [row[2] for row in WALK]
    monkeypatch.setenv("TRAYECTO_ENVIRONMENT", "development")
    monkeypatch.setenv("TRAYECTO_DATABASE_URL", database_url)
    asked = ("--unit", SCHOOL_A, "--generation", "2022-2025", "--questionnaire", "2", "--json")
    _, out, _ = Trayecto(monkeypatch, capsys)("rates", *asked)
    found = json.loads(out)
    groups = [row[3] for row in WALK]
    assert {name: found[name] for name in ("I", "P", "R", "NC", "O", "UO", "NE")} == {
        "I": 1,
        "P": 0,
        "R": groups.count("R"),
        "NC": groups.count("NC") + 1,
        "O": groups.count("O"),
        "UO": 0,
        "NE": 0,
    }
    assert (found["frame"], found["rr2"]) == (14, 1 / 14)
    assert found["con1"] == 4 / 14  # I, R and two O: reached


def test_a_wrong_number_is_given_up_and_the_person_stays(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    """The other way to reach them takes over; the automatic mail goes on."""
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "call"})
    (attempt,) = attempts(db, ana)

    form = {"csrf": csrf, "attempt": str(attempt.id), "result": "wrong_number"}
    client.post(of(world, ana, "dicho"), data=form)

    with db.reading() as session:
        point = session.get_one(ContactPoint, attempt.contact_id)
    page = client.get(of(world, ana, "contacto")).text
    assert point.state is ContactState.DEAD
    assert case_now(db, ana).disposition is D.INVITED
    assert ('value="call"' in page, 'value="email"' in page) == (False, True)


def test_a_word_in_person_needs_no_app(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = more_people(world, db, Someone(mail=False), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    form = {"csrf": csrf, "attempt": "", "result": "no_messages"}

    said = client.post(of(world, ana, "dicho"), data=form)
    client.post(of(world, ana, "dicho"), data=form | {"result": "did_not_graduate"})

    with db.reading() as session:
        stopped = session.get_one(OptOut, case_now(db, ana).member_id)
        (doubt,) = session.exec(select(EligibilityDoubt)).all()
    assert said.status_code == 303
    assert stopped.source == "staff"
    assert doubt.case_id == ana
    assert [one.channel for one in attempts(db, ana)] == [Channel.IN_PERSON] * 2
    assert client.post(of(world, ana, "dicho"), data=form | {"result": "sent"}).status_code == 409


def test_nothing_is_opened_at_night_nor_a_seventh_time(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    (ana,) = reachable(world, db, Someone(group_id=group), now=now)
    form = {"csrf": tutor_of(db, client, "6A", now=now), "channel": "whatsapp"}
    night = client_for(world, db, now=now + timedelta(hours=8))
    csrf = tutor_again(db, night, now=now + timedelta(hours=8))

    late = night.post(of(world, ana, "abrir"), data=form | {"csrf": csrf})
    page = text_of(night.get(own(world, "/pendientes")).text)
    with db.unit_of_work() as session:
        session.get_one(Case, ana).contacts = 6
    often = client.post(of(world, ana, "abrir"), data=form)

    assert (late.status_code, often.status_code) == (409, 409)
    assert "Allá son las 20:00. Se escribe y se llama de 9:00 a 20:00" in page
    assert search(r'value="whatsapp"[^>]* disabled', page)
    assert "Ya se le buscó 6 veces" in often.text
    assert attempts(db, ana) == []


def test_nobody_is_opened_against_their_wish(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    with db.unit_of_work() as session:
        member_id = session.get_one(Case, ana).member_id
        session.add(OptOut(member_id=member_id, at=now, source="one_click"))
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    page = client.get(of(world, ana, "contacto")).text
    refused = client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "call"})

    assert page.count("Pidió no recibir mensajes") == 1  # why the buttons are off, said once
    assert "/telefono" not in page  # an interview would be a call
    assert (refused.status_code, "Pidió no recibir mensajes" in refused.text) == (409, True)
    night = now + timedelta(hours=8)
    with db.reading() as session:
        standing = standing_of(session, WHOLE, ana, now=night)
    assert standing is not None
    assert why_closed(standing, night) == "Pidió no recibir mensajes."  # no hour changes a wish


def test_invented_people_open_no_app(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    with db.unit_of_work() as session:
        member_id = session.get_one(Case, ana).member_id
        session.get_one(PanelMember, member_id).simulated = True
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    opened = client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "call"})

    assert opened.headers["location"] == of(world, ana, "contacto")
    assert "Es una persona simulada" in client.get(opened.headers["location"]).text


def test_an_appointment_comes_first_when_it_is_due(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    people = (Someone("Ana", group_id=group), Someone("Berta", group_id=group))
    berta = reachable(world, db, *people, now=now)[1]
    csrf = tutor_of(db, client, "6A", now=now)
    form = {"csrf": csrf, "day": "2026-03-02", "hour": "20:30", "note": "A su trabajo"}

    past = client.post(of(world, berta, "cita"), data=form | {"hour": "11:00"})
    made = client.post(of(world, berta, "cita"), data=form)
    waits = text_of(client.get(own(world, "/pendientes")).text)
    evening = client_for(world, db, now=now + timedelta(hours=8, minutes=30))
    csrf = tutor_again(db, evening, now=now + timedelta(hours=8, minutes=30))
    due = text_of(evening.get(own(world, "/pendientes")).text)
    called = evening.post(of(world, berta, "abrir"), data={"csrf": csrf, "channel": "call"})
    (attempt,) = attempts(db, berta)
    tell = {"csrf": csrf, "attempt": str(attempt.id), "result": "no_answer"}
    evening.post(of(world, berta, "dicho"), data=tell)

    assert (past.status_code, made.status_code) == (422, 303)
    assert "Elija un día y una hora que vengan" in past.text
    assert 'value="11:00"' in past.text
    assert "Cita: lunes 2 de marzo, 20:30. A su trabajo" in waits
    assert waits.index("Plantel A, Ana") < waits.index("Plantel A, Berta")
    assert due.index("Plantel A, Berta") < due.index("Plantel A, Ana")
    assert "Quedaron en hablar a esta hora." in due
    assert called.headers["location"] == "tel:+525512345611"  # they asked for this hour
    with db.reading() as session:
        kept = session.exec(select(Appointment)).one()
    assert (kept.settled_at is not None, kept.note) == (True, None)


def test_what_was_noted_for_a_call_is_forgotten_after_a_week(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    form = {"csrf": csrf, "day": "2026-03-02", "hour": "13:00", "note": "A su trabajo"}
    client.post(of(world, ana, "cita"), data=form)
    due = now + timedelta(hours=1)

    with db.unit_of_work() as session:
        early = forget_notes(session, now=due + timedelta(days=7))
        late = forget_notes(session, now=due + timedelta(days=7, seconds=1))

    assert (early, late) == (0, 1)
    assert "A su trabajo" not in client.get(own(world, "/pendientes")).text


def test_a_tutor_reaches_nobody_of_another_group(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    """Every act on somebody of another group is a person that does not exist."""
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    mine, other = reachable(world, db, Someone("Mía", group_id=group), Someone("Otra"), now=now)
    csrf = tutor_of(db, client, "6A", now=now)

    everywhere = client.get("/panel/pendientes").text
    form = {"csrf": csrf, "channel": "call", "result": "refused", "attempt": ""}
    acts = ("abrir", "dicho", "cita")
    refused = {client.post(of(world, other, act), data=form).status_code for act in acts}

    assert ("Mía" in everywhere, "Otra" in everywhere) == (True, False)
    assert "Faltan 2 personas." in everywhere
    assert refused == {404}
    assert client.get(of(world, other, "contacto")).status_code == 404
    assert client.post(of(world, mine, "abrir"), data=form).status_code == 303
    assert attempts(db, other) == []


def test_an_attempt_of_somebody_else_is_not_answered(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    ana, berta = reachable(world, db, Someone("Ana"), Someone("Berta"), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    client.post(of(world, ana, "abrir"), data={"csrf": csrf, "channel": "call"})
    (attempt,) = attempts(db, ana)

    form = {"csrf": csrf, "attempt": str(attempt.id), "result": "no_answer"}

    assert client.post(of(world, berta, "dicho"), data=form).status_code == 404
    assert attempts(db, ana)[0].result is None


def test_who_answered_meanwhile_is_not_moved(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = reachable(world, db, Someone(disposition=D.COMPLETE), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    form = {"csrf": csrf, "attempt": "", "result": "refused"}
    refused = client.post(of(world, ana, "dicho"), data=form)

    assert (refused.status_code, "ya no está pendiente" in refused.text) == (409, True)
    assert case_now(db, ana).disposition is D.COMPLETE
    assert "Ya no está pendiente" in client.get(of(world, ana, "contacto")).text


def test_the_way_back_is_only_to_a_list_of_ours(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    group = world.ids[SCHOOL_A]["group_id"]
    people = [Someone(group_id=UUID(group)) for _ in range(3)]
    cases = reachable(world, db, *people, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    narrow = own(world, f"/pendientes?grupo={group}")
    backs = ("//malo.example/panel/pendientes", "/panel/pendientes", narrow)

    found = []
    for case_id, back in zip(cases, backs, strict=True):
        form = {"csrf": csrf, "attempt": "", "result": "will_answer", "back": back}
        found.append(client.post(of(world, case_id, "dicho"), data=form).headers["location"])

    here = own(world, "/pendientes?dicho=will_answer")
    assert found == [here, "/panel/pendientes?dicho=will_answer", f"{here}&grupo={group}"]


def test_a_closed_wave_shows_who_was_left(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    more_people(world, db, Someone("Nora", disposition=D.NON_CONTACT), now=now)
    with db.unit_of_work() as session:
        session.get_one(Wave, UUID(world.ids[SCHOOL_A]["wave_id"])).state = WaveState.CLOSED
    sign_in(client, world, SCHOOL_A, Role.TUTOR)

    page = client.get(own(world, "/pendientes")).text

    assert "El levantamiento cerró: 2 personas no respondieron." in page
    assert ("Nora" in page, 'name="channel"' in page) == (True, False)
    assert "Nadie falta por responder." in client.get("/panel/pendientes").text


def test_more_people_and_waves_cost_no_more_queries(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    sign_in(client, world, SCHOOL_A, Role.TUTOR)
    asked = []
    for _ in range(2):
        reachable(world, db, Someone(), Someone(), now=now)
        with counted(db) as statements:
            assert client.get("/panel/pendientes").status_code == 200
        asked.append(len(statements))

    assert asked[0] == asked[1] > 0


def test_who_lost_the_link_stands_above_the_list(world: World, client: TestClient) -> None:
    """The world has one such request in each school."""
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)

    page = client.get("/panel/pendientes").text
    (settle,) = findall(
        r'action="([^"]+/enlaces-perdidos/[^"]+)"', client.get("/panel/enlaces-perdidos").text
    )
    client.post(settle, data={"csrf": csrf})

    link = '<a href="/panel/enlaces-perdidos">1 persona perdió su enlace y espera ayuda</a>'
    assert link in page
    assert "perdió su enlace" not in client.get("/panel/pendientes").text
