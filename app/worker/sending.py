"""The ways out for messages, for the life of a process: mail server, gateways, or none.

Without a mail server no mail leaves in production, without a gateway no text message: they stay
queued until their window ends. In development the mailbox takes what has no other way.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import uuid4

from sqlmodel import Session

from app.db import marks
from app.fieldwork.stationery import GATEWAY_FIELDS
from app.messaging import outbox, queries
from app.messaging.addresses import domain_of, wire_address
from app.messaging.channels import gateways, pace_policy
from app.messaging.delivery import Transport
from app.messaging.dkim import DkimKey
from app.messaging.dkim_keys import read_dkim_keys
from app.messaging.gateway import GatewayTransport
from app.messaging.mail_server import MailServer, read_smtp_url
from app.messaging.pace_book import PaceBook
from app.messaging.pacing import PacePolicy
from app.messaging.smtp import SmtpTransport
from app.messaging.states import Channel, Pause
from app.settings import Settings
from app.worker.deployment import Deployment
from app.worker.dispatch import BATCH, Desk, DrainReport, MailboxTransport, drain, summed
from app.worker.writing import Writer

log = logging.getLogger("trayecto.worker")

DAY = timedelta(days=1)
_AT_WILL = PaceBook(PacePolicy(), "gateway")  # neither gateways nor our own mailbox tire
A_PASS = 500  # messages; then the loop looks at its other jobs


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server of a deployment; None where none is set.

    Raises:
        MailServerRefused: TRAYECTO_SMTP_URL cannot be meant.
    """
    if settings.smtp_url is None:
        return None
    return read_smtp_url(settings.smtp_url, ehlo_name=domain_of(settings.mail_from))


def mail_signers(settings: Settings) -> tuple[DkimKey, ...]:
    """The keys that sign our mails, as the domain they come from.

    Raises:
        DkimRefused: a key cannot be used; unsigned mail would cost our good name.
    """
    return read_dkim_keys(settings.dkim_keys, domain_of(wire_address(settings.mail_from)))


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
        self._signers = mail_signers(deployment.settings)
        self._book = PaceBook(pace_policy(deployment.settings), uuid4().hex)
        self._kept = deployment.settings.keeps_mail
        self._gateways = gateways(deployment.settings, fields=GATEWAY_FIELDS)
        self._by_gateway = {
            channel: GatewayTransport(gateway, stopping)
            for channel, gateway in self._gateways.items()
        }
        self._problems: dict[Channel, str | None] = {}

    def send(self, *, limit: int | None = None, batch: int = BATCH) -> DrainReport:
        """Send what is due over every open channel, up to `limit` messages and the daily limit."""
        if self._paused():
            self._deployment.change(lambda session, now: outbox.sweep(session, now=now))
            return DrainReport()
        reports: list[DrainReport] = []
        for channel in Channel:
            left = None if limit is None else limit - sum(report.handled for report in reports)
            reports.append(self._send_over(channel, limit=left, batch=batch))
        return summed(reports)

    def _send_over(self, channel: Channel, *, limit: int | None, batch: int) -> DrainReport:
        transport = self._transport(channel)
        if transport is None:
            self._deployment.change(lambda session, now: outbox.sweep(session, now=now))
            return DrainReport()
        allowed = self._allowance(limit) if channel is Channel.MAIL else limit
        if allowed is not None and allowed <= 0:
            return DrainReport()
        writer = Writer(
            self._deployment,
            kept=isinstance(transport, MailboxTransport),
            stopping=self._stopping,
            channel=channel,
            gateway=self._gateways.get(channel),
            signers=self._signers if transport is self._smtp else (),
        )
        desk = Desk(
            self._deployment.database,
            transport,
            writer.render,
            writer.still_wanted,
            self._deployment.clock,
            writer.address_keys,
            lease=self._lease,
            tell=writer.tell,
            channel=channel,
            book=self._book if transport is self._smtp else _AT_WILL,
        )
        report = drain(desk, limit=allowed, batch=batch)
        if report.failed:
            paused = self._deployment.change(writer.pause_failing)
            for wave in paused:
                log.warning("wave paused: too many messages refused wave=%s", wave)
        self._note_problem(channel, report)
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

    def _transport(self, channel: Channel) -> Transport | None:
        by_wire: Transport | None = self._by_gateway.get(channel)
        if channel is Channel.MAIL:
            by_wire = self._smtp
        if by_wire is None and self._kept:
            return MailboxTransport(self._deployment.database, self._deployment.clock)
        return by_wire

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

    def _note_problem(self, channel: Channel, report: DrainReport) -> None:
        """A note for staff while a channel refuses us; gone once it takes a message."""
        refused = report.pause is Pause.CONFIGURATION
        problem = (report.pause_reason or "unknown") if refused else None
        if problem == self._problems.get(channel, "not read yet") or (
            problem is None and not report.sent
        ):
            return
        name = marks.PROBLEM_OF[channel.value]

        def note(session: Session, now: datetime) -> None:
            if problem is None:
                marks.unmark(session, name)
            else:
                marks.mark(session, name, problem[:400], now=now)

        self._deployment.change(note)
        self._problems[channel] = problem
