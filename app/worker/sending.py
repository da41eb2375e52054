"""The way out for messages, for the life of a process: mail server, development mailbox, or none.

Without a mail server nothing leaves in production: messages stay queued until their window ends.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from sqlmodel import Session

from app.db import marks
from app.messaging import outbox, queries
from app.messaging.addresses import domain_of
from app.messaging.delivery import Transport
from app.messaging.mail_server import MailServer, read_smtp_url
from app.messaging.smtp import SmtpTransport
from app.messaging.states import Pause
from app.settings import Settings
from app.worker.deployment import Deployment
from app.worker.dispatch import BATCH, Desk, DrainReport, MailboxTransport, drain
from app.worker.writing import Writer

log = logging.getLogger("trayecto.worker")

DAY = timedelta(days=1)
A_PASS = 500  # messages; then the loop looks at its other jobs


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server of a deployment; None where none is set.

    Raises:
        MailServerRefused: TRAYECTO_SMTP_URL cannot be meant.
    """
    if settings.smtp_url is None:
        return None
    return read_smtp_url(settings.smtp_url, ehlo_name=domain_of(settings.mail_from))


class Sending:
    """The open way out. Use as a context: connections are closed behind it."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        lease: timedelta = outbox.LEASE,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._deployment, self._lease, self._stopping = deployment, lease, stopping
        server = mail_server(deployment.settings)
        self._smtp = None if server is None else SmtpTransport(server, stopping)
        self._kept = deployment.settings.keeps_mail
        self._problem: str | None = "not read yet"

    def send(self, *, limit: int | None = None, batch: int = BATCH) -> DrainReport:
        """Send what is due, up to `limit` messages and to the daily limit."""
        transport = self._transport()
        if transport is None or self._paused():
            self._deployment.change(lambda session, now: outbox.sweep(session, now=now))
            return DrainReport()
        allowed = self._allowance(limit)
        if allowed == 0:
            return DrainReport()
        writer = Writer(self._deployment, kept=self._kept, stopping=self._stopping)
        desk = Desk(
            self._deployment.database,
            transport,
            writer.render,
            writer.still_wanted,
            self._deployment.clock,
            writer.address_keys,
            lease=self._lease,
            tell=writer.tell,
        )
        report = drain(desk, limit=allowed, batch=batch)
        if report.failed:
            paused = self._deployment.change(writer.pause_failing)
            for wave in paused:
                log.warning("wave paused: too many messages refused wave=%s", wave)
        self._note_problem(report)
        return report

    def close(self) -> None:
        """Say goodbye to the mail server."""
        if self._smtp is not None:
            self._smtp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _transport(self) -> Transport | None:
        if self._kept:
            return MailboxTransport(self._deployment.database, self._deployment.clock)
        return self._smtp

    def _paused(self) -> bool:
        """Restored from a backup: staff confirm first."""
        with self._deployment.database.reading() as session:
            return marks.marked(session, marks.SENDING_PAUSED) is not None

    def _allowance(self, limit: int | None) -> int | None:
        daily = self._deployment.settings.mail_daily_limit
        if daily is None:
            return limit
        with self._deployment.database.reading() as session:
            sent = queries.sent_since(session, self._deployment.clock() - DAY)
        left = max(0, daily - sent)
        return left if limit is None else min(left, limit)

    def _note_problem(self, report: DrainReport) -> None:
        """A note for staff while the mail server refuses us; gone once it takes a message."""
        refused = report.pause is Pause.CONFIGURATION
        problem = (report.pause_reason or "unknown") if refused else None
        if problem == self._problem or (problem is None and not report.sent):
            return

        def note(session: Session, now: datetime) -> None:
            if problem is None:
                marks.unmark(session, marks.MAIL_PROBLEM)
            else:
                marks.mark(session, marks.MAIL_PROBLEM, problem[:400], now=now)

        self._deployment.change(note)
        self._problem = problem
