from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, select

from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.entry import (
    CLASS_IDLE,
    GRACE,
    WEB_SESSION,
    LinkNotOpen,
    LinkState,
    OpenedLink,
    end,
    keep_alive,
    open_link,
    pass_second_check,
    session_of,
    start,
)
from app.fieldwork.links import revoke_link, rewrite_link
from app.fieldwork.planning import close_due_waves
from app.fieldwork.progress import advance
from app.fieldwork.tables import EntrySession, Mode, Wave
from app.fieldwork.tokens import token_of, written_again
from app.keys import keys_for
from app.settings import Secret
from tests.conftest import SECRET_KEYS
from tests.fieldwork.field import KEYS, Person, a_case, a_school, a_wave, case_of, only_case

SECOND = timedelta(seconds=1)


def token(session: Session) -> str:
    case = only_case(session)
    found = written_again(KEYS, case.id, key_id=case.link_key_id, version=case.link_version)
    assert found is not None
    return found


def state_of(db: Database, typed: str, now: datetime) -> LinkState:
    with db.reading() as session:  # the database itself refuses to write here
        return open_link(session, typed, KEYS, now=now).state


def test_a_genuine_link_opens_its_case_and_writes_nothing(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        typed = token(session)

    for scanned in [typed] * 50 + [f"{typed}."]:
        with db.reading() as session:
            opened = open_link(session, scanned, KEYS, now=now)
            assert (opened.state, opened.case_id) == (LinkState.OPEN, case_id)
    with db.reading() as session:
        assert only_case(session).disposition is Disposition.PLANNED
        assert session.exec(select(EntrySession)).all() == []


@pytest.mark.parametrize("typed", ["", "x", "A" * 22, "ñ" * 22, "\x00" * 22, "A" * 10_000])
def test_malformed_and_unknown_are_one_answer(db: Database, now: datetime, typed: str) -> None:
    with db.unit_of_work() as session:
        a_case(session, now=now)

    with db.reading() as session:
        assert open_link(session, typed, KEYS, now=now) == OpenedLink(LinkState.UNKNOWN)


def test_each_state_is_told_only_of_a_genuine_token(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        typed = token(session)
        wave = session.exec(select(Wave)).one()

    assert state_of(db, typed, wave.opens_at - SECOND) is LinkState.EARLY
    assert state_of(db, typed, wave.closes_at - SECOND) is LinkState.OPEN
    assert state_of(db, typed, wave.closes_at) is LinkState.CLOSED
    with db.unit_of_work() as session:
        only_case(session).completed_at = now
    assert state_of(db, typed, now) is LinkState.FINISHED
    with db.unit_of_work() as session:
        advance(session, case_id, Disposition.NOT_ELIGIBLE, now=now)
    assert state_of(db, typed, now) is LinkState.NOT_EXPECTED
    with db.unit_of_work() as session:
        revoke_link(session, case_id, KEYS, now=now)
        fresh = token(session)
    assert state_of(db, typed, now) is LinkState.REVOKED
    assert state_of(db, fresh, now) is LinkState.REVOKED


def test_a_replaced_link_says_so_and_the_new_one_opens(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        before = token(session)
        after = rewrite_link(session, case_id, KEYS, now=now).token

    assert (state_of(db, before, now), state_of(db, after, now)) == (
        LinkState.REVOKED,
        LinkState.OPEN,
    )


def test_a_link_lives_as_long_as_its_key(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        a_case(session, now=now)
        typed = token(session)
    newest = Secret("s2", b"a newer key for tests, thirty-two bytes long")
    rotated, removed = keys_for("link", [newest, *SECRET_KEYS]), keys_for("link", [newest])

    with db.reading() as session:
        assert open_link(session, typed, rotated, now=now).state is LinkState.OPEN
        assert open_link(session, typed, removed, now=now).state is LinkState.UNKNOWN


def test_another_deployment_s_token_is_unknown(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
    foreign = token_of(keys_for("link", [Secret("s1", b"q" * 32)])[0], case_id, 1)

    assert state_of(db, foreign, now) is LinkState.UNKNOWN


def test_starting_is_the_first_act_of_a_person(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        started = start(session, case_id, now=now)

    with db.reading() as session:
        case, entry = only_case(session), session.exec(select(EntrySession)).one()
        assert (case.disposition, case.mode) == (Disposition.STARTED, Mode.WEB)
        assert started.secret not in entry.secret_hash
        visit = session_of(session, started.secret, now=now)
    assert visit is not None
    assert (visit.case_id, visit.first_device, visit.closed) == (case_id, True, False)
    assert visit.may_see_earlier_answers
    assert started.secret not in repr(started)


@pytest.mark.parametrize("before", ["refused", "break_off", "other", "undeliverable"])
def test_who_comes_back_has_started(db: Database, now: datetime, before: str) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, disposition=Disposition(before), now=now)
        start(session, case_id, now=now)

    with db.reading() as session:
        assert only_case(session).disposition is Disposition.STARTED


def test_starting_again_takes_no_answer_back(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, disposition=Disposition.PARTIAL, now=now)
        start(session, case_id, now=now)

    with db.reading() as session:
        assert only_case(session).disposition is Disposition.PARTIAL


def test_a_second_device_needs_a_second_check(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        first, second = (start(session, case_id, now=now) for _ in "12")

    with db.unit_of_work() as session:
        at_home = session_of(session, second.secret, now=now)
        assert at_home is not None
        assert not at_home.may_see_earlier_answers
        pass_second_check(session, at_home, now=now)
    with db.reading() as session:
        checked = session_of(session, second.secret, now=now)
        original = session_of(session, first.secret, now=now)
    assert checked is not None
    assert original is not None
    assert checked.may_see_earlier_answers
    assert (original.first_device, checked.first_device) == (True, False)


def test_a_closed_wave_is_not_started_but_what_was_typed_is_taken(
    db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        close = session.exec(select(Wave)).one().closes_at
        started = start(session, case_id, now=close - timedelta(minutes=5))
        close_due_waves(session, now=close)

    with pytest.raises(LinkNotOpen), db.unit_of_work() as session:
        start(session, case_id, now=close)
    with db.reading() as session:
        late = session_of(session, started.secret, now=close + GRACE - SECOND)
        assert late is not None
        assert late.closed
        assert not late.may_see_earlier_answers
        assert session_of(session, started.secret, now=close + GRACE) is None


def test_a_phone_that_was_offline_for_days_delivers_after_the_close(
    db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        close = session.exec(select(Wave)).one().closes_at
        secret = start(session, case_id, now=close - timedelta(days=2)).secret

    with db.reading() as session:
        assert session_of(session, secret, now=close - SECOND) is None
        late = session_of(session, secret, now=close + SECOND)
    assert late is not None
    assert not late.may_see_earlier_answers


def test_the_close_does_not_keep_a_classroom_computer_open(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        close = session.exec(select(Wave)).one().closes_at
        secret = start(session, case_id, mode=Mode.CLASS, now=close - SECOND).secret

    with db.reading() as session:
        assert session_of(session, secret, now=close) is not None
        assert session_of(session, secret, now=close + CLASS_IDLE) is None


def test_a_web_session_lasts_a_day(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        secret = start(session, a_case(session, now=now), now=now).secret

    with db.reading() as session:
        assert session_of(session, secret, now=now + WEB_SESSION - SECOND) is not None
        assert session_of(session, secret, now=now + WEB_SESSION) is None


def test_in_class_ten_idle_minutes_end_it(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        secret = start(session, case_id, mode=Mode.CLASS, now=now).secret
        visit = session_of(session, secret, now=now)
        assert visit is not None
        keep_alive(session, visit, now=now + CLASS_IDLE - SECOND)

    with db.reading() as session:
        alive_until = now + 2 * CLASS_IDLE - SECOND
        assert session_of(session, secret, now=alive_until - SECOND) is not None
        assert session_of(session, secret, now=alive_until) is None


def test_leaving_ends_the_session_and_only_it(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        phone, computer = (start(session, case_id, now=now).secret for _ in "12")
        ended = [end(session, computer, now=now) for _ in "12"]

    assert ended == [True, False]
    with db.reading() as session:
        assert session_of(session, computer, now=now) is None
        assert session_of(session, phone, now=now) is not None


def test_a_revoked_link_ends_its_sessions(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        case_id = a_case(session, now=now)
        secret = start(session, case_id, now=now).secret
        revoke_link(session, case_id, KEYS, now=now)

    with db.reading() as session:
        assert session_of(session, secret, now=now) is None


def test_two_people_on_one_computer_never_meet(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person(), Person())
        wave_id = a_wave(session, school, now=now)
        alicia, beto = (case_of(session, wave_id, m, now=now) for m in school.members)
        hers, his = (start(session, case_id, now=now).secret for case_id in (alicia, beto))
        end(session, hers, now=now)

    with db.reading() as session:
        visit = session_of(session, his, now=now)
        assert session_of(session, hers, now=now) is None
    assert visit is not None
    assert visit.case_id == beto


@given(st.text(max_size=300))
def test_no_secret_breaks_the_look_up(db: Database, secret: str) -> None:
    with db.reading() as session:
        assert session_of(session, secret, now=datetime(2026, 10, 1, tzinfo=UTC)) is None


def test_looking_at_a_link_takes_one_query(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        a_case(session, now=now)
        typed = token(session)

    seen: list[str] = []
    with db.reading() as session:
        engine = session.get_bind()

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(engine, "before_cursor_execute", note)
        open_link(session, typed, KEYS, now=now)
        event.remove(engine, "before_cursor_execute", note)
    assert len([asked for asked in seen if asked.startswith("SELECT")]) == 1
