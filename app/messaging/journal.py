"""What the connections of a delivery have to say to the ledger, gathered and written in turn."""

import asyncio
from collections.abc import Set as AbstractSet
from uuid import UUID

from app.messaging.delivery import DeliveryResult, Ledger, Outgoing

_GATHERING = 0.002  # seconds; a commit takes as long, and is then shared by more messages


class Journal:
    """What several connections have to say to the ledger, written together.

    One transaction is under way at a time; whatever arrives meanwhile shares the next. So every
    message is on disk before its text leaves, at the price of one commit for several messages.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._finished: list[DeliveryResult] = []
        self._waiting: list[Outgoing] = []
        self._results: list[DeliveryResult] = []
        self._current: asyncio.Task[AbstractSet[UUID]] | None = None
        self._next: asyncio.Task[AbstractSet[UUID]] | None = None

    def finish(self, result: DeliveryResult) -> None:
        """Have `result` written soon; nobody waits for it."""
        self._results.append(result)
        self._finished.append(result)
        self._join()

    async def may_go(self, message: Outgoing) -> bool:
        """Have the hand-over written, and wait until it is on disk."""
        self._waiting.append(message)
        return message.id in await self._join()

    async def close(self) -> list[DeliveryResult]:
        """Wait until everything is on disk; all results."""
        while self._finished or self._next is not None:
            await self._join()
        if self._current is not None:
            await self._current
        return self._results

    def _join(self) -> asyncio.Task[AbstractSet[UUID]]:
        if self._next is None:
            self._next = asyncio.create_task(self._write(self._current))
            self._next.add_done_callback(lambda task: task.exception())  # told to who waits
        return self._next

    async def _write(self, before: asyncio.Task[AbstractSet[UUID]] | None) -> AbstractSet[UUID]:
        if before is not None:
            await asyncio.wait([before])
        await asyncio.sleep(_GATHERING)  # the other connections that are about to be answered
        waiting, finished = self._waiting, self._finished
        self._waiting, self._finished = [], []
        self._current, self._next = self._next, None
        write = asyncio.get_running_loop().run_in_executor(
            None, self._ledger.write, waiting, finished
        )
        try:
            return await write
        except BaseException:
            self._finished = finished + self._finished  # still to be written
            raise
