from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest

from app.db.transactions import Database
from app.staff import accounts, passwords, queries, sessions, sign_in
from app.staff.roles import Role
from app.staff.throttle import Watch, wait_after
from app.units.scope import WHOLE
from tests.staff.house import HERE, KEYS, PASSWORD, hashed, somebody, try_to_enter, two_schools

ELSEWHERE = "198.51.100.9"


def test_the_right_password_opens_a_session(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)

    with db.unit_of_work() as session:
        attempt = sign_in.begin(session, " Alicia@Escuela.MX ", ip=HERE, keys=KEYS, now=now)
    proven = passwords.password_matches(attempt.password_hash, PASSWORD)
    with db.unit_of_work() as session:
        token = sign_in.finish(session, attempt, proven=proven, now=now, device="Firefox")

    assert token is not None
    assert len(token) == 22
    with db.reading() as session:
        actor = sessions.actor_of(session, token, now=now)
        assert actor is not None
        assert (actor.account_id, [grant.role for grant in actor.grants]) == (
            alicia,
            [Role.OFFICER],
        )


def test_unknown_disabled_and_uninvited_look_alike(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        accounts.disable(session, alicia, by=None, now=now)

    with db.unit_of_work() as session:
        found = [
            sign_in.begin(session, email, ip=HERE, keys=KEYS, now=now).password_hash
            for email in ("alicia@escuela.mx", "nadie@escuela.mx", "no es un correo", "\ud800")
        ]
        assert found == [None] * 4
    with db.unit_of_work() as session:
        # Even a check that somehow succeeded opens nothing.
        assert try_to_enter(session, "alicia@escuela.mx", now=now, proven=True) is None
        assert try_to_enter(session, "nadie@escuela.mx", now=now, proven=True) is None


def test_a_password_changed_while_we_hashed_proves_nothing(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        attempt = sign_in.begin(session, "alicia@escuela.mx", ip=HERE, keys=KEYS, now=now)
        accounts.disable(session, alicia, by=None, now=now)

    with db.unit_of_work() as session:
        assert sign_in.finish(session, attempt, proven=True, now=now) is None


def test_failures_make_the_next_try_wait_and_success_forgets_them(
    db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        somebody(session, "alicia@escuela.mx", "A", now=now)
    for _ in range(5):
        with db.unit_of_work() as session:
            try_to_enter(session, "alicia@escuela.mx", now=now)

    with pytest.raises(sign_in.SignInSlowed) as slowed, db.unit_of_work() as session:
        try_to_enter(session, "alicia@escuela.mx", now=now, proven=True)
    assert slowed.value.details == {"seconds": 1}

    later = now + timedelta(seconds=1)
    with db.unit_of_work() as session:
        assert try_to_enter(session, "alicia@escuela.mx", now=later, proven=True) is not None
    for _ in range(4):
        with db.unit_of_work() as session:
            try_to_enter(session, "alicia@escuela.mx", now=later)
    with db.unit_of_work() as session:
        assert try_to_enter(session, "alicia@escuela.mx", now=later, proven=True) is not None


def test_a_stranger_does_not_lock_the_owner_out(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        somebody(session, "alicia@escuela.mx", "A", now=now)
        assert try_to_enter(session, "alicia@escuela.mx", now=now, proven=True)
    for attempt in range(200):  # from as many places
        with db.unit_of_work() as session:
            try:
                try_to_enter(session, "alicia@escuela.mx", now=now, ip=f"198.51.100.{attempt}")
            except sign_in.SignInSlowed:
                break
    else:
        pytest.fail("two hundred places were never slowed")

    with db.unit_of_work() as session:
        assert try_to_enter(session, "alicia@escuela.mx", now=now, proven=True, ip=HERE)
    with pytest.raises(sign_in.SignInSlowed), db.unit_of_work() as session:
        try_to_enter(session, "alicia@escuela.mx", now=now, proven=True, ip=ELSEWHERE)
    half_a_minute = now + wait_after(10**6, Watch.ACCOUNT)
    with db.unit_of_work() as session:
        assert try_to_enter(
            session, "alicia@escuela.mx", now=half_a_minute, proven=True, ip=ELSEWHERE
        )


def test_trying_many_accounts_from_one_place_is_slowed(db: Database, now: datetime) -> None:
    def try_names(count: int) -> None:
        for name in range(count):
            with db.unit_of_work() as session:
                try_to_enter(session, f"p{name}@escuela.mx", now=now)

    with pytest.raises(sign_in.SignInSlowed):
        try_names(40)


def test_a_crowd_at_once_is_counted_one_by_one(db: Database, now: datetime) -> None:
    start, admitted = Barrier(12), []

    def rush() -> None:
        start.wait()
        try:
            with db.unit_of_work() as session:
                sign_in.begin(session, "alicia@escuela.mx", ip=HERE, keys=KEYS, now=now)
            admitted.append(1)
        except sign_in.SignInSlowed:
            pass

    threads = [Thread(target=rush) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(admitted) == 5  # four free ones, and the one after which the wait begins


def test_failures_are_forgotten(db: Database, now: datetime) -> None:
    for _ in range(5):
        with db.unit_of_work() as session:
            try_to_enter(session, "alicia@escuela.mx", now=now)

    tomorrow = now + timedelta(days=1)
    with db.unit_of_work() as session:
        assert sign_in.forget_failures(session, now=tomorrow) == 3
        assert sign_in.forget_failures(session, now=tomorrow) == 0


def test_both_endings_are_written_down_without_the_address(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        somebody(session, "alicia@escuela.mx", "A", now=now)
        try_to_enter(session, "alicia@escuela.mx", now=now)
        try_to_enter(session, "alicia@escuela.mx", now=now, proven=True)
        try_to_enter(session, "nadie@escuela.mx", now=now)

    with db.reading() as session:
        rows = [row for row in queries.audit_rows(session, WHOLE) if "sign" in row.action]
        assert sorted(row.action for row in rows) == [
            "staff.sign_in_failed",
            "staff.sign_in_failed",
            "staff.signed_in",
        ]
        assert "@" not in str([row.details for row in rows])
        assert HERE not in str(rows)


def test_the_password_is_stored_only_as_its_hash(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        somebody(session, "alicia@escuela.mx", "A", now=now)

    with db.saving() as connection:
        stored = str(connection.exec_driver_sql("select * from staff_account").all())
    assert hashed() in stored
    assert PASSWORD not in stored
    assert "alicia" not in stored
