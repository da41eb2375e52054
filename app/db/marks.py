"""Facts about the whole database, set once and read at every start."""

from datetime import datetime

from sqlmodel import Session

from app.db.tables import DeploymentMark

SIMULATED = "simulated"  # synthetic people inside: shown on every page, refused in production
SENDING_PAUSED = "sending_paused"  # restored from a backup: staff must confirm first
SENDING_LIMITS = "sending_limits"  # for which it was asked whether open waves are in time
# Why the way out of a channel refuses us; gone once it takes a message.
PROBLEM_OF = {channel: f"{channel}_problem" for channel in ("mail", "sms", "whatsapp")}


def mark(session: Session, name: str, value: str, *, now: datetime) -> None:
    """Set a mark, or change it."""
    session.merge(DeploymentMark(name=name, value=value, at=now))


def unmark(session: Session, name: str) -> None:
    """Remove a mark if it is there."""
    found = session.get(DeploymentMark, name)
    if found is not None:
        session.delete(found)


def marked(session: Session, name: str) -> str | None:
    """The value of a mark, or None."""
    found = session.get(DeploymentMark, name)
    return None if found is None else found.value
