"""The worker freezes what an edition withholds because of the edition before it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select, update

from app.analytics.editions.freezing import edition_content
from app.analytics.release.outcome_release import release_counted
from app.analytics.released import Audience, Context, IndicatorRow
from app.analytics.reports import indicators_report
from app.analytics.tables import EditionKind, ResultEdition
from app.db.transactions import Database
from app.fieldwork.tables import Wave, WaveState
from app.responses.tables import Answer, Response
from app.units.scope import WHOLE
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions
from tests.analytics.survey import LATER, OVER, a_surveyed_school, answered, moment
from tests.analytics.test_reports import of_unit
from tests.web.world import settings_for


def test_the_close_withholds_what_the_step_before_it_would_tell(
    db: Database, database_url: str
) -> None:
    """Of sixty nobody is in a category, and it is told; of seventy-one the last one is."""
    answers = [2] * 8 + [1] * 62 + [3]  # in this order
    settings = settings_for(database_url)
    with db.unit_of_work() as session:
        people = [answered(2, estudia=4, intento_ingreso=one) for one in answers]
        school = a_surveyed_school(session, 2, people, state=WaveState.OPEN)
        in_order(session)
    in_field = moment(2) + timedelta(days=1)

    freeze_editions(Deployment(settings, db, lambda: in_field))
    first = told(db, school, Audience.OFFICE)
    with db.unit_of_work() as session:
        closed = {"state": WaveState.CLOSED, "closes_at": OVER}
        session.exec(update(Wave).where(col(Wave.questionnaire) == 2).values(**closed))
    freeze_editions(Deployment(settings, db, lambda: LATER))

    assert sorted(row.numerator or 0 for row in first)[-2:] == [8, 52]
    assert not any(row.withheld for row in first)
    gone, alone = of_the_close(db)
    assert {name for name, _ in gone} == {"H2"}
    lost = {category for _, category in gone} - {""}
    assert any(row.value is not None for row in alone if row.category in lost)
    for audience in (Audience.OFFICE, Audience.PUBLIC):
        shown = {row.category for row in told(db, school, audience) if row.value is not None}
        assert shown < {row.category for row in alone if row.value is not None}
        assert not shown & lost


def in_order(session: Session) -> None:
    """The few first and the last one last."""
    for answer in session.exec(select(Answer).where(Answer.variable == "intento_ingreso")):
        at = moment(2) + timedelta(minutes=[2, 1, 3].index(answer.value))
        one = session.get_one(Response, answer.response_id)
        one.finished_at = one.last_saved_at = answer.saved_at = at
    session.flush()


def told(db: Database, school: UUID, audience: Audience) -> list[IndicatorRow]:
    with db.reading() as session:
        asked = of_unit(session, school)
        report = indicators_report(session, WHOLE, asked, audience=audience, now=LATER)
    return [row for row in report.figures if row.id == "H2"]


def of_the_close(db: Database) -> tuple[frozenset[tuple[str, str]], list[IndicatorRow]]:
    """What the last edition withholds for the first, and what it would tell without."""
    with db.reading() as session:
        last = session.exec(
            select(ResultEdition.id).where(ResultEdition.kind == EditionKind.CLOSE)
        ).all()
        tallies = [edition_content(session, one).tally for one in last]
    (tally,) = (one for one in tallies if one.wave == 2)
    rows = release_counted(replace(tally, gone=frozenset()), Context(audience=Audience.OFFICE))
    return tally.gone, [row for row in rows if row.id == "H2"]
