from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from re import search
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import select

from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.trial import trial_arrived
from app.messaging.delivery import PlannedMessage
from app.messaging.outbox import enqueue
from app.messaging.queries import messages_about
from app.messaging.states import OutboxState
from app.messaging.tables import OutboxMessage
from app.staff import sessions
from app.staff.addresses import staff_keys
from app.staff.invitations import invite
from app.staff.roles import Role, WantedGrant
from app.staff.tables import AuditEntry
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.units.tables import StudentGroup
from app.web import security
from app.worker.deployment import Deployment
from app.worker.sending import Sending
from tests.conftest import DATA_KEYS
from tests.web.in_field import Someone, a_wave_in_field, people_of
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in

D = Disposition


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def own(world: World, end: str = "") -> str:
    return f"/panel/olas/{world.ids[SCHOOL_A]['wave_id']}{end}"


def case(world: World, end: str = "") -> str:
    return own(world, f"/casos/{world.ids[SCHOOL_A]['case_id']}{end}")


def more_people(world: World, db: Database, *people: Someone, now: datetime) -> list[UUID]:
    with db.unit_of_work() as session:
        return people_of(session, UUID(world.ids[SCHOOL_A]["wave_id"]), people, now=now)


def audit_of(db: Database, action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action)))


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements of a block."""
    with db.reading() as session:
        engine = session.connection().engine
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def text_of(page: str) -> str:
    return " ".join(page.split())


def test_the_rate_is_said_with_its_base_and_its_definition(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    """With the one of the world: I=2 P=1 R=1 NC=2 O=0 UO=1 NE=1."""
    answers = (D.COMPLETE, D.COMPLETE, D.PARTIAL, D.REFUSED, D.INVITED, D.NOT_ELIGIBLE)
    people = [Someone(disposition=one) for one in answers]
    more_people(world, db, *people, Someone(confirmed=False), now=now)
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = text_of(client.get(own(world)).text)

    assert '<span class="big">43 %</span>3 de 7 personas respondieron' in page
    assert "Faltan 2 respuestas para la meta de 65 %" in page
    assert "del 16 de febrero al 17 de abril de 2026, hora del centro de México" in page
    for name, value, numbers in (
        ("RR1", "28.6 %", "2 de 7"),
        ("RR2", "42.9 %", "3 de 7"),
        ("RR3", "29.2 %", "2 de 6.9"),
        ("RR4", "43.8 %", "3 de 6.9"),
        ("RR5", "33.3 %", "2 de 6"),
        ("RR6", "50.0 %", "3 de 6"),
    ):
        assert (
            f'{name}</th><td class="number nowrap">{value}</td><td class="nowrap">{numbers}<'
            in page
        )
    for letters, cases in {"I": 2, "P": 1, "R": 1, "NC": 2, "O": 0, "UO": 1, "NE": 1}.items():
        assert f'<th scope="row">{letters}</th><td class="number">{cases}</td>' in page


def test_the_line_has_a_name_and_the_same_numbers_in_a_table(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    people = [Someone(disposition=D.COMPLETE, day=1), Someone(disposition=D.COMPLETE, day=9)]
    more_people(world, db, *people, now=now)
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = text_of(client.get(own(world)).text)

    assert 'role="img" aria-labelledby="chart-title chart-words"' in page
    assert "Respuestas acumuladas al 2 de marzo: 67 % (2 de 3)" in page
    assert 'd="M0 200H33V133.3H164V66.7H246"' in page  # 2, 10 and 15 of 61 days
    rows = '17 de febrero</th><td class="number">1</td><td class="number">33 %</td>'
    assert rows in page


def test_nobody_yet_is_said_in_words(world: World, client: TestClient) -> None:
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = client.get(own(world)).text

    assert "0 de 1 personas respondieron" in page
    assert "Nadie ha respondido todavía" in page
    assert 'role="img"' not in page


def test_late_additions_show_both_bases(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    _, late = more_people(world, db, Someone(), Someone(disposition=D.COMPLETE), now=now)
    with db.unit_of_work() as session:
        session.get_one(Case, late).late_reason = "Alta de control escolar"
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = client.get(own(world)).text

    assert (
        "después se agregó 1 persona. Sin contarlas: 0\u00a0% (0 de 2); contándolas: "
        "33\u00a0% (1 de 3)." in page
    )


def test_who_lags_comes_first_and_opens_the_people_behind(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    people = (
        Someone(group_id=group, disposition=D.COMPLETE, sex="H"),
        Someone(group_id=group, disposition=D.REFUSED),
        Someone("Berta", disposition=D.COMPLETE, sex="H"),
    )
    more_people(world, db, *people, now=now)
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    page = text_of(client.get(own(world)).text)
    behind = client.get(own(world, f"/pendientes?grupo={group}"))

    assert '<th scope="row">6A</th><td>33 % (1 de 3)' in page
    assert f'pendientes?grupo={group}">falta 1</a>' in page
    assert "Falta 1 persona de 6A." in behind.text
    assert behind.text.count('class="card person"') == 1
    assert page.index("Mujeres</th>") < page.index("Hombres</th>")
    assert "0 % (0 de 2)" in page
    assert client.get(own(world, "/pendientes?grupo=nada")).status_code == 404


def test_the_generation_before_is_compared_day_by_day(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        year_ago = now - timedelta(days=365)
        wave_id = a_wave_in_field(session, unit, leaves=2024, now=year_ago)
        then = [Someone(disposition=D.COMPLETE), Someone(disposition=D.COMPLETE, day=40)]
        people_of(session, wave_id, then, now=year_ago)
    more_people(world, db, Someone(disposition=D.COMPLETE), now=now)
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = client.get(own(world)).text

    assert "la generación 2021-2024, que el mismo día llevaba 50\u00a0% (1 de 2)." in page


def tutor_of(db: Database, client: TestClient, group: str, *, now: datetime) -> str:
    with db.unit_of_work() as session:
        wanted = WantedGrant(SCHOOL_A, Role.TUTOR, (group,))
        keys = staff_keys(DATA_KEYS)
        account = invite(session, "tutora@escuela.mx", wanted, keys=keys, by=None, now=now)
        token = sessions.open_session(session, account.account_id, place="p", device="t", now=now)
    client.cookies.clear()
    client.cookies.set(security.cookie_name(security.STAFF_COOKIE, secure=False), token)
    return security.form_token(token)


def test_a_tutor_sees_the_own_groups_only(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        other = StudentGroup(school_id=unit.id, cohort="2022-2025", name="6B")
        session.add(other)
        session.flush()
        wanted = Someone("Berenice", group_id=other.id)
    (hers,) = more_people(world, db, wanted, now=now)
    csrf = tutor_of(db, client, "6B", now=now)

    page = client.get(own(world, "/pendientes")).text
    link = client.post(own(world, f"/casos/{hers}/enlace"), data={"csrf": csrf})

    assert ("Berenice" in page, "Plantel A, Ana" in page) == (True, False)
    assert client.get(case(world)).status_code == 404
    assert client.post(case(world, "/enlace"), data={"csrf": csrf}).status_code == 404
    assert "/e/" in link.text
    assert client.get(own(world, "/mensajes")).status_code == 403
    assert "6A</th>" not in client.get(own(world)).text
    assert [entry.object_id for entry in audit_of(db, "link.shown")] == [str(hers)]


def test_a_tutor_without_a_group_here_reads_what_to_do(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        session.add(StudentGroup(school_id=unit.id, cohort="2022-2025", name="6B"))
    tutor_of(db, client, "6B", now=now)

    page = client.get(own(world, "/pendientes")).text

    assert "No tiene un grupo asignado aquí." in page
    assert "le asigna grupos en Equipo" in page
    assert "falta por responder" not in page


def test_the_missing_come_in_pages(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    people = [Someone(f"Zoe{number:02}", mail=False) for number in range(50)]
    more_people(world, db, *people, now=now)
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    first = client.get(own(world, "/pendientes")).text
    second = client.get(own(world, "/pendientes?pagina=2")).text

    assert "Faltan 51 personas." in first
    assert (first.count('class="card person"'), second.count('class="card person"')) == (20, 20)
    assert "pagina=2" in first
    assert "pagina=1" in second
    assert len(audit_of(db, "wave.missing_seen")) == 2


@pytest.mark.parametrize("end", ["", "/pendientes", "/mensajes"])
def test_more_people_cost_no_more_queries(
    world: World, client: TestClient, db: Database, now: datetime, end: str
) -> None:
    sign_in(client, world, SCHOOL_A, Role.OFFICER)
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    asked = []
    for _ in range(2):
        people = [Someone(disposition=D.COMPLETE), Someone(group_id=group)]
        cases = more_people(world, db, *people, now=now)
        with db.unit_of_work() as session:
            letters = [PlannedMessage(f"k/{one}", one, "invitation", "t.mx", now) for one in cases]
            enqueue(session, letters, now=now)
        with counted(db) as statements:
            assert client.get(own(world, end)).status_code == 200
        asked.append(len(statements))

    assert asked[0] == asked[1] > 0


def test_a_message_is_shown_with_its_state_and_reason(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    rows: Mapping[str, tuple[OutboxState, str | None, int | None, int]] = {
        "Alba": (OutboxState.UNKNOWN, "SMTPServerDisconnected", None, 1),
        "Brenda": (OutboxState.FAILED, "5.7.1 not today", 550, 0),
        "Carmen": (OutboxState.CANCELLED, "answered", None, 0),
        "Dora": (OutboxState.SENT, None, 250, 1),
    }
    cases = more_people(world, db, *map(Someone, rows), now=now)
    with db.unit_of_work() as session:
        enqueue(
            session,
            [PlannedMessage(f"k/{one}", one, "invitation", "t.mx", now) for one in cases],
            now=now,
        )
        for one, (state, reason, code, doubts) in zip(cases, rows.values(), strict=True):
            row = session.exec(select(OutboxMessage).where(OutboxMessage.context_id == one)).one()
            row.state, row.last_reason, row.last_code, row.doubts = state, reason, code, doubts
            row.due_at = None
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    page = client.get(own(world, "/mensajes")).text
    doubtful = client.get(own(world, "/mensajes?estado=unknown")).text

    assert "De 2 mensajes el servidor no confirmó" in page
    assert "pudo llegar o no. No se vuelve a intentar." in page
    assert "El servidor contestó: 550 5.7.1 not today" in page
    assert "Ya respondió." in page
    assert "Pudo llegarle dos veces" in page
    assert "En duda (1)" in page
    assert ("Alba" in doubtful, "Brenda" in doubtful) == (True, False)
    assert client.get(own(world, "/mensajes?estado=otro")).status_code == 404


def test_a_wave_is_paused_with_a_reason_and_goes_on(
    world: World, client: TestClient, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    nameless = client.post(own(world, "/pausar"), data={"csrf": csrf, "reason": "  "})
    form = {"csrf": csrf, "reason": "Falta revisar el texto"}
    statuses = [client.post(own(world, "/pausar"), data=form).status_code for _ in range(2)]
    paused = client.get(own(world)).text
    today = client.get("/panel").text
    unsent = client.post(case(world, "/enviar"), data={"csrf": csrf})
    client.post(own(world, "/reanudar"), data={"csrf": csrf})

    assert (nameless.status_code, statuses) == (422, [303, 303])
    assert "falta el motivo" in nameless.text
    assert "Motivo: Falta revisar el texto." in paused
    assert "están en pausa. Falta revisar el texto." in today
    assert f'href="{own(world)}">Ver y reanudar' in today
    assert "Ver y reanudar" not in client.get("/panel").text
    assert (unsent.status_code, "están en pausa" in unsent.text) == (409, True)
    assert "Motivo:" not in client.get(own(world)).text
    assert [len(audit_of(db, f"wave.{act}")) for act in ("paused", "resumed")] == [1, 1]


def test_messages_that_will_be_late_are_said_wherever_staff_look(
    world: World, client: TestClient, db: Database
) -> None:
    advice = "300 mensajes no saldrían a tiempo. Ayuda: subir el límite."
    wave_id = UUID(world.ids[SCHOOL_A]["wave_id"])
    sign_in(client, world, SCHOOL_A, Role.OFFICER)
    before = client.get(own(world)).text
    with db.unit_of_work() as session:
        session.get_one(Wave, wave_id).mail_late_advice = advice

    wave = client.get(own(world)).text
    today = client.get(f"/panel/cronologia/{SCHOOL_A}").text
    rehearsal = client.get(f"/panel/unidades/{SCHOOL_A}/ensayo").text
    with db.unit_of_work() as session:
        session.get_one(Wave, wave_id).state = WaveState.CLOSED
    closed = client.get(own(world)).text

    assert "Con los límites de envío de hoy" not in before + closed
    assert f"Con los límites de envío de hoy, {advice}" in wave
    assert "Mensajes que llegarán tarde" in today
    assert "Ya no alcanza:" in rehearsal
    assert advice in rehearsal


def test_nothing_is_done_to_a_closed_wave(world: World, client: TestClient, db: Database) -> None:
    with db.unit_of_work() as session:
        session.get_one(Wave, UUID(world.ids[SCHOOL_A]["wave_id"])).state = WaveState.CLOSED
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    answers = {
        client.post(address, data={"csrf": csrf, "reason": "x"}).status_code
        for address in (
            own(world, "/pausar"),
            own(world, "/reanudar"),
            *(case(world, end) for end in ("/enviar", "/enlace", "/revocar", "/enlace-nuevo")),
        )
    }
    page = client.get(own(world)).text

    assert answers == {409}
    assert "no alcanzó la meta" in page
    assert "Pausar" not in client.get(own(world, "/mensajes")).text


def test_one_person_is_written_to_once_a_day(
    world: World, client: TestClient, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    form = {"csrf": csrf}
    statuses = [client.post(case(world, "/enviar"), data=form).status_code for _ in range(2)]

    with db.reading() as session:
        queued = messages_about(session, [UUID(world.ids[SCHOOL_A]["case_id"])])
    assert (statuses, len(queued)) == ([303, 303], 1)
    assert len(audit_of(db, "case.message_queued")) == 1
    assert "En espera" in client.get(case(world)).text


def test_who_has_answered_is_not_written_to(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (done,) = more_people(world, db, Someone(disposition=D.COMPLETE), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    answer = client.post(own(world, f"/casos/{done}/enviar"), data={"csrf": csrf})

    assert (answer.status_code, "Ya respondió" in answer.text) == (409, True)
    assert "Escribirle hoy" not in answer.text


def test_a_link_is_shown_revoked_and_renewed(
    world: World, client: TestClient, db: Database
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    form = {"csrf": csrf}

    shown = client.post(case(world, "/enlace"), data=form)
    found = search(r"/e/([\w-]{22})", shown.text)
    silent = client.get(case(world)).text
    client.post(case(world, "/revocar"), data=form)
    revoked = client.post(case(world, "/enlace"), data=form)
    client.post(case(world, "/enlace-nuevo"), data=form)
    renewed = search(r"/e/([\w-]{22})", client.post(case(world, "/enlace"), data=form).text)

    assert found
    assert renewed
    assert found[1] != renewed[1]
    assert found[1] not in silent
    assert (revoked.status_code, "está revocado" in revoked.text) == (409, True)
    acts = ("shown", "revoked", "renewed")
    assert [len(audit_of(db, f"link.{act}")) for act in acts] == [2, 1, 1]
    assert all(found[1] not in entry.details for entry in audit_of(db, "link.shown"))


def test_an_office_sees_the_case_and_never_the_link(world: World, client: TestClient) -> None:
    csrf = sign_in(client, world, "09", Role.OFFICER)

    page = client.get(case(world))

    assert (page.status_code, "Ver su enlace" in page.text) == (200, False)
    assert client.post(case(world, "/enlace"), data={"csrf": csrf}).status_code == 403


def test_a_case_is_asked_for_under_its_own_wave(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        other = a_wave_in_field(session, unit, leaves=2024, now=now)
    sign_in(client, world, SCHOOL_A, Role.OFFICER)

    page = client.get(f"/panel/olas/{other}/casos/{world.ids[SCHOOL_A]['case_id']}")

    assert page.status_code == 404


def test_the_test_message_reaches_whoever_asked_and_ends_the_walk(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    address = f"/panel/unidades/{SCHOOL_A}/mensaje-de-prueba"
    form = {"csrf": csrf, "questionnaire": "2"}
    before = client.get("/panel/primeros-pasos").text

    client.post(address, data=form)
    client.post(address, data=form)
    client.post(own(world, "/prueba"), data={"csrf": csrf})  # the same, from the wave
    waiting = client.get(address).text
    Sending(Deployment(world.settings, db, lambda: now)).send(limit=10)
    page = client.get(own(world, "/mensajes")).text
    kept = client.get("/panel/buzon").text
    found = search(r'(/panel/buzon/[\w-]+)">\[Prueba\]', kept)

    assert waiting.count("Prueba del Cuestionario 2") == 1
    assert "Última prueba: enviado" in page
    assert "officer.09dct0001a@escuela.mx" in kept
    assert found
    letter = client.get(found[1]).text
    assert "ESTO ES UNA PRUEBA" in letter
    assert "/verifica" in letter
    assert not search(r"/e/[\w-]{22}", letter)
    with db.reading() as session:
        assert trial_arrived(session, UUID(world.ids[SCHOOL_A]["unit_id"]))
    done = client.get("/panel/primeros-pasos").text
    assert done.count('class="done"') == before.count('class="done"') + 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_whoever_looks_at_figures_sees_no_people(
    world: World, client: TestClient, role: Role
) -> None:
    sign_in(client, world, SCHOOL_A, role)

    page = client.get(own(world)).text

    assert "pendientes" not in page
    assert "mensajes" not in page
    assert client.get(own(world, "/pendientes")).status_code == 403
