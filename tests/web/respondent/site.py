"""A site with one wave in the field, asked through HTTP as a browser would."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from app.db.transactions import Database
from app.questionnaires.leaves import Leaf
from app.settings import Environment, Settings
from app.web.main import create_app
from tests.conftest import DATA_KEYS, SECRET_KEYS
from tests.responses.people import DURING, Field, Person, a_field, a_person

BASE = "http://127.0.0.1:8000"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


@dataclass(slots=True)
class Clock:
    """A clock that the test moves."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(slots=True)
class Site:
    """The application over a database, with the wave of one questionnaire."""

    db: Database
    number: int
    clock: Clock = field(init=False)
    wave: Field = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(DURING[self.number])
        self.app = create_app(settings(), self.db, self.clock)
        with self.db.unit_of_work() as session:
            self.wave = a_field(session, self.number)

    def person(self, name: str = "Alicia", **known: str) -> Person:
        with self.db.unit_of_work() as session:
            return a_person(session, self.wave, name=name, **known)

    def device(self) -> "Device":
        return Device(TestClient(self.app, base_url=BASE, follow_redirects=False))


def settings() -> Settings:
    """Settings of a test deployment on plain http."""
    return Settings(
        environment=Environment.DEVELOPMENT,
        database_url="",
        data_dir=Path("var"),
        base_url=BASE,
        secret_keys=SECRET_KEYS,
        data_keys=DATA_KEYS,
    )


@dataclass(slots=True)
class Seen:
    """A page as it came."""

    status: int
    url: str
    body: str

    @property
    def title(self) -> str:
        found = _TITLE.search(self.body)
        return html.unescape(found.group(1)) if found else ""

    @property
    def hidden(self) -> dict[str, str]:
        """Hidden fields of the form of the step, or of the last form."""
        start = self.body.rfind("<form", 0, self.body.rfind("</form>"))
        start = self.body.find("novalidate") if "novalidate" in self.body else start
        end = self.body.find("</form>", start)
        found = _HIDDEN.findall(self.body[start:end])
        return {name: html.unescape(value) for name, value in found}

    @property
    def step(self) -> str:
        return self.hidden.get("paso", "")


@dataclass(slots=True)
class Device:
    """A browser: a phone, a school computer."""

    client: TestClient
    cookies: bool = True

    def get(self, path: str) -> Seen:
        response = self.client.get(path)
        hops = 0
        while response.status_code in {302, 303, 307} and hops < 5:
            response = self.client.get(response.headers["location"])
            hops += 1
        return Seen(response.status_code, str(response.url), response.text)

    def post(self, path: str, data: Mapping[str, str | Sequence[str]]) -> Seen:
        response = self.client.post(path, data=dict(data))
        if not self.cookies:
            self.client.cookies.clear()
        if response.status_code == 307:
            return self.post(response.headers["location"], data)
        if response.status_code in {302, 303}:
            return self.get(response.headers["location"])
        return Seen(response.status_code, str(response.url), response.text)

    def begin(self, person: Person) -> Seen:
        """Open the link and press Comenzar."""
        start = self.get(f"/e/{person.token}")
        assert start.status == 200, start.body
        if not self.cookies:
            self.client.cookies.clear()
        return self.post(f"/e/{person.token}", {"t": person.token})

    def answer(self, page: Seen, **typed: str | Sequence[str]) -> Seen:
        """Fill in the step on `page` and press its button."""
        return self.post("/responder", {**page.hidden, **typed})


def filled(leaf: Leaf) -> str:
    """Something that an open question takes."""
    return {"integer": "20", "phone": "55 1234 5678", "email": "ana@correo.test"}.get(
        leaf.type.value, "Algo que contar"
    )
