"""What schools withhold of their editions, worked out by the worker and read by everybody."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app.analytics.editions.content import read_back
from app.analytics.editions.freezing import DueEdition, draft_edition, due_editions, keep_edition
from app.analytics.editions.tables import EditionWithheld
from app.analytics.editions.withheld import summand_of_edition
from app.analytics.release.sum_parts import summand_of
from app.analytics.tables import EditionKind, ResultEdition
from app.db.transactions import Database
from app.worker.deployment import Deployment
from app.worker.editions import tell_editions
from tests.analytics.survey import LATER
from tests.analytics.test_store import a_region
from tests.web.respondent.site import settings

NUMBER, NOTHING = 2, '{"hidden": null, "crossings": []}'


@pytest.mark.parametrize("seed", [21, 22])
def test_a_new_process_reads_what_the_worker_worked_out(db: Database, seed: int) -> None:
    with db.unit_of_work() as session:
        a_region(session, seed, NUMBER)
    editions = _frozen(db)

    assert (_tell(db), _tell(db)) == (editions, 0)

    with db.unit_of_work() as session:
        for one in session.exec(select(ResultEdition)).all():
            found = summand_of_edition(session, one.id)
            afresh = summand_of(read_back(one.content).tally)
            assert (found.hidden, found.crossings) == (afresh.hidden, afresh.crossings)
        for told in session.exec(select(EditionWithheld)).all():
            told.withheld = NOTHING
    with db.reading() as session:  # it is read, and not worked out again
        (some, *_) = session.exec(select(ResultEdition.id)).all()
        assert summand_of_edition(session, some).hidden is None


def test_what_other_code_said_is_never_used_and_a_newer_edition_is_told(db: Database) -> None:
    with db.unit_of_work() as session:
        a_region(session, 23, NUMBER)
    editions = _frozen(db)
    assert _tell(db) == editions
    with db.unit_of_work() as session:
        before = [told.withheld for told in session.exec(select(EditionWithheld)).all()]
        for told in session.exec(select(EditionWithheld)).all():
            told.rules, told.withheld = "of other code", NOTHING

    assert (_tell(db), _tell(db)) == (editions, 0)

    with db.unit_of_work() as session:
        after = [told.withheld for told in session.exec(select(EditionWithheld)).all()]
        assert sorted(after) == sorted(before)
        first = session.exec(select(ResultEdition)).first()
        assert first is not None
        due = DueEdition(first.wave_id, 2, EditionKind.CORRECTED, None)
        draft = draft_edition(session, due)
        assert keep_edition(session, draft, now=LATER + timedelta(days=1), reason="r") is not None
    assert (_tell(db), _tell(db)) == (1, 0)


def _frozen(db: Database) -> int:
    with db.unit_of_work() as session:
        drafts = [draft_edition(session, due) for due in due_editions(session, now=LATER)]
        for draft in drafts:
            keep_edition(session, draft, now=LATER)
    return len(drafts)


def _tell(db: Database) -> int:
    return tell_editions(Deployment(settings(), db, _later), limit=100)


def _later() -> datetime:
    return LATER
