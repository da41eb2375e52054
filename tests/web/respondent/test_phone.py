"""What a phone asks and sends: its own state, and answers that waited, in any order and twice."""

import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.db.transactions import Database
from app.fieldwork.tables import Case
from app.responses.clashing import COUNTED_FROM
from app.responses.tables import Answer, AnswerRevision, Response
from tests.responses.people import CLOSES, Person
from tests.web.respondent.site import Device, Site

Fields = dict[str, list[str]]


class Phone:
    """The script's side of the conversation."""

    def __init__(self, site: Site, person: Person) -> None:
        self.site, self.device = site, site.device()
        self.device.begin(person)
        self.state = self.device.client.get("/responder/estado").json()
        self.keys = itertools.count(1)

    def record(self, step: str, fields: Fields, *, later: int = 0) -> dict[str, object]:
        """One step as it waits, typed `later` seconds from now."""
        typed = self.site.clock.at + timedelta(seconds=later)
        return {
            "k": f"{self.state['k']}-{next(self.keys):08}",
            "p": step,
            "r": int((typed - COUNTED_FROM).total_seconds()),
            "v": [],
            "t": fields,
        }

    def send(self, *records: object) -> tuple[int, list[dict[str, Any]]]:
        """Status, and what became of each record."""
        body = json.dumps({"s": self.state["s"], "w": records})
        answer = self.device.client.post("/responder/guardar", content=body)
        return answer.status_code, answer.json().get("l", [])


@pytest.fixture
def site(db: Database) -> Site:
    return Site(db, 2)


def stored(db: Database, person: Person) -> dict[str, tuple[object, int | None]]:
    statement = (
        select(Answer)
        .join(Response, col(Response.id) == col(Answer.response_id))
        .where(col(Response.case_id) == person.case_id)
    )
    with db.reading() as session:
        return {row.variable: (row.value, row.missing) for row in session.exec(statement)}


def given(answers: dict[str, tuple[object, int | None]]) -> dict[str, object]:
    """Without "no aplica", which is written for what a person has passed, in whatever order."""
    return {name: value for name, (value, missing) in answers.items() if missing != -1}


def notice(phone: Phone) -> dict[str, object]:
    return phone.record("aviso_q2", {"aviso_q2": ["1"]})


def a_run(phone: Phone) -> list[dict[str, object]]:
    """Five steps, one of them answered again."""
    return [
        notice(phone),
        phone.record("municipio_residencia", {"municipio_residencia": ["Tonalá"]}, later=1),
        phone.record("certificado_ems", {"certificado_ems": ["2"]}, later=2),
        phone.record("estudia", {"estudia": ["1"]}, later=3),
        phone.record("trabaja", {"trabaja": ["4"]}, later=4),
        phone.record("estudia", {"estudia": ["5"]}, later=5),
    ]


def test_the_state_is_the_persons_own_and_small(site: Site) -> None:
    phone = Phone(site, site.person())

    assert set(phone.state) == set("sxbkornacfwvdph")
    assert phone.state["n"] == "CBTis 137, Ñuñoa"
    assert phone.state["v"]["tipo_bachillerato"] in {1, 2, 3, None}
    assert "lunes" in phone.state["p"]
    assert len(json.dumps(phone.state)) < 3_000


def test_nobody_else_gets_a_state(site: Site) -> None:
    stranger = site.device()

    answer = stranger.client.get("/responder/estado")

    assert answer.status_code == 403
    assert answer.json().keys() == {"z"}


def test_answers_are_kept_and_a_repeat_changes_nothing(site: Site, db: Database) -> None:
    person = site.person()
    phone = Phone(site, person)
    run = a_run(phone)

    first = phone.send(*run)
    kept = stored(db, person)
    again = phone.send(*run)

    assert first[0] == again[0] == 200
    assert first[1] == again[1] == [{"k": each["k"], "d": True} for each in run]
    assert stored(db, person) == kept
    assert (kept["estudia"], kept["trabaja"]) == ((5, None), (4, None))
    with db.reading() as session:
        assert len(session.exec(select(AnswerRevision)).all()) == len(run)


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_duplicates_end_the_same(site: Site, db: Database, seed: int) -> None:
    chance = random.Random(seed)
    in_order, disorderly = site.person("Alicia"), site.person("Beto")
    phone = Phone(site, in_order)
    phone.send(*a_run(phone))
    other = Phone(site, disorderly)
    run = a_run(other)
    other.send(run[0])
    waiting = chance.sample(run, len(run)) + chance.choices(run, k=4)
    for _ in range(3):  # what is closed for now is sent again, as the script does
        for each in waiting:
            other.send(each)

    assert given(stored(db, disorderly)) == given(stored(db, in_order)) != {}


def test_two_devices_with_the_same_count_ask_the_person(site: Site, db: Database) -> None:
    person = site.person()
    one, other = Phone(site, person), Phone(site, person)
    one.send(notice(one), one.record("certificado_ems", {"certificado_ems": ["1"]}, later=9))

    status, said = other.send(other.record("certificado_ems", {"certificado_ems": ["2"]}, later=9))

    assert status == 409
    (result,) = said
    assert result["b"] == "Está en trámite"
    assert "otro dispositivo" in result["a"]  # not shown before the second check
    assert stored(db, person)["certificado_ems"] == (1, None)
    chosen = other.record("certificado_ems", {"certificado_ems": ["2"]}, later=20)
    assert other.send(chosen)[0] == 200
    assert stored(db, person)["certificado_ems"] == (2, None)


def test_an_older_answer_of_a_phone_does_not_replace_one_of_a_page(
    site: Site, db: Database
) -> None:
    """Whoever opens the link again elsewhere answers in our own pages, and typed last there."""
    person = site.person()
    tunnel = Phone(site, person)
    tunnel.send(notice(tunnel))
    waiting = tunnel.record("certificado_ems", {"certificado_ems": ["1"]}, later=3)
    site.clock.pass_(seconds=9)
    other = site.device()
    other.begin(person)
    town = other.get("/responder?paso=municipio_residencia")
    typed = {"municipio_residencia": "Zapopan", "municipio_residencia.estado": "14"}
    other.answer(other.answer(town, **typed), certificado_ems="2")

    status, (result,) = tunnel.send(waiting)

    assert status == 409
    assert result["b"] == "Sí"
    assert stored(db, person)["certificado_ems"] == (2, None)


def test_what_was_typed_before_the_close_is_taken_for_72_hours(site: Site, db: Database) -> None:
    person = site.person()
    phone = Phone(site, person)
    early = [notice(phone), phone.record("certificado_ems", {"certificado_ems": ["3"]}, later=1)]
    at = site.clock.at
    days = (CLOSES[2] - at.date()).days

    site.clock.pass_(days=days + 2)
    late = phone.record("estudia", {"estudia": ["1"]}, later=0)
    taken = phone.send(*early)
    refused = phone.send(late)
    site.clock.pass_(days=2)
    too_late = phone.send(early[0])

    assert taken[0] == 200
    assert stored(db, person)["certificado_ems"] == (3, None)
    assert refused[0] == 410
    assert too_late[0] == 403
    with db.reading() as session:
        row = session.exec(
            select(AnswerRevision).where(AnswerRevision.step == "certificado_ems")
        ).one()
    assert row.client_at is not None
    assert row.client_at < row.at - timedelta(days=days)  # the flag: typed then, kept now


def test_answers_of_somebody_else_stay_where_they_are(site: Site) -> None:
    mine, theirs = Phone(site, site.person("Alicia")), Phone(site, site.person("Beto"))

    status, said = mine.send(notice(mine), theirs.record("estudia", {"estudia": ["1"]}))

    assert status == 200
    assert [set(each) for each in said] == [{"k", "d"}, {"k", "f"}]


def test_a_fault_says_where_and_keeps_nothing(site: Site, db: Database) -> None:
    person = site.person()
    phone = Phone(site, person)

    _, said = phone.send(notice(phone), phone.record("estudia", {}, later=1))

    _, result = said
    assert [(each["v"], each["c"], each["h"]) for each in result["e"]] == [
        ("estudia", "required", True)
    ]
    assert "estudia" not in stored(db, person)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"s": 1, "w": []}', b'{"s": "x"}', b"NaN", b"[" * 5000, b"\xff\xfe"],
)
def test_strange_bodies_are_refused(site: Site, body: bytes) -> None:
    answer = site.device().client.post("/responder/guardar", content=body)

    assert answer.status_code == 422
    assert answer.json().keys() == {"z"}


def test_a_damaged_record_is_dropped_and_the_rest_kept(site: Site, db: Database) -> None:
    person = site.person()
    phone = Phone(site, person)
    damaged: list[object] = [{"k": "x"}, 7, {**notice(phone), "r": -1}, {**notice(phone), "t": []}]

    status, said = phone.send(
        *damaged,
        notice(phone),
        phone.record("certificado_ems", {"certificado_ems": ["1"]}, later=1),
    )

    assert status == 200
    assert all(each["d"] for each in said)
    assert stored(db, person)["certificado_ems"] == (1, None)


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "x" * 10_500, "🦙" * 130])
def test_texts_no_store_takes_are_no_crash(site: Site, text: str) -> None:
    phone = Phone(site, site.person())

    status, _ = phone.send(
        notice(phone), phone.record("municipio_residencia", {"municipio_residencia": [text]})
    )

    assert status == 200


def test_the_whole_document_goes_only_to_a_browser_with_the_script(site: Site) -> None:
    person = site.person()
    plain, scripted = site.device(), site.device()
    steps = plain.begin(person)
    scripted.client.cookies.set("trayecto_js", "1")
    scripted.client.get(f"/e/{person.token}")
    whole = Device(scripted.client).post(f"/e/{person.token}", {"t": person.token})

    assert "<template>" not in steps.body
    assert "<template>" in whole.body
    assert str(person.case_id) not in whole.body


def test_a_document_that_the_browser_has_is_not_sent_again(site: Site) -> None:
    phone = Phone(site, site.person())
    phone.device.client.cookies.set("trayecto_js", "1")
    first = phone.device.client.get("/responder")

    again = phone.device.client.get("/responder", headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_opening_the_document_writes_nothing(site: Site, db: Database) -> None:
    person = site.person()
    phone = Phone(site, person)
    before = moved(db, person.case_id)

    phone.device.client.cookies.set("trayecto_js", "1")
    phone.device.client.get("/responder")
    phone.device.client.get("/responder/estado")

    assert moved(db, person.case_id) == before
    assert stored(db, person) == {}


def moved(db: Database, case_id: UUID) -> object:
    with db.reading() as session:
        case = session.get_one(Case, case_id)
        return (case.disposition, case.first_answer_at, case.completed_at)


@pytest.mark.slow
def test_fifty_phones_behind_one_address_all_arrive(site: Site, db: Database) -> None:
    phones = [Phone(site, site.person(f"Persona {number}")) for number in range(50)]
    runs = [a_run(phone) for phone in phones]

    with ThreadPoolExecutor(50) as pool:
        sent = list(pool.map(lambda each: each[0].send(*each[1]), zip(phones, runs, strict=True)))

    assert [status for status, _ in sent] == [200] * 50
    assert all(result["d"] for _, results in sent for result in results)
    with db.reading() as session:
        assert len(session.exec(select(Response)).all()) == 50
        assert len(session.exec(select(AnswerRevision)).all()) == 50 * 6
