"""What an SMTP ending means, and when to try again.

After trust.md §1.3 and D10: only a code that says "no such address" condemns the address;
whatever happens between the final dot and a readable answer is unknown, not failed.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.messaging.addresses import without_addresses
from app.messaging.states import Outcome, Pause, Stage

BACK_OFF = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=45),
    timedelta(hours=2),
)
SLOW_BACK_OFF = timedelta(hours=4)
SERVER_PAUSE = timedelta(minutes=5)
DOMAIN_PAUSE = timedelta(minutes=15)
LONGEST_REASON = 300  # characters

SERVICE_CLOSING = 421
_TOO_BIG = {552, 554}
ADDRESS_DEAD_CODES = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4"}
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Meaning:
    """An ending, understood. `status`: enhanced code of RFC 3463 if the server gave one."""

    outcome: Outcome
    pause: Pause = Pause.NOTHING
    status: str | None = None


def meaning_of_reply(stage: Stage, code: int, text: str) -> Meaning:
    """The meaning of a refusal with a three-digit code, said at `stage`.

    A code outside 400–599 is a reply nobody understands: unknown once the text is out.
    """
    if code // 100 not in {4, 5}:
        return meaning_of_silence(stage)
    status = enhanced_status(code, text)
    transient = code < 500
    if stage is Stage.CONNECTING:
        return Meaning(Outcome.RELEASED, Pause.SERVER if transient else Pause.CONFIGURATION, status)
    if stage is Stage.SENDER:
        return _meaning_at_sender(code, status)
    if transient:
        throttled = status is not None and status.startswith("4.7.")
        slow = throttled or (code == SERVICE_CLOSING and stage is Stage.RECIPIENT)
        return Meaning(Outcome.DEFERRED, Pause.DOMAIN if slow else Pause.NOTHING, status)
    if stage is Stage.RECIPIENT and status in ADDRESS_DEAD_CODES:
        return Meaning(Outcome.ADDRESS_DEAD, status=status)
    return Meaning(Outcome.REFUSED, status=status)


def meaning_of_silence(stage: Stage) -> Meaning:
    """The meaning of a lost connection, a time-out or garbage at `stage`."""
    if stage is Stage.HANDING_OVER:
        return Meaning(Outcome.UNKNOWN)
    if stage is Stage.CONNECTING:
        return Meaning(Outcome.RELEASED, Pause.SERVER)
    return Meaning(Outcome.DEFERRED)


def meaning_of_http(code: int) -> Meaning:
    """The meaning of a gateway's answer to a request that was written whole.

    A proxy that lost the gateway (502, 504) says only that nobody knows.
    """
    if code // 100 == 2:
        return Meaning(Outcome.SENT)
    if code in {502, 504}:
        return Meaning(Outcome.UNKNOWN)
    if code in {408, 425, 429} or code >= 500:
        return Meaning(Outcome.DEFERRED, Pause.SERVER if code in {429, 503} else Pause.NOTHING)
    if code in {401, 402, 403, 404, 405, 407} or code < 400:  # us, not the person; no redirects
        return Meaning(Outcome.RELEASED, Pause.CONFIGURATION)
    return Meaning(Outcome.REFUSED)


def enhanced_status(code: int, text: str) -> str | None:
    """The RFC 3463 code at the beginning of `text`, if of the same class as `code`."""
    found = _ENHANCED.match(text)
    return found[1] if found and found[1][0] == str(code)[0] else None


def next_attempt(
    deferrals: int, *, now: datetime, not_after: datetime | None = None
) -> datetime | None:
    """When to try again after `deferrals` (≥ 1) refusals; None once the window is over."""
    wait = BACK_OFF[deferrals - 1] if deferrals <= len(BACK_OFF) else SLOW_BACK_OFF
    moment = now + wait
    return None if not_after is not None and moment >= not_after else moment


def reason_for_staff(text: str) -> str:
    """A server's words, safe to store and show: one line, no addresses, at most 300 signs."""
    plain = text.encode("utf-8", "replace").decode()
    words = "".join(sign if sign.isprintable() else " " for sign in plain).split()
    return without_addresses(" ".join(words))[:LONGEST_REASON]


def _meaning_at_sender(code: int, status: str | None) -> Meaning:
    """MAIL FROM names us, not the person: a refusal concerns every message alike."""
    if code < 500:
        pause = Pause.SERVER if code == SERVICE_CLOSING else Pause.NOTHING
        return Meaning(Outcome.DEFERRED, pause, status)
    if code in _TOO_BIG and (status is None or status.startswith(("5.3.", "5.2."))):
        return Meaning(Outcome.REFUSED, status=status)
    return Meaning(Outcome.RELEASED, Pause.CONFIGURATION, status)
