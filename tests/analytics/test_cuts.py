"""Cuts: which editions a sum is made of, and when it moves on."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select, update

from app.analytics.editions.cuts import KeptCut, draft_cut, fielded, keep_cut, newest_cut
from app.analytics.editions.freezing import DueEdition, draft_edition, keep_edition
from app.analytics.editions.tables import SumCut
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.tallies import tally_of
from app.analytics.release.cuts import Cut, Entry, next_cut, withheld_in
from app.analytics.release.sum_parts import summand_of
from app.analytics.tables import EditionKind
from app.db.transactions import Database
from app.fieldwork.tables import Wave, WaveState
from app.units.tables import UnitAncestor
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions
from tests.analytics.survey import COHORT, LATER, a_surveyed_school, cut, settled
from tests.analytics.test_outcome_release import a_school
from tests.analytics.test_reports import CODES, MIXED
from tests.fieldwork.field import an_office
from tests.web.respondent.site import settings as site_settings

WAVE = 2
UNIT, ABOVE = UUID(int=100), UUID(int=200)


def entries(
    places: Sequence[int], school_of: dict[int, int] | None = None
) -> dict[Entry, frozenset[UUID]]:
    schools = school_of or {}
    return {
        Entry(UUID(int=n), UUID(int=schools.get(n, n))): frozenset({UNIT, ABOVE}) for n in places
    }


SUMMANDS = {UUID(int=n): summand_of(tally_of(a_school(60, seed=n), WAVE)) for n in range(8)}


def places_of(cut: Cut, unit: UUID = UNIT) -> list[int]:
    told = cut.told[cut.of_unit[unit]]
    return sorted(cut.entries[place].edition.int for place in told.places)


def test_a_sum_keeps_what_it_withheld_while_its_schools_are_the_same() -> None:
    first = next_cut(Cut(), entries(range(4)), SUMMANDS, WAVE)

    again = next_cut(first, entries(range(4)), SUMMANDS, WAVE)

    assert again == first
    assert places_of(first) == places_of(first, ABOVE) == [0, 1, 2, 3]


def test_what_was_told_once_is_never_forgotten() -> None:
    first = next_cut(Cut(), entries(range(3)), SUMMANDS, WAVE)
    second = next_cut(first, entries(range(6)), SUMMANDS, WAVE)
    third = next_cut(second, entries(range(7)), SUMMANDS, WAVE)

    told = [
        {cut.entries[p].edition.int for p in one.places} for cut in (third,) for one in cut.told
    ]
    assert {0, 1, 2} in told
    assert {0, 1, 2, 3, 4, 5} in told
    assert [one.withheld for one in third.told[:1]] == [one.withheld for one in first.told]


def test_a_correction_waits_for_others() -> None:
    """Its edition less the one before is of one school."""
    first = next_cut(Cut(), entries(range(4)), SUMMANDS, WAVE)

    corrected = next_cut(first, entries([1, 2, 3, 7], {7: 0}), SUMMANDS, WAVE)

    assert places_of(corrected) == [0, 1, 2, 3]


def test_a_unit_that_a_school_left_is_told_without_it() -> None:
    first = next_cut(Cut(), entries(range(4)), SUMMANDS, WAVE)

    left = next_cut(first, entries(range(3)), SUMMANDS, WAVE)

    assert places_of(left) == [0, 1, 2]


def test_an_indicator_that_is_new_is_withheld_until_the_next_cut() -> None:
    first = next_cut(Cut(), entries(range(4)), SUMMANDS, WAVE)
    name = outcomes_of(WAVE)[0].id
    older = Cut(first.entries, first.told, first.of_unit, first.known - {name})

    gone = withheld_in(older, older.told[0], WAVE)
    now = next_cut(older, entries(range(4)), SUMMANDS, WAVE)

    assert (f"base {name}", "") in gone
    assert now.known == first.known
    assert now.told[now.of_unit[UNIT]].withheld == first.told[0].withheld


def a_state(db: Database) -> UUID:
    with db.unit_of_work() as session:
        state = an_office(session)
        for code in CODES:
            a_surveyed_school(session, 2, MIXED, code=code, office=state)
    return state


def kept(db: Database) -> KeptCut:
    with db.reading() as session:
        found = newest_cut(session, COHORT, WAVE)
    assert found is not None
    return found


def test_a_cut_is_read_as_it_was_kept_and_taken_once(db: Database) -> None:
    state = a_state(db)
    settled(db)

    told = kept(db).of_unit(state)
    assert told is not None
    assert (len(told.editions), told.cut_at) == (3, LATER)
    assert cut(db) == 0
    with db.reading() as session:
        assert (COHORT, WAVE) in fielded(session)
        assert len(session.exec(select(SumCut).where(SumCut.questionnaire == WAVE)).all()) == 1


def test_a_cut_waits_for_the_last_edition_of_every_wave_that_is_over(db: Database) -> None:
    a_state(db)
    with db.reading() as session:
        waves = session.exec(select(Wave.id).where(Wave.questionnaire == WAVE)).all()
    for wave_id in waves[:2]:
        with db.unit_of_work() as session:
            draft = draft_edition(session, DueEdition(wave_id, 1, EditionKind.CLOSE, None))
            keep_edition(session, draft, now=LATER)

    assert cut(db) == 0

    with db.unit_of_work() as session:
        session.exec(update(Wave).where(col(Wave.id) == waves[2]).values(state=WaveState.OPEN))
    assert cut(db) == 1  # that one is in the field


def test_of_two_workers_one_takes_a_cut(db: Database) -> None:
    a_state(db)
    settled(db, LATER)
    with db.unit_of_work() as session:
        wave_id = session.exec(select(Wave.id).where(Wave.questionnaire == WAVE)).first()
        assert wave_id is not None
        corrected = draft_edition(session, DueEdition(wave_id, 2, EditionKind.CORRECTED, None))
        keep_edition(session, corrected, now=LATER + timedelta(days=1), reason="r")
    drafts = []
    for _ in range(2):
        with db.reading() as session:
            drafts.append(draft_cut(session, COHORT, WAVE, now=LATER + timedelta(days=1)))

    found = []
    for draft in drafts:
        assert draft is not None
        with db.unit_of_work() as session:
            found.append(keep_cut(session, draft, now=LATER + timedelta(days=1)))

    assert found == [True, False]
    assert kept(db).number == 2


def test_a_school_that_came_to_another_unit_is_summed_there(db: Database) -> None:
    a_state(db)
    freeze_editions(Deployment(site_settings(), db, lambda: LATER))
    cut(db, LATER + timedelta(hours=1))
    with db.unit_of_work() as session:
        other = an_office(session, "16")
        for school in session.exec(select(Wave.school_id).distinct()).all():
            session.add(UnitAncestor(unit_id=school, ancestor_id=other))
    later = Deployment(site_settings(), db, lambda: LATER + timedelta(days=1))

    nothing, found = take_cuts(later), take_cuts(later, every=True)

    assert (nothing, found) == (0, 1)
    told = kept(db).of_unit(other)
    assert told is not None
    assert len(told.editions) == 3
