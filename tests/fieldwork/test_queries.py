from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.errors import NotFound
from app.fieldwork import queries
from app.fieldwork.dispositions import Disposition, Outcome
from app.fieldwork.queries import DayOfProgress, OutcomeCounts, Trait
from app.fieldwork.tables import Case, CaseEvent
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import StudentGroup
from tests.fieldwork.field import Person, School, a_school, a_wave, an_office, case_of

GENERATION = Cohort(2023, 2026)
IN_FIELD = ("complete", "partial", "refused", "invited", "other", "planned", "not_eligible")


def a_full_wave(session: Session, now: datetime, *, office: UUID | None = None) -> School:
    """A case of each kind; the one who is only planned is not confirmed."""
    code = uuid4().hex[:10]
    school = a_school(session, *[Person() for _ in IN_FIELD], code=code, office=office)
    wave_id = a_wave(session, school, now=now)
    for member_id, disposition in zip(school.members, IN_FIELD, strict=True):
        case_id = case_of(
            session, wave_id, member_id, disposition=Disposition(disposition), now=now
        )
        session.get_one(Case, case_id).eligibility_confirmed = disposition != "planned"
    session.flush()
    return school


def wave_of(session: Session, school: School) -> UUID:
    found = session.exec(
        select(Case.wave_id).join(PanelMember).where(PanelMember.school_id == school.unit_id)
    ).first()
    assert found is not None
    return found


ONE_OF_EACH = OutcomeCounts(dict.fromkeys(Outcome, 1))


def test_the_header_of_a_wave(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        school = a_full_wave(session, now)
        wave_id = wave_of(session, school)
        session.exec(select(Case)).all()[0].late_reason = "Alta"

    with db.reading() as session:
        header = queries.wave_header(session, WHOLE, wave_id)

    assert header.counts == ONE_OF_EACH
    assert (header.frozen, header.late, header.questionnaire) == (6, 1, 2)
    assert (header.counts.frame, header.counts.answered) == (6, 2)
    assert header.counts.rate == Fraction(1, 3)
    assert OutcomeCounts({}).rate is None


def test_an_office_adds_up_its_schools(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        for _ in range(2):
            a_full_wave(session, now, office=office)
        stranger = a_full_wave(session, now)

    with db.reading() as session:
        counts = queries.unit_outcome_counts(session, WHOLE, office, GENERATION, 2)
        nothing = queries.unit_outcome_counts(session, WHOLE, office, GENERATION, 3)
        own = queries.unit_outcome_counts(session, WHOLE, stranger.unit_id, GENERATION, 2)

    assert counts == OutcomeCounts(dict.fromkeys(Outcome, 2))
    assert (nothing, own) == (OutcomeCounts({}), ONE_OF_EACH)


def test_carla_of_another_school_sees_nothing(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        school = a_full_wave(session, now)
        carla = Scope((Reach(a_full_wave(session, now).unit_id),))
        alicia = Scope((Reach(school.unit_id),))
        wave_id = wave_of(session, school)
        case_id = session.exec(select(Case.id).where(Case.wave_id == wave_id)).first()
    assert case_id is not None

    with db.reading() as session:
        assert queries.outcome_counts(session, alicia, wave_id) == ONE_OF_EACH
        assert queries.missing_people(session, alicia, wave_id).total == 2
        assert queries.outcome_counts(session, carla, wave_id) == OutcomeCounts({})
        assert queries.missing_people(session, carla, wave_id).total == 0
        assert queries.progress_by(session, carla, wave_id, Trait.SEX) == ()
        assert queries.progress_over_time(session, carla, wave_id) == ()
        unit = queries.unit_outcome_counts(session, carla, school.unit_id, GENERATION, 2)
        assert unit == OutcomeCounts({})
        with pytest.raises(NotFound):
            queries.wave_header(session, carla, wave_id)
        with pytest.raises(NotFound):
            queries.case_events(session, carla, case_id)


def test_a_tutor_sees_the_own_group(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        school = a_full_wave(session, now)
        group = StudentGroup(school_id=school.unit_id, cohort=str(GENERATION), name="6.º A")
        session.add(group)
        session.flush()
        session.get_one(PanelMember, school.members[3]).group_id = group.id
        wave_id = wave_of(session, school)
        tutor = Scope((Reach(school.unit_id, frozenset({group.id})),))

    with db.reading() as session:
        missing = queries.missing_people(session, tutor, wave_id)
        lines = queries.progress_by(session, tutor, wave_id, Trait.GROUP)
        everybody = queries.progress_by(session, WHOLE, wave_id, Trait.GROUP)
        chosen = queries.missing_people(session, WHOLE, wave_id, group_id=group.id)

    assert [(p.group, p.disposition) for p in missing.people] == [("6.º A", Disposition.INVITED)]
    assert missing == chosen
    assert [line.value for line in lines] == ["6.º A"]
    assert [(line.value, line.counts.listed) for line in everybody] == [("6.º A", 1), (None, 6)]


def test_progress_is_by_the_day_of_the_school(db: Database, now: datetime) -> None:
    evening = datetime(2026, 3, 3, 5, tzinfo=UTC)  # still 2 March in Mexico City
    with db.unit_of_work() as session:
        school = a_full_wave(session, now)
        wave_id = wave_of(session, school)
        complete, partial = session.exec(
            select(Case.id)
            .where(col(Case.disposition).in_(["complete", "partial"]))
            .order_by(col(Case.disposition))
        ).all()
        for case_id, disposition, at in [
            (complete, Disposition.PARTIAL, evening),
            (complete, Disposition.COMPLETE, evening + timedelta(days=3)),
            (partial, Disposition.PARTIAL, evening + timedelta(days=1)),
        ]:
            session.add(CaseEvent(case_id=case_id, disposition=disposition, at=at))

    with db.reading() as session:
        days = queries.progress_over_time(session, WHOLE, wave_id)

    assert days == (DayOfProgress(date(2026, 3, 2), 1), DayOfProgress(date(2026, 3, 3), 2))


def test_the_history_of_a_case_begins_with_its_entry(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        school = a_full_wave(session, now)
        case = session.exec(select(Case).where(Case.member_id == school.members[0])).one()
        case.late_reason = "Alta posterior"
        session.add(CaseEvent(case_id=case.id, disposition=Disposition.INVITED, at=now))
        case_id = case.id

    with db.reading() as session:
        events = queries.case_events(session, WHOLE, case_id)

    assert [(e.disposition, e.reason) for e in events] == [
        (Disposition.PLANNED, "Alta posterior"),
        (Disposition.INVITED, None),
    ]


def test_the_missing_come_a_page_at_a_time(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, *[Person() for _ in range(queries.PAGE + 1)])
        wave_id = a_wave(session, school, now=now)
        for member_id in school.members:
            case_of(session, wave_id, member_id, now=now)

    with db.reading() as session:
        first = queries.missing_people(session, WHOLE, wave_id)
        second = queries.missing_people(session, WHOLE, wave_id, offset=queries.PAGE)

    assert (len(first.people), len(second.people), first.total) == (queries.PAGE, 1, 51)
    assert first.people[0].name == "Núñez, Ana"
    assert first.people[0].has_mail
    assert not first.people[0].has_phone


@pytest.mark.parametrize(
    ("read", "queries_asked"), [("header", 3), ("missing", 3), ("by", 1), ("unit", 1), ("time", 1)]
)
def test_the_number_of_queries_does_not_grow(
    db: Database, now: datetime, read: str, queries_asked: int
) -> None:
    asked: list[int] = []
    for _ in range(2):
        with db.unit_of_work() as session:
            office = an_office(session, code=uuid4().hex)
            schools = [a_full_wave(session, now, office=office) for _ in range(1 + 2 * len(asked))]
            wave_id = wave_of(session, schools[0])
        seen: list[str] = []
        with db.reading() as session:
            engine = session.get_bind()

            def note(*args: object, seen: list[str] = seen) -> None:
                seen.append(str(args[2]))

            event.listen(engine, "before_cursor_execute", note)
            match read:
                case "header":
                    queries.wave_header(session, WHOLE, wave_id)
                case "missing":
                    queries.missing_people(session, WHOLE, wave_id)
                case "by":
                    queries.progress_by(session, WHOLE, wave_id, Trait.PROGRAMME)
                case "time":
                    queries.progress_over_time(session, WHOLE, wave_id)
                case _:
                    queries.unit_outcome_counts(session, WHOLE, office, GENERATION, 2)
            event.remove(engine, "before_cursor_execute", note)
        asked.append(len([text for text in seen if text.startswith("SELECT")]))

    assert asked == [queries_asked, queries_asked]
