"""Text messages by HTTPS: what arrives, what each answer means, and where none may go (SEC-09)."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.delivery import DeliveryResult, Outgoing
from app.messaging.gateway import GatewayTransport
from app.messaging.gateway_setting import (
    Gateway,
    GatewayChoice,
    GatewayRefused,
    own_values,
    read_gateway,
)
from app.messaging.public_hosts import is_public, pinned, resolve
from app.messaging.states import Channel, Outcome, Pause, Stage
from tests.messaging.gateway_server import DROP, HANG, NAME, GatewayServer, status
from tests.messaging.test_smtp import Notebook

PHONE = "+525512345678"


def a_gateway(port: int, *, allowed: bool = True, seconds: float = 5.0, **more: str) -> Gateway:
    choice = GatewayChoice(
        Channel.SMS, f"https://{more.get('user', '')}{NAME}:{port}/v1/send?k=1", more.get("json")
    )
    found = read_gateway(choice, fields=(), hosts=(NAME,) if allowed else ())
    return Gateway(
        found.channel,
        found.host,
        found.port,
        found.path,
        found.document,
        user=found.user,
        token=more.get("token"),
        allowed=found.allowed,
        seconds=seconds,
    )


def a_message(gateway: Gateway, number: int = 1) -> Outgoing:
    identifier = UUID(int=number)
    body = gateway.body(own_values(PHONE, "Hola, José: «sí»", str(identifier)))
    return Outgoing(identifier, 1, PHONE, "", body)


def loopback(host: str, port: int) -> Sequence[str]:  # noqa: ARG001
    return ["127.0.0.1"]


def send(
    server: GatewayServer, gateway: Gateway, *messages: Outgoing
) -> tuple[list[DeliveryResult], Notebook]:
    notebook = Notebook()
    transport = GatewayTransport(gateway, resolve=loopback, trust=server.trust)
    results = transport.deliver(messages or [a_message(gateway)], notebook)
    assert sorted(map(str, notebook.finished)) == sorted(map(str, results))
    return results, notebook


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(tmp_path) as found:
        yield found


def test_the_gateway_gets_the_document_of_the_setting(server: GatewayServer) -> None:
    wanted = '{"messaging_product":"x","to":["{{digitos}}"],"n":3,"text":{"body":"{{texto}}"}}'
    gateway = a_gateway(server.port, json=wanted, token="t0k")

    (result,), notebook = send(server, gateway)

    assert (result.outcome, result.stage, result.code) == (Outcome.SENT, Stage.ANSWERED, 200)
    assert notebook.handed_over == [PHONE]
    (asked,) = server.asked
    assert asked.line == "POST /v1/send?k=1 HTTP/1.1"
    assert asked.document == {
        "messaging_product": "x",
        "to": ["525512345678"],
        "n": 3,
        "text": {"body": "Hola, José: «sí»"},
    }
    assert asked.headers["host"] == f"{NAME}:{server.port}"
    assert asked.headers["authorization"] == "Bearer t0k"
    assert asked.headers["idempotency-key"] == str(UUID(int=1))


def test_a_user_of_the_address_signs_in(server: GatewayServer) -> None:
    send(server, a_gateway(server.port, user="ana:p%40ss@"))

    assert server.asked[0].headers["authorization"] == "Basic YW5hOnBAc3M="


@pytest.mark.parametrize(
    ("said", "outcome", "pause"),
    [
        (status(202), Outcome.SENT, Pause.NOTHING),
        (status(400, body=b"bad number"), Outcome.REFUSED, Pause.NOTHING),
        (status(401), Outcome.RELEASED, Pause.CONFIGURATION),
        (status(404), Outcome.RELEASED, Pause.CONFIGURATION),
        (status(429), Outcome.DEFERRED, Pause.SERVER),
        (status(500), Outcome.DEFERRED, Pause.NOTHING),
        (status(503), Outcome.DEFERRED, Pause.SERVER),
        (status(502), Outcome.UNKNOWN, Pause.NOTHING),
        (status(504), Outcome.UNKNOWN, Pause.NOTHING),
        (b"garbage\r\n\r\n", Outcome.UNKNOWN, Pause.NOTHING),
        (DROP, Outcome.UNKNOWN, Pause.NOTHING),
        (HANG, Outcome.UNKNOWN, Pause.NOTHING),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Outcome.UNKNOWN, Pause.NOTHING),
    ],
)
def test_what_an_answer_means(
    server: GatewayServer, said: bytes, outcome: Outcome, pause: Pause
) -> None:
    server.script = lambda _: said
    seconds = 0.5 if said == HANG else 5.0

    (result,), _ = send(server, a_gateway(server.port, seconds=seconds))

    assert (result.outcome, result.pause) == (outcome, pause)
    assert len(server.asked) == 1  # nothing is written twice


def test_nobody_at_the_address_costs_nothing_but_time(server: GatewayServer) -> None:
    (result,), _ = send(server, a_gateway(9))

    assert (result.outcome, result.pause) == (Outcome.RELEASED, Pause.SERVER)


def test_a_gateway_that_refuses_us_is_not_asked_for_the_others(server: GatewayServer) -> None:
    server.script = lambda _: status(401)
    gateway = a_gateway(server.port)

    results, notebook = send(server, gateway, *(a_message(gateway, n) for n in range(30)))

    assert len(results) == 30
    assert {result.outcome for result in results} == {Outcome.RELEASED}
    assert len(notebook.handed_over) == len(server.asked) <= 4


def test_a_message_the_ledger_keeps_does_not_leave(server: GatewayServer) -> None:
    gateway = a_gateway(server.port)
    notebook = Notebook(refuses=frozenset({PHONE}))

    results = GatewayTransport(gateway, resolve=loopback, trust=server.trust).deliver(
        [a_message(gateway)], notebook
    )

    assert (results, server.asked) == ([], [])


def test_a_redirect_into_the_network_is_not_followed(server: GatewayServer, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    with GatewayServer(tmp_path / "inside") as inside:
        server.script = lambda _: status(307, f"Location: https://127.0.0.1:{inside.port}/")

        (result,), _ = send(server, a_gateway(server.port))

        assert (result.outcome, result.pause) == (Outcome.RELEASED, Pause.CONFIGURATION)
        assert inside.connections == 0


def test_an_endless_answer_is_cut(server: GatewayServer) -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200_000
    server.script = lambda _: long

    (result,), _ = send(server, a_gateway(server.port))

    assert result.outcome is Outcome.SENT
    assert result.reason is not None
    assert len(result.reason) <= 300


def test_a_certificate_of_another_name_is_refused(server: GatewayServer) -> None:
    gateway = a_gateway(server.port)
    other = Gateway(
        gateway.channel, "other.example.mx", gateway.port, "/", gateway.document, allowed=True
    )

    (result,), _ = send(server, other)

    assert (result.outcome, server.asked) == (Outcome.RELEASED, [])


# --- where no request may go ------------------------------------------------------------------

INSIDE = [
    "127.0.0.1",
    "127.1",
    "::1",
    "169.254.169.254",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",  # a spelling of this machine
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1",
    "fc00::1",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
]


@pytest.mark.parametrize("host", INSIDE)
def test_no_spelling_of_the_inside_is_reached(
    server: GatewayServer, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.port}")
    spelled = f"[{host}]" if ":" in host else host
    gateway = read_gateway(
        GatewayChoice(Channel.SMS, f"https://{spelled}:{server.port}/"), fields=()
    )
    notebook = Notebook()

    (result,) = GatewayTransport(gateway, trust=server.trust).deliver(
        [Outgoing(UUID(int=1), 1, PHONE, "", b"{}")], notebook
    )

    assert (result.outcome, result.pause) == (Outcome.RELEASED, Pause.CONFIGURATION)
    assert (notebook.handed_over, server.connections) == ([], 0)


def test_a_name_that_changes_its_mind_is_asked_once(server: GatewayServer) -> None:
    answers = iter([["127.0.0.1"], ["203.0.113.9"]])
    calls = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        calls.append((host, port))
        return next(answers)

    gateway = a_gateway(server.port)
    transport = GatewayTransport(gateway, resolve=rebinding, trust=server.trust)

    (result,) = transport.deliver([a_message(gateway)], Notebook())

    assert (result.outcome, len(server.asked), len(calls)) == (Outcome.SENT, 1, 1)


def test_public_first_and_inside_second_is_inside() -> None:
    def both(host: str, port: int) -> Sequence[str]:  # noqa: ARG001
        return ["93.184.215.14", "127.0.0.1"]

    with pytest.raises(OSError, match="not a public address"):
        pinned("x.mx", 443, allowed=False, resolve=both)
    assert pinned("x.mx", 443, allowed=True, resolve=both) == "93.184.215.14"


@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example.mx/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/",
        "ftp://sms.example.mx/",
        "https://",
        "https:///send",
        "//sms.example.mx/",
        "https://sms.example.mx:99999/",
        "https://señal.mx/",
        "javascript:alert(1)",
    ],
)
def test_only_https_is_an_address(url: str) -> None:
    with pytest.raises(GatewayRefused) as refusal:
        read_gateway(GatewayChoice(Channel.WHATSAPP, url), fields=())

    assert "TRAYECTO_WHATSAPP_URL" in refusal.value.mensaje
    assert "etc" not in refusal.value.mensaje


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{", "no es un documento JSON"),
        ('{"to": "{{telefono}}", "text": "{{clave}}"}', "no existe el campo «clave»"),
        ('{"to": "{{telefono}}"}', "le falta"),
        ('{"text": "{{texto}}"}', "le falta"),
        ("[" * 5_000, "no es un documento JSON"),
        (json.dumps({"to": "{{telefono}}", "text": "x" * 20_000}), "demasiado largo"),
    ],
)
def test_a_document_that_cannot_be_meant_is_named(document: str, problem: str) -> None:
    with pytest.raises(GatewayRefused) as refusal:
        read_gateway(GatewayChoice(Channel.SMS, "https://a.mx/", document), fields=())

    assert "TRAYECTO_SMS_JSON" in refusal.value.mensaje
    assert problem in refusal.value.mensaje


@given(st.text(), st.text())
def test_no_text_changes_the_shape_of_the_document(name: str, text: str) -> None:
    template = '{"to": "{{telefono}}", "parts": [{"v": "{{nombre}}"}, {"v": "{{texto}}"}]}'
    gateway = read_gateway(
        GatewayChoice(Channel.WHATSAPP, "https://a.mx/", template), fields=("nombre",)
    )
    values = {**own_values(PHONE, text, "1"), "nombre": name}
    written = _encodable(lambda: gateway.body(values))

    if written is not None:
        assert json.loads(written) == {"to": PHONE, "parts": [{"v": name}, {"v": text}]}


def test_secrets_of_a_gateway_never_show_themselves() -> None:
    choice = GatewayChoice(Channel.SMS, "https://ana:clave@a.mx/", token="t0k3n")
    gateway = read_gateway(choice, fields=())

    assert gateway.user == ("ana", "clave")
    assert "clave" not in repr(gateway)
    assert "t0k3n" not in repr(gateway)


@given(st.ip_addresses())
def test_every_address_has_a_verdict(address: object) -> None:
    assert is_public(str(address)) in {True, False}
    assert not is_public("sms.example.mx")


def test_this_machine_resolves_itself() -> None:
    assert resolve("127.0.0.1", 443) == ["127.0.0.1"]


def _encodable(write: Callable[[], bytes]) -> bytes | None:
    try:
        return write()
    except UnicodeEncodeError:
        return None
