"""What may go on the wire, in which bytes, and what an SMTP reply makes of a message."""

from app.messaging import retry
from app.messaging.addresses import AddressProblem, is_simulated, wire_address
from app.messaging.delivery import DeliveryResult, Outgoing
from app.messaging.states import Outcome, Stage


def problem_at_the_door(message: Outgoing) -> DeliveryResult | None:
    """What must not even reach a connection."""
    try:
        recipient = wire_address(message.recipient)
        wire_address(message.sender)
    except AddressProblem as problem:
        reason, outcome = f"address_{problem.reason}", Outcome.REFUSED
    else:
        if not is_simulated(recipient):
            return None
        reason, outcome = "simulated_address", Outcome.CANCELLED
    return DeliveryResult(message.id, message.attempt, outcome, Stage.WAITING, reason=reason)


def ended(
    message: Outgoing, stage: Stage, meaning: retry.Meaning, text: str, code: int | None = None
) -> DeliveryResult:
    """The result of an attempt that ended at `stage` with `text` from the server."""
    return DeliveryResult(
        message.id,
        message.attempt,
        meaning.outcome,
        stage,
        code=code,
        status=meaning.status,
        reason=retry.reason_for_staff(text),
        pause=meaning.pause,
    )


def on_the_wire(content: bytes) -> bytes:
    """CRLF everywhere, dots stuffed, final dot (RFC 5321 §4.5.2)."""
    if content.count(b"\n") != content.count(b"\r\n") or content.count(b"\r") != content.count(
        b"\r\n"
    ):
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    if content.startswith(b"."):
        content = b"." + content
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
