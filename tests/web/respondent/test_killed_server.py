"""kill -9 of the web process under twenty respondents: every acknowledged step is there (F-01)."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
import pytest
import uvicorn
from sqlmodel import select

from app.db.engine import make_engine
from app.db.transactions import Database
from app.fieldwork import entry
from app.responses.tables import Answer, AnswerRevision
from app.web.main import create_app
from app.web.security import mask_secret
from tests.conftest import DATA_KEYS
from tests.responses.desk import Desk
from tests.responses.people import DURING, a_field, a_person
from tests.services import free_port, wait_for
from tests.web.respondent.site import settings

RESPONDENTS, KILLS = 20, 8


def serve(url: str, port: int) -> None:
    """The application in a process that will be killed."""
    db = Database(make_engine(url, DATA_KEYS))
    application = create_app(settings(), db, lambda: DURING[2])
    uvicorn.run(application, port=port, log_level="critical", lifespan="off")


@contextmanager
def server(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.web.respondent.test_killed_server", url, str(port)],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield process
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def respond(port: int, secret: str, short: str, acknowledged: list[str]) -> None:
    """Post steps until the server is gone; note the key of each that was acknowledged."""
    cookie = {"cookie": f"trayecto_entry_{short}={secret}"}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=cookie | kind) as client:
        while True:
            key = f"{short}-{uuid4().hex}"
            fields = {"s": mask_secret(secret), "paso": "estudia", "k": key}
            body = urlencode({**fields, "estudia": random.choice("12345")})
            try:
                answer = client.post("/responder", content=body)
            except httpx2.TransportError:
                return
            if answer.status_code == 303:
                acknowledged.append(key)


@pytest.mark.slow
def test_no_acknowledged_step_is_lost(database_url: str) -> None:
    db = Database(make_engine(database_url, DATA_KEYS))
    with db.unit_of_work() as session:
        wave = a_field(session, 2)
        people = [a_person(session, wave) for _ in range(RESPONDENTS)]
        started = [entry.start(session, each.case_id, now=DURING[2]) for each in people]
    for person, each in zip(people, started, strict=True):
        Desk(db, 2, person, each.secret).through(
            {"aviso_q2": "1"}, {"municipio_residencia": "Zapopan"}, {"certificado_ems": "1"}
        )
    acknowledged: list[str] = []

    for _ in range(KILLS):
        port = free_port()
        with server(database_url, port):
            threads = [
                threading.Thread(
                    target=respond, args=(port, s.secret, s.session_id.hex[:8], acknowledged)
                )
                for s in started
            ]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.6, 1.4))
        for thread in threads:
            thread.join()

    with db.reading() as session:
        kept = set(session.exec(select(AnswerRevision.client_key)).all())
        newest = {
            (row.response_id, row.revision, row.value)
            for row in session.exec(select(Answer).where(Answer.variable == "estudia"))
        }
        changed = {
            (row.response_id, row.revision, row.changed["estudia"][0])
            for row in session.exec(select(AnswerRevision).where(AnswerRevision.step == "estudia"))
        }
    db.dispose()
    assert len(acknowledged) > RESPONDENTS
    assert set(acknowledged) - kept == set()
    assert newest <= changed  # no half steps: each answer belongs to a revision


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
