"""Who gets in, who does not, and what is counted; on both engines."""

from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.classroom import helping, opening
from app.classroom.identifying import Claim, Door, Holder, Knock, knock
from app.classroom.roll import Stand, class_view
from app.classroom.tables import Classroom
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.errors import NotFound
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Mode, Wave, WaveState
from app.staff.tables import AuditEntry
from app.units.scope import Reach, Scope
from tests.classroom.room import KEYS, TEACHER, Room, a_group, a_room, born, case_of, students
from tests.responses.people import DURING

NOW = DURING[1]
ALONE = Holder()


def claim(number: int, *, letter: str = "A", day: str = "") -> Claim:
    return Claim(f"{letter}{number:03}", date.fromisoformat(day or born(number)))


def try_(
    db: Database, room: Room, who: Claim, device: Holder = ALONE, *, now: datetime = NOW
) -> Knock:
    with db.unit_of_work() as session:
        return knock(session, room.classroom_id, who, keys=KEYS, device=device, now=now)


@pytest.fixture
def room(db: Database) -> Room:
    with db.unit_of_work() as session:
        return a_room(session, now=NOW)


def test_a_student_whom_nobody_invited_begins_in_class(db: Database, room: Room) -> None:
    with db.unit_of_work() as session:
        case_of(session, room.people[0]).disposition = Disposition.PLANNED

    answer = try_(db, room, claim(1))

    assert answer.door is Door.ENTERED
    assert answer.started is not None
    with db.reading() as session:
        visit = entry.session_of(session, answer.started.secret, now=NOW)
        case = case_of(session, room.people[0])
        assert visit is not None
        assert (visit.mode, visit.case_id) == (Mode.CLASS, room.people[0].case_id)
        assert (case.disposition, case.mode) == (Disposition.STARTED, Mode.CLASS)
        idle = NOW + entry.CLASS_IDLE
        assert entry.session_of(session, answer.started.secret, now=idle) is None


def test_a_matricula_is_read_as_people_type_it(db: Database, room: Room) -> None:
    with db.unit_of_work() as session:
        session.get_one(PanelMember, room.people[0].member_id).student_id = "0023-117 b"

    answer = try_(db, room, Claim(" 23117B", date.fromisoformat(born(1))))

    assert answer.door is Door.ENTERED


def test_the_curp_says_the_day_where_the_list_does_not(db: Database, room: Room) -> None:
    with db.unit_of_work() as session:
        member = session.get_one(PanelMember, room.people[0].member_id)
        member.birth_date, member.curp = None, "MUPA080315MDFXXL09"

    assert try_(db, room, claim(1, day="2008-03-16")).door is Door.MISMATCH
    assert try_(db, room, claim(1, day="2008-03-15")).door is Door.ENTERED


@pytest.mark.parametrize(
    "who",
    [
        claim(1, day="2008-12-31"),  # the date of nobody
        claim(999, day=born(1)),  # a matrícula that nobody has
        Claim("", date.fromisoformat(born(1))),
        claim(1, letter="B"),  # somebody of another group
        claim(1, day=born(2)),  # the date of another student
    ],
    ids=["date", "matricula", "empty", "other group", "mixed"],
)
def test_everything_that_does_not_fit_is_one_answer(db: Database, room: Room, who: Claim) -> None:
    with db.unit_of_work() as session:
        students(session, room.field, a_group(session, room.field, "6B"), 1, letter="B")

    assert try_(db, room, who) == Knock(Door.MISMATCH)


def test_who_has_no_matricula_or_date_in_the_list_never_fits(db: Database, room: Room) -> None:
    with db.unit_of_work() as session:
        session.get_one(PanelMember, room.people[0].member_id).student_id = None
        session.get_one(PanelMember, room.people[1].member_id).birth_date = None

    assert try_(db, room, Claim("-", date.fromisoformat(born(1)))).door is Door.MISMATCH
    assert try_(db, room, claim(2)).door is Door.MISMATCH


def test_five_wrong_tries_lock_a_matricula_until_staff_unlock_it(db: Database, room: Room) -> None:
    wrong = [try_(db, room, claim(1, day=f"2008-11-{day:02}")).door for day in range(1, 8)]

    assert wrong == [Door.MISMATCH] * 5 + [Door.LOCKED] * 2
    assert try_(db, room, claim(1)).door is Door.LOCKED  # the right date too
    assert try_(db, room, claim(2)).door is Door.ENTERED  # nobody else is touched
    with db.unit_of_work() as session:
        helping.unlock_student(
            session, room.classroom_id, room.people[0].case_id, KEYS, by=TEACHER, now=NOW
        )
    assert try_(db, room, claim(1)).door is Door.ENTERED


def test_a_matricula_that_nobody_has_is_locked_the_same_way(db: Database, room: Room) -> None:
    """Else the sixth try would tell which matrículas exist."""
    ghost = [try_(db, room, claim(998, day=f"2008-11-{day:02}")).door for day in range(1, 8)]

    assert ghost == [Door.MISMATCH] * 5 + [Door.LOCKED] * 2
    with db.reading() as session:
        view = class_view(session, room.classroom_id, KEYS, by=TEACHER, now=NOW)
    assert (view.stray, view.wrong) == (5, 5)
    assert [student.wrong for student in view.students] == [0, 0, 0]


def test_sixty_wrong_tries_stop_the_class_and_tell_staff(db: Database, room: Room) -> None:
    doors = [try_(db, room, claim(100 + number // 4, day=born(1))).door for number in range(62)]

    assert doors == [Door.MISMATCH] * 60 + [Door.CLASS_LOCKED] * 2
    assert try_(db, room, claim(1)).door is Door.CLASS_LOCKED
    with db.reading() as session:
        alarms = session.exec(select(AuditEntry).where(AuditEntry.action == "classroom.locked"))
        assert [alarm.unit_id for alarm in alarms] == [room.field.school_id]
        assert class_view(session, room.classroom_id, KEYS, by=TEACHER, now=NOW).locked
    with db.unit_of_work() as session:
        helping.unlock_class(session, room.classroom_id, by=TEACHER, now=NOW)
    assert try_(db, room, claim(1)).door is Door.ENTERED


def test_tries_at_the_same_moment_are_counted_one_by_one(db: Database, room: Room) -> None:
    """Twenty guesses at once with one matrícula: five are compared, as with one at a time."""
    start, doors = Barrier(20), []

    def guess(day: int) -> None:
        start.wait()
        doors.append(try_(db, room, claim(1, day=f"2008-11-{day:02}")).door)

    threads = [Thread(target=guess, args=(day,)) for day in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(doors) == sorted([Door.MISMATCH] * 5 + [Door.LOCKED] * 15)


def test_two_students_with_one_matricula(db: Database, room: Room) -> None:
    first, second = try_(db, room, claim(1)), try_(db, room, claim(1))

    assert (first.door, second) == (Door.ENTERED, Knock(Door.IN_USE))
    with db.reading() as session:
        (alicia, *others) = class_view(
            session, room.classroom_id, KEYS, by=TEACHER, now=NOW
        ).students
    assert (alicia.stand, alicia.clashes) == (Stand.INSIDE, 1)
    assert [other.clashes for other in others] == [0, 0]
    with db.unit_of_work() as session:
        helping.let_in_again(
            session, room.classroom_id, room.people[0].case_id, by=TEACHER, now=NOW
        )
    again = try_(db, room, claim(1))
    assert again.door is Door.ENTERED
    with db.reading() as session:
        assert first.started is not None
        assert entry.session_of(session, first.started.secret, now=NOW) is None


def test_the_same_device_goes_on_where_it_was(db: Database, room: Room) -> None:
    first = try_(db, room, claim(1))
    assert first.started is not None

    again = try_(db, room, claim(1), Holder((first.started.secret,)))

    assert again == Knock(Door.ENTERED, first.started)


def test_a_seat_left_idle_is_free_again(db: Database, room: Room) -> None:
    try_(db, room, claim(1))

    later = try_(db, room, claim(1), now=NOW + timedelta(minutes=10))

    assert later.door is Door.ENTERED


def test_who_sits_down_ends_what_the_last_one_left(db: Database, room: Room) -> None:
    first = try_(db, room, claim(1))
    assert first.started is not None

    second = try_(db, room, claim(2), Holder((first.started.secret,), shared=True))

    assert second.door is Door.ENTERED
    with db.reading() as session:
        assert entry.session_of(session, first.started.secret, now=NOW) is None


def test_who_finished_and_whose_link_was_revoked(db: Database, room: Room) -> None:
    with db.unit_of_work() as session:
        case_of(session, room.people[0]).completed_at = NOW
        case_of(session, room.people[1]).link_revoked_at = NOW

    assert try_(db, room, claim(1)) == Knock(Door.FINISHED)
    assert try_(db, room, claim(2)) == Knock(Door.SHUT)


def test_a_code_lives_two_hours_and_dies_with_a_word(db: Database, room: Room) -> None:
    def opens(code: str, at: datetime) -> bool:
        with db.reading() as session:
            return opening.class_by_code(session, code, KEYS, now=at) is not None

    last = NOW + opening.LASTS - timedelta(seconds=1)
    inside = try_(db, room, claim(1))
    assert inside.started is not None
    assert (opens(room.code, last), opens(room.code, NOW + opening.LASTS)) == (True, False)
    assert not opens("22222222", NOW)

    with db.unit_of_work() as session:
        assert opening.close_class(session, room.classroom_id, by=TEACHER, now=NOW)
        assert not opening.close_class(session, room.classroom_id, by=TEACHER, now=NOW)
    assert not opens(room.code, NOW)
    with db.reading() as session:
        assert entry.session_of(session, inside.started.secret, now=NOW) is None

    with db.unit_of_work() as session:
        opening.reopen_class(session, room.classroom_id, KEYS, by=TEACHER, now=NOW)
        fresh = session.get_one(Classroom, room.classroom_id).code
    assert (fresh != room.code, opens(fresh, last), opens(room.code, NOW)) == (True, True, False)


def test_the_code_stands_nowhere_in_the_database(db: Database, room: Room) -> None:
    with db.reading() as session:
        rows = session.connection().execute(text("select code, code_hash from classroom")).all()

    assert not any(room.code in str(column) for row in rows for column in row)


def test_a_class_is_for_an_open_wave_and_for_own_people(db: Database, room: Room) -> None:
    stranger = Steward(TEACHER.staff_id, Scope((Reach(room.field.cohort_id),)))
    other = Steward(
        TEACHER.staff_id, Scope((Reach(room.field.school_id, frozenset({room.field.cohort_id})),))
    )
    own = Steward(
        TEACHER.staff_id, Scope((Reach(room.field.school_id, frozenset({room.group_id})),))
    )
    wave_id = room.field.wave_id
    for nobody in (stranger, other):
        with pytest.raises(NotFound), db.unit_of_work() as session:
            opening.open_class(session, wave_id, room.group_id, KEYS, by=nobody, now=NOW)
        with pytest.raises(NotFound), db.reading() as session:
            class_view(session, room.classroom_id, KEYS, by=nobody, now=NOW)
    with db.unit_of_work() as session:
        again = opening.open_class(session, wave_id, room.group_id, KEYS, by=own, now=NOW)
    assert again == room.classroom_id  # one class at a time for a group
    with db.unit_of_work() as session:
        session.get_one(Wave, wave_id).state = WaveState.CLOSED
    with pytest.raises(opening.ClassNeedsOpenWave), db.unit_of_work() as session:
        opening.reopen_class(session, room.classroom_id, KEYS, by=own, now=NOW)
