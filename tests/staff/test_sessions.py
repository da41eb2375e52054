from datetime import datetime, timedelta

import pytest

from app.db.transactions import Database
from app.staff import accounts, grants, sessions
from app.staff.passwords import HashedPassword
from app.staff.queries import accounts as account_rows
from app.staff.roles import Permission, Role, WantedGrant
from app.units.scope import WHOLE
from tests.staff.house import a_group, hashed, signed_in, somebody, two_schools


def a_token(db: Database, now: datetime) -> str:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        return signed_in(session, alicia, now=now)


@pytest.mark.parametrize(
    ("after", "open_still"),
    [
        (timedelta(0), True),
        (timedelta(minutes=29, seconds=59), True),
        (timedelta(minutes=30), False),
        (timedelta(seconds=-59), True),  # the other server's clock
        (timedelta(hours=-1), False),  # a clock set back
    ],
)
def test_a_session_sleeps_after_half_an_hour(
    db: Database, now: datetime, after: timedelta, *, open_still: bool
) -> None:
    token = a_token(db, now)

    with db.reading() as session:
        assert (sessions.actor_of(session, token, now=now + after) is not None) is open_still


def test_use_keeps_a_session_awake_for_twelve_hours_at_most(db: Database, now: datetime) -> None:
    token = a_token(db, now)
    lasted = now
    while lasted < now + timedelta(hours=13):
        following = lasted + timedelta(minutes=29)
        with db.reading() as session:
            actor = sessions.actor_of(session, token, now=following)
        if actor is None:
            break
        assert sessions.needs_touch(actor, now=following)
        with db.unit_of_work() as session:
            assert sessions.touch(session, actor, now=following)
        lasted = following

    assert now + timedelta(hours=11, minutes=31) < lasted < now + timedelta(hours=12)


def test_use_is_written_once_a_minute(db: Database, now: datetime) -> None:
    token = a_token(db, now)
    with db.reading() as session:
        actor = sessions.actor_of(session, token, now=now)
    assert actor is not None

    soon, later = now + timedelta(seconds=59), now + timedelta(seconds=60)
    assert not sessions.needs_touch(actor, now=soon)
    with db.unit_of_work() as session:
        assert not sessions.touch(session, actor, now=soon)
        assert sessions.touch(session, actor, now=later)
        assert not sessions.touch(session, actor, now=later)


def test_an_unknown_token_is_nobody(db: Database, now: datetime) -> None:
    a_token(db, now)

    with db.reading() as session:
        for token in ("", "x", "\ud800", "á\0"):
            assert sessions.actor_of(session, token, now=now) is None


def test_signing_out_ends_one_session_and_closing_ends_all(db: Database, now: datetime) -> None:
    first = a_token(db, now)
    with db.unit_of_work() as session:
        actor = sessions.actor_of(session, first, now=now)
        assert actor is not None
        second = signed_in(session, actor.account_id, now=now)
        third = signed_in(session, actor.account_id, now=now)
        sessions.sign_out(session, actor, now=now)

    with db.reading() as session:
        assert sessions.actor_of(session, first, now=now) is None
        assert sessions.actor_of(session, second, now=now) is not None
        assert len(sessions.own_sessions(session, actor, now=now)) == 2
    with db.unit_of_work() as session:
        accounts.disable(session, actor.account_id, by=None, now=now)
    with db.reading() as session:
        assert sessions.actor_of(session, second, now=now) is None
        assert sessions.actor_of(session, third, now=now) is None


def test_a_person_ends_only_their_own_sessions(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        carla = somebody(session, "carla@escuela.mx", "B", now=now)
        tokens = [signed_in(session, one, now=now) for one in (alicia, alicia, carla)]
        mine, other, hers = (sessions.actor_of(session, token, now=now) for token in tokens)
        assert mine
        assert other
        assert hers

    with db.unit_of_work() as session:
        assert not sessions.end_own_session(session, mine, hers.session_id, now=now)
        assert sessions.end_own_session(session, mine, other.session_id, now=now)
        assert not sessions.end_own_session(session, mine, other.session_id, now=now)
    with db.reading() as session:
        assert sessions.actor_of(session, tokens[1], now=now) is None
        assert sessions.actor_of(session, tokens[2], now=now) is not None


def test_another_password_ends_every_session(db: Database, now: datetime) -> None:
    token = a_token(db, now)
    with db.unit_of_work() as session:
        actor = sessions.actor_of(session, token, now=now)
        assert actor is not None
        assert accounts.credentials_of(session, actor).password_hash == hashed()
        new = HashedPassword("$another")
        accounts.change_password(session, actor, old=hashed(), new=new, now=now)

    with db.reading() as session:
        assert sessions.actor_of(session, token, now=now) is None
    with pytest.raises(accounts.PasswordNotChanged), db.unit_of_work() as session:
        accounts.change_password(session, actor, old=hashed(), new=new, now=now)


def test_a_role_counts_from_the_next_request_on(db: Database, now: datetime) -> None:
    token = a_token(db, now)

    def may(permission: Permission) -> bool:
        with db.reading() as session:
            actor = sessions.actor_of(session, token, now=now)
        return actor is not None and actor.may(permission)

    assert may(Permission.IMPORT_ROSTER)
    with db.unit_of_work() as session:
        (row,) = account_rows(session, WHOLE)
        grants.take_back(session, row.roles[0].grant_id, by=None, now=now)
    assert not may(Permission.IMPORT_ROSTER)


def test_groups_of_a_grant_are_the_present_ones(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        units = two_schools(session)
        first, second = (a_group(session, units["A"], name) for name in ("6A", "6B"))
        beto = somebody(session, "beto@escuela.mx", "A", Role.TUTOR, now=now, groups=("6A",))
        token = signed_in(session, beto, now=now)

    def groups() -> list[frozenset[object] | None]:
        with db.reading() as session:
            actor = sessions.actor_of(session, token, now=now)
        assert actor is not None
        return [grant.groups for grant in actor.grants]

    assert groups() == [frozenset({first})]
    with db.unit_of_work() as session:
        somebody(session, "beto@escuela.mx", "A", Role.TUTOR, now=now, groups=("6B", "6B"))
    assert groups() == [frozenset({second})]
    with db.unit_of_work() as session:
        account = grants.managed_account(session, beto, by=None, wholly=True)
        grants.give(session, account, WantedGrant("A", Role.TUTOR), by=None, now=now)
    assert groups() == [None]
