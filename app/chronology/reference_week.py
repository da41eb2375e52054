"""The one week a wave asks about.

The last Monday–Sunday week that ended before the wave's official window opens. It does not move
with the day of answering, with an extension or with a school that opens late: answers of October
and of November describe the same moment. Source: questions.md, "Reference week".
"""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class ReferenceWeek:
    """Seven civil days, both ends included."""

    monday: date
    sunday: date


def reference_week(opens: date) -> ReferenceWeek:
    """The reference week of a wave whose official window opens on `opens`.

    Opening on Thursday 1 October 2026 gives 21 to 27 September 2026; opening on a Monday, the
    week that ended the day before; on a Sunday, the one that ended seven days before.
    """
    sunday = opens - timedelta(days=opens.isoweekday())
    return ReferenceWeek(monday=sunday - timedelta(days=6), sunday=sunday)
