"""The table of jobs: name, cadence, and what is done; each says in a word what it did."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.messaging.bounce_box import BounceBox, read_box_url
from app.worker import intake
from app.worker.columns import rebuild_store
from app.worker.counting import compare_counts, gather_counts
from app.worker.cuts import take_small_cuts
from app.worker.deployment import Deployment
from app.worker.digests import queue_digests
from app.worker.editions import A_PASS as A_PASS_OF_EDITIONS
from app.worker.editions import freeze_editions, tell_editions
from app.worker.housekeeping import (
    forget_appointment_notes,
    forget_classes,
    forget_relatives,
    forget_sign_ins,
    seal_audit,
)
from app.worker.recovering import answer_requests, forget_old_requests
from app.worker.schedule import missed, schedule
from app.worker.sending import A_PASS, Sending

log = logging.getLogger("trayecto.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """`seconds` between two runs. `run` gives True when more waits, so that it comes again."""

    name: str
    seconds: float
    run: Callable[[], bool]


def jobs(deployment: Deployment, sending: Sending) -> tuple[Job, ...]:
    """In the order in which they run when several are due."""
    return (
        Job("schedule", 60, lambda: _schedule(deployment)),
        Job("recover", 10, lambda: _counted(answer_requests(deployment), "recovered")),
        Job("send", 3, lambda: _send(sending)),
        Job("counts", 3, lambda: _gathered(deployment)),
        Job("digest", 60, lambda: _counted(queue_digests(deployment), "digests")),
        Job("seal", 60, lambda: _counted(seal_audit(deployment), "sealed")),
        Job("editions", 60, lambda: _editions(deployment)),
        *_reading_bounces(deployment),
        Job("store", 3600, lambda: _counted(rebuild_store(deployment), "parts")),
        Job("missed", 3600, lambda: _missed(deployment)),
        Job("compare", 86_400, lambda: _compared(deployment)),
        Job("forget", 3600, lambda: _counted(forget_sign_ins(deployment), "forgotten")),
        Job("forget_notes", 3600, lambda: _counted(forget_appointment_notes(deployment), "notes")),
        Job("forget_classes", 3600, lambda: _counted(forget_classes(deployment), "left")),
        Job("forget_relatives", 3600, lambda: _counted(forget_relatives(deployment), "relatives")),
        Job("forget_requests", 3600, lambda: _counted(forget_old_requests(deployment), "dropped")),
    )


def _reading_bounces(deployment: Deployment) -> tuple[Job, ...]:
    """The visit to the mailbox of bounces, where there is one.

    Raises:
        BounceBoxRefused: TRAYECTO_BOUNCE_IMAP_URL cannot be meant.
    """
    url = deployment.settings.bounce_imap_url
    if url is None:
        return ()
    box = read_box_url(url)
    return (Job("bounces", 120, lambda: _bounces(deployment, box)),)


def _bounces(deployment: Deployment, box: BounceBox) -> bool:
    done = intake.fetch(deployment, box)
    if done.counts:
        log.info("bounces %s", " ".join(f"{what}={n}" for what, n in sorted(done.counts.items())))
    if done.problem is not None:
        log.warning("%s", done.problem)
    return done.more


def _schedule(deployment: Deployment) -> bool:
    done = schedule(deployment, patient=True)
    if done.opened or done.closed or done.queued:
        log.info("opened=%d closed=%d queued=%d", len(done.opened), done.closed, done.queued)
    if done.held:
        log.warning("messages held until they fit waves=%d", done.held)
    for note in done.blocked:
        log.warning(
            "wave waits for a questionnaire school=%s questionnaire=%d",
            note.school,
            note.questionnaire,
        )
    return False


def _send(sending: Sending) -> bool:
    done = sending.send(limit=A_PASS)
    ended = done.handled
    if ended:
        log.info(
            "sent=%d deferred=%d failed=%d unknown=%d cancelled=%d",
            *(done.sent, done.deferred, done.failed, done.unknown, done.cancelled),
        )
    if done.pause_reason is not None:
        log.warning("mail server: %s %s", done.pause, done.pause_reason)
    return ended >= A_PASS


def _missed(deployment: Deployment) -> bool:
    for note in missed(deployment):
        log.warning(
            "window passed without a wave school=%s generation=%s questionnaire=%d",
            *(note.school, note.cohort, note.questionnaire),
        )
    return False


def _gathered(deployment: Deployment) -> bool:
    gather_counts(deployment)
    return False  # all that was there


def _compared(deployment: Deployment) -> bool:
    wrong = compare_counts(deployment)
    if wrong:  # nothing but a change made around the database's own triggers does this
        log.warning("counts were not those of the cases waves=%d", wrong)
    return False


def _editions(deployment: Deployment) -> bool:
    frozen = freeze_editions(deployment, limit=A_PASS_OF_EDITIONS)
    _counted(frozen, "editions")
    told = tell_editions(deployment, limit=A_PASS_OF_EDITIONS)
    if max(frozen, told) >= A_PASS_OF_EDITIONS:
        return True
    return _counted(take_small_cuts(deployment), "cuts")


def _counted(count: int, word: str) -> bool:
    if count:
        log.info("%s=%d", word, count)
    return False
