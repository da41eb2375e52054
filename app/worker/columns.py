"""Bring the columnar store of big offices up to the newest cuts."""

from app.analytics.editions.cuts import fielded
from app.analytics.editions.store import installed, store_folder
from app.analytics.editions.store_building import rebuild_part
from app.worker.cuts import is_big, take_cuts
from app.worker.deployment import Deployment


def rebuild_store(deployment: Deployment) -> int:
    """Parts written now; none where no office is big, or where the engine is not installed."""
    take_cuts(deployment, every=True)
    folder = store_folder()
    with deployment.database.reading() as session:
        if folder is None or not installed() or not is_big(session):
            return 0
        wanted = fielded(session)
    written = 0
    for cohort, questionnaire in wanted:  # each by itself: the editions of one do not wait
        with deployment.database.reading() as session:
            now = deployment.clock()
            written += rebuild_part(session, folder, cohort, questionnaire, now=now).parts
    return written
