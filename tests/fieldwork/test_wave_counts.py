"""The counts of a wave are those of its cases, whoever writes them and whoever gathers."""

import random
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy import func as sql
from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.fieldwork.chronology_queries import schools_in_field, unit_chronology
from app.fieldwork.counting_tables import CaseMove, WaveCount
from app.fieldwork.dispositions import Disposition, Outcome
from app.fieldwork.queries import outcome_counts, unit_outcome_counts
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.fieldwork.unit_progress import counts_below, progress_of_schools
from app.fieldwork.wave_counts import gather, put_right
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit
from tests.analytics.survey import COHORT, Someone, a_surveyed_school
from tests.fieldwork.field import an_office


def two_schools(db: Database) -> UUID:
    """An office with two schools of six people in questionnaire 1; its id."""
    with db.unit_of_work() as session:
        office = an_office(session)
        for number in (1, 2):
            people = [Someone(disposition=Disposition.PLANNED) for _ in range(6)]
            a_surveyed_school(session, 1, people, code=f"15ECT000{number}A", office=office)
        return office


def moved(session: Session, chance: random.Random) -> None:
    """One of the ways in which cases change: by the ORM, in bulk, coming and going."""
    cases = list(session.exec(select(Case)))
    one, state = chance.choice(cases), chance.choice(list(Disposition))
    match chance.randrange(5):
        case 0:
            one.disposition = state
        case 1:
            session.exec(
                update(Case)
                .where(col(Case.wave_id) == one.wave_id)
                .values(eligibility_confirmed=chance.random() < 0.5)
            )
        case 2:
            session.exec(
                update(Case)
                .where(col(Case.disposition) == one.disposition)
                .values(disposition=state)
            )
        case 3:
            session.exec(update(Case).values(contacts=chance.randrange(9)))  # moves nobody
        case _:
            if len(cases) > 4:
                session.exec(delete(CaseEvent).where(col(CaseEvent.case_id) == one.id))
                session.exec(delete(Case).where(col(Case.id) == one.id))


def counted(session: Session, unit_id: UUID) -> dict[Outcome, int]:
    found = unit_outcome_counts(session, WHOLE, unit_id, COHORT, 1)
    return {group: found[group] for group in Outcome}


def summed(session: Session) -> dict[Outcome, int]:
    """From the cases themselves, wave by wave."""
    waves = [outcome_counts(session, WHOLE, wave) for wave in session.exec(select(Wave.id))]
    return {group: sum(wave[group] for wave in waves) for group in Outcome}


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_moves_a_case_is_counted(db: Database, seed: int) -> None:
    chance, office, seen = random.Random(seed), two_schools(db), set()

    for _ in range(25):
        with db.unit_of_work() as session:
            moved(session, chance)
        if chance.random() < 0.4:
            with db.unit_of_work() as session:
                gather(session)
        with db.reading() as session:
            found = counted(session, office)
            assert found == summed(session)
            seen.add(tuple(found.values()))

    with db.unit_of_work() as session:
        assert put_right(session) == 0
        gather(session)
        assert session.exec(select(CaseMove)).all() == []
    assert len(seen) > 8


def test_what_is_undone_is_not_counted(db: Database) -> None:
    office = two_schools(db)

    with pytest.raises(ZeroDivisionError), db.unit_of_work() as session:
        session.exec(update(Case).values(disposition=Disposition.COMPLETE))
        raise ZeroDivisionError

    with db.reading() as session:
        assert counted(session, office) == summed(session)
        assert counted(session, office)[Outcome.COMPLETE] == 0


def test_every_question_about_a_unit_is_answered_by_the_same_counts(db: Database) -> None:
    office = two_schools(db)
    with db.unit_of_work() as session:
        gather(session)
        first = session.exec(select(Wave).order_by(col(Wave.id))).first()
        assert first is not None
        session.exec(
            update(Case)
            .where(col(Case.wave_id) == first.id)
            .values(disposition=Disposition.COMPLETE)
        )
        session.exec(update(Wave).where(col(Wave.id) == first.id).values(state="open"))
        school = session.get_one(OrganisationUnit, first.school_id)

    with db.reading() as session:
        below = counts_below(session, WHOLE, [office, school.id], COHORT, 1)
        schools = progress_of_schools(session, WHOLE, office, COHORT, 1)
        table = unit_chronology(session, WHOLE, office).counts[COHORT, 1]
        in_field = schools_in_field(session, WHOLE, office, limit=5)

    assert (below[office].answered, below[office].frame) == (6, 12)
    assert (below[school.id].answered, below[school.id].frame) == (6, 6)
    assert {one.code: one.answered for one in schools}[school.code] == 6
    assert (table.waves, table.open_waves, table.fielded, table.answered) == (2, 1, 12, 6)
    assert [(one.open_waves, one.fielded, one.answered) for one in in_field] == [
        (1, 6, 6),
        (0, 0, 0),
    ]
    assert Cohort(2023, 2026) == COHORT


def test_a_count_that_went_wrong_is_put_right(db: Database) -> None:
    office = two_schools(db)
    with db.unit_of_work() as session:
        gather(session)
        session.exec(update(WaveCount).values(complete=3, partial=0, non_contact=1))
        waves = session.exec(select(sql.count()).select_from(WaveCount)).one()
    with db.reading() as session:
        assert counted(session, office) != summed(session)

    with db.unit_of_work() as session:
        corrected = put_right(session)

    with db.reading() as session:
        assert counted(session, office) == summed(session)
    with db.unit_of_work() as session:
        assert (corrected, put_right(session)) == (waves, 0)
