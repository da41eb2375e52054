"""On which day each answer of a wave came: kept by wave, so that a nation's line reads no event.

What is kept holds while nobody of the wave begins to count as answered, or stops to: the moves of
its cases tell (wave_counts.py), gathered or not. A wave of which it does not hold is read from its
events, so that a line is always that of the cases of the same moment (decisions/0028).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, update
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.fieldwork.counting_tables import CaseMove, WaveCount
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.units.tables import OrganisationUnit

ANSWERED = (Disposition.COMPLETE, Disposition.PARTIAL)
KEPT = 50  # waves worked out at once
FEW = 200  # waves that are read from their events by name; of more, all of the unit are
_LANE = 4  # bytes of a day: sums of a nation fit
Days = Mapping[date, int]  # answers that came on a day of the school


def answers_by_day(session: Session, *asked: ColumnElement[bool]) -> Days:
    """Answered cases of some waves by the local day on which each first counted as answered.

    Args:
        session: any.
        asked: conditions on the wave.
    """
    # Somebody began to count as answered, or stopped, and nobody gathered it.
    just_moved = col(Wave.id).in_(
        select(CaseMove.wave_id).where(col(CaseMove.disposition).in_(ANSWERED))
    )
    unknown = col(WaveCount.wave_id).is_not(None) & col(WaveCount.days).is_(None)
    waves = session.connection().execute(
        select_columns(
            case((or_(just_moved, unknown), col(Wave.id))),  # the id of no other is read
            col(WaveCount.days_from),
            col(WaveCount.days),
        )
        .select_from(Wave)
        .outerjoin(WaveCount, col(WaveCount.wave_id) == col(Wave.id))
        .where(*asked)
    )
    kept: list[tuple[date, bytes]] = []
    others: list[UUID] = []
    for wave_id, first, packed in waves:
        if wave_id is not None:
            others.append(wave_id)
        elif first is not None:
            kept.append((first, packed))
    if len(others) > FEW:
        return _total(_from_events(session, *asked).values())
    mine = _from_events(session, col(Wave.id).in_(others)) if others else {}
    return _total([_added(kept), *mine.values()])


def keep_days(session: Session) -> int:
    """Work out the days of some waves that are not known; how many waves they were."""
    waves = session.exec(
        select(WaveCount.wave_id)
        .where(col(WaveCount.days).is_(None))
        .order_by(col(WaveCount.wave_id))
        .limit(KEPT)
        # Before the events are read: whoever gathers a later answer comes after us.
        .with_for_update()
    ).all()
    found = _from_events(session, col(Wave.id).in_(waves)) if waves else {}
    for wave_id in waves:
        first, packed = pack(found.get(wave_id, {}))
        session.connection().execute(
            update(WaveCount)
            .where(col(WaveCount.wave_id) == wave_id)
            .values(days_from=first, days=packed)
        )
    return len(waves)


def pack(days: Days) -> tuple[date | None, bytes]:
    """The first day, and from there a number of four bytes for each, the lowest byte first."""
    if not days:
        return None, b""
    first = min(days)
    long = (max(days) - first).days + 1
    numbers = (days.get(first + timedelta(days=n), 0) for n in range(long))
    return first, b"".join(number.to_bytes(_LANE, "little") for number in numbers)


def _added(kept: Sequence[tuple[date, bytes]]) -> Days:
    """Many days added up. Each wave is one long number: the sum of them is that of each day."""
    sums: dict[date, int] = defaultdict(int)
    for first, packed in kept:
        sums[first] += int.from_bytes(packed, "little")
    found: Counter[date] = Counter()
    for first, total in sums.items():
        numbers = total.to_bytes((total.bit_length() + 7) // 8 + _LANE, "little")
        for n in range(len(numbers) // _LANE):
            answers = int.from_bytes(numbers[n * _LANE : (n + 1) * _LANE], "little")
            if answers:
                found[first + timedelta(days=n)] += answers
    return found


def _total(found: Iterable[Days]) -> Days:
    total: Counter[date] = Counter()
    for days in found:
        total.update(days)
    return total


def _from_events(session: Session, *asked: ColumnElement[bool]) -> Mapping[UUID, Days]:
    """By wave, as its events say."""
    rows = session.connection().execute(
        select_columns(
            col(Case.wave_id), func.min(col(CaseEvent.at)), col(OrganisationUnit.time_zone)
        )
        .select_from(Wave)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .join(Case, col(Case.wave_id) == col(Wave.id))
        .join(CaseEvent, col(CaseEvent.case_id) == col(Case.id))
        .where(
            *asked,
            col(Case.disposition).in_(ANSWERED),
            col(CaseEvent.disposition).in_(ANSWERED),
        )
        .group_by(col(CaseEvent.case_id), col(Case.wave_id), col(OrganisationUnit.time_zone))
    )
    found: dict[UUID, Counter[date]] = defaultdict(Counter)
    for wave_id, at, zone in rows:
        found[wave_id][civil_date(at, zone)] += 1
    return found
