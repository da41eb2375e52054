"""The pages of classes in the panel: what a tutor and an officer do there, and what is left."""

from datetime import datetime
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.classroom.tables import Classroom
from app.db.transactions import Database
from app.directory.school_domains import own_domains
from app.directory.states import ContactKind, ContactSource
from app.directory.tables import ContactPoint
from app.fieldwork.tables import Case, Wave, WaveState
from app.staff.roles import Role
from app.staff.tables import AuditEntry
from tests.web.world import SCHOOL_A, SCHOOL_B, World, a_world, client_for, settings_for, sign_in


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def press(client: TestClient, path: str, csrf: str, **typed: str) -> int:
    return client.post(path, data={"csrf": csrf, **typed}).status_code


def test_a_class_is_opened_closed_and_opened_again(
    world: World, db: Database, now: datetime
) -> None:
    ids = world.ids[SCHOOL_A]
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    classes, here = f"/panel/olas/{ids['wave_id']}/aula", f"/panel/aulas/{ids['classroom_id']}"

    again = client.post(
        classes, data={"csrf": csrf, "grupo": ids["group_id"], "whatsapp": "5511112222"}
    )
    bad = client.post(classes, data={"csrf": csrf, "grupo": ids["group_id"], "whatsapp": "12"})
    before = client.get(here).text

    assert again.headers["location"] == here
    assert (bad.status_code, "10 dígitos" in bad.text) == (422, True)
    assert press(client, here + "/cerrar", csrf) == 303
    assert "El código ya no deja entrar" in client.get(here).text
    assert press(client, here + "/reabrir", csrf) == 303
    assert "Abierta, quedan 120 minutos" in before
    assert "Abierta, quedan 120 minutos" in client.get(here).text
    with db.reading() as session:
        assert session.get_one(Classroom, UUID(ids["classroom_id"])).whatsapp == "+525511112222"
        acts = session.exec(
            select(AuditEntry.action).where(col(AuditEntry.action).startswith("classroom."))
        ).all()
    assert {"classroom.closed", "classroom.reopened", "classroom.seen"} <= set(acts)


def test_the_number_of_a_running_class_is_changed_by_itself(
    world: World, db: Database, now: datetime
) -> None:
    ids = world.ids[SCHOOL_A]
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    here = f"/panel/aulas/{ids['classroom_id']}"

    statuses = [
        press(client, here + "/whatsapp", csrf, whatsapp=typed)
        for typed in ("55 1111 3333", "55 1111 3333", "12")
    ]
    refused = client.post(here + "/whatsapp", data={"csrf": csrf, "whatsapp": "12"}).text
    shown = client.get(here).text
    press(client, here + "/whatsapp", csrf, whatsapp="")

    assert statuses == [303, 303, 422]
    assert "10 dígitos" in refused
    assert 'value="12"' in refused
    assert "+525511113333" in shown
    assert "Abierta, quedan 120 minutos" in shown  # it went on
    with db.reading() as session:
        assert session.get_one(Classroom, UUID(ids["classroom_id"])).whatsapp is None
        changed = select(AuditEntry).where(AuditEntry.action == "classroom.number_changed")
        assert len(session.exec(changed).all()) == 2  # the same number twice is one change
    strange = sign_in(client, world, SCHOOL_B, Role.TUTOR)
    assert press(client, here + "/whatsapp", strange, whatsapp="5511113333") == 404


def test_a_closed_wave_opens_no_class_and_prints_no_slip(
    world: World, db: Database, now: datetime
) -> None:
    ids = world.ids[SCHOOL_A]
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    with db.unit_of_work() as session:
        session.get_one(Wave, UUID(ids["wave_id"])).state = WaveState.CLOSED
    classes, here = f"/panel/olas/{ids['wave_id']}/aula", f"/panel/aulas/{ids['classroom_id']}"

    answers = [
        client.post(path, data={"csrf": csrf, "grupo": ids["group_id"]})
        for path in (classes, classes + "/tiras", here + "/reabrir")
    ]

    assert {answer.status_code for answer in answers} == {409}
    assert "no se abren sesiones" in client.get(classes).text


def test_a_tutor_confirms_what_came(world: World, db: Database, now: datetime) -> None:
    ids = world.ids[SCHOOL_A]
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    with db.unit_of_work() as session:
        member = session.get_one(Case, UUID(ids["case_id"])).member_id
        phone = ContactPoint(
            member_id=member,
            kind=ContactKind.MOBILE,
            value="+525512345678",
            value_hash="x",
            source=ContactSource.ROSTER,
            added_at=now,
        )
        session.add(phone)
        session.flush()
        target = str(phone.id)
    student = f"/panel/aulas/{ids['classroom_id']}/estudiantes/{ids['case_id']}"

    assert press(client, student + "/comprobado", csrf, via=target) == 303
    assert press(client, student + "/comprobado", csrf, via="x") == 404
    assert press(client, student + "/desbloquear", csrf) == 303
    assert press(client, student + "/entrar", csrf) == 303
    assert "••78: comprobado" in client.get(f"/panel/aulas/{ids['classroom_id']}").text
    with db.reading() as session:
        assert session.get_one(ContactPoint, UUID(target)).proven_at == now


def test_an_officer_names_the_domains_of_the_school(
    world: World, db: Database, now: datetime
) -> None:
    ids = world.ids[SCHOOL_A]
    client = client_for(world, db, now=now)
    here = f"/panel/olas/{ids['wave_id']}/aula"
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    assert "Correos que se cierran" not in client.get(here).text
    assert press(client, here + "/dominios", csrf, dominio="x.edu.mx") == 403
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    bad = client.post(here + "/dominios", data={"csrf": csrf, "dominio": "gmail.com"})

    assert (bad.status_code, "correo público" in bad.text) == (422, True)
    assert press(client, here + "/dominios", csrf, dominio="alumnos.a.edu.mx") == 303
    assert "@alumnos.a.edu.mx" in client.get(here).text
    with db.reading() as session:
        assert own_domains(session, UUID(ids["unit_id"])) == ("alumnos.a.edu.mx",)
    assert press(client, here + "/dominios", csrf, quitar="alumnos.a.edu.mx") == 303
    assert "@alumnos.a.edu.mx" not in client.get(here).text
