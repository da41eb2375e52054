"""Whether the messages of some waves can leave in time, and what would make them fit.

Pure. Day by day, first in first out, against what the sending identity may do: so many messages
a day, so many a minute to each mail domain, inside the hours of each wave. A wave that has not
sent its last message five days before it closes does not fit (trust.md 4.3).
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

from app.chronology.calendar import is_weekday
from app.chronology.contact_plan import SendingHours
from app.chronology.due import is_sending_day
from app.messaging.pacing import warm_up_limit

IN_TIME = timedelta(days=5)  # before the close
MOST_IDENTITIES = 100
MOST_ONE_BY_ONE = 50  # waves; of more, those are admitted that fit together from the first on
BY_TELEPHONE = frozenset({"sms", "whatsapp"})  # in the place of a domain: not of these limits
_HOUR = 60  # minutes
_DAY_ENDS = 20 * _HOUR  # trust.md 4.3; plan_text refuses later hours


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """What the sending identities may do; None: no limit.

    `daily`: messages a day of one identity, over all domains. `rate`: its messages a minute to each
    mail domain; `slower` names domains that take less. `sent_before`: what a new identity sent on
    each day so far, for its limit grows with use (pacing.warm_up_limit); None: it is not new.
    """

    daily: int | None = None
    rate: int | None = None
    slower: Mapping[str, int] = field(default_factory=dict)
    sent_before: tuple[int, ...] | None = None
    identities: int = 1

    @property
    def none(self) -> bool:
        return self.daily is None and self.rate is None and self.sent_before is None

    def rate_of(self, domain: str) -> int | None:
        """Messages a minute to a mail domain."""
        return None if self.rate is None else self.slower.get(domain, self.rate) * self.identities

    def daily_after(self, days: Sequence[int]) -> int | None:
        """Messages of a day, after days with so many messages of each identity."""
        caps = [self.daily] if self.daily is not None else []
        if self.sent_before is not None:
            caps.append(warm_up_limit([*self.sent_before, *days]))
        return min(caps) * self.identities if caps else None


@dataclass(frozen=True, slots=True)
class Load:
    """The messages of one wave, by the day on which they are due and by mail domain.

    `admitted`: its messages have begun, so it is never refused any more.
    """

    closes: date
    hours: SendingHours
    due: Mapping[date, Counter[str]]
    admitted: bool = False

    @property
    def deadline(self) -> date:
        """The last day on which its last message may leave."""
        return self.closes - IN_TIME


@dataclass(frozen=True, slots=True)
class Flow:
    """What leaves on each day, and what did not leave in time: by wave, by wave's place."""

    leaving: Mapping[date, Counter[str]]
    late: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Advice:
    """What would make a refused wave fit. None: that alone would not.

    `late`: messages that would not leave in time as things are. `all_day`: from 9:00 to 20:00 on
    every day is enough. `daily`: the limit a day that is enough; `identities`: how many sending
    identities like this one.
    """

    late: int
    all_day: bool
    daily: int | None
    identities: int | None


@dataclass(slots=True)
class _Item:
    """Messages of one wave, day and domain that wait."""

    place: int
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class _Today:
    """One day of the flow, and how many messages it allows."""

    day: date
    limits: SendingLimits
    allowed: int | None


def flow(loads: Sequence[Load], limits: SendingLimits) -> Flow:
    """The messages of `loads` through `limits`, until the last of them closes."""
    if limits.none:
        return Flow(_all_on_their_day(loads), {})
    leaving: dict[date, Counter[str]] = {}
    late: Counter[int] = Counter()
    waiting: dict[str, deque[_Item]] = {}
    sent_on: list[int] = []
    day = min((day for load in loads for day in load.due), default=date.max)
    while day < max((load.closes for load in loads), default=date.min):
        for item, domain in _due_on(loads, day):
            waiting.setdefault(domain, deque()).append(item)
        today = _Today(day, limits, limits.daily_after(sent_on))
        sent = _one_day(loads, waiting, today, late)
        sent_on.append(sent.total() // limits.identities)
        if sent:
            leaving[day] = sent
        day += timedelta(days=1)
    for queue in waiting.values():
        for item in queue:
            late[item.place] += item.count
    return Flow(leaving, late)


def admit(loads: Sequence[Load], limits: SendingLimits) -> tuple[int, ...]:
    """The places of the waves that do not fit, beside those that were admitted before.

    Whoever closes first is asked first. As many as fit together are admitted at once.
    """
    accepted = [load for load in loads if load.admitted]
    asking = sorted(
        (place for place, load in enumerate(loads) if not load.admitted),
        key=lambda place: (loads[place].closes, place),
    )
    if len(asking) > MOST_ONE_BY_ONE:
        return tuple(sorted(asking[_fitting(accepted, asking, loads, limits) :]))
    refused: list[int] = []
    waiting = [asking] if asking else []
    while waiting:
        group = waiting.pop()
        more = [loads[place] for place in group]
        if not _anyone_late(accepted, more, limits):
            accepted += more
        elif len(group) == 1:
            refused += group
        else:
            half = len(group) // 2
            waiting += [group[half:], group[:half]]
    return tuple(sorted(refused))


def _fitting(
    accepted: Sequence[Load], asking: Sequence[int], loads: Sequence[Load], limits: SendingLimits
) -> int:
    """How many of `asking`, from the first on, fit together."""
    low, high = 0, len(asking) + 1
    while low + 1 < high:
        middle = (low + high) // 2
        more = [loads[place] for place in asking[:middle]]
        low, high = (low, middle) if _anyone_late(accepted, more, limits) else (middle, high)
    return low


def together(loads: Sequence[Load]) -> Load:
    """Several waves as one, with the earliest close and the hours of the first."""
    due = _all_on_their_day(loads)
    return Load(min(load.closes for load in loads), loads[0].hours, due)


def advice_for(refused: Load, others: Sequence[Load], limits: SendingLimits) -> Advice:
    """What would make `refused` fit beside the admitted `others`."""
    late = flow([*others, refused], limits).late
    longest = SendingHours(time(9), time(20))
    wider = replace(refused, hours=longest)
    return Advice(
        late=sum(late.values()),
        all_day=not _anyone_late(others, [wider], limits),
        daily=None if limits.daily is None else _enough_daily(refused, others, limits),
        identities=_enough_identities(refused, others, limits),
    )


def advice_in_words(advice: Advice) -> str:
    """What staff and operators read: what is wrong, and each thing that alone would mend it."""
    late = "1 mensaje no saldría" if advice.late == 1 else f"{advice.late:,} mensajes no saldrían"
    ways = []
    if advice.all_day:
        ways.append("enviar de 9:00 a 20:00 todos los días (en el plan de mensajes)")
    if advice.daily is not None:
        ways.append(f"que el límite diario de correo sea de {advice.daily:,} mensajes")
    if advice.identities is not None:
        ways.append(f"repartir el envío entre {advice.identities} cuentas de correo como esta")
    ways.append("quitar recordatorios del plan o contestar en el aula y por otros medios")
    return (
        f"{late} a más tardar cinco días antes del cierre. Cualquiera de estos cambios ayuda: "
        f"{'; '.join(ways)}. Mientras tanto se puede responder con la liga y en el aula."
    )


def _enough_identities(refused: Load, others: Sequence[Load], limits: SendingLimits) -> int | None:
    """The smallest number of identities that is enough; None: not even a hundred are."""
    low, high = 1, MOST_IDENTITIES + 1
    while low + 1 < high:
        middle = (low + high) // 2
        late = _anyone_late(others, [refused], replace(limits, identities=middle))
        low, high = (middle, high) if late else (low, middle)
    return high if high <= MOST_IDENTITIES else None


def _enough_daily(refused: Load, others: Sequence[Load], limits: SendingLimits) -> int | None:
    """The smallest daily limit, in hundreds, that is enough; None: the rates are too slow."""
    total = sum(sum(map(Counter.total, load.due.values())) for load in (*others, refused))
    low, high = 0, total // 100 + 1

    def enough(hundreds: int) -> bool:
        wider = replace(limits, daily=hundreds * 100)
        return not _anyone_late(others, [refused], wider)

    if not enough(high):
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high * 100


def _anyone_late(accepted: Sequence[Load], more: Sequence[Load], limits: SendingLimits) -> bool:
    """Whether `more` would be late, or make somebody late who was admitted and in time."""
    together = flow([*accepted, *more], limits).late
    if any(count for place, count in together.items() if place >= len(accepted)):
        return True
    before = flow(accepted, limits).late if together else {}
    return any(count > before.get(place, 0) for place, count in together.items())


def _all_on_their_day(loads: Iterable[Load]) -> dict[date, Counter[str]]:
    found: dict[date, Counter[str]] = {}
    for load in loads:
        for day, domains in load.due.items():
            found.setdefault(day, Counter()).update(domains)
    return found


def _due_on(loads: Sequence[Load], day: date) -> Iterable[tuple[_Item, str]]:
    for place, load in enumerate(loads):
        for domain, count in load.due.get(day, {}).items():
            yield _Item(place, day, count), domain


def _one_day(
    loads: Sequence[Load],
    waiting: Mapping[str, deque[_Item]],
    today: _Today,
    late: Counter[int],
) -> Counter[str]:
    """What leaves on `day`; late messages are counted and leave all the same."""
    sent: Counter[str] = Counter()
    day, limits, left = today.day, today.limits, today.allowed
    for domain in _longest_waiting_first(waiting):
        by_mail, clock, queue = domain not in BY_TELEPHONE, 0.0, waiting[domain]
        rate = limits.rate_of(domain) if by_mail else None
        kept: deque[_Item] = deque()
        while queue and (left != 0 or not by_mail) and _open_still(clock, rate):
            item = queue.popleft()
            load = loads[item.place]
            clock = max(clock, _begins(load.hours, day, fresh=item.day == day))
            room = _room(load.hours, day, clock, rate)
            caps = (room, left if by_mail else None)
            count = min([item.count, *(cap for cap in caps if cap is not None)])
            if day >= load.closes:
                late[item.place] += item.count  # the window is over: it never leaves
                continue
            if count:
                sent[domain] += count
                clock += count / rate if rate else 0
                left = left if left is None or not by_mail else left - count
                if day > load.deadline:
                    late[item.place] += count
            if count < item.count:
                kept.append(_Item(item.place, item.day, item.count - count))
        queue.extendleft(reversed(kept))
    return sent


def _longest_waiting_first(waiting: Mapping[str, deque[_Item]]) -> list[str]:
    busy = [domain for domain, queue in waiting.items() if queue]
    return sorted(busy, key=lambda domain: (waiting[domain][0].day, domain))


def _open_still(clock: float, rate: int | None) -> bool:
    """Whether anything may still leave: no plan writes after the end of the day."""
    return rate is None or (_DAY_ENDS - clock) * rate >= 1


def _begins(hours: SendingHours, day: date, *, fresh: bool) -> float:
    """The minute of the day from which messages leave."""
    first = hours.preferred if fresh and hours.preferred and is_weekday(day) else hours.opens
    return first.hour * _HOUR + first.minute


def _room(hours: SendingHours, day: date, clock: float, rate: int | None) -> int | None:
    """How many may still leave to a domain on `day` from minute `clock` on; None: any number."""
    if not is_sending_day(hours, day):
        return 0
    closes = hours.closes.hour * _HOUR + hours.closes.minute
    return None if rate is None else max(0, int((closes - clock) * rate))
