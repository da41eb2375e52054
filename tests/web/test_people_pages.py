"""Beto keeps the directory of plantel A; the office looks; Carla's people do not exist there."""

import re
from datetime import datetime
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event
from sqlmodel import select

from app.db.transactions import Database
from app.directory.states import ContactKind, ContactState
from app.directory.tables import (
    ContactPoint,
    CorrectionRequest,
    OptOut,
    PanelMember,
    TransferRequest,
)
from app.fieldwork import noes
from app.fieldwork.tables import Case
from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.staff.tables import AuditEntry
from app.web import security
from tests.conftest import DATA_KEYS
from tests.web.cards import KEYS, WRONG, curp_of
from tests.web.in_field import Someone, people_of
from tests.web.world import (
    CURPS,
    SCHOOL_A,
    SCHOOL_B,
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


@pytest.fixture
def csrf(client: TestClient, world: World) -> str:
    return sign_in(client, world, SCHOOL_A, Role.OFFICER)


def card(world: World, school: str = SCHOOL_A) -> str:
    return f"/panel/personas/{world.ids[school]['member_id']}"


def add_people(db: Database, world: World, *people: Someone, now: datetime) -> list[UUID]:
    """More people of plantel A; their members' ids."""
    with db.unit_of_work() as session:
        wave_id = UUID(world.ids[SCHOOL_A]["wave_id"])
        cases = people_of(session, wave_id, people, now=now)
        return [session.get_one(Case, case_id).member_id for case_id in cases]


def acts(db: Database, action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action)).all())


def member_of(db: Database, member_id: object) -> PanelMember:
    with db.reading() as session:
        return session.get_one(PanelMember, UUID(str(member_id)))


def contact_states(db: Database, world: World) -> dict[str, ContactState]:
    with db.reading() as session:
        member_id = UUID(world.ids[SCHOOL_A]["member_id"])
        rows = session.exec(select(ContactPoint).where(ContactPoint.member_id == member_id))
        return {row.value: row.state for row in rows}


# --- the list ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("csrf")
def test_filters_are_an_address_and_keep_to_their_people(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    add_people(db, world, Someone("Zoe", mail=False), Someone("Íñigo", group_id=group), now=now)

    def shown(query: str) -> set[str]:
        return set(re.findall(r", (\w+)</a></th>", client.get(f"/panel/personas?{query}").text))

    assert shown("") == {"Ana", "Zoe", "Íñigo"}
    assert shown(f"grupo={group}") == {"Ana", "Íñigo"}
    assert shown("contacto=no") == {"Zoe"}
    assert shown(f"unidad={SCHOOL_A}&generacion=2022-2025&situacion=graduated") == shown("")
    assert shown("generacion=2010-2013") == set()
    assert shown("situacion=left&pagina=99999") == set()
    assert client.get(f"/panel/personas?unidad={SCHOOL_B}").status_code == 404


def test_a_search_travels_in_the_body_alone(client: TestClient, csrf: str) -> None:
    for text in ("ana plan", "PLANTEL a", "0007", CURPS[SCHOOL_A].lower()):
        page = client.post("/panel/personas", data={"csrf": csrf, "text": text})

        urls = re.findall(r'(?:href|action)="([^"]*)"', page.text)
        assert (page.status_code, "Plantel A, Ana" in page.text) == (200, True), text
        assert not [url for url in urls if text in url]


def test_a_search_without_text_becomes_an_address(client: TestClient, csrf: str) -> None:
    form = {"csrf": csrf, "text": " ", "generacion": "2022-2025", "contacto": "si"}

    answer = client.post("/panel/personas", data=form)

    assert answer.headers["location"] == "/panel/personas?generacion=2022-2025&contacto=si"


def test_a_search_finds_nobody_of_another_school(client: TestClient, csrf: str) -> None:
    for text in ("Plantel B", CURPS[SCHOOL_B]):
        page = client.post("/panel/personas", data={"csrf": csrf, "text": text})

        assert "Nadie coincide" in page.text


def test_a_tutor_sees_the_own_groups_and_nobody_else(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (zoe,) = add_people(db, world, Someone("Zoe"), now=now)
    with db.unit_of_work() as session:
        wanted = WantedGrant(SCHOOL_A, Role.TUTOR, ("6A",))
        invited = invitations.invite(
            session, "tutora@escuela.mx", wanted, keys=staff_keys(DATA_KEYS), by=None, now=now
        )
        token = sessions.open_session(session, invited.account_id, place="p", device="t", now=now)
    client.cookies.set(security.cookie_name(security.STAFF_COOKIE, secure=False), token)

    listed, own = client.get("/panel/personas").text, client.get(card(world)).text

    assert ("Ana" in listed, "Zoe" in listed) == (True, False)
    assert client.get(f"/panel/personas/{zoe}").status_code == 404
    assert "Se le escribió" in own
    assert CURPS[SCHOOL_A] not in own
    assert "Corregir sus datos" not in own


def test_pages_of_a_search_go_by_form(
    world: World, client: TestClient, csrf: str, db: Database, now: datetime
) -> None:
    add_people(db, world, *[Someone("Eva")] * 51, now=now)

    first = client.post("/panel/personas", data={"csrf": csrf, "text": "eva"}).text
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', first)) | {"csrf": csrf}
    second = client.post("/panel/personas", data=form).text

    assert (form["text"], form["pagina"]) == ("eva", "2")
    assert (first.count(", Eva</a>"), second.count(", Eva</a>")) == (50, 1)


@pytest.mark.usefixtures("csrf")
def test_a_list_costs_the_same_for_one_and_for_three(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    def queries() -> int:
        asked: list[str] = []

        def listen(*told: object) -> None:
            if str(told[2]).upper().startswith("SELECT"):  # a new connection says PRAGMA
                asked.append(str(told[2]))

        event.listen(Engine, "before_cursor_execute", listen)
        client.get("/panel/personas")
        event.remove(Engine, "before_cursor_execute", listen)
        return len(asked)

    client.get("/panel/personas")
    one = queries()
    add_people(db, world, Someone("Eva"), Someone("Zoe"), now=now)

    assert queries() == one


# --- the card ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("csrf")
def test_who_looks_at_a_person_is_written_down(
    world: World, client: TestClient, db: Database
) -> None:
    client.get(card(world))

    (view,) = acts(db, "person.viewed")
    assert (view.object_id, str(view.unit_id)) == (
        world.ids[SCHOOL_A]["member_id"], world.ids[SCHOOL_A]["unit_id"],
    )  # fmt: skip


@pytest.mark.usefixtures("csrf")
def test_the_line_of_a_person_says_how_each_questionnaire_stands(
    world: World, client: TestClient
) -> None:
    page = client.get(card(world)).text

    stations = re.findall(r'<li class="station (is-\w+)">.*?class="state">([^<]*)<', page)
    assert stations == [
        ("is-missed", "No se aplicó"),
        ("is-open", "Se le escribió"),
        ("is-planned", "Planeado"),
    ]


def test_an_office_sees_no_address_and_reads_no_text(
    world: World, client: TestClient, db: Database
) -> None:
    sign_in(client, world, SCHOOL_A, Role.OFFICER)
    at_school = client.get(card(world)).text
    csrf = sign_in(client, world, "09", Role.OFFICER)
    at_office = client.get(card(world)).text
    form = {"csrf": csrf, "kind": "email", "value": "ana@gmail.com", "given_by": "school"}
    (address,) = contact_states(db, world)

    assert (address in at_school, address in at_office) == (True, False)
    assert (WRONG in at_school, WRONG in at_office) == (True, False)
    assert f"{address[0]}•••@correo.invalid" in at_office
    assert client.post(f"{card(world)}/contactos", data=form).status_code == 403


def test_a_correction_is_stored_and_the_trail_names_its_fields_only(
    world: World, client: TestClient, csrf: str, db: Database
) -> None:
    new = {"given_name": "Ana Sofía", "surname_1": "Zenteno", "student_id": "0007",
           "curp": curp_of("ZEXA"), "birth_date": "2007-03-01", "left_on": "2025-07-15",
           "sex": "M", "guardian": "si", "reason": "document"}  # fmt: skip

    answer = client.post(f"{card(world)}/corregir", data={"csrf": csrf, **new})
    again = client.post(f"{card(world)}/corregir", data={"csrf": csrf, **new})

    stored = member_of(db, world.ids[SCHOOL_A]["member_id"])
    assert (stored.given_name, stored.surname_1, stored.curp_hash) == (
        "Ana Sofía", "Zenteno", KEYS.curp(new["curp"]),
    )  # fmt: skip
    assert (answer.headers["location"], again.headers["location"]) == (
        f"{card(world)}?hecho=corregido", f"{card(world)}?hecho=igual",
    )  # fmt: skip
    (entry,) = acts(db, "person.corrected")
    assert entry.details == (
        '{"fields": ["given_name", "surname_1", "curp", "guardian_consent"], "reason": "document"}'
    )


WRONG_CORRECTIONS = (
    ("given_name", "", "Escriba el nombre"),
    ("surname_1", "Zen7eno", "Quite «7»"),
    ("curp", "ZEXA070301MDFXRSA0", "no coincide con su último dígito"),
    ("curp", CURPS[SCHOOL_B], "de una persona de otro plantel"),
    ("birth_date", "2027-01-01", "fecha posible"),
    ("birth_date", "", "no se puede quitar"),
    ("group", "9f0c4f5e-0000-4000-8000-000000000000", "grupo de su generación"),
    ("reason", "porque sí", "Elija por qué"),
    ("student_id", "0008", "ya tiene la matrícula"),
)


def test_a_wrong_correction_changes_nothing_and_keeps_what_was_typed(
    world: World, client: TestClient, csrf: str, db: Database, now: datetime
) -> None:
    (zoe,) = add_people(db, world, Someone("Zoe"), now=now)
    with db.unit_of_work() as session:
        session.get_one(PanelMember, zoe).student_id = "0008"
    form = {"csrf": csrf, "given_name": "Sofía", "surname_1": "Zenteno", "student_id": "0007",
            "birth_date": "2007-03-01", "left_on": "2025-07-15", "reason": "person"}  # fmt: skip

    for name, value, words in WRONG_CORRECTIONS:
        answer = client.post(f"{card(world)}/corregir", data={**form, name: value})

        assert (answer.status_code, words in answer.text) == (422, True), words
        assert name == "given_name" or 'value="Sofía"' in answer.text

    assert member_of(db, world.ids[SCHOOL_A]["member_id"]).given_name == "Ana"
    assert acts(db, "person.corrected") == []


# --- contacts ---------------------------------------------------------------------------------


def test_a_slip_in_a_mail_is_asked_about_once(
    world: World, client: TestClient, csrf: str, db: Database
) -> None:
    form = {"csrf": csrf, "kind": "email", "value": "ana@gmial.com", "given_by": "person"}

    asked = client.post(f"{card(world)}/contactos", data=form)
    kept = client.post(f"{card(world)}/contactos", data={**form, "as_typed": "ana@gmial.com"})

    assert (asked.status_code, kept.status_code) == (422, 303)
    assert "¿Quiso escribir ana@gmail.com?" in asked.text
    assert contact_states(db, world)["ana@gmial.com"] is ContactState.CONFIRMED
    (entry,) = acts(db, "contact.added")
    assert "ana" not in entry.details


def test_a_contact_that_leads_nowhere_is_refused_with_words(
    world: World, client: TestClient, csrf: str
) -> None:
    for kind, value, words in (
        ("email", "ana", "no lleva arroba"),
        ("mobile", "55 1234", "menos de 10 dígitos"),
        ("paloma", "x", "Elija qué es"),
    ):
        form = {"csrf": csrf, "kind": kind, "value": value, "given_by": "school"}
        answer = client.post(f"{card(world)}/contactos", data=form)

        assert (answer.status_code, words in answer.text) == (422, True), words
        assert f'value="{value}"' in answer.text


def test_a_contact_is_confirmed_or_given_up_once(
    world: World, client: TestClient, csrf: str, db: Database
) -> None:
    contact = f"{card(world)}/contactos/{world.ids[SCHOOL_A]['contact_id']}"
    told = []
    for act in ("confirmar", "muerto", "retirar", "confirmar"):
        answer = client.post(f"{contact}/{act}", data={"csrf": csrf})
        (state,) = contact_states(db, world).values()
        told.append((answer.headers["location"].partition("=")[2], state))

    assert told == [
        ("confirmado", ContactState.CONFIRMED),
        ("muerto", ContactState.DEAD),
        ("no_usado", ContactState.DEAD),
        ("no_usado", ContactState.DEAD),
    ]


def test_only_the_person_brings_back_what_they_withdrew(
    world: World, client: TestClient, csrf: str, db: Database
) -> None:
    contacts = f"{card(world)}/contactos"
    form = {"csrf": csrf, "kind": "mobile", "value": "55 1234 5678", "given_by": "school"}
    client.post(contacts, data=form)
    with db.reading() as session:
        mobile = session.exec(
            select(ContactPoint.id).where(ContactPoint.kind == ContactKind.MOBILE)
        ).one()
    client.post(f"{contacts}/{mobile}/retirar", data={"csrf": csrf})

    by_school = client.post(contacts, data=form).headers["location"]
    still = contact_states(db, world)["+525512345678"]
    client.post(contacts, data={**form, "given_by": "person"})

    assert by_school.endswith("?hecho=retirado")
    assert still is ContactState.WITHDRAWN
    assert contact_states(db, world)["+525512345678"] is ContactState.CONFIRMED


def test_a_contact_of_somebody_else_is_not_found(
    world: World, client: TestClient, csrf: str, db: Database, now: datetime
) -> None:
    (zoe,) = add_people(db, world, Someone("Zoe"), now=now)
    own = world.ids[SCHOOL_A]["contact_id"]

    answer = client.post(f"/panel/personas/{zoe}/contactos/{own}/muerto", data={"csrf": csrf})

    assert answer.status_code == 404
    assert set(contact_states(db, world).values()) == {ContactState.UNCONFIRMED}


def test_messages_stop_and_begin_again_but_not_against_the_law(
    world: World, client: TestClient, csrf: str, db: Database, now: datetime
) -> None:
    member_id = UUID(world.ids[SCHOOL_A]["member_id"])

    def silent() -> bool:
        with db.reading() as session:
            return session.get(OptOut, member_id) is not None

    seen = []
    for path in ("baja", "baja", "reanudar"):
        client.post(f"{card(world)}/{path}", data={"csrf": csrf})
        seen.append(silent())
    with db.unit_of_work() as session:
        noes.object_by_law(session, member_id, now=now)
    refused = client.post(f"{card(world)}/reanudar", data={"csrf": csrf})

    assert seen == [True, True, False]
    assert len(acts(db, "person.opted_out")) == 1
    assert silent()
    assert "hecho=por_ley" in refused.headers["location"]
    assert "Escribirle otra vez" not in client.get(card(world)).text


# --- merge, corrections, transfers ------------------------------------------------------------


def a_double(db: Database, world: World, *, now: datetime, **values: str) -> UUID:
    """A second card of Ana of plantel A."""
    (double,) = add_people(db, world, Someone("Ana"), now=now)
    with db.unit_of_work() as session:
        member = session.get_one(PanelMember, double)
        for name, value in {**values, "name_hash": KEYS.name("plantel a ana")}.items():
            setattr(member, name, value)
    return double


def test_two_cards_are_compared_then_made_one(
    world: World, client: TestClient, csrf: str, db: Database, now: datetime
) -> None:
    double = a_double(db, world, now=now)
    unite = f"{card(world)}/unir"

    choose = client.get(unite).text
    both = client.post(unite, data={"csrf": csrf, "other": str(double)})
    before = member_of(db, double).merged_into
    done = client.post(unite, data={"csrf": csrf, "other": str(double), "confirm": "1"})

    assert str(double) in choose  # a namesake, offered
    assert "Tiene el mismo nombre en la misma generación" in both.text
    assert (both.status_code, before) == (200, None)
    assert done.headers["location"] == f"{card(world)}?hecho=unido"
    assert str(member_of(db, double).merged_into) == world.ids[SCHOOL_A]["member_id"]
    assert client.get(f"/panel/personas/{double}").headers["location"] == card(world)
    assert client.post(f"/panel/personas/{double}/baja", data={"csrf": csrf}).status_code == 404
    assert len(contact_states(db, world)) == 2
    (entry,) = acts(db, "people.merged")
    assert entry.details == f'{{"merged": "{double}", "moved": ["contact_point"]}}'


def test_a_doubtful_merge_asks_for_the_documents(
    world: World, client: TestClient, csrf: str, db: Database, now: datetime
) -> None:
    double = a_double(db, world, now=now, student_id="0099", birth_date="2006-01-01")
    unite, form = f"{card(world)}/unir", {"csrf": csrf, "text": "0099"}

    found = client.post(unite, data=form)
    refused = client.post(unite, data={**form, "confirm": "1"})
    still = member_of(db, double).merged_into
    client.post(unite, data={**form, "confirm": "1", "checked": "1"})

    assert "nacieron en fechas distintas" in found.text
    assert (refused.status_code, still) == (422, None)
    assert member_of(db, double).merged_into is not None


def test_nobody_is_merged_with_themselves_or_with_another_school(
    world: World, client: TestClient, csrf: str
) -> None:
    unite = f"{card(world)}/unir"
    for text in ("", "no-existe", "0007", CURPS[SCHOOL_A], CURPS[SCHOOL_B]):
        answer = client.post(unite, data={"csrf": csrf, "text": text})

        assert (answer.status_code, f'value="{text}"' in answer.text) == (422, True), text
    own, foreign = (world.ids[school]["member_id"] for school in (SCHOOL_A, SCHOOL_B))
    form = {"csrf": csrf, "confirm": "1", "checked": "1"}
    assert client.post(unite, data={**form, "other": foreign}).status_code == 404
    assert client.post(unite, data={**form, "other": own}).status_code == 409


def test_what_a_person_calls_wrong_is_listed_read_and_settled(
    world: World, client: TestClient, csrf: str, db: Database
) -> None:
    request = f"{card(world)}/correcciones/{world.ids[SCHOOL_A]['request_id']}/atender"
    before, listed = client.get("/panel/personas").text, client.get("/panel/correcciones").text

    client.post(request, data={"csrf": csrf})
    client.post(request, data={"csrf": csrf})
    foreign = f"{card(world)}/correcciones/{world.ids[SCHOOL_B]['request_id']}/atender"

    assert client.post(foreign, data={"csrf": csrf}).status_code == 404
    assert "1 persona dice que sus datos no están bien" in before
    assert (card(world) in listed, WRONG in listed) == (True, False)
    assert card(world) not in client.get("/panel/correcciones").text
    assert len(acts(db, "correction.settled")) == 1
    with db.reading() as session:
        other = session.get_one(CorrectionRequest, UUID(world.ids[SCHOOL_B]["request_id"]))
        assert other.settled_at is None


def test_the_school_that_has_a_person_decides_on_the_transfer_once(
    world: World, client: TestClient, csrf: str, db: Database
) -> None:
    transfer = f"/panel/traslados/{world.ids[SCHOOL_A]['transfer_id']}"

    undecided = client.post(transfer, data={"csrf": csrf})
    client.post(transfer, data={"csrf": csrf, "decision": "si"})
    client.post(transfer, data={"csrf": csrf, "decision": "no"})

    assert undecided.status_code == 422
    with db.reading() as session:
        row = session.get_one(TransferRequest, UUID(world.ids[SCHOOL_A]["transfer_id"]))
        assert row.accepted is True
    assert len(acts(db, "transfer.decided")) == 1
    assert "Aceptado" in client.get("/panel/traslados").text
