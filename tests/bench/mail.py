"""Messages per second and core to a loopback receiver, beside a bare smtplib loop.

`python -m tests.bench.mail`. Four senders of the same 7 kB message, composed for each person:
`smtplib`: the bytes written once, one connection, nothing remembered. `transport`: composed for
each person and sent, nothing remembered. `outbox`: claimed, asked, composed, sent and recorded on
disk. `signed`: the same with two DKIM signatures each, RSA-2048 and Ed25519. `email_message`: an
EmailMessage for each person, only composed. Per second *and core*: messages by processor seconds
of the sending process.
"""

import json
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from sqlmodel import Session, SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.keys import keys_for
from app.messaging import outbox, suppression
from app.messaging.compose import Person, compose, letterhead
from app.messaging.delivery import (
    ClaimedMessage,
    DeliveryResult,
    Objection,
    Outgoing,
    PlannedMessage,
    Rendered,
)
from app.messaging.dkim import DkimKey, signed
from app.messaging.mail_server import MailServer, Tls
from app.messaging.signing import bounce_address, unsubscribe_token
from app.messaging.smtp import SmtpTransport
from app.messaging.templates import parse_template
from app.settings import Secret
from app.worker.dispatch import Desk, Render, drain

MESSAGES = 4_000
ROUNDS = 3  # the best of each: the machine is shared
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRETS = (Secret("b1", b"a key for measurements, thirty-two bytes"),)
KEYS = keys_for("bench", SECRETS)

_PARAGRAPH = (
    "Hace un año saliste de la {{escuela}} y nos gustaría saber qué ha sido de ti: si estudias, "
    "si trabajas, o si estás buscando cómo seguir. Tu respuesta ayuda a quienes vienen detrás.\n\n"
)
TEMPLATE = parse_template(
    "{{nombre}}, ¿cómo te ha ido?",
    "Hola, {{nombre}}:\n\n{{enlace}}\n\n"
    + _PARAGRAPH.replace("{{escuela}}", "Preparatoria Número 3") * 13
    + "{{escuela}}\n\nPara no recibir más mensajes: {{baja}}\n",
    fields=frozenset({"nombre", "escuela"}),
    links=frozenset({"enlace", "baja"}),
)
SIGNERS = (
    DkimKey("r1", "escuela.mx", generate_private_key(65537, 2048)),
    DkimKey("e1", "escuela.mx", Ed25519PrivateKey.generate()),
)
HEAD = letterhead(
    from_name="Preparatoria Número 3",
    from_address="egresados@escuela.mx",
    reply_to=("Laura Pérez", "direccion@escuela.mx"),
    list_id="egresados.escuela.mx",
)


def written(number: int, message_id: str, identifier: UUID) -> Rendered:
    """The message of person `number`: everything a real invitation needs, signatures too."""
    baja = f"https://egresados.escuela.mx/baja/{unsubscribe_token(identifier, KEYS)}"
    address = f"persona{number}@correo{number % 20}.mx"
    content = compose(
        HEAD,
        TEMPLATE,
        Person(address, f"María José Núñez {number}", message_id, baja),
        {
            "nombre": f"María José {number}",
            "escuela": "Preparatoria Número 3",
            "enlace": f"https://egresados.escuela.mx/e/{identifier.hex[:22]}",
            "baja": baja,
        },
        now=NOW,
    )
    return Rendered(address, bounce_address(identifier, "rebotes.escuela.mx", KEYS), content)


def run() -> dict[str, float]:
    """The figures, by name; see the first lines of this file."""
    with receiver() as port:
        rates = {
            "smtplib": best(by_smtplib, port),
            "transport": best(by_transport, port),
            "outbox": best(by_outbox, port),
            "signed": best(by_signed_outbox, port),
            "compose": best(compose_only, port),
            "email_message": best(email_messages, port),
        }
    figures = {f"{name}_per_core_second": round(rate) for name, rate in rates.items()}
    return {
        "message_bytes": len(written(1, "<x@escuela.mx>", uuid4()).content),
        **figures,
        "transport_over_smtplib": round(rates["transport"] / rates["smtplib"], 2),
        "outbox_over_smtplib": round(rates["outbox"] / rates["smtplib"], 2),
        "signed_over_smtplib": round(rates["signed"] / rates["smtplib"], 2),
    }


def best(sender: Callable[[int], float], port: int) -> float:
    """Messages by second of processor of this process, all threads together."""
    return max(MESSAGES / sender(port) for _ in range(ROUNDS))


@contextmanager
def receiver() -> Iterator[int]:
    """A receiver in a process of its own; its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.mail_sink"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def by_smtplib(port: int) -> float:
    content = written(1, "<x@escuela.mx>", uuid4()).content
    start = time.process_time()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
        for number in range(MESSAGES):
            client.sendmail("b@rebotes.mx", [f"persona{number}@correo.mx"], content)
    return time.process_time() - start


class Forgetful:
    """A ledger that lets everything go and remembers nothing."""

    def write(
        self,
        handing_over: Sequence[Outgoing],
        finished: Sequence[DeliveryResult],  # noqa: ARG002
    ) -> set[UUID]:
        return {message.id for message in handing_over}


def server_at(port: int) -> MailServer:
    return MailServer("127.0.0.1", port, Tls.OFF, connections=10, per_domain=4)


def by_transport(port: int) -> float:
    begun = time.process_time()
    with SmtpTransport(server_at(port)) as transport:
        for start in range(0, MESSAGES, 100):
            batch = []
            for number in range(start, start + 100):
                identifier = uuid4()
                letter = written(number, f"<{identifier.hex}@escuela.mx>", identifier)
                batch.append(
                    Outgoing(identifier, 1, letter.recipient, letter.sender, letter.content)
                )
            transport.deliver(batch, Forgetful())
    return time.process_time() - begun


def by_outbox(port: int) -> float:
    return _through_the_outbox(port, letters)


def by_signed_outbox(port: int) -> float:
    return _through_the_outbox(port, signed_letters)


def _through_the_outbox(port: int, render: Render) -> float:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.db'}", SECRETS)
        SQLModel.metadata.create_all(engine)
        database = Database(engine)
        with database.unit_of_work() as session:
            outbox.enqueue(session, planned(), now=NOW)
        start = time.process_time()
        with SmtpTransport(server_at(port)) as transport:
            keys = keys_for(suppression.PURPOSE, SECRETS)
            desk = Desk(database, transport, render, everything, lambda: NOW, keys)
            report = drain(desk)
        assert report.sent == MESSAGES, report
        cost = time.process_time() - start
        database.dispose()
    return cost


def planned() -> list[PlannedMessage]:
    return [
        PlannedMessage(f"{number}/x", uuid4(), str(number), "escuela.mx", NOW)
        for number in range(MESSAGES)
    ]


def letters(
    session: Session,  # noqa: ARG001
    claimed: Sequence[ClaimedMessage],
) -> Mapping[UUID, Rendered | Objection]:
    return {
        message.id: written(int(message.kind), message.message_id, message.id)
        for message in claimed
    }


def signed_letters(
    session: Session, claimed: Sequence[ClaimedMessage]
) -> Mapping[UUID, Rendered | Objection]:
    return {
        identifier: replace(letter, content=signed(letter.content, SIGNERS, now=NOW))
        for identifier, letter in letters(session, claimed).items()
        if isinstance(letter, Rendered)
    }


def everything(
    session: Session,  # noqa: ARG001
    claimed: Sequence[ClaimedMessage],  # noqa: ARG001
) -> Mapping[UUID, Objection]:
    return {}


def compose_only(_: int) -> float:
    start = time.process_time()
    for number in range(MESSAGES):
        written(number, "<x@escuela.mx>", uuid4())
    return time.process_time() - start


def email_messages(_: int) -> float:
    text = TEMPLATE.fill(
        {"nombre": "M", "escuela": "P", "enlace": "https://a.mx/e/x", "baja": "https://a.mx/b"}
    )
    start = time.process_time()
    few = MESSAGES // 20
    for number in range(few):
        message = EmailMessage(policy=SMTP)
        message["To"] = f"María José Núñez {number} <a@b.mx>"
        message["Subject"] = text.subject
        message.set_content(text.text)
        message.add_alternative(text.html, subtype="html")
        message.as_bytes()
    return (time.process_time() - start) * 20


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
