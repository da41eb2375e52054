"""One pass of the scheduler: open, follow the directory, close, queue what is due today.

Each step is a short transaction of its own and may be repeated by anybody at any time: what
was done is in the rows, and whoever comes second finds nothing to do.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.errors import AppError
from app.fieldwork.channels import written_channels
from app.fieldwork.confirmations import Followed, follow_directory
from app.fieldwork.fitting import ask_fit, keep_fit, limits_of
from app.fieldwork.invitations import Queued, queue_due
from app.fieldwork.planning import (
    Closed,
    Opened,
    WaveNote,
    close_due_waves,
    missed_windows,
    open_due_waves,
)
from app.fieldwork.relaying import queue_relays, relays_of
from app.fieldwork.stationery import PostOffice, post_office
from app.questionnaires.library import NUMBERS, source_file
from app.questionnaires.publication import latest, publish
from app.responses.forgetting import forget_unwilling
from app.worker.deployment import Deployment


@dataclass(frozen=True, slots=True)
class ScheduleReport:
    """What one pass did. `blocked` waves wait for a published questionnaire."""

    opened: tuple[WaveNote, ...]
    blocked: tuple[WaveNote, ...]
    followed: Followed
    closed: int
    queued: int
    held: int = 0


def schedule(deployment: Deployment, *, patient: bool = False) -> ScheduleReport:
    """Open, follow, close, queue, in this order: who joins today is written to today.

    `patient`: this process will be here in the evening, when messages preferably leave.
    """
    office = post_office(deployment.settings)
    versions = published_versions(deployment)
    opened, blocked = _open(deployment, office, versions)
    followed = deployment.change(
        lambda session, now: follow_directory(session, now=now, keys=office.link_keys)
    )
    closed = _close(deployment)
    held = _hold(deployment)
    queued = _queue(deployment, office, patient=patient)
    return ScheduleReport(opened, blocked, followed, closed, queued, held)


def missed(deployment: Deployment) -> tuple[WaveNote, ...]:
    """Windows that passed without a wave, of the last 30 days."""
    with deployment.database.reading() as session:
        return missed_windows(session, now=deployment.clock())


def published_versions(deployment: Deployment) -> dict[int, UUID]:
    """The version in force of each questionnaire.

    One that nobody has published yet is published as it ships with the program.
    """
    with deployment.database.reading() as session:
        found = {number: latest(session, number) for number in NUMBERS}
    versions = {number: version.id for number, version in found.items() if version is not None}
    for number in NUMBERS:
        if number not in versions:
            try:
                versions[number] = _publish_shipped(deployment, number)
            except AppError:
                continue  # its waves are reported as blocked
    return versions


def _publish_shipped(deployment: Deployment, number: int) -> UUID:
    source = source_file(number)
    return deployment.change(
        lambda session, now: publish(session, source.text, now=now, file=source.name)
    ).id


def _open(
    deployment: Deployment, office: PostOffice, versions: dict[int, UUID]
) -> tuple[tuple[WaveNote, ...], tuple[WaveNote, ...]]:
    def act(session: Session, now: datetime) -> Opened:
        return open_due_waves(session, now=now, keys=office.link_keys, versions=versions)

    done = deployment.change(act)
    opened = list(done.opened)
    while done.more:
        done = deployment.change(act)
        opened += done.opened
    return tuple(opened), done.blocked


def _close(deployment: Deployment) -> int:
    def act(session: Session, now: datetime) -> Closed:
        return close_due_waves(session, now=now)

    waves, more = 0, True
    while more:
        done = deployment.change(act)
        waves += done.waves
        more = done.more
    deployment.change(lambda session, now: forget_unwilling(session, now=now))
    return waves


def _hold(deployment: Deployment) -> int:
    """Pause the messages of waves that could not send them in time; release those that now can.

    Asked outside the transaction that writes: it may read everybody's address.
    """
    now = deployment.clock()
    with deployment.database.reading() as session:
        limits = limits_of(session, deployment.settings, now=now)
        fit = ask_fit(session, limits, written_channels(deployment.settings), now=now)
    if not (fit.fitting or fit.held or fit.late):
        return 0
    return deployment.change(lambda session, now: keep_fit(session, fit, now=now))[0]


def _queue(deployment: Deployment, office: PostOffice, *, patient: bool) -> int:
    channels = written_channels(deployment.settings)
    relays = relays_of(deployment.settings)
    domain = office.mail_domain

    def act(session: Session, now: datetime) -> Queued:
        done = queue_due(session, now=now, mail_domain=domain, patient=patient, channels=channels)
        if relays is None:
            return done
        asked = queue_relays(session, done.mailings, relays, mail_domain=domain, now=now)
        return replace(done, messages=done.messages + asked)

    messages, more = 0, True
    while more:
        done = deployment.change(act)
        messages += done.messages
        more = done.more
    return messages
