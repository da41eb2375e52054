"""An option tapped in a letter is only marked: looking writes nothing, and one may change it."""

import re

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.responses.tables import Answer
from app.web.respondent.phone import SCRIPT_COOKIE
from tests.responses.people import Person
from tests.web.respondent.site import Device, Seen, Site
from tests.web.respondent.test_answering import CORE, contents


def tap(device: Device, person: Person, code: str) -> Seen:
    """Open the link behind an option and press Comenzar."""
    start = device.get(f"/e/{person.token}?o={code}")
    return device.post(f"/e/{person.token}", start.hidden)


def to_estudia(device: Device, page: Seen) -> Seen:
    for name, value in CORE:
        assert page.step == name
        page = device.answer(page, **{name: value})
    assert page.step == "estudia"
    return page


def marked(page: Seen) -> list[str]:
    inputs = re.findall(r"<input[^>]*name=\"estudia\"[^>]*>", page.body)
    return [re.findall(r'value="(\d+)"', one)[0] for one in inputs if "checked" in one]


def kept(db: Database) -> list[str]:
    with db.reading() as session:
        return [row.variable for row in session.exec(select(Answer))]


def test_it_is_marked_and_not_kept_until_continue(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    before = contents(db)

    start = device.get(f"/e/{person.token}?o=2")

    assert contents(db) == before
    assert "Sí, técnico superior (TSU)" in start.body
    page = to_estudia(device, tap(device, person, "2"))
    assert marked(page) == ["2"]
    assert "estudia" not in kept(db)

    following = device.answer(page, estudia="5")

    assert "estudia" in kept(db)
    assert following.step == "trabaja"
    assert marked(device.get("/responder?paso=estudia")) == ["5"]


@pytest.mark.parametrize("code", ["9", "97", "x", "%3Cb%3E", "1" * 50, ""])
def test_what_is_no_option_is_ignored(db: Database, code: str) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()

    start = device.get(f"/e/{person.token}?o={code}")

    assert start.status == 200
    assert "Elegiste" not in start.body
    assert "o" not in start.hidden
    device.post(f"/e/{person.token}", {**start.hidden, "o": code})
    assert marked(to_estudia(device, device.get("/responder"))) == []


def test_the_phone_marks_it_too(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    device.client.cookies.set(SCRIPT_COOKIE, "1")

    tap(device, person, "3")

    state = device.client.get("/responder/estado").json()
    assert state["w"] == {"estudia": ["3"]}
    assert "estudia" not in state["f"]
    assert kept(db) == []


def test_without_cookies_the_questionnaire_begins_all_the_same(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    device.cookies = False
    start = device.get(f"/e/{person.token}?o=2")
    device.client.cookies.clear()

    page = device.post(f"/e/{person.token}", start.hidden)

    assert page.step == "aviso_q2"
