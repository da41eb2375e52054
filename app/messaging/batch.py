"""Which message of a batch goes next, and which must wait because of what happened to others."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from app.messaging.addresses import domain_of
from app.messaging.delivery import DeliveryResult, Outgoing
from app.messaging.pace import Pace
from app.messaging.states import Outcome, Pause, Stage

_MOST_SILENCES = 3  # connections lost one after another before the server counts as down


class Batch:
    """The messages of one delivery that have not had their turn. Recipients are wire addresses."""

    def __init__(
        self,
        messages: Iterable[Outgoing],
        pace: Pace,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`stopping`: whether the process wants to end; then nothing more gets its turn."""
        self._stopping = stopping
        self._queue = list(messages)[::-1]  # taken from the end
        self._pace = pace
        self._under_way: Counter[str] = Counter()
        self._paused: set[str] = set()
        self._silences = 0
        self._halted: DeliveryResult | None = None

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def halted(self) -> bool:
        """Whether the server, and not a message, is the problem."""
        return self._halted is not None

    def take(self) -> Outgoing | None:
        """The next message whose receiver has room, now under way; None if there is none."""
        for place in range(len(self._queue) - 1, -1, -1):
            domain = domain_of(self._queue[place].recipient)
            if self._under_way[domain] < self._pace.allowed(domain):
                self._under_way[domain] += 1
                return self._queue.pop(place)
        return None

    def give_back(self, message: Outgoing) -> None:
        """`message` was not tried."""
        self._under_way[domain_of(message.recipient)] -= 1
        self._queue.append(message)

    def end(self, message: Outgoing, result: DeliveryResult | None, *, silent: bool) -> None:
        """`message` had its turn; `silent`: the server hung up without a word about it."""
        domain = domain_of(message.recipient)
        self._under_way[domain] -= 1
        self._silences = self._silences + 1 if silent else 0
        if result is None:
            return
        if result.outcome is Outcome.SENT:
            self._pace.took(domain)
        if result.pause is Pause.DOMAIN:
            self._pace.slow_down(domain)
            self._paused.add(domain)
        pause = Pause.SERVER if self._silences >= _MOST_SILENCES else result.pause
        if pause in {Pause.SERVER, Pause.CONFIGURATION}:
            self.halt(replace(result, stage=Stage.WAITING, pause=pause))

    def halt(self, cause: DeliveryResult) -> None:
        """Let nothing else leave: everything left waits, with the reason of `cause`."""
        if self._halted is None:
            self._halted = replace(cause, outcome=Outcome.RELEASED)

    def released(self) -> list[DeliveryResult]:
        """What must be given back untried: all of it after a halt, or paused receivers."""
        if self._queue and self._stopping():
            self.halt(_stopped(self._queue[0]))
        kept, results = [], []
        for message in self._queue:
            if self._halted is not None:
                results.append(replace(self._halted, id=message.id, attempt=message.attempt))
            elif domain_of(message.recipient) in self._paused:
                results.append(_paused(message))
            else:
                kept.append(message)
        self._queue = kept
        return results


def _paused(message: Outgoing) -> DeliveryResult:
    return DeliveryResult(
        message.id,
        message.attempt,
        Outcome.RELEASED,
        Stage.WAITING,
        reason="domain_paused",
        pause=Pause.DOMAIN,
    )


def _stopped(message: Outgoing) -> DeliveryResult:
    return DeliveryResult(
        message.id, message.attempt, Outcome.RELEASED, Stage.WAITING, reason="stopping"
    )
