"""After a whole day of work: no link, CURP, address or name in logs, addresses or database.

Issue 3, acceptance 8. The day has something to leak: a list with two people comes in by the
page, its graduates are confirmed, the clock opens a wave, letters leave, one person answers
and gives a new address, staff look everybody up. Then everything written is searched.
"""

import logging
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import ContactPoint, PanelMember
from app.fieldwork.tables import Case
from app.messaging.tables import MailboxMessage
from app.responses.tables import Answer
from app.settings import Settings
from app.staff import invitations
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.units.importing import import_units
from app.web import security
from app.web.main import create_app
from tests.browser.no_script import StepForm
from tests.conftest import DATA_KEYS
from tests.directory.builders import a_curp
from tests.web.respondent.site import BASE, Clock, Device
from tests.web.world import SCHOOL_A, settings_for
from tests.worker.deployments import a_tick

JULY = datetime(2026, 7, 20, 16, tzinfo=UTC)
OPENING = datetime(2026, 10, 1, 18, tzinfo=UTC)  # Thursday, noon in Mexico City
CURPS = (a_curp("ZUIH", "080301", "MDFBRRA"), a_curp("QUEB", "080912", "HDFTXRA"))
OFFICER, PASSWORD = "eufrosina.tlalpan@escuela.mx", "una frase larga y propia 71"
NEW_MAIL, NEW_PHONE = "hermenegilda.nueva@correo.mx", "5598761234"
TYPED = {
    "contacto_vigente": "2", "celular": NEW_PHONE, "correo_vigente": "2",
    "correo_personal": NEW_MAIL, "municipio_residencia": "Puebla",
}  # fmt: skip
HEADINGS = "CURP;MATRÍCULA;NOMBRE(S);PRIMER APELLIDO;GRUPO;CORREO;CELULAR;EGRESÓ"
ROSTER = (
    f"{HEADINGS}\r\n"
    f"{CURPS[0]};20230171;Hermenegilda;Zubizarreta;6A;hermenegilda.z@correo.mx;5512345678;SÍ\r\n"
    f"{CURPS[1]};20230172;Baltasar;Quetzalcóatl;6A;baltasar.q@correo.mx;5587654321;SÍ\r\n"
)
PERSONAL = (
    *CURPS, "Hermenegilda", "Zubizarreta", "Baltasar", "Quetzalcóatl", "quetzalcoatl",
    "hermenegilda.z@correo.mx", "baltasar.q@correo.mx", "5512345678", "5587654321",
    NEW_MAIL, NEW_PHONE, OFFICER, "eufrosina", PASSWORD,
)  # fmt: skip
OURS = re.compile(r"trayecto|app\b|uvicorn|sqlalchemy|aiosmtp|mail|root")


class Ears(logging.Handler):
    """Everything our process says, with its traces; not what the test's own client says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if OURS.match(record.name):
            self.said.append(logging.Formatter().format(record))


@pytest.fixture
def ears() -> Iterator[Ears]:
    """The root logger at the level of production."""
    heard, root = Ears(), logging.getLogger()
    before = root.level
    root.addHandler(heard)
    root.setLevel(logging.INFO)
    yield heard
    root.removeHandler(heard)
    root.setLevel(before)


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: its file holds everything that was ever written."""
    path = tmp_path / "day.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


def a_browser(db: Database, settings: Settings, clock: Clock) -> tuple[TestClient, list[str]]:
    """A browser, and every address it gets sent to."""
    browser = TestClient(create_app(settings, db, clock), base_url=BASE, follow_redirects=False)
    addresses: list[str] = []
    browser.event_hooks["response"].append(
        lambda answer: addresses.extend(filter(None, [answer.headers.get("location")]))
    )
    return browser, addresses


def an_officer(db: Database, browser: TestClient, *, now: datetime) -> str:
    """An invitation taken up through the page; returns its token."""
    with db.unit_of_work() as session:
        import_units(session, f"code,name,kind,parent\n{SCHOOL_A},CETIS Uno,school,\n".encode())
    with db.unit_of_work() as session:
        wanted = WantedGrant(SCHOOL_A, Role.OFFICER)
        invited = invitations.invite(
            session, OFFICER, wanted, keys=staff_keys(DATA_KEYS), by=None, now=now
        )
    assert invited.token is not None
    chosen = {"password": PASSWORD}
    assert browser.post(f"/panel/invitacion/{invited.token}", data=chosen).status_code == 303
    return invited.token


def enter(browser: TestClient) -> str:
    """Sign in by the page; returns the token of its forms."""
    typed_in = {"email": OFFICER, "password": PASSWORD}
    assert browser.post("/panel/entrar", data=typed_in).status_code == 303
    cookie = browser.cookies[security.cookie_name(security.STAFF_COOKIE, secure=False)]
    return security.form_token(cookie)


def a_list(browser: TestClient, csrf: str, kind: str) -> None:
    form = {"csrf": csrf, "unit": SCHOOL_A, "generation": "2023-2026", "kind": kind}
    files = {"file": ("lista.csv", ROSTER.encode("cp1252"))}
    page = browser.post("/panel/listas", data=form, files=files).headers["location"]
    assert browser.get(page).status_code == 200
    assert browser.post(f"{page}/aplicar", data={"csrf": csrf}).status_code == 303


def answer_all(device: Device, token: str) -> str:
    """The last page: everything is answered with its first option, or as TYPED says."""
    device.get(f"/e/{token}")
    page = device.post(f"/e/{token}", {"t": token})
    while "novalidate" in page.body:
        form = StepForm(page.body)
        first = {name: values[0] for name, values in form.options.items()}
        page = device.post("/responder", {**form.hidden, **first, **typed(form.hidden["paso"])})
    return page.body


def typed(step: str) -> dict[str, str]:
    return {step: TYPED[step]} if step in TYPED else {}


def test_a_day_of_work_leaves_no_trace_of_anybody(
    db: Database, database_url: str, ears: Ears
) -> None:
    clock, settings = Clock(JULY), settings_for(database_url, base_url=BASE)
    staff, staff_addresses = a_browser(db, settings, clock)
    invitation = an_officer(db, staff, now=clock())
    csrf = enter(staff)
    a_list(staff, csrf, "roster")
    a_list(staff, csrf, "confirmation")
    clock.at = OPENING
    assert a_tick(db, settings, OPENING).sent == 2
    tokens = links_kept(db)
    phone, phone_addresses = a_browser(db, settings, clock)
    assert "racias" in answer_all(Device(phone), tokens[0])
    phone.get(f"/e/{tokens[1]}")
    csrf = enter(staff)
    for asked in (CURPS[1], "Quetzalcóatl"):
        found = staff.post("/panel/personas", data={"csrf": csrf, "text": asked})
        assert "Baltasar" in found.text, asked
    with db.reading() as session:
        people = session.exec(select(PanelMember)).all()
        assert {one.given_name for one in people} == {"Hermenegilda", "Baltasar"}
        assert session.exec(select(Answer)).first() is not None
        kept = {point.value for point in session.exec(select(ContactPoint))}
    for person in people:
        assert staff.get(f"/panel/personas/{person.id}").status_code == 200
    assert NEW_MAIL in kept  # there was something to leak

    secrets = (*PERSONAL, *tokens, invitation)
    db.dispose()
    assert found_in("\n".join(ears.said), secrets) == []
    assert found_in("\n".join(staff_addresses + phone_addresses), secrets) == []
    assert found_in(dump(database_url), secrets) == []
    assert len(ears.said) > 20


def links_kept(db: Database) -> list[str]:
    """Out of the mailbox that development has in place of a mail server."""
    with db.unit_of_work() as session:
        rows = session.exec(select(MailboxMessage)).all()
        found = [re.findall(rb"/e/([A-Za-z0-9_-]{22})", row.content)[0].decode() for row in rows]
        assert session.exec(select(Case)).first() is not None
    return found


def dump(database_url: str) -> str:
    """The database as text, as hexadecimal of its blobs, and as bytes of its file and journal."""
    path = Path(database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        text = "\n".join(connection.iterdump())
    raw = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return text + raw.decode("latin-1")


def found_in(text: str, secrets: tuple[str, ...]) -> list[str]:
    """What of `secrets` occurs, plain, in hexadecimal, or as UTF-8 read as latin-1."""
    folded = text.casefold()
    return [
        secret
        for secret in secrets
        if any(
            form.casefold() in folded
            for form in (secret, secret.encode().hex(), secret.encode().decode("latin-1"))
        )
    ]
