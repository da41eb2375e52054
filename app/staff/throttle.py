"""How long the next sign-in must wait after failures (trust.md SEC-16).

Nobody can lock somebody else out for good: the wait of an account is short, and does not
bind a place from which its owner has signed in before.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Watch(StrEnum):
    """What failures are counted for."""

    ACCOUNT = "account"  # one address, tried from places that never signed in to it
    PAIR = "pair"  # one address from one place
    PLACE = "place"  # one network address, whatever it tries


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` failures cost nothing; then the wait doubles from one second up to `longest`."""

    free: int
    longest: timedelta


PATIENCE = {
    Watch.ACCOUNT: Patience(free=10, longest=timedelta(seconds=30)),
    Watch.PAIR: Patience(free=4, longest=timedelta(minutes=15)),
    # A whole school stands behind one address.
    Watch.PLACE: Patience(free=30, longest=timedelta(minutes=5)),
}
FORGOTTEN = timedelta(hours=6)  # without another failure


def wait_after(failures: int, watch: Watch) -> timedelta:
    """Time until the next try after this many failures in a row."""
    patience = PATIENCE[watch]
    extra = failures - patience.free
    if extra <= 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(extra - 1, 30)), patience.longest)
