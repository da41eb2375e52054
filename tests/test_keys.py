from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.db.engine import make_engine
from app.db.transactions import Database
from app.db.types import DataKeyMissing, Encrypted
from app.keys import fingerprint, keys_for
from app.settings import Secret
from app.staff.tables import StaffAccount
from tests.conftest import DATA_KEYS

OLD, NEW = Secret("old", b"o" * 40), Secret("new", b"n" * 40)


def test_keys_of_two_purposes_tell_nothing_about_each_other() -> None:
    (link,), (mail,) = keys_for("link", [OLD]), keys_for("mail", [OLD])

    assert link.value != mail.value
    assert fingerprint(link, "x") != fingerprint(mail, "x")


def test_there_is_no_key_without_a_secret() -> None:
    with pytest.raises(ValueError, match="no secrets"):
        keys_for("link", [])


def an_account(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        session.add(
            StaffAccount(
                email="ana@escuela.mx",
                email_fingerprint="f",
                display_name="Ana",
                created_at=now,
            )
        )


def test_personal_text_is_not_in_the_database(db: Database, now: datetime) -> None:
    an_account(db, now)

    with db.reading() as session:
        stored = session.connection().execute(text("select email from staff_account")).scalar_one()
        read = session.exec(select(StaffAccount.email)).one()
    assert ("ana@" in stored, stored.startswith("t1:"), read) == (False, True, "ana@escuela.mx")


def test_a_rotated_key_still_reads_and_the_newest_writes(database_url: str, now: datetime) -> None:
    first = Database(make_engine(database_url, [OLD]))
    an_account(first, now)
    first.dispose()

    both = Database(make_engine(database_url, [NEW, OLD]))
    with both.unit_of_work() as session:
        account = session.exec(select(StaffAccount)).one()
        assert account.email == "ana@escuela.mx"
        account.display_name = "Ana María"
    with both.reading() as session:
        row = session.connection().execute(text("select email, display_name from staff_account"))
        email, name = row.one()
    both.dispose()
    assert (email.split(":")[0], name.split(":")[0]) == ("old", "new")


def test_a_missing_key_is_named(database_url: str, now: datetime) -> None:
    first = Database(make_engine(database_url, [OLD]))
    an_account(first, now)
    first.dispose()

    without = Database(make_engine(database_url, [NEW]))
    with pytest.raises(DataKeyMissing) as refusal, without.reading() as session:
        session.exec(select(StaffAccount.email)).one()
    without.dispose()
    assert "«old»" in refusal.value.mensaje


def test_the_same_text_is_never_stored_twice_alike(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}", DATA_KEYS)

    sealed = {Encrypted().process_bind_param("Ana", engine.dialect) for _ in range(5)}

    engine.dispose()
    assert len(sealed) == 5
