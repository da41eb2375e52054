"""Bounces, brought in from a mailbox, a pipe or files, and what they change.

Each report is one transaction: that it was read, and what it changed. Reading it again, from
anywhere, changes nothing.
"""

import logging
import ssl
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.classroom.letters import code_undeliverable, is_code
from app.fieldwork import bounced
from app.fieldwork.failing import pause_failing_waves
from app.fieldwork.stationery import PostOffice, post_office
from app.fieldwork.trial import is_trial
from app.keys import PurposeKey, keys_for
from app.messaging import returns, suppression
from app.messaging.bounce_box import BounceBox, BounceBoxAway, OpenBox
from app.messaging.bounces import ABOUT_SOMEBODY, BounceReport, Verdict, read_report
from app.messaging.channels import open_channels
from app.messaging.returns import ReturnedMessage
from app.messaging.states import Channel, SuppressionReason
from app.worker.deployment import Deployment
from app.worker.next_way import try_next_way

logging.getLogger("flufl.bounce").disabled = True  # its traces would quote what people wrote

A_PASS = 200  # reports; then the loop looks at its other jobs


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one report meant. `applied`: it changed something; `repeated`: it was read before."""

    verdict: Verdict
    recipient: str | None
    status: str | None
    applied: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one visit to the mailbox brought. `problem`: why it ended early."""

    counts: Mapping[Verdict, int]
    more: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Desk:
    """What reports are judged by."""

    office: PostOffice
    address_keys: Sequence[PurposeKey]
    channels: Collection[Channel]


def ingest(deployment: Deployment, raw: bytes) -> Ingested:
    """Read one report and do what it asks for."""
    desk = _desk(deployment)
    report = read_report(raw)
    return deployment.change(lambda session, now: _settle(session, desk, raw, report, now=now))


def fetch(
    deployment: Deployment,
    box: BounceBox,
    *,
    limit: int = A_PASS,
    trust: ssl.SSLContext | None = None,
) -> Fetched:
    """Read what arrived in the mailbox since the last visit, up to `limit` reports."""
    desk = _desk(deployment)
    counts: Counter[Verdict] = Counter()
    try:
        with OpenBox(box, trust) as opened:
            with deployment.database.reading() as session:
                last = returns.read_until(session, box.source, opened.validity)
            waiting = opened.after(last)
            for uid in waiting[:limit]:
                raw = opened.fetch(uid)
                report = read_report(raw)

                def act(
                    session: Session,
                    now: datetime,
                    *,
                    raw: bytes = raw,
                    report: BounceReport = report,
                    uid: int = uid,
                    validity: int = opened.validity,
                ) -> Ingested:
                    done = _settle(session, desk, raw, report, now=now)
                    returns.advance(session, box.source, validity, uid)
                    return done

                counts[deployment.change(act).verdict] += 1
    except BounceBoxAway as away:
        return Fetched(counts, problem=away.mensaje)
    return Fetched(counts, more=len(waiting) > limit)


def _desk(deployment: Deployment) -> _Desk:
    settings = deployment.settings
    return _Desk(
        post_office(settings),
        keys_for(suppression.PURPOSE, settings.data_keys),
        open_channels(settings),
    )


def _settle(
    session: Session, desk: _Desk, raw: bytes, report: BounceReport, *, now: datetime
) -> Ingested:
    whose = returns.attribution(
        report, desk.office.bounce_keys, bounce_domain=desk.office.bounce_domain
    )
    if whose.forged and report.verdict in (*ABOUT_SOMEBODY, Verdict.UNKNOWN):
        report = replace(report, verdict=Verdict.FORGED)
    said = Ingested(report.verdict, report.recipient, report.status)
    if not returns.remember(session, raw, report, whose.message_id, now=now):
        return replace(said, repeated=True)
    if whose.message_id is None or report.verdict not in ABOUT_SOMEBODY:
        return said
    return _apply(session, desk, report, whose.message_id, said, now=now)


def _apply(  # one report, and whose it is
    session: Session,
    desk: _Desk,
    report: BounceReport,
    message_id: UUID,
    said: Ingested,
    *,
    now: datetime,
) -> Ingested:
    returned = returns.returned_message(session, message_id)
    if returned is None:
        return said
    returns.record_returned(session, returned.message, report, now=now)
    if is_code(returned.message.kind) and report.verdict is Verdict.HARD:
        code_undeliverable(session, returned.message.context_id)
    if is_trial(returned.message.kind) or is_code(returned.message.kind):
        return replace(said, applied=True)
    address = _address(session, desk, returned, report)
    if address is None:
        return said
    _do(session, desk, returned, report, address, now=now)
    return replace(said, recipient=report.recipient or address, applied=True)


def _address(
    session: Session, desk: _Desk, returned: ReturnedMessage, report: BounceReport
) -> str | None:
    """Where it went: by our own note, else as the report says if it is one of the person's."""
    known = bounced.addresses_of_case(session, returned.message.context_id)
    for address in known:
        if returned.went_to(address, desk.address_keys):
            return address
    return next((one for one in known if bounced.same(one, report.recipient)), None)


def _do(  # one report, and what it is about
    session: Session,
    desk: _Desk,
    returned: ReturnedMessage,
    report: BounceReport,
    address: str,
    *,
    now: datetime,
) -> None:
    case_id = returned.message.context_id
    if report.verdict is Verdict.SOFT:
        bounced.count_soft(session, case_id, address)
        return
    hard = report.verdict is Verdict.HARD
    suppression.suppress(
        session,
        address,
        desk.address_keys,
        reason=SuppressionReason.BOUNCED if hard else SuppressionReason.COMPLAINED,
        now=now,
    )
    if not hard:
        bounced.stop_messages(session, case_id, now=now)
        return
    try_next_way(
        session,
        returned.message,
        address,
        mail_domain=desk.office.mail_domain,
        channels=desk.channels,
        because=f"rebote {report.status}",
        now=now,
    )
    pause_failing_waves(session, {case_id}, now=now)
