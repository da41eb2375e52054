"""Text messages by a gateway over HTTPS: the only outgoing HTTP of the system.

The address is looked up once, judged, and pinned: the request goes to that number, while
certificate and Host keep the name (trust.md SEC-09). No redirects, no proxies of the environment,
no connection kept: whatever fails before the request is written failed for nobody. Once the
request leaves, silence means unknown, as after the final dot of SMTP.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import httpx2

from app.messaging import retry
from app.messaging.delivery import DeliveryResult, Ledger, Outgoing
from app.messaging.gateway_setting import Gateway
from app.messaging.journal import Journal
from app.messaging.public_hosts import Resolve, pinned, resolve
from app.messaging.states import Outcome, Pause, Stage
from app.messaging.wire import ended

_AT_ONCE = 4  # requests under way
_SHOWN = 300  # characters of an answer that are kept for staff
_LEAVES = "http11.send_request_headers.started"  # from this event on the gateway may have it


class _Turns:
    """Which messages of a batch have not had their turn, and why the rest must wait."""

    def __init__(self, batch: Sequence[Outgoing], stopping: Callable[[], bool]) -> None:
        self._queue, self._stopping = list(batch)[::-1], stopping
        self._cause: tuple[str | None, Pause] | None = None

    def take(self) -> Outgoing | None:
        """The next message; None when there is none, or none may go."""
        if self._stopping():
            self._cause = self._cause or ("stopping", Pause.NOTHING)
        return self._queue.pop() if self._queue and self._cause is None else None

    def heed(self, result: DeliveryResult) -> None:
        """An ending that says something about the gateway stops the others."""
        if result.pause is not Pause.NOTHING:
            self._cause = (result.reason, result.pause)

    def given_back(self) -> list[DeliveryResult]:
        """The messages that had no turn."""
        reason, pause = self._cause or (None, Pause.NOTHING)
        return [_given_back(message, reason, pause) for message in self._queue]


class GatewayTransport:
    """One gateway. Not for two threads at once."""

    def __init__(
        self,
        gateway: Gateway,
        stopping: Callable[[], bool] = lambda: False,
        *,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`trust`: certificates believed; those of this machine if unsaid."""
        self._gateway, self._stopping, self._resolve = gateway, stopping, resolve
        self._trust = trust or ssl.create_default_context()

    def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        """Try each message once; after the gateway itself failed, the others are given back."""
        return asyncio.run(self._deliver(batch, ledger))

    async def _deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        turns = _Turns(batch, self._stopping)
        journal = Journal(ledger)
        crew = (self._work(turns, journal) for _ in range(min(_AT_ONCE, len(batch))))
        for ending in await asyncio.gather(*crew, return_exceptions=True):
            if ending is not None:
                raise ending
        for result in turns.given_back():
            journal.finish(result)
        return await journal.close()

    async def _work(self, turns: _Turns, journal: Journal) -> None:
        while (message := turns.take()) is not None:
            result = await self._send(message, journal)
            if result is not None:
                turns.heed(result)
                journal.finish(result)

    async def _send(self, message: Outgoing, journal: Journal) -> DeliveryResult | None:
        """The result; None if the journal said that the message must not go."""
        gateway = self._gateway
        try:
            async with asyncio.timeout(gateway.seconds):
                number = await asyncio.to_thread(
                    pinned,
                    gateway.host,
                    gateway.port,
                    allowed=gateway.allowed,
                    resolve=self._resolve,
                )
        except (OSError, UnicodeError, TimeoutError) as error:
            return _given_back(message, f"{type(error).__name__}: {error}", Pause.CONFIGURATION)
        if not await journal.may_go(message):
            return None
        return await _Request(gateway, self._trust, number, message).run()


class _Request:
    """One request, and how far it went."""

    def __init__(
        self, gateway: Gateway, trust: ssl.SSLContext, number: str, message: Outgoing
    ) -> None:
        self._gateway, self._trust, self._number = gateway, trust, number
        self._message = message
        self._stage = Stage.CONNECTING

    async def run(self) -> DeliveryResult:
        try:
            async with asyncio.timeout(self._gateway.seconds), self._client() as client:
                code, text = await self._exchange(client)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            meaning = retry.meaning_of_silence(self._stage)
            reason = str(error) or type(error).__name__
            return ended(self._message, self._stage, meaning, reason)
        meaning = retry.meaning_of_http(code)
        return ended(self._message, Stage.ANSWERED, meaning, f"HTTP {code} {text}", code)

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            verify=self._trust,
            trust_env=False,
            follow_redirects=False,
            timeout=self._gateway.seconds,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def _exchange(self, client: httpx2.AsyncClient) -> tuple[int, str]:
        """The status and the first words of the answer, which may be of any length."""
        host = f"[{self._number}]" if ":" in self._number else self._number
        request = client.build_request(
            "POST",
            f"https://{host}:{self._gateway.port}{self._gateway.path}",
            content=self._message.content,
            headers=self._headers(),
            extensions={"sni_hostname": self._gateway.host, "trace": self._trace},
        )
        answer = await client.send(request, stream=True)
        try:
            taken = b""
            async for piece in answer.aiter_raw():
                taken += piece
                if len(taken) > self._gateway.largest_answer:
                    break
        finally:
            await answer.aclose()
        return answer.status_code, taken[: 4 * _SHOWN].decode("utf-8", "replace")[:_SHOWN]

    async def _trace(self, event: str, _: Any) -> None:
        if event == _LEAVES:
            self._stage = Stage.HANDING_OVER

    def _headers(self) -> dict[str, str]:
        gateway = self._gateway
        port = "" if gateway.port == 443 else f":{gateway.port}"
        headers = {
            "host": f"{gateway.host}{port}",
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "trayecto",
            # The same on every try, for gateways that know what to do with it.
            "idempotency-key": str(self._message.id),
        }
        if gateway.token is not None:
            headers["authorization"] = f"Bearer {gateway.token}"
        elif gateway.user is not None:
            pair = base64.b64encode(":".join(gateway.user).encode()).decode("ascii")
            headers["authorization"] = f"Basic {pair}"
        return headers


def _given_back(message: Outgoing, reason: str | None, pause: Pause) -> DeliveryResult:
    return DeliveryResult(
        message.id,
        message.attempt,
        Outcome.RELEASED,
        Stage.WAITING,
        reason=None if reason is None else retry.reason_for_staff(reason),
        pause=pause,
    )
