"""Keep the counts of every wave gathered, and compare them with its cases once a day."""

from app.analytics.followed import KEPT as WAVES_FOLLOWED
from app.analytics.followed import keep_followed
from app.fieldwork.answer_days import KEPT, keep_days
from app.fieldwork.wave_counts import GATHERED, gather, put_right
from app.worker.deployment import Deployment


def gather_counts(deployment: Deployment) -> int:
    """Moves added to their waves: all that are there; and what is kept of who answered."""
    gathered = done = deployment.change(lambda session, _: gather(session))
    while done == GATHERED:
        done = deployment.change(lambda session, _: gather(session))
        gathered += done
    done = deployment.change(lambda session, _: keep_days(session))
    while done == KEPT:
        done = deployment.change(lambda session, _: keep_days(session))
    done = deployment.change(lambda session, _: keep_followed(session))
    while done == WAVES_FOLLOWED:
        done = deployment.change(lambda session, _: keep_followed(session))
    return gathered


def compare_counts(deployment: Deployment) -> int:
    """Waves whose counts were not those of their cases, and are now."""
    return deployment.change(lambda session, _: put_right(session))
