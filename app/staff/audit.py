"""Append to the audit trail, in the caller's transaction.

An entry is saved with what it tells of, or not at all. It gets its place in the hash chain
a little later (audit_chain.seal): one chain written by everybody would be a queue that
everybody waits in.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlmodel import Session

from app.staff.tables import AuditEntry

Detail = str | int | bool | None | Sequence[str]


def append(
    session: Session,
    action: str,
    *,
    actor_id: UUID | None,
    about: tuple[str, object],
    now: datetime,
    unit_id: UUID | None = None,
    **details: Detail,
) -> None:
    """Write down one act.

    Args:
        session: the transaction of the act itself.
        action: "area.verb", as in `staff.granted`.
        actor_id: the account; None for the operator's console and the worker.
        about: kind and id of what it was done to.
        now: when.
        unit_id: whose trail it belongs to; None shows it to nobody but the operator and, for
            acts on or by an account, those who manage that account.
        details: ids, codes, counts and names of fields. Never a person's data.
    """
    kind, object_id = about
    entry = AuditEntry(
        id=uuid4(),
        at=now,
        actor_id=actor_id,
        action=action,
        object_kind=kind,
        object_id=str(object_id),
        unit_id=unit_id,
        # ASCII: the same bytes on both databases, whatever somebody typed.
        details=json.dumps(details, ensure_ascii=True, sort_keys=True),
        content_hash="",
    )
    entry.content_hash = content_hash(entry)
    session.add(entry)


def content_hash(entry: AuditEntry) -> str:
    """SHA-256 of everything an entry tells, in one written form."""
    told = [
        str(entry.id),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        None if entry.actor_id is None else str(entry.actor_id),
        entry.action,
        entry.object_kind,
        entry.object_id,
        None if entry.unit_id is None else str(entry.unit_id),
        entry.details,
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()


def details_of(text: str) -> Mapping[str, Detail]:
    """The details of an entry, as they were given."""
    found: dict[str, Detail] = json.loads(text)
    return found
