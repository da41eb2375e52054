"""Do each job in its time until told to stop; outlive a database that goes away.

Times are of the monotonic clock: a wall clock set back neither repeats nor skips a job.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from threading import Event

from app.errors import AppError
from app.messaging import outbox
from app.units.places import use_pinned_zones
from app.worker.deployment import Deployment
from app.worker.jobs import Job, jobs
from app.worker.sending import Sending

log = logging.getLogger("trayecto.worker")

LONGEST_WAIT = 30.0  # seconds between two tries while the database is away
_SHORTEST_WAIT = 0.2


def run(deployment: Deployment, stop: Event, *, lease: timedelta = outbox.LEASE) -> None:
    """Work until `stop` is set, then end after the messages under way."""
    use_pinned_zones()
    with Sending(deployment, lease=lease, stopping=stop.is_set) as sending:
        _Round(jobs(deployment, sending), stop).work()


class _Round:
    """When each job is due next, and how long to be patient with a store that is away."""

    def __init__(self, table: Sequence[Job], stop: Event) -> None:
        self._table, self._stop = table, stop
        self._due = dict.fromkeys((job.name for job in table), 0.0)
        self._failures = 0

    def work(self) -> None:
        while not self._stop.is_set():
            due = [job for job in self._table if self._due[job.name] <= time.monotonic()]
            away = [job for job in due if not self._stop.is_set() and not self._run(job)]
            self._be_patient(away)
            self._stop.wait(max(0.0, min(self._due.values()) - time.monotonic()))

    def _run(self, job: Job) -> bool:
        """False: the store refused, and the job is to be tried again."""
        self._due[job.name] = time.monotonic() + job.seconds
        try:
            if job.run():
                self._due[job.name] = time.monotonic()
        except AppError as refusal:
            if not self._failures:  # one line, not one for each try
                log.warning("job %s waits: %s", job.name, refusal)
                self._failures = 1
            return False
        except Exception:
            log.exception("job %s failed", job.name)
        return True

    def _be_patient(self, away: Sequence[Job]) -> None:
        if not away:
            if self._failures:
                log.info("the store answers again")
            self._failures = 0
            return
        wait = min(LONGEST_WAIT, _SHORTEST_WAIT * 2 ** (self._failures - 1))
        self._failures += 1
        for job in self._table:
            self._due[job.name] = max(self._due[job.name], time.monotonic() + wait)
        for job in away:
            self._due[job.name] = time.monotonic() + wait
