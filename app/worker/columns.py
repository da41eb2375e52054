"""Bring the columnar store of big offices up to the editions in force."""

from app.analytics.editions.store import STORED_FROM, installed, store_folder
from app.analytics.editions.store_building import editions_in_parts, parts_to_build, rebuild_part
from app.analytics.editions.withheld import keep_withheld, not_told, told_texts
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.units.queries import count_schools
from app.worker.deployment import Deployment

TOGETHER = 50  # editions: two seconds of work


def rebuild_store(deployment: Deployment) -> int:
    """Parts written now; none where no office is big, or where the engine is not installed."""
    folder = store_folder()
    if folder is None or not installed():
        return 0
    with deployment.database.reading() as session:
        if count_schools(session) < STORED_FROM:
            return 0
        wanted = parts_to_build(session)
    written = 0
    for cohort, questionnaire in wanted:  # each by itself: the editions of one do not wait
        tell_apart(deployment.database, cohort, questionnaire)
        with deployment.database.reading() as session:
            now = deployment.clock()
            written += rebuild_part(session, folder, cohort, questionnaire, now=now).parts
    return written


def tell_apart(database: Database, cohort: Cohort, questionnaire: int) -> int:
    """Work out what each school withholds of its edition, where nobody did; how many that were.

    In small transactions: what was done stays, and who answers meanwhile does not wait.
    """
    with database.reading() as session:
        editions = not_told(session, editions_in_parts(session, cohort, questionnaire))
    for start in range(0, len(editions), TOGETHER):
        with database.reading() as session:
            found = told_texts(session, editions[start : start + TOGETHER])
        with database.unit_of_work() as session:
            for edition_id, text in found.items():
                keep_withheld(session, edition_id, text)
    return len(editions)
