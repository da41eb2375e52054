import json
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlmodel import col, select

from app.db.transactions import Database
from app.staff import audit, audit_chain
from app.staff.audit_chain import START, AuditFault, FaultKind, verify
from app.staff.tables import AuditEntry


def write(db: Database, now: datetime, count: int, first: int = 0) -> None:
    with db.unit_of_work() as session:
        for number in range(first, first + count):
            audit.append(
                session,
                "units.moved",
                actor_id=None,
                about=("unit", f"U{number}"),
                now=now + timedelta(seconds=number),
                fields=["parent", "ñ\0\ud800"],
            )


def a_sealed_trail(db: Database, now: datetime, count: int = 6) -> None:
    write(db, now, count)
    with db.unit_of_work() as session:
        assert audit_chain.seal(session) == count


def run(db: Database, *statements: str) -> None:
    """Somebody with a database client."""
    with db.saving() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def faults(db: Database, head_file: Path | None = None) -> tuple[AuditFault, ...]:
    with db.reading() as session:
        found = verify(session, head_file).faults
    return tuple(AuditFault(fault.kind, fault.sequence) for fault in found)


def test_an_untouched_trail_is_whole(db: Database, now: datetime) -> None:
    a_sealed_trail(db, now)
    write(db, now, 2, first=6)

    with db.reading() as session:
        assert verify(session) == audit_chain.Verification(sealed=6, unsealed=2, faults=())
        sealed = session.exec(
            select(AuditEntry.object_id)
            .where(col(AuditEntry.sequence).is_not(None))
            .order_by(col(AuditEntry.sequence))
        ).all()
    assert sealed == [f"U{number}" for number in range(6)]


def test_an_empty_trail_is_whole(db: Database) -> None:
    assert faults(db) == ()
    with db.unit_of_work() as session:
        assert audit_chain.seal(session) == 0


def test_sealing_goes_on_in_batches(db: Database, now: datetime) -> None:
    write(db, now, 7)

    counts = []
    for _ in range(4):
        with db.unit_of_work() as session:
            counts.append(audit_chain.seal(session, limit=3))

    assert counts == [3, 3, 1, 0]
    assert faults(db) == ()


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            ["update audit_entry set object_id = 'U9' where sequence = 3"],
            AuditFault(FaultKind.EDITED, 3),
        ),
        (
            ["update audit_entry set action = 'units.seen' where sequence = 1"],
            AuditFault(FaultKind.EDITED, 1),
        ),
        (
            ["update audit_entry set details = '{}' where sequence = 6"],
            AuditFault(FaultKind.EDITED, 6),
        ),
        (["delete from audit_entry where sequence = 1"], AuditFault(FaultKind.MISSING, 2)),
        (["delete from audit_entry where sequence = 4"], AuditFault(FaultKind.MISSING, 5)),
        (["delete from audit_entry where sequence = 6"], AuditFault(FaultKind.TRUNCATED, 6)),
        (["delete from audit_entry where sequence > 3"], AuditFault(FaultKind.TRUNCATED, 4)),
        (["delete from audit_entry"], AuditFault(FaultKind.TRUNCATED, 1)),
        (
            [
                "update audit_entry set sequence = 99 where sequence = 2",
                "update audit_entry set sequence = 2 where sequence = 3",
                "update audit_entry set sequence = 3 where sequence = 99",
            ],
            AuditFault(FaultKind.MOVED, 2),
        ),
        (
            [  # as if the last were still waiting for its place
                "update audit_entry set sequence = null, hash = null where sequence = 6"
            ],
            AuditFault(FaultKind.TRUNCATED, 6),
        ),
        (["delete from audit_head"], AuditFault(FaultKind.REWRITTEN, 6)),
        (["update audit_head set sequence = 5"], AuditFault(FaultKind.REWRITTEN, 6)),
        (
            ["update audit_entry set content_hash = hash where sequence = 2"],
            AuditFault(FaultKind.EDITED, 2),
        ),
    ],
)
def test_tampering_is_found(
    db: Database, now: datetime, tampering: list[str], found: AuditFault
) -> None:
    a_sealed_trail(db, now)
    assert faults(db) == ()

    run(db, *tampering)

    assert faults(db)[0] == found


def test_an_entry_edited_before_its_sealing_is_found_before_and_after(
    db: Database, now: datetime
) -> None:
    write(db, now, 3)
    run(db, "update audit_entry set object_id = 'other' where object_id = 'U1'")

    assert faults(db) == (AuditFault(FaultKind.EDITED, None),)
    with db.unit_of_work() as session:
        audit_chain.seal(session)
    assert faults(db) == (AuditFault(FaultKind.EDITED, 2),)


def test_an_edit_with_its_content_hash_made_to_fit_is_found(db: Database, now: datetime) -> None:
    a_sealed_trail(db, now)
    with db.unit_of_work() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.sequence == 4)).one()
        entry.object_id = "other"
        entry.content_hash = audit.content_hash(entry)

    assert faults(db) == (AuditFault(FaultKind.EDITED, 4),)


def test_what_a_column_cannot_mean_is_a_fault_and_no_crash(db: Database, now: datetime) -> None:
    if db.engine_name != "sqlite":
        pytest.skip("PostgreSQL refuses the value itself")
    a_sealed_trail(db, now)
    run(db, "update audit_entry set at = 'yesterday' where sequence = 3")

    assert faults(db)[0].kind is FaultKind.UNREADABLE


def a_chain_written_again(db: Database, now: datetime) -> None:
    """Whoever can write the database can also compute: a new chain, consistent in itself."""
    run(db, "delete from audit_entry", "delete from audit_head")
    write(db, now, 6, first=100)
    with db.unit_of_work() as session:
        audit_chain.seal(session)


def test_a_chain_written_again_is_found_by_the_head_outside(
    db: Database, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "head.jsonl"
    a_sealed_trail(db, now)
    with db.reading() as session:
        assert audit_chain.write_head(session, path, now=now)
    assert faults(db, path) == ()

    a_chain_written_again(db, now)

    assert faults(db) == ()  # seen from inside all is well
    assert faults(db, path) == (AuditFault(FaultKind.REWRITTEN, 6),)


def test_a_cut_with_its_head_made_to_fit_is_found_by_the_head_outside(
    db: Database, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "head.jsonl"
    a_sealed_trail(db, now)
    with db.reading() as session:
        audit_chain.write_head(session, path, now=now)
    run(
        db,
        "delete from audit_entry where sequence > 4",
        "update audit_head set sequence = 4,"
        " hash = (select hash from audit_entry where sequence = 4)",
    )

    assert faults(db) == ()
    assert faults(db, path) == (AuditFault(FaultKind.TRUNCATED, 5),)


def test_the_head_is_written_once_a_day_and_only_added_to(
    db: Database, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "head.jsonl"
    with db.reading() as session:
        assert audit_chain.write_head(session, path, now=now)
    a_sealed_trail(db, now)
    with db.reading() as session:
        assert not audit_chain.write_head(session, path, now=now + timedelta(hours=11))
        assert audit_chain.write_head(session, path, now=now + timedelta(hours=12))

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["day"], line["sequence"]) for line in lines] == [
        ("2026-03-02", 0),
        ("2026-03-03", 6),
    ]
    assert lines[0]["hash"] == START
    assert faults(db, path) == ()


def test_a_head_file_nobody_can_read_is_a_fault(
    db: Database, now: datetime, tmp_path: Path
) -> None:
    a_sealed_trail(db, now)
    (tmp_path / "head.jsonl").write_text('{"day": "2026-03-02", "seq')

    assert faults(db, tmp_path / "head.jsonl")[0].kind is FaultKind.UNREADABLE


def test_two_workers_seal_one_chain(db: Database, now: datetime) -> None:
    write(db, now, 40)
    start, sealed = Barrier(4), []

    def work() -> None:
        start.wait()
        for _ in range(10):
            with db.unit_of_work() as session:
                sealed.append(audit_chain.seal(session, limit=5))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sealed) == 40
    assert faults(db) == ()


def test_an_entry_is_saved_with_its_act_or_not_at_all(db: Database, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError), db.unit_of_work() as session:
        audit.append(session, "unit.moved", actor_id=None, about=("unit", "A"), now=now)
        _ = 1 / 0

    with db.reading() as session:
        assert verify(session).unsealed == 0
