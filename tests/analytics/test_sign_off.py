"""The close of a wave between a school and its office: states, refusals, and what stays fixed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.analytics.released import Audience
from app.analytics.sign_off import (
    CommentMissing,
    CorrectionTooSmall,
    NotTheirStep,
    SignOff,
    SignOffMoved,
    SignOffState,
    TooEarlyToSubmit,
    accept,
    return_to_school,
    sign_off_of,
    submit,
)
from app.analytics.sign_off_list import closed_waves
from app.analytics.tables import EditionKind, SignOffStep
from app.db.transactions import Database
from app.errors import NotFound
from app.fieldwork.steering import Steward
from app.fieldwork.tables import WaveState
from app.units.scope import Reach, Scope
from tests.analytics.survey import LATER, SILENT, Someone, a_surveyed_school
from tests.analytics.test_editions import (
    IN_FIELD,
    PEOPLE,
    frozen,
    read_as,
    somebody_answers,
    the_wave,
)
from tests.fieldwork.field import an_office

SILENCE = Someone(disposition=SILENT)
AFTER = LATER + timedelta(days=1)


@dataclass
class Place:
    """A school of 120 answers and its office."""

    db: Database
    school: UUID
    office: UUID
    wave: UUID
    people: tuple[UUID, UUID]

    @property
    def teacher(self) -> Steward:
        return Steward(self.people[0], Scope((Reach(self.school),)))

    @property
    def officer(self) -> Steward:
        return Steward(self.people[1], Scope((Reach(self.office),)))

    def now(self) -> SignOff:
        with self.db.reading() as session:
            return sign_off_of(session, self.officer.scope, self.wave, now=LATER)

    def submits(self, comment: str = "") -> None:
        with self.db.unit_of_work() as session:
            submit(session, self.wave, comment, by=self.teacher, now=LATER)

    def returns(self, comment: str, seen: int = 1) -> None:
        with self.db.unit_of_work() as session:
            return_to_school(session, self.wave, comment, seen=seen, by=self.officer, now=LATER)

    def accepts(self, seen: int = 1) -> None:
        with self.db.unit_of_work() as session:
            accept(session, self.wave, "", seen=seen, by=self.officer, now=LATER)

    def outside(self) -> tuple[object, int | None]:
        report = read_as(self.db, self.school, Audience.OFFICE, AFTER)
        assert report.editions is not None
        return report.figures, report.editions.number


@pytest.fixture
def place(db: Database) -> Place:
    with db.unit_of_work() as session:
        office = an_office(session)
        people = PEOPLE * 30 + [SILENCE] * 40
        school = a_surveyed_school(session, 2, people, office=office)
        wave = the_wave(session, school).id
    return Place(db, school, office, wave, (uuid4(), uuid4()))


def test_a_school_submits_the_office_returns_and_then_accepts(place: Place) -> None:
    states = [place.now().state]
    place.submits()
    states.append(place.now().state)
    place.returns("Faltan dos grupos")
    states.append(place.now().state)
    place.submits("Ya están los dos grupos")
    place.accepts()
    found = place.now()

    assert [*states, found.state] == [
        SignOffState.TO_SUBMIT,
        SignOffState.SUBMITTED,
        SignOffState.RETURNED,
        SignOffState.ACCEPTED,
    ]
    assert [(act.step, act.comment, act.edition) for act in found.history] == [
        (SignOffStep.ACCEPTED, "", 1),
        (SignOffStep.SUBMITTED, "Ya están los dos grupos", 1),
        (SignOffStep.RETURNED, "Faltan dos grupos", 1),
        (SignOffStep.SUBMITTED, "", 1),
    ]
    assert [(one.number, one.kind) for one in found.editions] == [(1, EditionKind.CLOSE)]
    assert found.editions[0].accepted_at == LATER


def test_accepted_figures_change_only_by_an_accepted_correction_with_its_reason(
    place: Place,
) -> None:
    place.submits()
    place.accepts()
    accepted = place.outside()

    somebody_answers(place.db, place.school, at=AFTER, how_many=9)
    # The worker makes nothing of its own any more, but for the empty Questionnaire 1.
    assert frozen(place.db, AFTER) == [(1, EditionKind.CLOSE, 0)]
    with pytest.raises(CorrectionTooSmall, match="sign_off"):
        place.submits("llegaron tarde")
    somebody_answers(place.db, place.school, at=AFTER)
    assert place.now().changed == 10
    with pytest.raises(CommentMissing):
        place.submits(" ")
    place.submits("Diez cuestionarios en papel")
    waiting = place.outside()
    place.accepts(seen=2)
    corrected = place.outside()

    assert waiting == accepted
    assert (accepted[1], corrected[1]) == (1, 2)
    assert corrected[0] != accepted[0]
    newest = place.now().editions[0]
    assert (newest.kind, newest.reason) == (
        EditionKind.CORRECTED,
        "Diez cuestionarios en papel",
    )
    assert newest.answered == 130


def test_each_side_takes_its_own_steps_only(place: Place) -> None:
    stranger = Steward(uuid4(), Scope((Reach(uuid4()),)))
    with pytest.raises(NotTheirStep), place.db.unit_of_work() as session:
        submit(session, place.wave, "", by=place.officer, now=LATER)
    place.submits()

    with pytest.raises(NotTheirStep), place.db.unit_of_work() as session:
        accept(session, place.wave, "", seen=1, by=place.teacher, now=LATER)
    with pytest.raises(NotFound), place.db.unit_of_work() as session:
        accept(session, place.wave, "", seen=1, by=stranger, now=LATER)
    with pytest.raises(CommentMissing):
        place.returns("  ")
    with pytest.raises(SignOffMoved):
        place.accepts(seen=7)  # of a page that shows another edition
    place.accepts()
    with pytest.raises(SignOffMoved):
        place.accepts()
    with pytest.raises(SignOffMoved):
        place.returns("tarde")

    assert place.now().state is SignOffState.ACCEPTED


def test_nothing_is_submitted_before_the_last_answers_arrived(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, PEOPLE * 8, state=WaveState.OPEN)
        wave = the_wave(session, school)
    by = Steward(uuid4(), Scope((Reach(school),)))

    with pytest.raises(TooEarlyToSubmit), db.unit_of_work() as session:
        submit(session, wave.id, "", by=by, now=IN_FIELD)
    with db.unit_of_work() as session:
        the_wave(session, school).state = WaveState.CLOSED
    with pytest.raises(TooEarlyToSubmit), db.unit_of_work() as session:
        submit(session, wave.id, "", by=by, now=wave.closes_at + timedelta(hours=71))

    with db.unit_of_work() as session:
        late = submit(session, wave.id, "", by=by, now=wave.closes_at + timedelta(hours=72))
    assert late is SignOffState.SUBMITTED


def test_an_office_works_through_what_waits_for_it(place: Place) -> None:
    with place.db.unit_of_work() as session:
        elsewhere = a_surveyed_school(session, 2, PEOPLE, code="15ECT0009Z")
    place.submits()

    with place.db.reading() as session:
        found = closed_waves(session, place.officer.scope, None)
        to_submit = closed_waves(session, place.officer.scope, SignOffState.TO_SUBMIT)
        theirs = closed_waves(session, Scope((Reach(elsewhere),)), None)

    assert found.state is SignOffState.SUBMITTED
    assert [one.wave_id for one in found.waves] == [place.wave]
    assert found.counts == {
        SignOffState.SUBMITTED: 1,
        SignOffState.RETURNED: 0,
        SignOffState.TO_SUBMIT: 1,  # Questionnaire 1 of the same school
        SignOffState.ACCEPTED: 0,
    }
    assert [one.questionnaire for one in to_submit.waves] == [1]
    assert place.wave not in {one.wave_id for one in theirs.waves}
