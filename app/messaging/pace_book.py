"""The pace of every receiver, in the database: what pacing.py decides, for all workers alike.

Rows are locked while they are decided upon, always in the same order, so that two workers never
let the same place go twice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.messaging import pacing
from app.messaging.pacing import Admission, Asking, PacePolicy, ReceiverState
from app.messaging.tables import ReceiverPace, SendingDay

ZONE = "America/Mexico_City"  # of the sending day: it ends when no school of the centre writes
DAY_FULL = "warm_up"
AGAIN = timedelta(hours=1)  # then the day may be another, or places given back
_NO_LIMIT = 10**9  # messages
_FIELDS = tuple(field.name for field in fields(ReceiverState))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of the messages that a receiver was sent in one batch."""

    taken: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class PacedReceiver:
    """A receiver that is being waited for, as staff see it."""

    receiver: str
    paused_until: datetime
    strikes: int


@dataclass(frozen=True, slots=True)
class PaceBook:
    """The pages of one sending identity, as one worker (`holder`) reads and writes them."""

    policy: PacePolicy
    holder: str
    identity: str = ""

    def admit(
        self, session: Session, wanted: Mapping[str, int], *, now: datetime, lease: timedelta
    ) -> dict[str, Admission]:
        """How many messages may go to each receiver now."""
        left = self._left_today(session, now)
        admissions = {}
        for receiver, row in self._rows(session, wanted).items():
            most = min(wanted[receiver], left)
            rate = self.policy.rate_of(receiver, row.taken)
            state, admission = pacing.admit(
                _state(row), Asking(self.holder, most, now, lease), rate
            )
            _keep(row, state)
            left -= admission.now
            admissions[receiver] = _the_rest_later(admission, wanted[receiver] - most, now)
        if self.policy.warm_up:
            self._count(session, sum(one.now for one in admissions.values()), now)
        return admissions

    def settle(self, session: Session, endings: Mapping[str, Settlement], *, now: datetime) -> None:
        """After a batch: faster receivers, places given back, receivers free for others."""
        if self.policy.warm_up:  # the day first, as in `admit`: two orders would be a deadlock
            self._count(session, -sum(ended.released for ended in endings.values()), now)
        for receiver, row in self._rows(session, endings).items():
            ended = endings[receiver]
            state = pacing.settled(
                _state(row), self.holder, taken=ended.taken, released=ended.released
            )
            _keep(row, state)

    def slow_down(self, session: Session, receiver: str, *, now: datetime) -> datetime:
        """The receiver asked for less; until when nothing is sent there."""
        (row,) = self._rows(session, [receiver]).values()
        state = pacing.slowed(_state(row), now=now)
        _keep(row, state)
        return state.paused_until or now

    def _rows(self, session: Session, receivers: Collection[str]) -> dict[str, ReceiverPace]:
        if not receivers:
            return {}
        new = [{**_BLANK, "identity": self.identity, "receiver": one} for one in sorted(receivers)]
        if session.get_bind().dialect.name == "postgresql":
            session.connection().execute(
                postgresql_insert(ReceiverPace).on_conflict_do_nothing(), new
            )
        else:
            session.connection().execute(sqlite_insert(ReceiverPace).on_conflict_do_nothing(), new)
        rows = session.exec(
            select(ReceiverPace)
            .where(
                ReceiverPace.identity == self.identity, col(ReceiverPace.receiver).in_(receivers)
            )
            .order_by(col(ReceiverPace.receiver))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return {row.receiver: row for row in rows}

    def _left_today(self, session: Session, now: datetime) -> int:
        """What the warm-up leaves for today."""
        if not self.policy.warm_up:
            return _NO_LIMIT
        today = civil_date(now, ZONE)
        row = self._today(session, today)
        return max(0, warm_up_today(session, self.identity, today) - row.sent)

    def _count(self, session: Session, messages: int, now: datetime) -> None:
        row = self._today(session, civil_date(now, ZONE))
        row.sent = max(0, row.sent + messages)
        session.add(row)

    def _today(self, session: Session, today: date) -> SendingDay:
        new = {"identity": self.identity, "day": today, "sent": 0}
        if session.get_bind().dialect.name == "postgresql":
            session.exec(postgresql_insert(SendingDay).values(new).on_conflict_do_nothing())
        else:
            session.exec(sqlite_insert(SendingDay).values(new).on_conflict_do_nothing())
        return session.exec(
            select(SendingDay)
            .where(SendingDay.identity == self.identity, SendingDay.day == today)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()


def warm_up_today(session: Session, identity: str, today: date) -> int:
    """Mails that a new identity may send on this civil day, by what it sent before."""
    return pacing.warm_up_limit(_days_before(session, identity, today))


def sent_by_day(session: Session, *, now: datetime, identity: str = "") -> tuple[int, ...]:
    """What an identity sent on each civil day before today, oldest first."""
    return _days_before(session, identity, civil_date(now, ZONE))


def _days_before(session: Session, identity: str, today: date) -> tuple[int, ...]:
    return tuple(
        session.exec(
            select(SendingDay.sent)
            .where(SendingDay.identity == identity, col(SendingDay.day) < today)
            .order_by(col(SendingDay.day))
        )
    )


def paused_receivers(session: Session, *, now: datetime) -> tuple[PacedReceiver, ...]:
    """The receivers that asked us to wait, longest wait first."""
    rows = session.exec(
        select(ReceiverPace)
        .where(col(ReceiverPace.paused_until) > now)
        .order_by(col(ReceiverPace.paused_until).desc(), col(ReceiverPace.receiver))
    )
    return tuple(
        PacedReceiver(row.receiver, row.paused_until, row.strikes)
        for row in rows
        if row.paused_until is not None
    )


_BLANK = {"at_once": 1, "strikes": 0, "taken": 0, "used": 0, "ahead_used": 0}


def _the_rest_later(admission: Admission, rest: int, now: datetime) -> Admission:
    """`rest` more messages wait because the day of the identity is full."""
    if not rest:
        return admission
    return replace(admission, later=admission.later + (now + AGAIN,) * rest, reason=DAY_FULL)


def _state(row: ReceiverPace) -> ReceiverState:
    return ReceiverState(**{name: getattr(row, name) for name in _FIELDS})


def _keep(row: ReceiverPace, state: ReceiverState) -> None:
    for name in _FIELDS:
        setattr(row, name, getattr(state, name))
