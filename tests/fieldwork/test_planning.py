from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort, FieldPeriod
from app.db.transactions import Database
from app.directory.states import Standing
from app.directory.tables import CalendarName, PanelMember
from app.fieldwork import planning
from app.fieldwork.confirmations import apply_confirmations, follow_directory, join_late
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.planning import (
    Closed,
    Opened,
    WaveNote,
    close_due_waves,
    missed_windows,
    open_due_waves,
)
from app.fieldwork.schedule import windows_of
from app.fieldwork.tables import Case, CaseEvent, Wave, WaveState
from app.fieldwork.windows import (
    CohortStarred,
    Move,
    SchoolCohort,
    WindowRefused,
    move_window,
)
from tests.fieldwork.field import (
    KEYS,
    Person,
    a_member,
    a_school,
    an_office,
    only_case,
    only_wave,
    versions,
)

GENERATION = Cohort(2023, 2026)
MIDNIGHT = datetime(2026, 10, 1, 6, tzinfo=UTC)  # of 1 October in Mexico City
CLOSE = datetime(2026, 12, 1, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOVEMBER = FieldPeriod(2, date(2026, 11, 3), date(2026, 12, 20))


def tick(db: Database, now: datetime, *, limit: int = 50) -> Opened:
    """One pass of the scheduler over waves, with versions made at the first."""
    with db.unit_of_work() as session:
        follow_directory(session, now=now, keys=KEYS)
        close_due_waves(session, now=now)
        return open_due_waves(session, now=now, keys=KEYS, versions=versions(session), limit=limit)


def dispositions(session: Session) -> list[Disposition]:
    return sorted(case.disposition for case in session.exec(select(Case)))


def test_a_wave_opens_at_local_midnight_with_its_frame(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(), Person(Standing.ENROLLED), Person(Standing.LEFT))

    before, at_midnight, again = tick(db, MIDNIGHT - SECOND), tick(db, MIDNIGHT), tick(db, MIDNIGHT)

    assert before == again == Opened(())
    assert at_midnight.opened == (WaveNote("15ECT0001A", "2023-2026", 2, cases=3),)
    with db.reading() as session:
        wave = only_wave(session)
        assert (wave.opens_at, wave.closes_at) == (MIDNIGHT, CLOSE)
        assert (wave.reference_monday, wave.frozen_at) == (date(2026, 9, 21), MIDNIGHT)
        confirmed = {(c.disposition, c.eligibility_confirmed) for c in session.exec(select(Case))}
    assert confirmed == {
        (Disposition.PLANNED, True),
        (Disposition.PLANNED, False),
        (Disposition.NOT_ELIGIBLE, False),
    }


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("America/Tijuana", 7), ("America/Cancun", 5), ("America/Hermosillo", 7)],
)
def test_midnight_is_the_school_s(db: Database, zone: str, hour: int) -> None:
    midnight = MIDNIGHT.replace(hour=hour)
    with db.unit_of_work() as session:
        a_school(session, Person(), zone=zone)

    assert tick(db, midnight - SECOND).opened == ()
    assert len(tick(db, midnight).opened) == 1


def test_two_generations_are_in_the_field_each_autumn(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(), code="A", cohort=Cohort(2022, 2025))
        a_school(session, Person(), code="B", cohort=Cohort(2023, 2026))
        a_school(session, Person(), code="C", cohort=Cohort(2024, 2027))

    opened = tick(db, MIDNIGHT).opened

    assert {(note.cohort, note.questionnaire) for note in opened} == {
        ("2022-2025", 3),
        ("2023-2026", 2),
    }


def test_nothing_opens_for_the_previous_strategy_or_an_empty_cohort(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(), code="A", cohort=Cohort(2012, 2015))
        a_school(session, code="B", cohort=Cohort(2013, 2016))

    assert tick(db, datetime(2015, 10, 15, tzinfo=UTC)) == Opened(())
    assert tick(db, datetime(2016, 10, 15, tzinfo=UTC)) == Opened(())


def test_january_leavers_follow_the_other_calendar(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(), calendar=CalendarName.B)

    assert [note.questionnaire for note in tick(db, MIDNIGHT).opened] == [1]


def test_without_a_published_questionnaire_the_wave_waits_and_says_so(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person())
        found = open_due_waves(session, now=MIDNIGHT, keys=KEYS, versions={})

    assert found == Opened((), blocked=(WaveNote("15ECT0001A", "2023-2026", 2),))


def test_a_silent_scheduler_opens_late_and_never_after_the_window(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(), code="A")

    assert len(tick(db, CLOSE - SECOND).opened) == 1
    assert tick(db, CLOSE).opened == ()


def test_a_window_that_passed_in_silence_is_reported_and_stays_shut(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person())

    later = CLOSE + timedelta(days=3)

    assert tick(db, later).opened == ()
    with db.reading() as session:
        missed = WaveNote("15ECT0001A", "2023-2026", 2)
        assert missed_windows(session, now=later) == (missed,)
        assert missed_windows(session, now=CLOSE - SECOND) == ()
        assert missed_windows(session, now=CLOSE + timedelta(days=31)) == ()


def test_a_batch_leaves_the_rest_for_the_next_call(db: Database) -> None:
    with db.unit_of_work() as session:
        for code in "ABC":
            a_school(session, Person(), code=code)

    first, second = tick(db, MIDNIGHT, limit=2), tick(db, MIDNIGHT, limit=2)

    assert [note.school for note in first.opened + second.opened] == ["A", "B", "C"]
    assert (first.more, second.more) == (True, False)


CLOSING = """
planned      -> non_contact
invited      -> non_contact
undeliverable-> non_contact
started      -> break_off
break_off    -> break_off
partial      -> partial
complete     -> complete
refused      -> refused
other        -> other
not_eligible -> not_eligible
"""


def test_the_close_settles_every_case(db: Database) -> None:
    moves = [line.replace("->", " ").split() for line in CLOSING.split("\n")[1:-1]]
    with db.unit_of_work() as session:
        a_school(session, *[Person() for _ in moves])
    tick(db, MIDNIGHT)
    with db.unit_of_work() as session:
        cases = session.exec(select(Case)).all()
        for case, (before, _) in zip(cases, moves, strict=True):
            case.disposition = Disposition(before)
        expected = {c.id: Disposition(after) for c, (_, after) in zip(cases, moves, strict=True)}

    with db.unit_of_work() as session:
        assert close_due_waves(session, now=CLOSE - SECOND) == Closed(0, 0)
        assert close_due_waves(session, now=CLOSE) == Closed(1, 4)
        assert close_due_waves(session, now=CLOSE) == Closed(0, 0)

    with db.reading() as session:
        assert {c.id: c.disposition for c in session.exec(select(Case))} == expected
        assert (only_wave(session).state, only_wave(session).closed_at) == (WaveState.CLOSED, CLOSE)
        assert len(session.exec(select(CaseEvent)).all()) == 4


def test_a_late_row_joins_with_its_reason(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person())
    tick(db, MIDNIGHT)
    later = MIDNIGHT + timedelta(days=9)
    with db.unit_of_work() as session:
        a_member(session, school, Person(added_at=later))

    with db.unit_of_work() as session:
        first = follow_directory(session, now=later, keys=KEYS)
        second = join_late(session, now=later, keys=KEYS)

    assert (first.joined, second) == (1, 0)
    with db.reading() as session:
        reasons = [(c.late_reason, c.added_at) for c in session.exec(select(Case))]
    assert sorted(reasons, key=str) == sorted(
        [(None, MIDNIGHT), ("Alta posterior a la apertura", later)], key=str
    )


def test_nobody_is_asked_before_the_own_exit(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(left_on=date(2026, 10, 20)))
    tick(db, MIDNIGHT)
    on_the_day = datetime(2026, 10, 20, 6, tzinfo=UTC)

    counts = []
    for now in (on_the_day - SECOND, on_the_day, on_the_day + SECOND):
        with db.unit_of_work() as session:
            counts.append(join_late(session, now=now, keys=KEYS))

    assert counts == [0, 1, 0]


def set_standing(db: Database, standing: Standing, now: datetime) -> None:
    with db.unit_of_work() as session:
        member = session.exec(select(PanelMember)).one()
        member.standing, member.standing_since = standing, now.date()
        member.changed_at = now


def test_the_graduation_list_moves_cases_and_says_so(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(Standing.ENROLLED))
    tick(db, MIDNIGHT)
    stages = [Standing.GRADUATED, Standing.LEFT, Standing.GRADUATED]

    seen = []
    for days, standing in enumerate(stages, start=1):
        now = MIDNIGHT + timedelta(days=days)
        set_standing(db, standing, now)
        with db.unit_of_work() as session:
            found = follow_directory(session, now=now, keys=KEYS)
            nothing = apply_confirmations(session, now=now)
        with db.reading() as session:
            case = only_case(session)
            seen.append((found.confirmed, found.denied, found.restored, case.disposition))
            assert (nothing.confirmed, nothing.denied, nothing.restored) == (0, 0, 0)

    assert seen == [
        (1, 0, 0, Disposition.PLANNED),
        (0, 1, 0, Disposition.NOT_ELIGIBLE),
        (0, 0, 1, Disposition.PLANNED),
    ]
    with db.reading() as session:
        assert only_case(session).eligibility_confirmed
        assert [e.reason for e in session.exec(select(CaseEvent).order_by(col(CaseEvent.at)))] == [
            "Egreso confirmado",
            "Control escolar no confirmó el egreso",
            "Control escolar corrigió: sí cuenta",
        ]


def test_a_graduation_denied_later_leaves_questionnaire_1_alone(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(Standing.ENROLLED))
    tick(db, datetime(2026, 5, 2, 12, tzinfo=UTC))
    september = datetime(2026, 9, 2, 12, tzinfo=UTC)
    tick(db, september)
    set_standing(db, Standing.LEFT, september)

    tick(db, september)

    with db.reading() as session:
        assert only_case(session).disposition is Disposition.NON_CONTACT


def test_a_merged_row_is_a_duplicate_and_stays_one(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person(), Person())
    tick(db, MIDNIGHT)
    with db.unit_of_work() as session:
        kept, twin = school.members
        member = session.get_one(PanelMember, twin)
        member.merged_into, member.changed_at = kept, MIDNIGHT

    for _ in range(2):
        with db.unit_of_work() as session:
            apply_confirmations(session, now=MIDNIGHT)

    with db.reading() as session:
        twins = session.exec(select(Case).where(Case.member_id == twin)).one()
        assert twins.ineligibility is Ineligibility.DUPLICATE
        assert dispositions(session) == [Disposition.NOT_ELIGIBLE, Disposition.PLANNED]


def test_a_moved_window_rules_for_the_school_and_says_why(db: Database) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        a_school(session, Person(), code="A", office=office)
        a_school(session, Person(), code="B")
        move_window(session, office, Move(GENERATION, NOVEMBER, "Huelga"), now=MIDNIGHT)

    october = tick(db, MIDNIGHT).opened
    november = tick(db, datetime(2026, 11, 3, 6, tzinfo=UTC)).opened

    assert [note.school for note in october] == ["B"]
    assert [note.school for note in november] == ["A"]
    with db.reading() as session:
        moved = session.exec(select(Wave).where(Wave.opens == NOVEMBER.opens)).one()
        assert moved.closes_at == datetime(2026, 12, 20, 6, tzinfo=UTC)
        assert moved.reference_monday == date(2026, 9, 21)  # of the official window


def test_the_newest_change_rules_whatever_its_level(db: Database) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        school = a_school(session, Person(), office=office)
        move_window(session, school.unit_id, Move(GENERATION, NOVEMBER, "Huelga"), now=MIDNIGHT)
        back = FieldPeriod(2, date(2026, 10, 1), date(2026, 12, 1))
        move_window(session, office, Move(GENERATION, back, "Acuerdo"), now=MIDNIGHT + SECOND)

    assert len(tick(db, MIDNIGHT + SECOND).opened) == 1


@pytest.mark.parametrize(
    ("questionnaire", "opens", "closes", "said"),
    [
        (2, date(2026, 6, 1), date(2026, 12, 1), "se encimaría"),
        (2, date(2026, 10, 1), date(2027, 10, 2), "se encimaría"),
        (3, date(2026, 8, 1), date(2026, 8, 15), "se encimaría"),
        (2, date(2026, 7, 1), date(2026, 7, 1), "cerraría antes de abrir"),
        (1, date(2026, 5, 1), date(2026, 10, 2), "se encimaría"),
    ],
)
def test_a_window_is_not_moved_onto_another(
    db: Database, questionnaire: int, opens: date, closes: date, said: str
) -> None:
    move = Move(GENERATION, FieldPeriod(questionnaire, opens, closes), "Prueba")

    with pytest.raises(WindowRefused, match=r"window\.refused") as refusal, db.unit_of_work() as s:
        move_window(s, a_school(s, Person()).unit_id, move, now=MIDNIGHT)

    assert said in refusal.value.mensaje


def test_a_window_is_not_moved_before_the_exit(db: Database) -> None:
    early = FieldPeriod(1, date(2026, 4, 1), date(2026, 5, 1))
    move = Move(GENERATION, FieldPeriod(2, date(2026, 5, 15), date(2026, 6, 1)), "Prueba")

    with pytest.raises(WindowRefused) as refusal, db.unit_of_work() as session:
        school = a_school(session, Person())
        move_window(session, school.unit_id, Move(GENERATION, early, "Antes"), now=MIDNIGHT)
        move_window(session, school.unit_id, move, now=MIDNIGHT)

    assert "antes del egreso" in refusal.value.mensaje


def test_the_previous_strategy_has_nothing_to_move(db: Database) -> None:
    move = Move(Cohort(2012, 2015), FieldPeriod(2, date(2015, 10, 2), date(2015, 12, 1)), "Prueba")

    with pytest.raises(CohortStarred), db.unit_of_work() as session:
        move_window(session, a_school(session).unit_id, move, now=MIDNIGHT)


def test_an_open_wave_follows_its_window_and_a_closed_one_opens_again(db: Database) -> None:
    longer = Move(GENERATION, FieldPeriod(2, date(2026, 10, 1), date(2026, 12, 20)), "Prórroga")
    with db.unit_of_work() as session:
        school = a_school(session, Person())
    tick(db, MIDNIGHT)
    tick(db, CLOSE)

    with db.unit_of_work() as session:
        assert move_window(session, school.unit_id, longer, now=CLOSE + SECOND) == 1

    with db.reading() as session:
        wave = only_wave(session)
        assert (wave.state, wave.closed_at) == (WaveState.OPEN, None)
    assert tick(db, CLOSE + SECOND) == Opened(())
    with db.unit_of_work() as session:
        assert close_due_waves(session, now=datetime(2026, 12, 20, 6, tzinfo=UTC)).waves == 1


def test_an_idle_tick_asks_little(db: Database) -> None:
    """The number of statements of a tick with nothing to do, with 1 school and with 6."""
    asked = []
    for schools in (1, 5):
        with db.unit_of_work() as session:
            for number in range(schools):
                a_school(session, Person(), Person(), code=f"{schools}-{number}")
        tick(db, MIDNIGHT)
        with db.unit_of_work() as session:
            seen: list[str] = []
            engine = session.get_bind()

            def note(*args: object, seen: list[str] = seen) -> None:
                seen.append(str(args[2]))

            event.listen(engine, "before_cursor_execute", note)
            follow_directory(session, now=MIDNIGHT + SECOND, keys=KEYS)
            close_due_waves(session, now=MIDNIGHT + SECOND)
            open_due_waves(session, now=MIDNIGHT + SECOND, keys=KEYS, versions=versions(session))
            event.remove(engine, "before_cursor_execute", note)
            asked.append(len(seen))

    assert asked[0] == asked[1] <= 14


def test_a_rival_who_opened_first_wins(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person())
    tick(db, MIDNIGHT)
    with db.unit_of_work() as session:
        mine = SchoolCohort(
            school.cohort_id, school.unit_id, "X", "America/Mexico_City", GENERATION, "sep", 7
        )
        due = planning._Due(mine, windows_of(GENERATION, "sep")[1])  # noqa: SLF001

        assert planning._open(session, due, versions(session)[2], KEYS, now=MIDNIGHT) is None  # noqa: SLF001
    with db.reading() as session:
        assert len(session.exec(select(Case)).all()) == 1
