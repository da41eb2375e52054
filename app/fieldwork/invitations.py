"""Queue today's messages, and ask again before each one leaves.

Which step is due, chronology.due decides; what the message says is written when it leaves
(letters.py), with the address, the text and the link of that moment.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, update
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.chronology.contact_plan import ContactPlan, SendingHours, Step
from app.chronology.due import ContactHistory, due_step, newest_due, not_before, quiet_until
from app.chronology.wave_plan import FieldPeriod
from app.directory.tables import ContactKind, ContactPoint, OptOut, PanelMember
from app.errors import AppError
from app.fieldwork.addressees import (
    USABLE,
    WRITTEN_TO,
    Correspondent,
    born_on,
    correspondents,
    follow_up_refusals,
    points_of,
)
from app.fieldwork.channels import BY_MAIL, channel_for
from app.fieldwork.frame import cases_in_turn
from app.fieldwork.plans import Plans, plans_of
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wanted import (
    AWAITED,
    IN_SPANISH,
    Addressee,
    Unwanted,
    needs_guardian,
    why_unwanted,
)
from app.messaging.delivery import Objection, PlannedMessage
from app.messaging.outbox import enqueue
from app.messaging.states import Channel
from app.units.tables import OrganisationUnit

WAVES_A_BATCH = 50
ASK_AGAIN = timedelta(hours=1)  # while a wave is paused
QUIET_HOURS = "quiet_hours"
GONE = "case_gone"
_IDS_A_STATEMENT = 1_000


class MessageNotWanted(AppError):
    """A member of staff asked to write to somebody who must not be written to."""

    code = "message.not_wanted"
    status = 409
    plantilla = "No se envió el mensaje: {reason}. Revise el caso antes de intentarlo otra vez."


@dataclass(frozen=True, slots=True)
class Mailing:
    """One wave on one of its days: what is due, and from when it may leave."""

    wave: Wave
    plan: ContactPlan
    period: FieldPeriod
    today: date
    leaves_from: datetime


@dataclass(frozen=True, slots=True)
class Queued:
    """What one call queued; `more`: waves are left for another call."""

    messages: int
    waves: int
    more: bool = False
    mailings: tuple[Mailing, ...] = ()  # taken by this call


@dataclass(frozen=True, slots=True)
class _Letter:
    case_id: UUID
    step: Step
    key: str
    channel: Channel = Channel.MAIL


def queue_due(
    session: Session,
    *,
    now: datetime,
    mail_domain: str,
    patient: bool = False,
    channels: frozenset[Channel] = BY_MAIL,
    limit: int = WAVES_A_BATCH,
) -> Queued:
    """Queue what is due today in the open waves, once a day each; `mail_domain` is ours.

    A paused wave queues nothing and catches up when it is resumed. `patient`: there will be a
    pass in the evening, so messages wait for the hour that their plan prefers. `channels`: those
    over which we write; each person by the one they prefer, or the next that reaches them.
    """
    mailings = _mailings_today(session, now=now, patient=patient)
    # In the order in which everybody takes waves: two workers wait for each other, once.
    batch = sorted(mailings[:limit], key=lambda mailing: mailing.wave.id)
    taken = tuple(mailing for mailing in batch if _take_day(session, mailing))
    messages = 0
    for mailing in taken:
        letters = _letters_due(session, mailing, channels)
        messages += _queue(session, mailing, letters, mail_domain=mail_domain, now=now)
    return Queued(messages, min(len(mailings), limit), len(mailings) > limit, taken)


def queue_one(
    session: Session,
    case_id: UUID,
    *,
    now: datetime,
    mail_domain: str,
) -> bool:
    """Write to one person now, whatever the plan; False if that was done today already.

    The text is that of the newest step sent, or the invitation.

    Raises:
        MessageNotWanted: the person answered, refused, opted out or cannot be reached.
    """
    person = correspondents(session, [case_id]).get(case_id)
    reason = Unwanted.NOT_ELIGIBLE if person is None else _reason(person, now=now)
    if person is None or reason is not None:
        raise MessageNotWanted(reason=IN_SPANISH[reason or Unwanted.NOT_ELIGIBLE])
    case = session.get_one(Case, case_id)
    wave = session.get_one(Wave, case.wave_id)
    today = civil_date(now, person.zone)
    step = Step(case.last_step) if case.last_step else Step.INVITATION
    plan = plans_of(session, [wave.school_id]).of(wave.school_id, wave.questionnaire)
    mailing = Mailing(wave, plan, _period(wave), today, now)
    letter = _Letter(case_id, step, f"case/{case_id}/by_hand/{today}")
    return _queue(session, mailing, [letter], mail_domain=mail_domain, now=now) == 1


def still_wanted(session: Session, case_id: UUID, *, now: datetime) -> Objection | None:
    """Why a message about this case does not leave now, or None. Asked just before each send."""
    people = correspondents(session, [case_id])
    plans = plans_of(session, {person.school_id for person in people.values()})
    return objections(people, [case_id], plans, now=now).get(case_id)


def objections(
    people: Mapping[UUID, Correspondent],
    case_ids: Iterable[UUID],
    plans: Plans,
    *,
    now: datetime,
    channel: Channel = Channel.MAIL,
) -> dict[UUID, Objection]:
    """The objections of a batch read by `correspondents`; who is absent here may be written to."""
    found = {}
    for case_id in case_ids:
        person = people.get(case_id)
        objection = (
            Objection(GONE) if person is None else _objection(person, plans, channel, now=now)
        )
        if objection is not None:
            found[case_id] = objection
    return found


def pause_wave(session: Session, wave_id: UUID, *, reason: str, now: datetime) -> bool:
    """Stop the messages of a wave; answers are still taken. False if it was paused already."""
    taken = session.exec(
        update(Wave)
        .where(col(Wave.id) == wave_id, col(Wave.paused_at).is_(None))
        .values(paused_at=now, paused_reason=reason)
        .returning(col(Wave.id))
    )
    return taken.first() is not None


def resume_wave(session: Session, wave_id: UUID) -> bool:
    """Let the messages of a wave go on. False if it was not paused."""
    taken = session.exec(
        update(Wave)
        .where(col(Wave.id) == wave_id, col(Wave.paused_at).is_not(None))
        .values(paused_at=None, paused_reason=None)
        .returning(col(Wave.id))
    )
    return taken.first() is not None


def objection_to(
    state: Addressee, hours: SendingHours, *, now: datetime, zone: str
) -> Objection | None:
    """Why nothing is written to somebody in this state now, or None."""
    reason = why_unwanted(state, now=now, today=civil_date(now, zone))
    if reason is Unwanted.PAUSED:
        return Objection(reason, until=now + ASK_AGAIN)
    if reason is not None:
        return Objection(reason)
    later = quiet_until(hours, now=now, zone=zone)
    return None if later is None else Objection(QUIET_HOURS, until=later)


def _objection(
    person: Correspondent, plans: Plans, channel: Channel, *, now: datetime
) -> Objection | None:
    hours = plans.of(person.school_id, person.questionnaire).hours
    state = replace(person.state, has_address=bool(person.ways(channel)))
    return objection_to(state, hours, now=now, zone=person.zone)


def _reason(person: Correspondent, *, now: datetime) -> Unwanted | None:
    return why_unwanted(person.state, now=now, today=civil_date(now, person.zone))


def _mailings_today(session: Session, *, now: datetime, patient: bool) -> list[Mailing]:
    rows = session.exec(
        select(Wave, OrganisationUnit.time_zone)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(
            Wave.state == WaveState.OPEN,
            Wave.closes_at > now,
            col(Wave.paused_at).is_(None),
            or_(
                col(Wave.queued_on).is_(None),
                col(Wave.queued_on) < now.astimezone(UTC).date(),
            ),
        )
        .order_by(col(Wave.closes_at), col(Wave.id))
    ).all()
    plans = plans_of(session, {wave.school_id for wave, _ in rows})
    found = []
    for wave, zone in rows:
        plan, period = plans.of(wave.school_id, wave.questionnaire), _period(wave)
        today = civil_date(now, zone)
        if wave.queued_on == today or newest_due(plan, period, today=today) is None:
            continue
        leaves_from = not_before(plan.hours, now=now, zone=zone, patient=patient)
        if leaves_from is not None:
            found.append(Mailing(wave, plan, period, today, leaves_from))
    return found


def _period(wave: Wave) -> FieldPeriod:
    return FieldPeriod(wave.questionnaire, wave.opens, wave.closes)


def _take_day(session: Session, mailing: Mailing) -> bool:
    """Whether this worker queues the wave's messages of today."""
    taken = session.exec(
        update(Wave)
        .where(
            col(Wave.id) == mailing.wave.id,
            col(Wave.state) == WaveState.OPEN,
            col(Wave.paused_at).is_(None),
            or_(col(Wave.queued_on).is_(None), col(Wave.queued_on) < mailing.today),
        )
        .values(queued_on=mailing.today)
        .returning(col(Wave.id))
    )
    return taken.first() is not None


def _letters_due(session: Session, mailing: Mailing, channels: frozenset[Channel]) -> list[_Letter]:
    session.flush()
    rows = (
        session.connection()
        .execute(
            select_columns(
                col(Case.id),
                col(Case.member_id),
                col(Case.last_step),
                col(Case.last_contact_on),
                col(Case.contacts),
                col(PanelMember.birth_date),
                col(PanelMember.guardian_consent),
            )
            .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
            .where(
                col(Case.wave_id) == mailing.wave.id,
                col(Case.disposition).in_(AWAITED),
                col(Case.link_revoked_at).is_(None),
                col(Case.contacts) < mailing.plan.most,
                ~exists().where(col(OptOut.member_id) == col(Case.member_id)),
                exists().where(
                    col(ContactPoint.member_id) == col(Case.member_id),
                    col(ContactPoint.kind).in_(
                        (ContactKind.EMAIL,) if channels == BY_MAIL else WRITTEN_TO
                    ),
                    col(ContactPoint.state).in_(USABLE),
                ),
            )
        )
        .all()
    )
    letters = []
    by_member = _channels_of(session, [row[1] for row in rows], channels)
    refusals = _refusals(session, [row[1] for row in rows])
    for case_id, member_id, last_step, last_on, contacts, birth_date, consent in rows:
        history = ContactHistory(Step(last_step) if last_step else None, last_on, contacts)
        step = due_step(mailing.plan, mailing.period, history, today=mailing.today)
        if step is None or refusals.get(member_id, case_id) != case_id:
            continue
        if needs_guardian(born_on(birth_date), consent=consent, today=mailing.today):
            continue
        channel = by_member.get(member_id, Channel.MAIL if channels == BY_MAIL else None)
        if channel is not None:
            letters.append(_Letter(case_id, step, f"case/{case_id}/{step}", channel))
    return letters


def _channels_of(
    session: Session, members: Sequence[UUID], channels: frozenset[Channel]
) -> dict[UUID, Channel]:
    """The channel of each member; nothing is asked where there is only mail."""
    found = {}
    for some in _batches(members) if channels != BY_MAIL else ():
        for member_id, points in points_of(session, some).items():
            channel = channel_for(points, channels)
            if channel is not None:
                found[member_id] = channel
    return found


def _refusals(session: Session, members: Sequence[UUID]) -> dict[UUID, UUID | None]:
    found: dict[UUID, UUID | None] = {}
    for some in _batches(members):
        found.update(follow_up_refusals(session, some))
    return found


def _queue(
    session: Session,
    mailing: Mailing,
    letters: Sequence[_Letter],
    *,
    mail_domain: str,
    now: datetime,
) -> int:
    queued = enqueue(
        session,
        [
            PlannedMessage(
                dedupe_key=letter.key,
                context_id=letter.case_id,
                kind=letter.step,
                mail_domain=mail_domain,
                not_before=mailing.leaves_from,
                not_after=mailing.wave.closes_at,
                unit_id=mailing.wave.school_id,
                channel=letter.channel,
            )
            for letter in letters
        ],
        now=now,
    )
    by_step: dict[Step, list[UUID]] = defaultdict(list)
    for letter in letters:
        if letter.key in queued:
            by_step[letter.step].append(letter.case_id)
    for step, case_ids in by_step.items():
        for some in _batches(case_ids):
            _remember(session, some, step, mailing.today)
    return len(queued)


def _remember(session: Session, case_ids: Collection[UUID], step: Step, today: date) -> None:
    session.exec(
        update(Case)
        .where(cases_in_turn(col(Case.id).in_(case_ids)))
        .values(last_step=step.value, last_contact_on=today, contacts=Case.contacts + 1)
        .execution_options(synchronize_session=False)
    )


def _batches(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[i : i + _IDS_A_STATEMENT] for i in range(0, len(ids), _IDS_A_STATEMENT))
