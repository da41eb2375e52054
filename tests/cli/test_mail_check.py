"""`trayecto check --mail`: the DNS of a domain, judged against our own keys."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from app.cli.mail_dns import dns_findings, texts_of
from app.cli.mail_limits import seen_lately
from app.cli.runtime import Runtime
from app.db.transactions import Database
from app.messaging.mail_dns import expected_record, judge_dkim, judge_dmarc, judge_spf
from app.messaging.pace_book import PaceBook
from app.messaging.pacing import PacePolicy
from app.worker.deployment import Deployment
from app.worker.intake import ingest
from tests.messaging.reports import delivery_report
from tests.messaging.test_dkim import BOTH, ED, RSA
from tests.worker.deployments import settings_at

SPF = "v=spf1 include:_spf.example.mx -all"
DMARC = "v=DMARC1; p=none; rua=mailto:a@escuela.mx"


@contextmanager
def a_name_server(records: Mapping[str, str]) -> Iterator[dns.resolver.Resolver]:
    """TXT records over UDP on this machine; every other name does not exist."""
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, sender = wire.recvfrom(4096)
            if not data:
                return
            wire.sendto(_answer(data, records), sender)

    thread = threading.Thread(target=serve)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], wire.getsockname()[1]
    try:
        yield resolver
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", wire.getsockname())
        thread.join()
        wire.close()


def _answer(data: bytes, records: Mapping[str, str]) -> bytes:
    asked = dns.message.from_wire(data)
    answer = dns.message.make_response(asked)
    name = asked.question[0].name
    text = records.get(name.to_text().rstrip("."))
    if text is None:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    else:
        parts = " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", parts))
    return bytes(answer.to_wire())


def test_a_domain_in_order_is_fit(tmp_path: Path) -> None:
    records = {
        "rebotes.escuela.mx": SPF,
        "r1._domainkey.escuela.mx": expected_record(RSA),
        "e1._domainkey.escuela.mx": expected_record(ED),
        "_dmarc.escuela.mx": DMARC,
    }
    settings = settings_at(
        tmp_path, {"MAIL_FROM": "a@escuela.mx", "BOUNCE_DOMAIN": "rebotes.escuela.mx"}
    )

    with a_name_server(records) as resolver:
        found = list(dns_findings(settings, BOTH, resolver))

    assert [(one.what, one.fit) for one in found] == [
        ("SPF", True),
        ("DKIM", True),
        ("DKIM", True),
        ("DMARC", True),
    ]


def test_an_empty_domain_says_what_to_publish(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, {"MAIL_FROM": "a@escuela.mx"})

    with a_name_server({}) as resolver:
        found = list(dns_findings(settings, (ED,), resolver))

    assert [one.fit for one in found] == [False, False, False]
    assert f"publique {expected_record(ED)}" in found[1].said


def test_a_server_that_does_not_answer_proves_nothing(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, {"MAIL_FROM": "a@escuela.mx"})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], silent.getsockname()[1]

        found = list(dns_findings(settings, (ED,), resolver, patience=0.2))

    assert [one.fit for one in found] == [True, True, True]
    assert all("no comprobado" in one.said for one in found)
    assert texts_of(None, "escuela.mx") is None


@pytest.mark.parametrize(
    ("more", "fit"), [({}, True), ({"SMTP_URL": "smtp://correo.escuela.mx"}, False)]
)
def test_the_sender_as_it_comes_is_no_domain_to_ask_for(
    tmp_path: Path, more: Mapping[str, str], fit: object
) -> None:
    """A demonstration is fit; whoever sends has to say from where."""
    with a_name_server({}) as resolver:
        found = list(dns_findings(settings_at(tmp_path, more), (), resolver))

    assert [(one.what, one.fit) for one in found] == [("SPF", fit), ("DKIM", fit), ("DMARC", fit)]
    assert all("ponga TRAYECTO_MAIL_FROM" in one.said for one in found)


@pytest.mark.parametrize(
    ("records", "fit"),
    [
        ([SPF], True),
        (["v=spf1 ~all"], True),
        (["v=spf1 +all"], False),
        (["v=spf1 all"], False),
        ([SPF, SPF], False),
        (["otra cosa"], False),
        ([], False),
    ],
)
def test_spf(records: list[str], fit: object) -> None:
    assert judge_spf("escuela.mx", records).fit is fit


@pytest.mark.parametrize(
    ("records", "fit"),
    [
        ([DMARC], True),
        (["v=DMARC1;p=reject"], True),
        (["v=DMARC1"], False),
        (["v=DMARC1; p=quizás"], False),
        ([DMARC, DMARC], False),
        ([], False),
    ],
)
def test_dmarc(records: list[str], fit: object) -> None:
    assert judge_dmarc("escuela.mx", records).fit is fit


def test_a_record_of_another_key_is_not_ours() -> None:
    assert judge_dkim(RSA, [expected_record(ED)]).fit is False
    assert judge_dkim(RSA, ["x=y", expected_record(RSA)]).fit is True
    assert judge_dkim(RSA, ["k=rsa; p="]).fit is False  # revoked


def test_what_came_back_and_who_asks_to_wait_are_told(
    db: Database, tmp_path: Path, now: datetime
) -> None:
    settings = settings_at(tmp_path)
    ingest(Deployment(settings, db, lambda: now), delivery_report("ana@correo.mx"))
    with db.unit_of_work() as session:
        PaceBook(PacePolicy(), "a").slow_down(session, "gmail.com", now=now)

    found = list(seen_lately(Runtime(settings, db, lambda: now)))

    assert [one.said for one in found] == [
        "definitivos 1",
        "gmail.com pide ir más despacio; sigue a las 12:05 UTC",
    ]
    later = Runtime(settings, db, lambda: now + timedelta(days=8))
    assert list(seen_lately(later)) == []


def test_the_command_lists_what_it_examined(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "TRAYECTO_ENVIRONMENT": "development",
        "TRAYECTO_DATA_DIR": str(tmp_path),
        "TRAYECTO_MAIL_FROM": "a@escuela.invalid",
    }
    environ.pop("TRAYECTO_DATABASE_URL", None)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert run("migrate").returncode == 0
    done = run("check", "--mail", "--json")

    named = [one["what"] for one in json.loads(done.stdout)]
    assert {"correo", "SPF", "DKIM", "DMARC", "límites de envío", "rebotes"} <= set(named)
