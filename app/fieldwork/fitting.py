"""Before the messages of a wave begin: can they all leave in time, beside those of the others?

A wave that does not fit is open and takes answers, by its links and in class; its messages are
paused with the reason until they fit, which is asked again every hour. Whoever began is never
stopped for a newcomer, nor when a limit is lowered: staff read that it will be late, and what
helps. Decision: decisions/0013.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.chronology.contact_plan import Step
from app.db import marks
from app.fieldwork.capacity import SendingLimits, advice_in_words
from app.fieldwork.prospects import CENTRE, open_waves
from app.fieldwork.rehearsal import Refused, RehearsedWave, late_ones, loads_of, refusals
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wanted import AWAITED
from app.messaging.pace_book import sent_by_day
from app.messaging.pace_setting import read_pace
from app.messaging.states import Channel
from app.settings import Environment, Settings
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor

ASK_AGAIN = timedelta(hours=1)
BEGUN_AGAIN = timedelta(days=1)  # those that began; at once when a limit changed
HELD = "Sus mensajes no alcanzarían a salir a tiempo; el ensayo dice qué ayuda"
_IDS_AT_ONCE = 1_000
_EVENING = 180  # minutes from the preferred hour to the end of the day


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found: waves that fit, and what would help those that do not.

    `late`: waves that began. `limits`: those that were asked of, as text.
    """

    fitting: Sequence[UUID] = ()
    held: Mapping[UUID, str] = field(default_factory=dict)
    late: Mapping[UUID, str] = field(default_factory=dict)
    limits: str = ""


@dataclass(frozen=True, slots=True)
class HeldWave:
    """A wave whose messages wait until they fit, or that began and is `late`, for staff."""

    wave_id: UUID
    school: str
    questionnaire: int
    advice: str
    late: bool = False


def limits_of(session: Session, settings: Settings, *, now: datetime) -> SendingLimits:
    """What the sending identity of this deployment may do, as its setting and its past say.

    Where mail is kept for the development mailbox there is nothing to be slow for.

    Raises:
        PaceRefused: a setting cannot be meant.
    """
    production = settings.environment is Environment.PRODUCTION
    policy = read_pace(settings.mail_pace, settings.mail_warm_up, production=production)
    return SendingLimits(
        daily=settings.mail_daily_limit,
        rate=policy.rate,
        slower=policy.slower,
        sent_before=sent_by_day(session, now=now) if policy.warm_up else None,
    )


def ask_fit(
    session: Session, limits: SendingLimits, channels: frozenset[Channel], *, now: datetime
) -> Fit:
    """Ask for the waves nobody asked for yet, and again for those that are held or may be late."""
    said = _as_set(limits)
    changed = marks.marked(session, marks.SENDING_LIMITS) != said
    asking = _unpaused() if changed else _to_ask(now)
    asked = session.exec(select(Wave).where(Wave.state == WaveState.OPEN, asking)).all()
    if not asked:
        return Fit()
    if limits.none or _certainly_fits(session, limits):
        return Fit([wave.id for wave in asked], limits=said)
    ids = {wave.id for wave in asked}
    waves = [
        wave
        for wave in open_waves(session, None, channels)
        if not wave.paused or wave.wave_id in ids
    ]
    refused, behind = _not_fitting(waves, limits, now=now)
    held = {wave_id: advice for wave_id, advice in refused.items() if wave_id in ids}
    late = {wave_id: advice for wave_id, advice in behind.items() if wave_id in ids}
    fitting = [wave.id for wave in asked if wave.id not in held and wave.id not in late]
    return Fit(fitting, held, late, said)


def keep_fit(session: Session, fit: Fit, *, now: datetime) -> tuple[int, int]:
    """Hold and release as `ask_fit` found: (held, released). Repeating it changes nothing more."""
    held = released = 0
    if fit.limits:
        marks.mark(session, marks.SENDING_LIMITS, fit.limits, now=now)
    _lock([*fit.late, *fit.held, *fit.fitting], session)
    for wave_id, advice in fit.late.items():
        session.exec(
            update(Wave)
            .where(col(Wave.id) == wave_id, col(Wave.state) == WaveState.OPEN)
            .values(mail_checked_at=now, mail_late_advice=advice)
        )
    for wave_id, advice in fit.held.items():
        taken = session.exec(
            update(Wave)
            .where(
                col(Wave.id) == wave_id,
                col(Wave.state) == WaveState.OPEN,
                or_(col(Wave.paused_at).is_(None), col(Wave.mail_held_advice).is_not(None)),
            )
            .values(
                mail_checked_at=now,
                mail_held_advice=advice,
                mail_late_advice=None,
                paused_at=func.coalesce(Wave.paused_at, now),
                paused_reason=HELD,
            )
            .returning(col(Wave.id))
        )
        held += taken.first() is not None
    for start in range(0, len(fit.fitting), _IDS_AT_ONCE):
        some = col(Wave.id).in_(fit.fitting[start : start + _IDS_AT_ONCE])
        freed = session.exec(
            update(Wave)
            .where(some, col(Wave.mail_held_advice).is_not(None))
            .values(mail_held_advice=None, paused_at=None, paused_reason=None)
            .returning(col(Wave.id))
        )
        released += len(freed.all())
        session.exec(update(Wave).where(some).values(mail_checked_at=now, mail_late_advice=None))
    return held, released


def _lock(wave_ids: Sequence[UUID], session: Session) -> None:
    """Take the rows in one order: two workers that ask at once wait for each other, once."""
    ordered = sorted(wave_ids)
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        some = ordered[start : start + _IDS_AT_ONCE]
        rows = select(Wave.id).where(col(Wave.id).in_(some)).order_by(col(Wave.id))
        session.exec(rows.with_for_update(key_share=True)).all()


def held_waves(session: Session, scope: Scope, unit_id: UUID) -> tuple[HeldWave, ...]:
    """The waves of a unit whose messages wait until they fit, and those that will be late."""
    rows = session.exec(
        select(Wave, OrganisationUnit.name)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .join(UnitAncestor, col(UnitAncestor.unit_id) == col(Wave.school_id))
        .where(
            UnitAncestor.ancestor_id == unit_id,
            Wave.state == WaveState.OPEN,
            or_(col(Wave.mail_held_advice).is_not(None), col(Wave.mail_late_advice).is_not(None)),
            in_scope(scope, col(Wave.school_id)),
        )
        .order_by(OrganisationUnit.name, col(Wave.questionnaire))
    )
    return tuple(
        HeldWave(
            wave.id,
            name,
            wave.questionnaire,
            wave.mail_held_advice or wave.mail_late_advice or "",
            late=wave.mail_held_advice is None,
        )
        for wave, name in rows
    )


def _as_set(limits: SendingLimits) -> str:
    """What somebody set, without what grows by itself."""
    return f"{limits.daily} {limits.rate} {sorted(limits.slower.items())}"


def _to_ask(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(col(Wave.mail_checked_at).is_(None), col(Wave.paused_at).is_(None)),
        and_(
            col(Wave.mail_held_advice).is_not(None),
            col(Wave.mail_checked_at) <= now - ASK_AGAIN,
        ),
        and_(
            col(Wave.mail_late_advice).is_not(None),
            col(Wave.mail_checked_at) <= now - ASK_AGAIN,
        ),
        and_(col(Wave.paused_at).is_(None), col(Wave.mail_checked_at) <= now - BEGUN_AGAIN),
    )


def _unpaused() -> ColumnElement[bool]:
    """Every wave that staff have not paused themselves."""
    return or_(col(Wave.paused_at).is_(None), col(Wave.mail_held_advice).is_not(None))


def _certainly_fits(session: Session, limits: SendingLimits) -> bool:
    """Whether every message of every open wave could leave in one evening to one domain.

    Saves reading everybody's address where a deployment is far from its limits.
    """
    waiting = session.exec(
        select(func.count())
        .select_from(Case)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(Wave.state == WaveState.OPEN, col(Case.disposition).in_(AWAITED))
    ).one()
    slowest = min([limits.rate or 0, *limits.slower.values()]) if limits.rate else None
    messages = waiting * len(Step)
    of_rates = slowest is None or messages <= slowest * _EVENING
    of_day = limits.daily_after(())
    return of_rates and (of_day is None or messages <= of_day)


def _not_fitting(
    waves: Sequence[RehearsedWave], limits: SendingLimits, *, now: datetime
) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """Those that may not begin, and those that began and will be late: each with its advice."""
    first = civil_date(now, CENTRE)
    last = max(wave.period.closes for wave in waves)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    loads = loads_of(waves, days, now=now)
    refused, late = refusals(waves, loads, limits), late_ones(waves, loads, limits)
    return _advised(refused.values()), _advised(late.values())


def _advised(refused: Iterable[Refused]) -> dict[UUID, str]:
    return {
        one.wave.wave_id: advice_in_words(one.advice)
        for one in refused
        if one.wave.wave_id is not None
    }
