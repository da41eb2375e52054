"""Frozen editions: what a reader outside the school sees, and when it changes."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select, update

from app.analytics.editions.content import EditionContent, read_back, written
from app.analytics.editions.freezing import (
    GRACE,
    draft_edition,
    due_editions,
    editions_of,
    keep_edition,
)
from app.analytics.editions.texts import EditionAltered
from app.analytics.frame.tallies import Tally, add_tallies, tally_of
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import IndicatorsReport, indicators_report, rates_report
from app.analytics.tables import EditionKind, ResultEdition
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave, WaveState
from app.responses.tables import Answer, Response
from app.units.scope import WHOLE
from tests.analytics.survey import SILENT, Someone, a_surveyed_school, answered, cut, moment
from tests.analytics.test_outcome_release import a_person
from tests.analytics.test_reports import BOTH, STUDIES, WORKS, figure, of_unit

IN_FIELD = moment(2) + timedelta(days=1)
SEEKS = {"estudia": 5, "trabaja": 4, "busca_trabajo": 1}
PEOPLE = [answered(2, **given) for given in (STUDIES, WORKS, BOTH, SEEKS)]
SILENCE = Someone(disposition=SILENT)


def frozen(db: Database, now: datetime) -> list[tuple[int, EditionKind, int]]:
    """One pass of the worker; what it kept. The sums of what is over are made of it too."""
    kept = []
    with db.reading() as session:
        due = due_editions(session, now=now)
    for one in due:
        with db.reading() as session:
            draft = draft_edition(session, one)
        with db.unit_of_work() as session:
            assert keep_edition(session, draft, now=now) is not None
        kept.append((one.number, one.kind, draft.content.tally.answered))
    cut(db, now)
    return kept


def read_as(db: Database, school: UUID, audience: Audience, now: datetime) -> IndicatorsReport:
    with db.reading() as session:
        asked = of_unit(session, school)
        return indicators_report(session, WHOLE, asked, audience=audience, now=now)


def figures(
    db: Database, school: UUID, audience: Audience, now: datetime
) -> Sequence[IndicatorRow]:
    return read_as(db, school, audience, now).figures


def the_wave(session: Session, school: UUID) -> Wave:
    return session.exec(select(Wave).where(Wave.school_id == school, Wave.questionnaire == 2)).one()


def somebody_answers(db: Database, school: UUID, *, at: datetime, how_many: int = 1) -> None:
    """People of the list who kept silent until now answer that they study."""
    with db.unit_of_work() as session:
        wave = the_wave(session, school)
        silent = session.exec(
            select(Case).where(Case.wave_id == wave.id, Case.disposition == SILENT).limit(how_many)
        ).all()
        assert len(silent) == how_many
        for case in silent:
            case.disposition = Disposition.COMPLETE
            response = Response(
                case_id=case.id,
                version_id=wave.version_id,
                started_at=at,
                last_saved_at=at,
                finished_at=at,
            )
            session.add(response)
            session.flush()
            for name, value in STUDIES.items():
                session.add(
                    Answer(
                        response_id=response.id, variable=name, value=value, revision=1, saved_at=at
                    )
                )


def close(db: Database, school: UUID) -> datetime:
    """Close the wave; the moment after which its last edition is due."""
    with db.unit_of_work() as session:
        wave = the_wave(session, school)
        wave.state = WaveState.CLOSED
        return wave.closes_at + GRACE


def an_open_school(db: Database, answers: int, silent: int = 40) -> UUID:
    people = (PEOPLE * answers)[:answers] + [SILENCE] * silent
    with db.unit_of_work() as session:
        return a_surveyed_school(session, 2, people, state=WaveState.OPEN)


def test_an_edition_comes_with_every_ten_answers_and_leaves_the_ten_newest_out(
    db: Database,
) -> None:
    school = an_open_school(db, 19)

    steps = [frozen(db, IN_FIELD)]
    somebody_answers(db, school, at=IN_FIELD)
    steps += [frozen(db, IN_FIELD), frozen(db, IN_FIELD)]
    somebody_answers(db, school, at=IN_FIELD, how_many=13)
    steps.append(frozen(db, IN_FIELD))
    over = close(db, school)
    steps += [frozen(db, over - timedelta(seconds=1)), frozen(db, over), frozen(db, over)]

    assert steps == [
        [],
        [(1, EditionKind.STEP, 10)],
        [],
        [(2, EditionKind.STEP, 20)],
        [],
        [(3, EditionKind.CLOSE, 33)],  # at least ten more than the one before
        [],
    ]


@pytest.mark.parametrize("audience", [Audience.OFFICE, Audience.PUBLIC])
def test_one_known_answer_shows_nothing_to_a_reader_outside(
    db: Database, audience: Audience
) -> None:
    """trust.md SEC-07; the own school and the process figures see it at once."""
    school = an_open_school(db, 114, silent=3)
    frozen(db, IN_FIELD)
    before = read_as(db, school, audience, IN_FIELD)
    own_before = figure(read_as(db, school, Audience.OWN, IN_FIELD), "H1")

    somebody_answers(db, school, at=IN_FIELD)
    frozen(db, IN_FIELD)
    after = read_as(db, school, audience, IN_FIELD)
    own_after = figure(read_as(db, school, Audience.OWN, IN_FIELD), "H1")

    assert any(row.value is not None for row in before.figures)
    assert (after.figures, after.editions) == (before.figures, before.editions)
    assert after.editions is not None
    assert (after.editions.number, after.editions.answered) == (1, 100)
    assert (own_before.numerator, own_after.numerator) == (57, 58)
    assert after.process.answered == before.process.answered + 1 == 115  # live for everybody


def test_nobody_outside_reads_an_open_wave_before_its_first_edition(db: Database) -> None:
    school = an_open_school(db, 19)
    frozen(db, IN_FIELD)

    report = read_as(db, school, Audience.OFFICE, IN_FIELD)

    assert report.editions is not None
    assert (report.editions.waiting, report.editions.answered) == (1, 0)
    assert all(row.value is None for row in report.figures)


def test_a_closed_wave_reads_the_same_before_and_after_the_worker_kept_it(db: Database) -> None:
    school = an_open_school(db, 33)
    over = close(db, school)

    before = figures(db, school, Audience.OFFICE, over)
    kept = frozen(db, over)
    after = figures(db, school, Audience.OFFICE, over)

    assert kept == [(1, EditionKind.CLOSE, 33)]
    assert before == after


def test_of_two_workers_one_freezes(db: Database) -> None:
    school = an_open_school(db, 33)
    over = close(db, school)
    with db.reading() as session:
        (due,) = due_editions(session, now=over)
        draft = draft_edition(session, due)

    with db.unit_of_work() as session:
        first = keep_edition(session, draft, now=over)
    with db.unit_of_work() as session:
        second = keep_edition(session, draft, now=over)
        heads = editions_of(session, the_wave(session, school).id)

    assert (first is not None, second) == (True, None)
    assert [head.number for head in heads] == [1]


def test_an_edition_that_somebody_changed_is_not_shown(db: Database) -> None:
    school = an_open_school(db, 33)
    over = close(db, school)
    frozen(db, over)
    with db.unit_of_work() as session:
        text = session.exec(select(ResultEdition.content)).one().replace("33", "34")
        session.exec(update(ResultEdition).values({col(ResultEdition.content): text}))

    with pytest.raises(EditionAltered):
        figures(db, school, Audience.OFFICE, over)


def test_an_answer_is_in_the_process_figures_at_once(db: Database) -> None:
    """Freshness: rates are counted from the cases at each request; nothing is kept between."""
    school = an_open_school(db, 33)
    with db.reading() as session:
        before = rates_report(session, WHOLE, of_unit(session, school))

    somebody_answers(db, school, at=IN_FIELD)
    with db.reading() as session:
        after = rates_report(session, WHOLE, of_unit(session, school))

    assert (before.counts.I, after.counts.I) == (33, 34)
    assert after.knowledge_rate is not None
    assert after.knowledge_rate > (before.knowledge_rate or 0)


def test_an_edition_of_before_pairs_were_kept_is_read_as_it_was() -> None:
    content = EditionContent(replace(tally(20, 3), pairs=None), 23)

    back = read_back(written(content))

    assert back.tally.pairs is None
    assert "pairs" not in written(content)
    assert written(back) == written(content)


def tally(n: int, seed: int, wave: int = 2) -> Tally:
    chance = random.Random(seed)
    return tally_of([a_person(chance, wave) for _ in range(n)], wave)


@settings(max_examples=25)
@given(st.integers(0, 40), st.integers(0, 10_000), st.sampled_from([1, 2, 3]))
def test_what_is_frozen_is_read_back_as_it_was(n: int, seed: int, wave: int) -> None:
    content = EditionContent(tally(n, seed, wave), n + 3)

    back = read_back(written(content))

    assert back == content or written(back) == written(content)
    assert add_tallies([back.tally], wave).answered == n


@settings(max_examples=25)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_schools_added_are_the_people_counted_at_once(
    sizes: list[int], order: random.Random
) -> None:
    chance = random.Random(sum(sizes))
    schools = [[a_person(chance, 3) for _ in range(n)] for n in sizes]
    everybody = [row for school in schools for row in school]
    order.shuffle(everybody)

    added = add_tallies([tally_of(rows, 3) for rows in schools], 3)

    assert written(EditionContent(added, 9)) == written(EditionContent(tally_of(everybody, 3), 9))
