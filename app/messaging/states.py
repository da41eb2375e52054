"""The words for where a message is: its state, how far its SMTP dialogue went, how it ended.

Pure, and apart from the tables, because screens and other packages name them too.
"""

from enum import StrEnum


class Channel(StrEnum):
    """By what way a message travels; each has its own transport, or none."""

    MAIL = "mail"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class OutboxState(StrEnum):
    """Where a message is. SENT, FAILED and CANCELLED are endings.

    UNKNOWN: the final dot was written and no answer was recorded, so a copy may or may not
    have arrived (RFC 1047). It is tried once more with the same Message-ID, then left so.
    """

    QUEUED = "queued"
    SENDING = "sending"  # held by one worker, under a lease
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """How far the dialogue of an attempt went; HANDING_OVER is on disk before DATA is said."""

    WAITING = "waiting"  # no attempt, or only claimed
    CONNECTING = "connecting"  # greeting, EHLO, TLS, sign-in
    SENDER = "sender"  # MAIL FROM
    RECIPIENT = "recipient"  # RCPT TO
    DATA = "data"  # DATA, before the text
    HANDING_OVER = "handing_over"  # from here on the server may have the message
    ANSWERED = "answered"  # the server spoke after the final dot


class Outcome(StrEnum):
    """How one attempt ended."""

    SENT = "sent"
    DEFERRED = "deferred"  # try later: the message's own fault counts towards its back-off
    RELEASED = "released"  # try later: it never had its turn
    REFUSED = "refused"  # permanent for this message, the address stays good
    ADDRESS_DEAD = "address_dead"  # permanent, and nobody should write there again
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"  # no longer wanted, or must never be sent
    RETURNED = "returned"  # it was taken, and came back later: a bounce or a complaint


class Pause(StrEnum):
    """What else should wait because of this outcome."""

    NOTHING = "nothing"
    DOMAIN = "domain"  # the receiver slows us down
    SERVER = "server"  # our mail server is not there
    CONFIGURATION = "configuration"  # it refuses us: somebody must look


class SuppressionReason(StrEnum):
    """Why an address is not written to."""

    DEAD = "dead"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
