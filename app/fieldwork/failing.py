"""Stop a wave whose messages are refused one after another, before it costs our good name.

Staff see the pause and its reason, and resume the wave once they know why (trust.md F-31).
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.fieldwork.invitations import pause_wave
from app.fieldwork.tables import Case, Wave, WaveState
from app.messaging.queries import messages_about
from app.messaging.states import OutboxState

MEMORY = timedelta(hours=1)  # a wave that was resumed is not judged by what was long ago
FEWEST = 20  # endings below which a share says nothing
LARGEST_SHARE = 0.3
_REASON = "De los últimos {ended} mensajes se rechazaron {failed}: revise los correos"
_ENDED = (OutboxState.SENT, OutboxState.FAILED, OutboxState.UNKNOWN)


def pause_failing_waves(
    session: Session, case_ids: Collection[UUID], *, now: datetime
) -> tuple[UUID, ...]:
    """Look at the open waves of these cases, whose messages just failed; the waves paused."""
    waves = session.exec(
        select(Wave.id)
        .where(
            col(Wave.id).in_(select(Case.wave_id).where(col(Case.id).in_(case_ids))),
            Wave.state == WaveState.OPEN,
            col(Wave.paused_at).is_(None),
        )
        .order_by(col(Wave.id))
    ).all()
    return tuple(wave for wave in waves if _pause_if_failing(session, wave, now=now))


def _pause_if_failing(session: Session, wave_id: UUID, *, now: datetime) -> bool:
    cases = session.exec(select(Case.id).where(col(Case.wave_id) == wave_id)).all()
    states = Counter(
        message.state
        for message in messages_about(session, cases)
        if message.changed_at > now - MEMORY
    )
    ended, failed = sum(states[state] for state in _ENDED), states[OutboxState.FAILED]
    if ended < FEWEST or failed < ended * LARGEST_SHARE:
        return False
    return pause_wave(session, wave_id, reason=_REASON.format(ended=ended, failed=failed), now=now)
