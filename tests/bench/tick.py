"""One tick over 1, 10 and 100 schools of 95 graduates: the day a wave opens, and an idle one.

`python -m tests.bench.tick`. `open_seconds`: waves opened, frames frozen, invitations queued.
`send_seconds`: the same messages asked about, written and given to a receiver on this machine;
per core second: by processor time of this process, because the machine is shared.
`idle_seconds`: a tick that finds nothing to do, the usual one (the best of five).
"""

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlmodel import Session, SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource, Standing
from app.directory.tables import ContactPoint, PanelMember
from app.settings import Settings, read_settings
from app.units.places import use_pinned_zones
from app.worker.deployment import Deployment
from app.worker.schedule import schedule
from app.worker.sending import Sending
from app.worker.tick import tick
from tests.bench.mail import receiver
from tests.fieldwork.field import LONG_AGO, School, a_school, versions

SCHOOLS = (1, 10, 100)
GRADUATES = 95  # of a year, in the usual school (domain.md §5)
OPENING = datetime(2026, 10, 1, 18, tzinfo=UTC)  # noon in Mexico City


def run() -> dict[str, object]:
    """The figures by number of schools."""
    use_pinned_zones()
    with receiver() as port:
        return {f"schools_{schools}": _measured(schools, port) for schools in SCHOOLS}


def _measured(schools: int, port: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(folder, port)
        database = Database(make_engine(settings.database_url, settings.data_keys))
        SQLModel.metadata.create_all(make_engine(settings.database_url))
        with database.unit_of_work() as session:
            versions(session)
            for number in range(schools):
                _graduates(session, a_school(session, code=f"15ECT{number:04}A"), number)
        figures = _timed(Deployment(settings, database, lambda: OPENING))
        database.dispose()
    return figures


def _timed(deployment: Deployment) -> dict[str, float]:
    with Sending(deployment) as sending:
        begun = time.perf_counter()
        planned = schedule(deployment)
        opened = time.perf_counter()
        before = time.process_time()
        sent = sending.send().sent
        finished = time.perf_counter()
        cost = time.process_time() - before
        idle = []
        for _ in range(5):
            start = time.perf_counter()
            tick(deployment, sending)
            idle.append(time.perf_counter() - start)
    if sent != planned.queued:
        raise RuntimeError(f"{planned.queued} queued, {sent} sent")
    return {
        "cases": sum(note.cases for note in planned.opened),
        "open_seconds": round(opened - begun, 3),
        "send_seconds": round(finished - opened, 3),
        "messages_per_core_second": round(sent / cost),
        "idle_seconds": round(min(idle), 4),
    }


def _graduates(session: Session, school: School, number: int) -> None:
    members = [
        PanelMember(
            id=uuid4(),
            school_id=school.unit_id,
            cohort_id=school.cohort_id,
            given_name="Ana",
            surname_1="Núñez",
            standing=Standing.GRADUATED,
            added_at=LONG_AGO,
            changed_at=LONG_AGO,
        )
        for _ in range(GRADUATES)
    ]
    session.add_all(members)
    session.flush()
    session.add_all(
        ContactPoint(
            member_id=member.id,
            kind=ContactKind.EMAIL,
            value=f"a{place}.{number}@d{place % 20}.mx",
            value_hash=uuid4().hex,
            source=ContactSource.ROSTER,
            added_at=LONG_AGO,
        )
        for place, member in enumerate(members)
    )


def _settings(folder: str, port: int) -> Settings:
    return read_settings(
        {
            "TRAYECTO_ENVIRONMENT": "development",
            "TRAYECTO_DATA_DIR": folder,
            "TRAYECTO_DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}",
            "TRAYECTO_SMTP_URL": f"smtp://127.0.0.1:{port}?tls=off",
            "TRAYECTO_MAIL_FROM": "egresados@escuela.mx",
        }
    )


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
