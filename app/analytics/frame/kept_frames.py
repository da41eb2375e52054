"""What was worked out of a wave, kept in memory for as long as all that it is made of is equal."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

MOST_PERSONS = 15_000  # some thirty megabytes
Kept = TypeVar("Kept")


class KeptFrames(Generic[Kept]):
    """The last ones asked for; each process has its own, and none can be older than its key."""

    def __init__(self, room: int = MOST_PERSONS) -> None:
        """`room`: for so much, in the measure in which sizes are given."""
        self._lock = Lock()
        self._room, self._full = room, 0
        self._kept: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()

    def get(self, known_by: Hashable) -> Kept | None:
        """What was kept under the same key."""
        with self._lock:
            found = self._kept.get(known_by)
            if found is None:
                return None
            self._kept.move_to_end(known_by)
            return found[0]

    def put(self, known_by: Hashable, made: Kept, *, size: int = 1) -> None:
        """Keep it; those asked for longest ago go. What is bigger than all the room: not at all."""
        if size > self._room:
            return
        with self._lock:
            if known_by in self._kept:
                return
            self._kept[known_by] = (made, size)
            self._full += size
            while self._full > self._room:
                _, (_, gone) = self._kept.popitem(last=False)
                self._full -= gone
