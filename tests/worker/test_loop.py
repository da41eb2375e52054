"""The worker's loop: it ends when told to, and outlives what it depends on."""

import logging
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from app.clock import system_clock
from app.db.transactions import Database
from app.errors import StorageBroken
from app.worker.deployment import Deployment
from app.worker.jobs import Job, jobs
from app.worker.loop import _Round, run
from app.worker.sending import Sending
from tests.worker.deployments import settings_at


def test_it_ends_when_told_to(db: Database, tmp_path: Path) -> None:
    stop = threading.Event()
    deployment = Deployment(settings_at(tmp_path), db, system_clock)
    thread = threading.Thread(target=run, args=(deployment, stop))
    thread.start()
    time.sleep(0.3)

    stop.set()
    thread.join(10)

    assert not thread.is_alive()


def test_a_store_that_is_away_is_waited_for_with_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop, asked = threading.Event(), list[float]()

    def away_twice() -> bool:
        asked.append(time.monotonic())
        if len(asked) <= 2:
            raise StorageBroken
        stop.set()
        return False

    with caplog.at_level(logging.INFO, "trayecto.worker"):
        _Round([Job("x", 60, away_twice), Job("y", 60, lambda: False)], stop).work()

    waits = [later - sooner for sooner, later in pairwise(asked)]
    assert waits[0] >= 0.19
    assert waits[1] >= 0.39
    assert [record.levelname for record in caplog.records].count("WARNING") == 1


def test_a_crash_of_one_job_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    stop, done = threading.Event(), list[str]()

    def crash() -> bool:
        raise RuntimeError("a bug")

    def work() -> bool:
        done.append("work")
        stop.set()
        return False

    _Round([Job("bad", 60, crash), Job("good", 60, work)], stop).work()

    assert done == ["work"]
    assert "job bad failed" in caplog.text


def test_a_job_with_more_to_do_comes_again_at_once() -> None:
    stop, runs = threading.Event(), list[int]()

    def work() -> bool:
        runs.append(1)
        if len(runs) == 3:
            stop.set()
        return len(runs) < 3

    begun = time.monotonic()
    _Round([Job("x", 60, work)], stop).work()

    assert len(runs) == 3
    assert time.monotonic() - begun < 1


def test_every_job_runs(db: Database, tmp_path: Path) -> None:
    deployment = Deployment(settings_at(tmp_path), db, system_clock)
    with Sending(deployment) as sending:
        table = jobs(deployment, sending)
        assert [(job.name, job.run()) for job in table] == [(job.name, False) for job in table]
