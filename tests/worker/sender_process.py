"""A worker to be killed: drains the outbox again and again until nothing is left in it.

`python -m tests.worker.sender_process DATABASE_URL PORT LEASE_SECONDS CONNECTIONS`
"""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from app.clock import system_clock
from app.db.engine import make_engine
from app.db.transactions import Database
from app.errors import StorageBusy
from app.keys import keys_for
from app.messaging import queries, suppression
from app.messaging.delivery import ClaimedMessage, Objection, Rendered
from app.messaging.mail_server import MailServer, Tls
from app.messaging.smtp import SmtpTransport
from app.worker.dispatch import Desk, drain
from tests.conftest import DATA_KEYS, SECRET_KEYS


def write(session: Session, claimed: Sequence[ClaimedMessage]) -> dict[UUID, Rendered]:  # noqa: ARG001
    return {
        message.id: Rendered(
            message.recipient or "",
            "b+x@rebotes.mx",
            f"Message-ID: {message.message_id}\r\n\r\nhola\r\n".encode(),
        )
        for message in claimed
    }


def wanted(session: Session, claimed: Sequence[ClaimedMessage]) -> dict[UUID, Objection]:  # noqa: ARG001
    return {}


def main(url: str, port: str, lease: str, connections: str) -> None:
    database = Database(make_engine(url, DATA_KEYS))
    server = MailServer(
        "127.0.0.1", int(port), Tls.OFF, connections=int(connections), timeout=20, answer_timeout=20
    )
    with SmtpTransport(server) as transport:
        desk = Desk(
            database,
            transport,
            write,
            wanted,
            system_clock,
            keys_for(suppression.PURPOSE, SECRET_KEYS),
            lease=timedelta(seconds=float(lease)),
        )
        while True:
            try:
                drain(desk, batch=20)
                with database.reading() as session:
                    if queries.next_due(session) is None:
                        return
            except StorageBusy:
                pass
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
