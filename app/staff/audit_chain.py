"""The hash chain of the audit trail: sealing it, copying its head outside, verifying it.

Each sealed entry has the next number and SHA-256(previous hash, number, content hash). Its
end is kept in `audit_head` and, daily, in a file that the database cannot reach: whoever can
write the database could compute the whole chain again, but not what the file says of it.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypedDict
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.staff.audit import content_hash
from app.staff.rows import insert_if_absent
from app.staff.tables import AuditEntry, AuditHead

HEAD_FILE = "audit-head.jsonl"  # in DATA_DIR; copy it to another machine
BATCH = 500  # entries sealed in one transaction: some 50 ms of the one writer of SQLite
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain reached at some moment."""

    sequence: int
    hash: str


class FaultKind(StrEnum):
    """What was found."""

    UNREADABLE = "ilegible"
    EDITED = "modificado"
    MISSING = "faltante"
    MOVED = "cambiado de lugar"
    TRUNCATED = "cortado al final"
    REWRITTEN = "reescrito"


@dataclass(frozen=True, slots=True)
class AuditFault:
    """One thing that is not as it was written. `sequence` None: not sealed yet."""

    kind: FaultKind
    sequence: int | None
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` read and found."""

    sealed: int
    unsealed: int
    faults: tuple[AuditFault, ...]


def seal(session: Session, *, limit: int = BATCH) -> int:
    """Give up to `limit` waiting entries their places. How many were sealed.

    Two workers at once: one seals, the other gets 0.
    """
    # The head first: entries read after it are still waiting as long as it has not moved.
    before = _head(session)
    waiting = session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.sequence).is_(None))
        .order_by(col(AuditEntry.at), col(AuditEntry.id))
        .limit(limit)
    ).all()
    if not waiting:
        return 0
    places = list(_places(before, waiting))
    # Whoever moves the head owns these places; the entries themselves need no second guard.
    if not _advance_head(session, before, Head(places[-1]["sequence"], places[-1]["hash"])):
        return 0
    session.exec(update(AuditEntry), params=places)
    return len(places)


def write_head(session: Session, path: Path, *, now: datetime) -> bool:
    """Add the present head to the file, once a day. True if written.

    Lines are only ever added: each is what the chain had to look like from that day on.
    """
    written = path.read_text("utf-8") if path.is_file() else ""
    day = now.astimezone(UTC).date().isoformat()
    if f'"day": "{day}"' in written:
        return False
    head = _head(session)
    line = json.dumps({"day": day, "sequence": head.sequence, "hash": head.hash})
    # A new file in the place of the old: a power cut leaves one of the two whole.
    fresh = path.with_name(f"{path.name}.{uuid4().hex}.new")  # one for each worker
    with fresh.open("w", encoding="utf-8") as file:
        file.write(f"{written}{line}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return True


def verify(session: Session, head_file: Path | None = None) -> Verification:
    """Read the whole trail and compare. Reads only; memory does not grow with the trail.

    An entry deleted before it was sealed (a minute, by the worker's cadence) leaves no
    trace here; edited, it does.
    """
    faults: list[AuditFault] = []
    last = Head(0, START)
    try:
        outside = _outside(head_file)
        for entry in _sealed(session):
            faults += _compare(entry, last, outside)
            last = Head(entry.sequence or 0, entry.hash or "")
        faults += _compare_end(last, _head(session), outside)
        unsealed, faults_at_end = _unsealed(session)
        faults += faults_at_end
    except (ValueError, LookupError):
        # Somebody wrote into a column (or the file) what cannot be meant there.
        return Verification(
            last.sequence, 0, (*faults, AuditFault(FaultKind.UNREADABLE, last.sequence + 1))
        )
    return Verification(last.sequence, unsealed, tuple(faults))


def _head(session: Session) -> Head:
    row = session.exec(select(AuditHead.sequence, AuditHead.hash)).first()
    return Head(*row) if row else Head(0, START)


def _advance_head(session: Session, before: Head, after: Head) -> bool:
    if before.sequence == 0:
        insert_if_absent(session, AuditHead, {"id": 1, "sequence": 0, "hash": START})
    taken = session.exec(
        update(AuditHead)
        .where(
            col(AuditHead.id) == 1,
            col(AuditHead.sequence) == before.sequence,
            col(AuditHead.hash) == before.hash,
        )
        .values(sequence=after.sequence, hash=after.hash)
        .returning(col(AuditHead.id))
    )
    return taken.first() is not None


class _Place(TypedDict):
    """The columns that sealing fills in (the shape SQLAlchemy takes for many rows at once)."""

    id: UUID
    sequence: int
    previous_hash: str
    hash: str


def _places(head: Head, waiting: Iterable[AuditEntry]) -> Iterator[_Place]:
    for entry in waiting:
        sequence = head.sequence + 1
        following = Head(sequence, _link(head.hash, sequence, entry.content_hash))
        yield _Place(id=entry.id, sequence=sequence, previous_hash=head.hash, hash=following.hash)
        head = following


def _link(previous_hash: str, sequence: int, content: str) -> str:
    return hashlib.sha256(f"{previous_hash}\n{sequence}\n{content}".encode()).hexdigest()


def _sealed(session: Session) -> Iterator[AuditEntry]:
    rows = session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.sequence).is_not(None))
        .order_by(col(AuditEntry.sequence))
        .execution_options(yield_per=500)
    )
    for entry in rows:
        session.expunge(entry)
        yield entry


def _compare(entry: AuditEntry, last: Head, outside: Mapping[int, str]) -> Iterator[AuditFault]:
    sequence = entry.sequence or 0
    found = None
    if content_hash(entry) != entry.content_hash:
        found = FaultKind.EDITED
    elif sequence != last.sequence + 1:
        found = FaultKind.MISSING
    elif entry.previous_hash != last.hash:
        found = FaultKind.MOVED
    elif entry.hash != _link(last.hash, sequence, entry.content_hash):
        found = FaultKind.EDITED
    elif outside.get(sequence, entry.hash) != entry.hash:
        found = FaultKind.REWRITTEN
    if found is not None:
        yield AuditFault(found, sequence, str(entry.id))


def _compare_end(last: Head, head: Head, outside: Mapping[int, str]) -> Iterator[AuditFault]:
    furthest = max(head.sequence, *outside, 0)
    if furthest > last.sequence:
        yield AuditFault(FaultKind.TRUNCATED, last.sequence + 1)
    elif head != last:
        yield AuditFault(FaultKind.REWRITTEN, last.sequence)


def _unsealed(session: Session) -> tuple[int, Sequence[AuditFault]]:
    waiting = col(AuditEntry.sequence).is_(None)
    count = session.exec(select(func.count()).select_from(AuditEntry).where(waiting)).one()
    rows = session.exec(select(AuditEntry).where(waiting).execution_options(yield_per=500))
    return count, [
        AuditFault(FaultKind.EDITED, None, str(entry.id))
        for entry in rows
        if content_hash(entry) != entry.content_hash
    ]


def _outside(path: Path | None) -> dict[int, str]:
    if path is None or not path.is_file():
        return {}
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {int(line["sequence"]): str(line["hash"]) for line in lines}
