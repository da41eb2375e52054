"""Deliver composed messages by SMTP: the only SMTP and the only async of the system.

The dialogue is our own sequence of commands, because only then is it known whether the final dot
was written (trust.md §1.3): the library raises the same error before and after it. Connections
stay open from one batch to the next. Nothing is ever sent to a `.invalid` address.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import uvloop
from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.response import SMTPResponse

from app.messaging import retry
from app.messaging.addresses import domain_of, wire_address
from app.messaging.batch import Batch
from app.messaging.delivery import DeliveryResult, Ledger, Outgoing
from app.messaging.journal import Journal
from app.messaging.mail_server import MailServer, Tls
from app.messaging.pace import Pace
from app.messaging.states import Outcome, Pause, Stage
from app.messaging.wire import ended, on_the_wire, problem_at_the_door

_GO_AHEAD = 354


class SmtpTransport:
    """Connections to one server, kept open until `close`. Not for two threads at once."""

    def __init__(self, server: MailServer, stopping: Callable[[], bool] = lambda: False) -> None:
        """`stopping`: asked before each message; once it is True the others are given back."""
        self._server, self._stopping = server, stopping
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._idle: list[SMTP] = []
        self._pace = Pace(server.per_domain)

    def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        """Try each message once. No session, no transaction: the ledger has its own.

        Returns:
            One result for each message, except those the ledger did not let go.
        """
        return self._runner.run(self._deliver(batch, ledger))

    def close(self) -> None:
        """Say QUIT on every connection; a server that does not answer changes nothing."""
        if self._idle:
            self._runner.run(self._quit())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        journal = Journal(ledger)
        allowed = []
        for message in batch:
            problem = problem_at_the_door(message)
            if problem is None:
                allowed.append(replace(message, recipient=wire_address(message.recipient)))
                self._pace.start(domain_of(allowed[-1].recipient), message.at_once)
            else:
                journal.finish(problem)
        turns = Batch(allowed, self._pace, self._stopping)
        return await _Delivery(self._server, self._idle, turns, journal).run()

    async def _quit(self) -> None:
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=2)
            except (SMTPException, OSError):
                client.close()


def connection_problem(server: MailServer) -> str | None:
    """Why we cannot connect, encrypt and sign in; None when all three work. Sends nothing."""
    return asyncio.run(_connection_problem(server))


async def _connection_problem(server: MailServer) -> str | None:
    client = _client(server)
    try:
        await _connect(client)
        await client.quit(timeout=2)
    except (SMTPException, OSError) as error:
        return retry.reason_for_staff(str(error)) or type(error).__name__
    return None


class _Delivery:
    """One batch on its way, over as many connections as the server and the batch want."""

    def __init__(
        self, server: MailServer, idle: list[SMTP], batch: Batch, journal: Journal
    ) -> None:
        self._server, self._idle, self._batch, self._journal = server, idle, batch, journal
        self._moved = asyncio.Event()
        self._open = 0  # connections in use

    async def run(self) -> list[DeliveryResult]:
        while self._batch:  # again if a connection gave its message back as the others ended
            crew = min(self._server.connections, len(self._batch))
            work = (self._work(first=place == 0) for place in range(crew))
            for ending in await asyncio.gather(*work, return_exceptions=True):
                if ending is not None:
                    raise ending
        return await self._journal.close()

    async def _work(self, *, first: bool) -> None:
        """Send on one connection until nothing is left for it."""
        client: SMTP | None = None
        # The first connection is tried alone: a server that is down is asked once.
        while not first and self._batch and not self._open and not self._batch.halted:
            await self._wait()
        while (message := await self._next()) is not None:
            client = client or self._reuse()
            reused = client is not None
            client = await self._usable(client, message)
            if client is None:
                self._batch.give_back(message)
                self._moved.set()
                if self._batch.halted:
                    continue
                return  # the server takes fewer connections than we wanted
            client = await self._send(client, message, reused=reused)
        if client is not None:
            self._open -= 1
            self._idle.append(client)

    async def _next(self) -> Outgoing | None:
        """The next message whose receiver has room; None when there is none left."""
        while True:
            for result in self._batch.released():
                self._journal.finish(result)
            if not self._batch:
                self._moved.set()
                return None
            message = self._batch.take()
            if message is not None:
                return message
            await self._wait()

    async def _wait(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _reuse(self) -> SMTP | None:
        """A connection left open by the batch before."""
        if not self._idle:
            return None
        self._open += 1
        return self._idle.pop()

    async def _usable(self, client: SMTP | None, message: Outgoing) -> SMTP | None:
        """`client` while it lives, or a new connection.

        None: it could not be had. If no other connection is open, that ends the batch.
        """
        if client is not None and client.is_connected:
            self._moved.set()
            return client
        if client is not None:
            self._open -= 1
        fresh = _client(self._server)
        try:
            await _connect(fresh)
        except (SMTPException, OSError) as error:
            fresh.close()
            if not self._open:
                self._batch.halt(_connection_failure(message, error))
            return None
        self._open += 1
        self._moved.set()
        return fresh

    async def _send(self, client: SMTP, message: Outgoing, *, reused: bool) -> SMTP | None:
        """One attempt; the connection if it can be used again."""
        dialogue = _Dialogue(client, self._server, message)
        try:
            result = await dialogue.run(self._journal)
        finally:
            if not client.is_connected:
                self._open -= 1
            self._moved.set()
        silent = dialogue.lost_before_an_answer
        if silent and reused:
            self._batch.give_back(message)  # an idle connection was closed: nobody's failure
        else:
            self._batch.end(message, result, silent=silent)
            if result is not None:
                self._journal.finish(result)
        return client if client.is_connected else None


class _Dialogue:
    """MAIL, RCPT, DATA and the text of one message, on an open connection."""

    def __init__(self, client: SMTP, server: MailServer, message: Outgoing) -> None:
        self._client, self._server, self._message = client, server, message
        self._stage = Stage.SENDER
        self._answered = False

    @property
    def lost_before_an_answer(self) -> bool:
        """Whether the connection ended before the server said anything about this message."""
        return not self._answered and not self._client.is_connected

    async def run(self, journal: Journal) -> DeliveryResult | None:
        """The result; None if the journal said that the message must not go."""
        try:
            refusal = await self._envelope()
            if refusal is None:
                if not await journal.may_go(self._message):
                    await self._command("RSET")
                    return None
                refusal = await self._text()
            if refusal is None:
                return self._result(Outcome.SENT)
            if refusal.code == retry.SERVICE_CLOSING or self._stage is Stage.HANDING_OVER:
                self._client.close()
            elif self._stage is not Stage.ANSWERED:
                await self._reset()
            return self._refused(refusal)
        except (SMTPException, OSError) as error:
            self._client.close()
            return self._lost(error)
        except BaseException:
            self._client.close()  # in the middle of a message: not to be used for another
            raise

    async def _envelope(self) -> SMTPResponse | None:
        """None, or the refusal of sender or recipient."""
        reply = await self._command(f"MAIL FROM:<{self._message.sender}>")
        if reply.code // 100 != 2:
            return reply
        self._stage = Stage.RECIPIENT
        reply = await self._command(f"RCPT TO:<{self._message.recipient}>")
        return None if reply.code // 100 == 2 else reply

    async def _text(self) -> SMTPResponse | None:
        """None, or the refusal of the text. On disk the message is already `handing_over`."""
        self._stage = Stage.DATA
        reply = await self._command("DATA")
        if reply.code != _GO_AHEAD:
            return reply
        protocol = self._client.protocol
        if protocol is None:
            raise ConnectionResetError("closed before the text")
        protocol.write(on_the_wire(self._message.content))
        self._stage = Stage.HANDING_OVER  # the final dot is written: from here on, unknown
        reply = await protocol.read_response(timeout=self._server.answer_timeout)
        if reply.code // 100 in {2, 4, 5}:
            self._stage = Stage.ANSWERED
        return None if reply.code // 100 == 2 else reply

    async def _command(self, line: str) -> SMTPResponse:
        reply = await self._client.execute_command(line.encode("ascii"))
        self._answered = True
        return reply

    async def _reset(self) -> None:
        """Make the connection ready for the next message; the verdict on this one stands."""
        try:
            await self._client.execute_command(b"RSET")
        except (SMTPException, OSError):
            self._client.close()

    def _result(self, outcome: Outcome) -> DeliveryResult:
        return DeliveryResult(
            self._message.id, self._message.attempt, outcome, Stage.ANSWERED, code=250
        )

    def _refused(self, reply: SMTPResponse) -> DeliveryResult:
        meaning = retry.meaning_of_reply(self._stage, reply.code, reply.message)
        return ended(self._message, self._stage, meaning, reply.message, reply.code)

    def _lost(self, error: Exception) -> DeliveryResult:
        meaning = retry.meaning_of_silence(self._stage)
        return ended(self._message, self._stage, meaning, type(error).__name__)


def _connection_failure(message: Outgoing, error: Exception) -> DeliveryResult:
    """Nothing can be sent now. Encryption and sign-in need somebody's attention."""
    if isinstance(error, SMTPResponseException) and error.code > 0:
        meaning = retry.meaning_of_reply(Stage.CONNECTING, error.code, error.message)
        return ended(message, Stage.CONNECTING, meaning, error.message, error.code)
    meaning = retry.meaning_of_silence(Stage.CONNECTING)
    if _is_about_encryption(error) or type(error) is SMTPException:
        meaning = replace(meaning, pause=Pause.CONFIGURATION)
    return ended(message, Stage.CONNECTING, meaning, str(error) or type(error).__name__)


def _is_about_encryption(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__
    return False


def _client(server: MailServer) -> SMTP:
    return SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        local_hostname=server.ehlo_name,
        timeout=server.timeout,
        use_tls=server.tls is Tls.ON,
        start_tls=server.tls is Tls.STARTTLS,
    )


async def _connect(client: SMTP) -> None:
    await client.connect()
    if client.is_ehlo_or_helo_needed:  # the library greets only where TLS or sign-in wants it
        await client.ehlo()
