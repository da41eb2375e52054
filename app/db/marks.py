"""Facts about the whole database, set once and read at every start."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.db.tables import DeploymentMark

SIMULATED = "simulated"  # synthetic people inside: shown on every page, refused in production
SENDING_PAUSED = "sending_paused"  # restored from a backup: staff must confirm first
SENDING_LIMITS = "sending_limits"  # for which it was asked whether open waves are in time
# Why the way out of a channel refuses us; gone once it takes a message.
PROBLEM_OF = {channel: f"{channel}_problem" for channel in ("mail", "sms", "whatsapp")}


def mark(session: Session, name: str, value: str, *, now: datetime) -> None:
    """Set a mark, or change it; two who set it at once both succeed."""
    table = DeploymentMark
    on_postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if on_postgres else sqlite.insert(table)
    new = {"value": value, "at": now}
    session.execute(
        insert.values(name=name, **new).on_conflict_do_update(index_elements=["name"], set_=new)
    )
    session.get(DeploymentMark, name, populate_existing=True)


def unmark(session: Session, name: str) -> None:
    """Remove a mark if it is there."""
    session.exec(delete(DeploymentMark).where(col(DeploymentMark.name) == name))


def marked(session: Session, name: str) -> str | None:
    """The value of a mark, or None."""
    found = session.get(DeploymentMark, name)
    return None if found is None else found.value
