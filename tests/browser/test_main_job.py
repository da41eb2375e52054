"""The main job, end to end: a real roster, a real mail server, a real browser.

A list of control escolar in cp1252 becomes a directory; the clock opens Questionnaire 2;
the worker's tick sends through an SMTP server in another process; the link is taken from
the bytes that arrived; people answer with script, without it and by HTTP; a member of
staff reads rate and outcome. Everything but the browser runs as an operator runs it.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine, make_url, text
from sqlmodel import select

from app.db.engine import make_engine
from app.db.transactions import Database
from app.fieldwork.tables import Wave
from app.settings import Secret
from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.web import security
from app.web.main import create_app
from tests.browser.conftest import PHONE, Watch, keep_screenshot
from tests.browser.no_script import answer_everything
from tests.browser.pressing import press
from tests.services import free_port, wait_for
from tests.web.respondent.test_browser_walk import fill_in, fill_without_script
from tests.web.world import settings_for
from tests.worker.deployments import MailServer, a_mail_server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
LARGE, SMALL = "09DCT0001A", "09DCT0007G"
UNITS = (
    f"code,name,kind,parent\n{LARGE},CBTIS Uno,school,\n{SMALL},Telebachillerato Siete,school,\n"
)
NOON = datetime(2026, 10, 1, 18, tzinfo=UTC)  # Thursday, noon in Mexico City
ANSWERS = {
    "aviso_q2": "1",
    "certificado_ems": "1",
    "estudia": "1",
    "trabaja": "4",
    "autoriza_seguimiento": "2",
    "autoriza_ofertas": "2",
}


def roster() -> bytes:
    """30 people of one school and 7 of another, as Excel in Mexico saves it."""
    lines = [
        "LISTA DE ALUMNOS;;;;;;;",
        "MATRÍCULA;NOMBRE(S);PRIMER APELLIDO;GRUPO;CCT;GENERACIÓN;CORREO;EGRESÓ",
    ]
    for number in range(37):
        cct = LARGE if number < 30 else SMALL
        lines.append(
            f"{number:04};Íñigo {chr(65 + number % 26)};Muñoz Peña;6A;{cct};2023-2026;"
            f"persona{number}@correo.mx;SÍ"
        )
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


@dataclass(slots=True)
class Office:
    """A deployment of its own: commands as an operator types them, and its settings."""

    folder: Path
    url: str
    smtp: str
    base_url: str

    def run(self, *words: str) -> str:
        environ = {name: value for name, value in os.environ.items() if "TRAYECTO" not in name}
        done = subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=ROOT,
            env={
                **environ,
                "TRAYECTO_ENVIRONMENT": "development",
                "TRAYECTO_DATABASE_URL": self.url,
                "TRAYECTO_DATA_DIR": str(self.folder),
                "TRAYECTO_SMTP_URL": self.smtp,
                "TRAYECTO_MAIL_FROM": "seguimiento@escuela.mx",
                "TRAYECTO_BOUNCE_DOMAIN": "rebotes.escuela.mx",
                "TRAYECTO_BASE_URL": self.base_url,
                "TRAYECTO_SECRET_KEYS": "s1:" + "s" * 40,
                "TRAYECTO_DATA_KEYS": "t1:" + "d" * 40,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'journey.db'}"
        return
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is None:
        pytest.skip("PostgreSQL runs in make test")
    name = f"journey_{os.getpid()}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'create database "{name}"'))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'drop database "{name}" with (force)'))
    admin.dispose()


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    folder = tmp_path / "mail"
    folder.mkdir()
    with a_mail_server(folder) as found:
        yield found


@pytest.fixture
def office(bare_url: str, mail: MailServer, tmp_path: Path) -> Office:
    return Office(tmp_path, bare_url, mail.url, f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def pages(office: Office) -> Iterator[Database]:
    """The web of the deployment, standing at noon of the opening day."""
    settings = replace(
        settings_for(office.url, base_url=office.base_url),
        secret_keys=(Secret("s1", b"s" * 40),),
        data_keys=(Secret("t1", b"d" * 40),),
    )
    database = Database(make_engine(office.url, settings.data_keys))
    app = create_app(settings, database, lambda: NOON)
    port = int(office.base_url.rpartition(":")[2])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(port)
    yield database
    server.should_exit = True
    thread.join(10)
    database.dispose()


def links_received(mail: MailServer) -> dict[str, str]:
    """Token by recipient, out of the bytes that arrived."""
    found = {}
    for message in mail.received():
        (link,) = set(re.findall(r"/e/([A-Za-z0-9_-]{22})", message.text))
        found[message.recipient] = link
    return found


def answer_in_chromium(chromium: Browser, office: Office, token: str, *, script: bool) -> None:
    context = chromium.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        java_script_enabled=script,
        locale="es-MX",
    )
    page = context.new_page()
    watch = Watch(office.base_url)
    watch.follow(page)
    fill: Callable[[Page], None] = (
        (lambda page: fill_in(page, last=False)) if script else fill_without_script
    )
    page.goto(f"{office.base_url}/e/{token}")
    press(page.locator("text=Comenzar"))
    for _ in range(150):
        if "racias" in page.inner_text("main"):
            break
        if page.locator("form[novalidate]").count():
            fill(page)
            page.locator("form[novalidate] button").first.click()
        page.wait_for_timeout(100)  # the phone sends what it kept, then says thanks
    assert "racias" in page.inner_text("main")
    keep_screenshot(page, f"recibo_{'con' if script else 'sin'}_script")
    context.close()
    assert watch.complaints == []


def test_the_main_job(
    office: Office,
    mail: MailServer,
    tmp_path: Path,
    chromium: Browser,
    request: pytest.FixtureRequest,
) -> None:
    (tmp_path / "unidades.csv").write_text(UNITS, "utf-8")
    (tmp_path / "lista.csv").write_bytes(roster())
    office.run("migrate")
    office.run("units", "import", str(tmp_path / "unidades.csv"))
    imported = json.loads(office.run("roster", "import", str(tmp_path / "lista.csv"), "--json"))
    again = json.loads(office.run("roster", "import", str(tmp_path / "lista.csv"), "--json"))
    assert (imported["created"], imported["rejected"]) == (37, [])
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 37)
    confirmed = json.loads(office.run("roster", "confirm", str(tmp_path / "lista.csv"), "--json"))
    assert confirmed["confirmed"] == 37

    early = json.loads(office.run("tick", "--now", "2026-09-30T23:00-06:00", "--json"))
    first = json.loads(office.run("tick", "--now", "2026-10-01T12:00-06:00", "--json"))
    second = json.loads(office.run("tick", "--now", "2026-10-01T12:05-06:00", "--json"))
    assert early["opened"] == 0
    assert (first["opened"], first["sent"]) == (2, 37)
    assert (second["opened"], second["queued"], second["sent"]) == (0, 0, 0)

    links = links_received(mail)
    assert len(links) == 37
    database: Database = request.getfixturevalue("pages")
    answer_in_chromium(chromium, office, links["persona0@correo.mx"], script=True)
    answer_in_chromium(chromium, office, links["persona1@correo.mx"], script=False)
    for number in (*range(2, 26), *range(30, 35)):
        with httpx2.Client(base_url=office.base_url) as client:
            answer_everything(client, links[f"persona{number}@correo.mx"], ANSWERS)

    rates = json.loads(
        office.run(
            "rates", "--unit", LARGE, "--generation", "2023-2026", "--questionnaire", "2", "--json"
        )
    )
    assert (rates["I"] + rates["P"], rates["NC"], rates["UO"], rates["frame"]) == (26, 4, 0, 30)
    assert rates["rr2"] == pytest.approx(26 / 30)
    check_panel(office, database)


def check_panel(office: Office, database: Database) -> None:
    """What scoped members of staff read: rate and outcome; the school of seven withheld."""
    own = panel_of(office, database, LARGE, LARGE)
    assert "26 de 30" in own
    assert "estudi" in own
    small = panel_of(office, database, SMALL, SMALL)
    assert "Muñoz" not in small
    words = json.loads(
        office.run(
            "indicators", "--unit", SMALL, "--generation", "2023-2026", "--questionnaire", "2",
            "--audience", "office", "--json",
        )
    )  # fmt: skip
    hidden = [one for one in words if one["id"].startswith("S1")]
    assert hidden
    assert all(one["withheld"] and one["value"] is None and one["reason"] for one in hidden)


def panel_of(office: Office, database: Database, unit: str, school: str) -> str:
    with database.unit_of_work() as session:
        invited = invitations.invite(
            session,
            f"{unit.lower()}@escuela.mx",
            WantedGrant(unit, Role.OFFICER),
            keys=staff_keys((Secret("t1", b"d" * 40),)),
            by=None,
            now=NOON,
        )
        token = sessions.open_session(session, invited.account_id, place="p", device="t", now=NOON)
        school_id = unit_by_code(session, WHOLE, school).id
        (wave_id,) = session.exec(select(Wave.id).where(Wave.school_id == school_id)).all()
    cookies = {security.cookie_name(security.STAFF_COOKIE, secure=False): token}
    with httpx2.Client(base_url=office.base_url, cookies=cookies) as client:
        wave = client.get(f"/panel/olas/{wave_id}")
        results = client.get(f"/panel/olas/{wave_id}/resultados")
    assert (wave.status_code, results.status_code) == (200, 200)
    return wave.text + results.text
