"""A deployment at a moment of the test's choosing, and what its mail server received."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from app.db.transactions import Database
from app.settings import Settings, read_settings
from app.worker.deployment import Deployment
from app.worker.sending import Sending
from app.worker.tick import TickReport, tick
from tests.conftest import DATA_KEYS, SECRET_KEYS


@dataclass(frozen=True)
class Received:
    """A message as the server got it."""

    sender: str
    recipient: str
    content: bytes

    @property
    def letter(self) -> EmailMessage:
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(self.content)

    @property
    def text(self) -> str:
        body = self.letter.get_body(("plain",))
        assert body is not None
        return str(body.get_content())


class MailServer:
    """The other process, and the folder it writes to."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=off"

    def received(self) -> list[Received]:
        return [_read(path) for path in sorted(self.folder.glob("*.eml"))]


@contextmanager
def a_mail_server(folder: Path) -> Iterator[MailServer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.worker.mail_receiver", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield MailServer(folder, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def settings_at(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Development, with the keys of the tests and its files in `folder`."""
    chosen = {"ENVIRONMENT": "development", "DATA_DIR": str(folder), **(environ or {})}
    found = read_settings({f"TRAYECTO_{name}": text for name, text in chosen.items()})
    return replace(found, secret_keys=SECRET_KEYS, data_keys=DATA_KEYS)


def a_tick(db: Database, settings: Settings, now: datetime) -> TickReport:
    """One pass of everything at `now`."""
    deployment = Deployment(settings, db, lambda: now)
    with Sending(deployment) as sending:
        return tick(deployment, sending)


def counts(report: TickReport) -> Sequence[int]:
    """opened, closed, queued, sent."""
    return (report.opened, report.closed, report.queued, report.sent)


def _read(path: Path) -> Received:
    sender, recipient, content = path.read_bytes().split(b"\n", 2)
    return Received(sender.decode(), recipient.decode(), content)
