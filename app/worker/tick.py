"""One pass of everything: what `trayecto tick` does, and the worker does over and over."""

from dataclasses import dataclass

from app.fieldwork.planning import WaveNote
from app.worker.counting import gather_counts
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.digests import queue_digests
from app.worker.editions import freeze_editions
from app.worker.housekeeping import (
    forget_appointment_notes,
    forget_relatives,
    forget_sign_ins,
    seal_audit,
)
from app.worker.recovering import answer_requests, forget_old_requests
from app.worker.schedule import missed, schedule
from app.worker.sending import Sending


@dataclass(frozen=True, slots=True)
class TickReport:
    """Counts of one pass; the first eight are the contract's.

    `opened`, `closed`: waves; the rest messages. `missed`: windows that passed without a wave.
    `blocked`: waves that wait for a published questionnaire. `pause`: why sending ended early.
    `held`: waves whose messages wait because they could not leave in time.
    """

    opened: int
    closed: int
    queued: int
    sent: int
    deferred: int
    failed: int
    unknown: int
    cancelled: int
    missed: tuple[WaveNote, ...]
    blocked: tuple[WaveNote, ...]
    pause: str | None
    held: int = 0


def tick(deployment: Deployment, sending: Sending) -> TickReport:
    """Do what is due now. Any number of passes, of any number of processes, do what one does."""
    planned = schedule(deployment)
    queue_digests(deployment)
    answer_requests(deployment)
    sent = sending.send()
    freeze_editions(deployment)
    take_cuts(deployment)
    gather_counts(deployment)
    seal_audit(deployment)
    forget_sign_ins(deployment)
    forget_appointment_notes(deployment)
    forget_old_requests(deployment)
    forget_relatives(deployment)
    return TickReport(
        opened=len(planned.opened),
        closed=planned.closed,
        queued=planned.queued,
        sent=sent.sent,
        deferred=sent.deferred,
        failed=sent.failed,
        unknown=sent.unknown,
        cancelled=sent.cancelled,
        missed=missed(deployment),
        blocked=planned.blocked,
        pause=sent.pause_reason,
        held=planned.held,
    )
