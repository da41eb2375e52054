"""How fast we write to one receiver, and how much one sending identity writes in a day.

After trust.md 4.3: to each mail domain first one message at a time and then up to four, so many
a minute, and nothing for a while when it asks for less; a new identity begins with 200 a day.
Pure: the states come from the database, where every worker reads and writes the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.messaging.retry import BACK_OFF, SLOW_BACK_OFF

MOST_AT_ONCE = 4  # messages on their way to one receiver
MINUTE = timedelta(minutes=1)
BUSY = timedelta(minutes=1)  # another worker has the receiver
WARM_UP = (200, 500, 1_000)  # messages of the first days; from there on twice the day before
# After so many messages taken without a complaint a receiver has no lower rate than the others.
TRUSTED_AFTER = 1_000


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """Messages a minute to each receiver; None: as many as it takes, for development.

    `warm_up`: whether a new identity begins slowly.
    """

    rate: int | None = None
    slower: Mapping[str, int] = field(default_factory=dict)
    warm_up: bool = False

    def rate_of(self, receiver: str, taken: int) -> int | None:
        """Messages a minute to `receiver`, which took `taken` since it last complained."""
        if self.rate is None:
            return None
        first = self.slower.get(receiver, self.rate)
        return first if taken < TRUSTED_AFTER else max(first, self.rate)


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """What is known of one receiver.

    `used` messages were let go in the minute that began at `window_at`; those of `ahead_used`
    have been told to come back in the minute of `ahead_at`. `holder` alone writes to the receiver
    until `held_until`, so that `at_once` holds for all workers together.
    """

    at_once: int = 1
    strikes: int = 0
    taken: int = 0
    paused_until: datetime | None = None
    window_at: datetime | None = None
    used: int = 0
    ahead_at: datetime | None = None
    ahead_used: int = 0
    holder: str | None = None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """How many may go now, how many at a time, and when each of the others may ask again."""

    now: int
    at_once: int
    later: tuple[datetime, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks to write to a receiver, for how long they would hold it."""

    holder: str
    wanted: int
    now: datetime
    lease: timedelta


def admit(
    state: ReceiverState, asking: Asking, rate: int | None
) -> tuple[ReceiverState, Admission]:
    """How many of `asking.wanted` may go; the state after that."""
    now, wanted = asking.now, asking.wanted
    if state.paused_until is not None and state.paused_until > now:
        again = (state.paused_until,) * wanted
        return state, Admission(0, state.at_once, again, "domain_paused")
    if rate is None:
        return state, Admission(wanted, state.at_once)
    if _held_by_another(state, asking):
        return state, Admission(0, state.at_once, (now + BUSY,) * wanted, "domain_busy")
    if state.window_at is None or now >= state.window_at + MINUTE:
        state = replace(state, window_at=now, used=0)
    go = min(wanted, max(0, rate - state.used))
    state, later = _told_to_come_back(replace(state, used=state.used + go), wanted - go, rate)
    if go:
        state = replace(state, holder=asking.holder, held_until=now + asking.lease)
    return state, Admission(go, state.at_once, later, "domain_pace" if later else None)


def settled(state: ReceiverState, holder: str, *, taken: int, released: int) -> ReceiverState:
    """After a batch: what the receiver took makes it faster, what never left is given back."""
    if state.holder == holder:
        state = replace(state, holder=None, held_until=None)
    if taken:
        state = replace(state, taken=state.taken + taken, strikes=0)
        state = replace(state, at_once=min(MOST_AT_ONCE, state.at_once + taken))
    return replace(state, used=max(0, state.used - released))


def slowed(state: ReceiverState, *, now: datetime) -> ReceiverState:
    """The receiver asked for less: a pause, longer each time, and one at a time after it.

    Several answers of one moment are one complaint.
    """
    if state.paused_until is not None and state.paused_until > now:
        return state
    pause = BACK_OFF[state.strikes] if state.strikes < len(BACK_OFF) else SLOW_BACK_OFF
    return replace(state, at_once=1, taken=0, strikes=state.strikes + 1, paused_until=now + pause)


def warm_up_limit(days: Sequence[int]) -> int:
    """Messages a new identity may send today, after days with `days` messages, oldest first.

    The next step is reached by a day that used half of the one before: silence earns nothing.
    """
    step = 0
    for sent in days:
        if sent * 2 >= _rung(step):
            step += 1
    return _rung(step)


def _rung(step: int) -> int:
    if step < len(WARM_UP):
        return WARM_UP[step]
    return WARM_UP[-1] << min(step - len(WARM_UP) + 1, 20)


def _held_by_another(state: ReceiverState, asking: Asking) -> bool:
    return (
        state.holder not in {None, asking.holder}
        and state.held_until is not None
        and state.held_until > asking.now
    )


def _told_to_come_back(
    state: ReceiverState, count: int, rate: int
) -> tuple[ReceiverState, tuple[datetime, ...]]:
    """The next minutes with room, in turn, so that nobody asks twice in vain."""
    if not count or state.window_at is None:
        return state, ()
    at, used = state.ahead_at, state.ahead_used
    if at is None or at < state.window_at + MINUTE:
        at, used = state.window_at + MINUTE, 0
    later = []
    for _ in range(count):
        if used >= rate:
            at, used = at + MINUTE, 0
        later.append(at)
        used += 1
    return replace(state, ahead_at=at, ahead_used=used), tuple(later)
