"""The one conversion between civil dates and instants, and what working days are.

A wave opens at the first instant of its first day where the school is, and closes at the
first instant of the day after its last. Zones come from the pinned tzdata (IANA).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


def local_midnight(day: date, zone: str) -> datetime:
    """The first instant of `day` in `zone`, in UTC.

    Where a clock change skips midnight, the day begins at the first minute that exists.
    """
    start = datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    # A skipped midnight maps to the evening before: move to the change itself.
    return start if civil_date(start, zone) == day else start + timedelta(hours=1)


def civil_date(instant: datetime, zone: str) -> date:
    """The date on the calendar of `zone` at `instant`.

    Raises:
        ValueError: `instant` is naive.
    """
    return local_time(instant, zone).date()


def local_time(instant: datetime, zone: str) -> datetime:
    """`instant` as a clock in `zone` shows it.

    Raises:
        ValueError: `instant` is naive.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return instant.astimezone(ZoneInfo(zone))


def is_weekday(day: date) -> bool:
    """Monday to Friday; rest days by law are the caller's to subtract."""
    return day.weekday() < SATURDAY
