"""Roster rows, a wave opened by the clock, a message received by another process, its links."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path

import pytest

from app.db.transactions import Database
from app.fieldwork.entry import LinkState, open_link
from app.fieldwork.stationery import post_office
from app.messaging.queries import messages_about
from app.messaging.signing import read_bounce_address
from app.messaging.states import OutboxState
from app.settings import Settings
from app.units.profiles import ProfileText, store_profile
from tests.fieldwork.field import KEYS, Person, a_school, only_case, versions
from tests.messaging.test_dkim import RSA, pem, stored, verdicts
from tests.web.world import World, client_for
from tests.worker.deployments import MailServer, a_mail_server, a_tick, counts, settings_at

OPENING = datetime(2026, 10, 1, 16, tzinfo=UTC)  # Thursday, ten in the morning in Mexico City
DAY = timedelta(days=1)
FORM = {"content-type": "application/x-www-form-urlencoded"}
PROFILE = ProfileText("Dirección del CBTIS 8", "laura@cbtis8.mx", "Calle 5, Peñasco", "Tel. 1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with a_mail_server(tmp_path) as found:
        yield found


@pytest.fixture
def settings(server: MailServer, tmp_path: Path) -> Settings:
    environ = {"SMTP_URL": server.url, "MAIL_FROM": "egresados@cbtis8.mx"}
    return settings_at(tmp_path, {**environ, "BOUNCE_DOMAIN": "rebotes.cbtis8.mx"})


def a_site(db: Database, *people: Person) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, *people)
        versions(session)
        store_profile(session, school.unit_id, PROFILE, now=OPENING)


def test_the_link_in_the_received_bytes_opens_the_questionnaire(
    db: Database, settings: Settings, server: MailServer
) -> None:
    a_site(db, Person(mail="ana@correo.mx"))

    report = a_tick(db, settings, OPENING)

    assert counts(report) == (1, 0, 1, 1)
    (message,) = server.received()
    (link,) = re.findall(r"http://127\.0\.0\.1:8000/e/(\S+)", message.text)
    with db.reading() as session:
        opened = open_link(session, link, KEYS, now=OPENING)
        (row,) = messages_about(session, [only_case(session).id])
        assert opened.case_id == only_case(session).id
    assert opened.state is LinkState.OPEN
    assert row.state is OutboxState.SENT
    assert message.recipient == "ana@correo.mx"
    office = post_office(settings)
    assert read_bounce_address(message.sender, office.bounce_keys) == row.id
    letter = message.letter
    assert parseaddr(letter["From"]) == ("Dirección del CBTIS 8", "egresados@cbtis8.mx")
    assert parseaddr(letter["Reply-To"])[1] == "laura@cbtis8.mx"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "127.0.0.1:8000/verifica" in message.text
    assert "Calle 5, Peñasco" in message.text
    assert message.content.isascii()


def test_the_received_bytes_carry_our_signature(
    db: Database, settings: Settings, server: MailServer, tmp_path: Path
) -> None:
    stored(tmp_path, pem(RSA.key))
    a_site(db, Person(mail="ana@escuela.mx"))
    chosen = replace(settings, mail_from="a@escuela.mx", dkim_keys=(f"r1:{tmp_path}/key.pem",))

    a_tick(db, chosen, OPENING)

    (message,) = server.received()
    assert verdicts(message.content) == [True]


def test_one_click_stops_the_reminder(db: Database, settings: Settings, server: MailServer) -> None:
    a_site(db, Person(mail="ana@correo.mx"), Person(mail="beto@correo.mx"))
    a_tick(db, settings, OPENING)
    ana = next(one for one in server.received() if one.recipient == "ana@correo.mx")
    url = re.findall(r"<(http[^>]+)>", ana.letter["List-Unsubscribe"])[0]

    client = client_for(World(settings), db, now=OPENING)
    answer = client.post(url, content="List-Unsubscribe=One-Click", headers=FORM)
    reminded = a_tick(db, settings, OPENING + 5 * DAY)

    assert answer.status_code == 200
    assert counts(reminded) == (0, 0, 1, 1)
    assert [one.recipient for one in server.received()].count("ana@correo.mx") == 1


def test_a_reminder_carries_the_same_link_and_another_text(
    db: Database, settings: Settings, server: MailServer
) -> None:
    a_site(db, Person(mail="ana@correo.mx"))

    a_tick(db, settings, OPENING)
    a_tick(db, settings, OPENING + 5 * DAY)

    first, second = server.received()
    assert first.letter["Subject"] != second.letter["Subject"]
    assert first.letter["Message-ID"] != second.letter["Message-ID"]
    links = {re.findall(r"/e/(\S+)", one.text)[0] for one in (first, second)}
    assert len(links) == 1


def test_a_server_that_is_not_there_costs_nothing_but_time(
    db: Database, settings: Settings, server: MailServer, tmp_path: Path
) -> None:
    a_site(db, Person(mail="ana@correo.mx"))
    nowhere = settings_at(tmp_path, {"SMTP_URL": "smtp://127.0.0.1:9?tls=off"})

    away = a_tick(db, nowhere, OPENING)
    back = a_tick(db, settings, OPENING + timedelta(hours=1))

    assert (away.sent, away.deferred, away.pause is not None) == (0, 1, True)
    assert back.sent == 1
    assert len(server.received()) == 1
