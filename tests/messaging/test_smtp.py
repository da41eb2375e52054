"""Each line of the fault table of trust.md §1.3, against a scripted server (F-29, F-30, F-32)."""

import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.messaging.delivery import DeliveryResult, Outgoing
from app.messaging.mail_server import MailServer, MailServerRefused, Tls, read_smtp_url
from app.messaging.smtp import SmtpTransport
from app.messaging.states import Outcome, Pause, Stage
from tests.messaging.smtp_server import DROP, HANG, Script, ScriptedServer

CONTENT = b"Subject: hola\r\n\r\n.punto\r\nfin\r\n"


class Notebook:
    """A ledger that remembers, and lets go whom it is told to."""

    def __init__(self, *, refuses: frozenset[str] = frozenset()) -> None:
        self.refuses = refuses
        self.handed_over: list[str] = []
        self.finished: list[DeliveryResult] = []

    def write(
        self, handing_over: Sequence[Outgoing], finished: Sequence[DeliveryResult]
    ) -> set[UUID]:
        allowed = [m for m in handing_over if m.recipient not in self.refuses]
        self.handed_over += [message.recipient for message in allowed]
        self.finished += finished
        return {message.id for message in allowed}


def a_message(recipient: str = "ana@y.mx") -> Outgoing:
    return Outgoing(uuid4(), 1, recipient, "b+x@rebotes.mx", CONTENT)


def at(port: int, connections: int = 1, **changes: float) -> MailServer:
    return MailServer(
        "127.0.0.1",
        port,
        Tls.OFF,
        connections=connections,
        per_domain=connections,
        timeout=changes.get("timeout", 0.3),
        answer_timeout=changes.get("timeout", 0.3),
    )


def says(**replies: str) -> Script:
    return lambda stage, _: replies.get(stage)


def one_result(script: Script) -> tuple[DeliveryResult, ScriptedServer]:
    with ScriptedServer(script) as server, SmtpTransport(at(server.port)) as transport:
        (result,) = transport.deliver([a_message()], Notebook())
    return result, server


@pytest.mark.parametrize(
    ("script", "outcome", "stage", "pause", "code"),
    [
        (says(greeting=DROP), Outcome.RELEASED, Stage.CONNECTING, Pause.SERVER, None),
        (says(greeting=HANG), Outcome.RELEASED, Stage.CONNECTING, Pause.SERVER, None),
        (says(greeting="421 later"), Outcome.RELEASED, Stage.CONNECTING, Pause.SERVER, 421),
        (says(mail="451 later"), Outcome.DEFERRED, Stage.SENDER, Pause.NOTHING, 451),
        (says(mail=DROP), Outcome.DEFERRED, Stage.SENDER, Pause.NOTHING, None),
        (says(rcpt="450 later"), Outcome.DEFERRED, Stage.RECIPIENT, Pause.NOTHING, 450),
        (says(rcpt="421 later"), Outcome.DEFERRED, Stage.RECIPIENT, Pause.DOMAIN, 421),
        (says(rcpt="550 5.1.1 no"), Outcome.ADDRESS_DEAD, Stage.RECIPIENT, Pause.NOTHING, 550),
        (says(rcpt="550 5.7.1 no"), Outcome.REFUSED, Stage.RECIPIENT, Pause.NOTHING, 550),
        (says(rcpt="552 5.2.2 full"), Outcome.REFUSED, Stage.RECIPIENT, Pause.NOTHING, 552),
        (says(rcpt=DROP), Outcome.DEFERRED, Stage.RECIPIENT, Pause.NOTHING, None),
        (says(rcpt=HANG), Outcome.DEFERRED, Stage.RECIPIENT, Pause.NOTHING, None),
        (says(data="554 no"), Outcome.REFUSED, Stage.DATA, Pause.NOTHING, 554),
        (says(data=DROP), Outcome.DEFERRED, Stage.DATA, Pause.NOTHING, None),
        (says(dot="554 5.6.0 no"), Outcome.REFUSED, Stage.ANSWERED, Pause.NOTHING, 554),
        (says(dot="421 later"), Outcome.DEFERRED, Stage.ANSWERED, Pause.NOTHING, 421),
        (says(dot="451 later"), Outcome.DEFERRED, Stage.ANSWERED, Pause.NOTHING, 451),
        (says(dot=DROP), Outcome.UNKNOWN, Stage.HANDING_OVER, Pause.NOTHING, None),
        (says(dot=HANG), Outcome.UNKNOWN, Stage.HANDING_OVER, Pause.NOTHING, None),
        (says(dot="garbage"), Outcome.UNKNOWN, Stage.HANDING_OVER, Pause.NOTHING, None),
        (says(dot="099 what"), Outcome.UNKNOWN, Stage.HANDING_OVER, Pause.NOTHING, 99),
        (says(quit=DROP), Outcome.SENT, Stage.ANSWERED, Pause.NOTHING, 250),
    ],
)
def test_each_fault_has_its_meaning(
    script: Script, outcome: Outcome, stage: Stage, pause: Pause, code: int | None
) -> None:
    result, server = one_result(script)

    assert (result.outcome, result.stage, result.pause) == (outcome, stage, pause)
    assert result.code == code
    may_have_it = outcome in {Outcome.SENT, Outcome.UNKNOWN} or stage is Stage.ANSWERED
    assert len(server.received) == may_have_it


def test_dots_and_bytes_arrive_as_written() -> None:
    _, server = one_result(says())

    (taken,) = server.received
    assert (taken.sender, taken.recipient) == ("b+x@rebotes.mx", "ana@y.mx")
    assert taken.content == CONTENT


@pytest.mark.parametrize(
    ("recipient", "outcome", "reason"),
    [
        ("ñoño@y.mx", Outcome.REFUSED, "address_not_ascii"),
        ("b@y.mx>\r\nRCPT TO:<evil@z", Outcome.REFUSED, "address_invalid"),
        ("", Outcome.REFUSED, "address_invalid"),
        ("ana@escuela.invalid", Outcome.CANCELLED, "simulated_address"),
        ("ana@ESCUELA.Invalid.", Outcome.CANCELLED, "simulated_address"),
    ],
)
def test_some_addresses_never_reach_a_connection(
    recipient: str, outcome: Outcome, reason: str
) -> None:
    with ScriptedServer() as server, SmtpTransport(at(server.port)) as transport:
        (result,) = transport.deliver([a_message(recipient)], Notebook())

    assert (result.outcome, result.reason) == (outcome, reason)
    assert server.connections == 0


def test_a_domain_with_an_accent_is_written_in_ascii() -> None:
    with ScriptedServer() as server, SmtpTransport(at(server.port)) as transport:
        transport.deliver([a_message("ana@peña.mx")], Notebook())

    assert [taken.recipient for taken in server.received] == ["ana@xn--pea-8ma.mx"]


def test_connections_stay_open_from_one_batch_to_the_next() -> None:
    with ScriptedServer() as server, SmtpTransport(at(server.port, connections=3)) as transport:
        for _ in range(3):
            transport.deliver([a_message() for _ in range(20)], Notebook())

    assert len(server.received) == 60
    assert server.connections <= 3
    assert server.commands.count("QUIT") == server.connections


def test_a_refused_message_does_not_stop_the_next() -> None:
    script: Script = lambda stage, who: (  # noqa: E731
        "550 5.1.1 no" if stage == "rcpt" and who == "b@y.mx" else None
    )
    with ScriptedServer(script) as server, SmtpTransport(at(server.port)) as transport:
        results = transport.deliver([a_message(f"{who}@y.mx") for who in "abc"], Notebook())

    assert [result.outcome for result in results] == [
        Outcome.SENT,
        Outcome.ADDRESS_DEAD,
        Outcome.SENT,
    ]
    assert server.connections == 1


def test_a_server_that_is_down_is_asked_once() -> None:
    with ScriptedServer(says(greeting="421 down")) as server:
        transport = SmtpTransport(at(server.port, connections=4))
        results = transport.deliver([a_message() for _ in range(9)], Notebook())
        transport.close()

    assert {(r.outcome, r.pause) for r in results} == {(Outcome.RELEASED, Pause.SERVER)}
    assert len(results) == 9
    assert server.connections == 1


def test_a_server_that_takes_fewer_connections_gets_everything_on_those() -> None:
    greetings = iter(["220 first"] + ["421 too many"] * 50)
    script: Script = lambda stage, _: next(greetings) if stage == "greeting" else None  # noqa: E731
    with ScriptedServer(script) as server:
        transport = SmtpTransport(at(server.port, connections=4))
        results = transport.deliver([a_message(f"a@{n}.mx") for n in range(12)], Notebook())
        transport.close()

    assert [result.outcome for result in results] == [Outcome.SENT] * 12


def test_a_server_that_always_hangs_up_is_left_alone_after_three() -> None:
    with ScriptedServer(says(mail=DROP)) as server, SmtpTransport(at(server.port)) as transport:
        results = transport.deliver([a_message() for _ in range(6)], Notebook())

    assert [result.outcome for result in results] == [Outcome.DEFERRED] * 3 + [Outcome.RELEASED] * 3
    assert results[-1].pause is Pause.SERVER


def test_a_connection_closed_while_idle_is_nobodys_failure() -> None:
    script: Script = lambda stage, _: DROP if stage == "rset" else None  # noqa: E731
    served = {"n": 0}

    def closes_after_one(stage: str, _: str) -> str | None:
        served["n"] += stage == "mail"
        return DROP if stage == "mail" and served["n"] == 2 else script(stage, _)

    with ScriptedServer(closes_after_one) as server:
        transport = SmtpTransport(at(server.port))
        first = transport.deliver([a_message()], Notebook())
        second = transport.deliver([a_message()], Notebook())
        transport.close()

    assert [result.outcome for result in first + second] == [Outcome.SENT, Outcome.SENT]


def test_only_the_receiver_that_is_tired_waits() -> None:
    script: Script = lambda stage, who: (  # noqa: E731
        "450 4.7.28 slow down" if stage == "rcpt" and who.endswith("gmail.com") else None
    )
    batch = [a_message(f"a{n}@{'gmail.com' if n % 2 else 'y.mx'}") for n in range(10)]
    with ScriptedServer(script) as server, SmtpTransport(at(server.port)) as transport:
        results = {result.id: result for result in transport.deliver(batch, Notebook())}

    gmail = [results[m.id] for m in batch if m.recipient.endswith("gmail.com")]
    assert sum(result.outcome is Outcome.DEFERRED for result in gmail) == 1
    assert sum(result.outcome is Outcome.RELEASED for result in gmail) == 4
    assert {result.pause for result in gmail} == {Pause.DOMAIN}
    assert len(server.received) == 5


def test_the_text_leaves_only_after_the_ledger_has_it() -> None:
    events: list[str] = []

    class Slow(Notebook):
        def write(
            self, handing_over: Sequence[Outgoing], finished: Sequence[DeliveryResult]
        ) -> set[UUID]:
            time.sleep(0.05)
            events.extend("ledger" for _ in handing_over)
            return super().write(handing_over, finished)

    def script(stage: str, _: str) -> None:
        if stage in {"data", "dot"}:
            events.append(stage)

    with ScriptedServer(script) as server, SmtpTransport(at(server.port)) as transport:
        transport.deliver([a_message(), a_message()], Slow())

    assert events == ["ledger", "data", "dot"] * 2


def test_what_the_ledger_does_not_let_go_stays() -> None:
    batch = [a_message(f"{who}@y.mx") for who in "abc"]
    with ScriptedServer() as server, SmtpTransport(at(server.port)) as transport:
        results = transport.deliver(batch, Notebook(refuses=frozenset({"b@y.mx"})))

    assert [taken.recipient for taken in server.received] == ["a@y.mx", "c@y.mx"]
    assert len(results) == 2
    assert server.connections == 1


def test_a_ledger_that_breaks_stops_the_delivery() -> None:
    class Broken(Notebook):
        def write(
            self, handing_over: Sequence[Outgoing], finished: Sequence[DeliveryResult]
        ) -> set[UUID]:
            raise ZeroDivisionError(len(handing_over), len(finished))

    with ScriptedServer() as server, SmtpTransport(at(server.port)) as transport:
        with pytest.raises(ZeroDivisionError):
            transport.deliver([a_message(), a_message("b@z.mx")], Broken())
        assert server.received == []
        assert transport.deliver([a_message()], Notebook())[0].outcome is Outcome.SENT


@pytest.mark.parametrize(
    ("tls", "extensions", "script"),
    [
        (Tls.STARTTLS, (), says()),
        (Tls.ON, (), says()),
        (Tls.OFF, ("AUTH PLAIN",), says(auth="535 5.7.8 bad credentials")),
        (Tls.OFF, (), says()),
    ],
)
def test_without_the_agreed_protection_nothing_leaves(
    tls: Tls, extensions: tuple[str, ...], script: Script
) -> None:
    with ScriptedServer(script, extensions=extensions) as server:
        # A server without TLS says nothing to who begins with it: that one is waited for in vain.
        timeout = 0.5 if tls is Tls.ON else 10
        account = MailServer(
            "127.0.0.1", server.port, tls, username="u", password="s3creto", timeout=timeout
        )
        with SmtpTransport(account) as transport:
            (result,) = transport.deliver([a_message()], Notebook())

    assert (result.outcome, result.pause) == (Outcome.RELEASED, Pause.CONFIGURATION)
    assert "s3creto" not in repr((result, account))
    assert server.received == []


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with ScriptedServer(tls=own_certificate(tmp_path), extensions=("STARTTLS",)) as server:
        account = MailServer("127.0.0.1", server.port, Tls.STARTTLS, timeout=10)
        with SmtpTransport(account) as transport:
            (result,) = transport.deliver([a_message()], Notebook())

    assert (result.outcome, result.pause) == (Outcome.RELEASED, Pause.CONFIGURATION)
    assert result.reason is not None
    assert "certificate" in result.reason.lower()
    assert server.commands[-1] == "STARTTLS"


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server context with a certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "own.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://correo.mx", 587, Tls.STARTTLS),
        ("smtp://u%40x:p%2Fw@correo.mx:2525?tls=off", 2525, Tls.OFF),
        ("smtp://correo.mx?tls=on", 465, Tls.ON),
    ],
)
def test_an_smtp_url_says_where_and_how(url: str, port: int, tls: Tls) -> None:
    server = read_smtp_url(url)

    assert (server.host, server.port, server.tls) == ("correo.mx", port, tls)
    if "@" in url:
        assert (server.username, server.password) == ("u@x", "p/w")


@pytest.mark.parametrize(
    "url", ["", "correo.mx", "http://correo.mx", "smtp://", "smtp://a:b", "smtp://c.mx?tls=maybe"]
)
def test_an_smtp_url_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(MailServerRefused):
        read_smtp_url(url)
