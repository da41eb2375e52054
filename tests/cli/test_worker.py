"""`trayecto tick`, `calendar`, `links`, `check`: as an operator types them."""

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from app.cli.mail import mail_finding
from app.cli.moments import MomentRefused, read_moment
from app.db.engine import make_engine
from app.db.transactions import Database
from app.fieldwork.entry import LinkState, open_link
from app.keys import keys_for
from app.settings import Environment, read_settings
from app.staff.tables import AuditEntry
from tests.cli.test_units import Trayecto
from tests.fieldwork.field import Person, a_school
from tests.messaging.smtp_server import ScriptedServer

NOON = "2026-10-01T12:00-06:00"
COUNTS = ["opened", "closed", "queued", "sent", "deferred", "failed", "unknown", "cancelled"]
DEVELOPMENT = read_settings({"TRAYECTO_ENVIRONMENT": "development"})


@pytest.fixture
def trayecto(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Trayecto:
    """The program, on a school with two graduates."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAYECTO_ENVIRONMENT", "development")
    monkeypatch.setenv("TRAYECTO_DATABASE_URL", database_url)
    ours = Database(make_engine(database_url, DEVELOPMENT.data_keys))  # the program's own key
    with ours.unit_of_work() as session:
        a_school(session, Person(), Person(mail="beto@gmail.com"))
    ours.dispose()
    return Trayecto(monkeypatch, capsys)


def test_a_tick_says_what_it_did_in_the_contract_s_words(trayecto: Trayecto) -> None:
    code, out, _ = trayecto("tick", "--now", NOON, "--json")
    again = json.loads(trayecto("tick", "--now", NOON, "--json")[1])

    report = json.loads(out)
    assert code == 0
    assert list(report)[:8] == COUNTS
    assert [report[name] for name in COUNTS] == [1, 0, 2, 2, 0, 0, 0, 0]
    assert [again[name] for name in COUNTS] == [0] * 8
    assert (report["missed"], report["blocked"]) == ([], [])


def test_a_tick_speaks_spanish(trayecto: Trayecto) -> None:
    _, out, _ = trayecto("tick", "--now", "2026-12-05")

    assert "0 abiertos" in out
    assert "La ventana pasó sin abrirse: 15ECT0001A, 2023-2026, Cuestionario 2." in out


def test_the_calendar_rehearses_and_does_nothing(trayecto: Trayecto) -> None:
    code, out, _ = trayecto("calendar", "--now", "2026-09-28", "--days", "5", "--json")
    _, words, _ = trayecto("calendar", "--now", "2026-09-28")
    _, after, _ = trayecto("tick", "--now", "2026-09-28", "--json")

    days = json.loads(out)
    assert code == 0
    assert [day["date"] for day in days] == [
        "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01", "2026-10-02",
    ]  # fmt: skip
    assert days[3]["opened"] == [
        {"school": "15ECT0001A", "generation": "2023-2026", "questionnaire": 2}
    ]
    assert days[3]["domains"] == {"example.org": 1, "gmail.com": 1}
    assert days[3]["sent"] == 2
    assert "2026-10-01  se abren 1" in words
    assert json.loads(after)["opened"] == 0


def test_the_calendar_tells_what_the_limits_let_go(trayecto: Trayecto) -> None:
    trayecto.monkeypatch.setenv("TRAYECTO_MAIL_DAILY_LIMIT", "1")

    _, words, _ = trayecto("calendar", "--now", "2026-09-28")

    assert "2026-10-01  se abren 1, se cierran 0, tocan 2 mensajes, salen 1" in words
    assert "2026-10-02  se abren 0, se cierran 0, tocan 0 mensajes, salen 1" in words


def test_links_are_written_audited_and_alive(trayecto: Trayecto, db: Database) -> None:
    trayecto("tick", "--now", NOON)

    words = ("links", "--unit", "15ECT0001A", "--generation", "2023-2026", "--questionnaire", "2")
    code, out, _ = trayecto(*words)
    _, as_json, _ = trayecto(*words, "--json")

    heading, *rows = list(csv.reader(out.splitlines()))
    assert (code, heading, len(rows)) == (0, ["case", "name", "url"], 2)
    assert json.loads(as_json)[0] == dict(zip(heading, rows[0], strict=True))
    found = re.fullmatch(r"http://127\.0\.0\.1:8000/e/(\S+)", rows[0][2])
    assert found is not None
    keys = keys_for("link", DEVELOPMENT.secret_keys)
    with db.reading() as session:
        opened = open_link(session, found[1], keys, now=read_moment(NOON))
        acts = session.exec(select(AuditEntry.action)).all()
    assert (opened.state, str(opened.case_id)) == (LinkState.OPEN, rows[0][0])
    assert acts.count("links.exported") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("tick", "--now", "mañana"), 1),
        (("tick", "--now", "0001-01-01T00:00+14:00"), 1),
        (("calendar", "--now", "9999-12-31"), 1),
        (("calendar", "--days", "0"), 2),
        (("links", "--unit", "X", "--generation", "2023-2026", "--questionnaire", "2"), 1),
        (("links", "--unit", "15ECT0001A", "--generation", "x", "--questionnaire", "2"), 1),
        (("links", "--unit", "15ECT0001A", "--generation", "2023-2026", "--questionnaire", "4"), 2),
    ],
)
def test_what_cannot_be_meant_is_refused(
    trayecto: Trayecto, words: tuple[str, ...], code: int
) -> None:
    left, out, err = trayecto(*words)

    assert (left, out) == (code, "")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-01", datetime(2026, 10, 1, 18, tzinfo=UTC)),
        ("2026-10-01T09:00", datetime(2026, 10, 1, 15, tzinfo=UTC)),
        ("2026-10-01T09:00Z", datetime(2026, 10, 1, 9, tzinfo=UTC)),
        ("2026-10-01T09:00-08:00", datetime(2026, 10, 1, 17, tzinfo=UTC)),
    ],
)
def test_a_moment_without_zone_is_of_the_centre(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(MomentRefused):
        read_moment("2026-13-01")


def test_check_looks_at_the_mail_server() -> None:
    production = replace(DEVELOPMENT, environment=Environment.PRODUCTION)

    assert mail_finding(DEVELOPMENT).fit
    assert "falta TRAYECTO_SMTP_URL" in mail_finding(production).said
    assert not mail_finding(production).fit
    assert not mail_finding(replace(production, smtp_url="http://x")).fit
    assert not mail_finding(replace(production, smtp_url="smtp://127.0.0.1:9?tls=off")).fit
    with ScriptedServer() as server:
        url = f"smtp://127.0.0.1:{server.port}?tls="
        assert mail_finding(replace(production, smtp_url=url + "off")).fit
        assert not mail_finding(replace(production, smtp_url=url + "starttls")).fit
    with ScriptedServer(lambda stage, _: "535 5.7.8 no" if stage == "auth" else None,
                        extensions=("AUTH PLAIN",)) as server:  # fmt: skip
        url = f"smtp://ana:secreto@127.0.0.1:{server.port}?tls=off"
        refused = mail_finding(replace(production, smtp_url=url))
    assert not refused.fit
    assert "secreto" not in refused.said


def test_a_unit_nobody_has_is_named_as_an_operator_would(trayecto: Trayecto) -> None:
    wave = ("--generation", "2023-2026", "--questionnaire", "2")
    answers = (
        trayecto("links", "--unit", "NADIE", *wave),
        trayecto("rates", "--unit", "NADIE", *wave),
        trayecto("staff", "add", "ana@escuela.mx", "--unit", "NADIE", "--role", "viewer"),
    )

    line = "No hay una unidad con la clave «NADIE». Véalas con «trayecto units list».\n"
    assert set(answers) == {(1, "", line)}
