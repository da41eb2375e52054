"""Monday's summary: queued once for everybody who asked, from eight o'clock of their zone."""

from datetime import datetime, time

from sqlmodel import Session

from app.chronology.calendar import local_time
from app.fieldwork.digest import planned_digest
from app.fieldwork.stationery import post_office
from app.messaging.outbox import enqueue
from app.staff.digests import digest_readers
from app.worker.deployment import Deployment

MONDAY = 0
FROM, UNTIL = time(8), time(20)
_ANYWHERE = "America/Mexico_City"


def queue_digests(deployment: Deployment) -> int:
    """Queue what is due now; on other days, and a second time, nothing."""
    now = deployment.clock()
    if local_time(now, _ANYWHERE).weekday() != MONDAY:
        return 0  # Monday from eight to twenty is Monday in the centre in every zone of Mexico
    return deployment.change(lambda session, at: _queue(session, deployment, now=at))


def _queue(session: Session, deployment: Deployment, *, now: datetime) -> int:
    domain = post_office(deployment.settings).mail_domain
    planned = []
    for reader in digest_readers(session):
        here = local_time(now, reader.zone)
        if here.weekday() != MONDAY or not FROM <= here.time() < UNTIL:
            continue
        until = datetime.combine(here.date(), UNTIL, here.tzinfo).astimezone(now.tzinfo)
        planned.append(
            planned_digest(
                reader.account_id,
                reader.email,
                here.date(),
                mail_domain=domain,
                now=now,
                until=until,
            )
        )
    return len(enqueue(session, planned, now=now)) if planned else 0
