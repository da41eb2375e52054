"""Bring the columnar store of big offices up to the editions in force."""

from app.analytics.store import STORED_FROM, installed, store_folder
from app.analytics.store_building import parts_to_build, rebuild_part
from app.units.queries import count_schools
from app.worker.deployment import Deployment


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
        with deployment.database.reading() as session:
            now = deployment.clock()
            written += rebuild_part(session, folder, cohort, questionnaire, now=now).parts
    return written
