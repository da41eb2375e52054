"""A rate of response as one reader may have it: exact for staff, as published for the public.

The public view of a page shows no more than anybody would see (analytics/release/public_rates.py).
"""

from dataclasses import dataclass

from app.analytics.charts.headlines import percent
from app.analytics.release.public_rates import public_rate
from app.web.staff.wave_words import rate_in_words

HIDDEN = "no se muestra"


@dataclass(frozen=True, slots=True)
class ToldRate:
    """A rate: its words, and its numbers where they are told (`share` from 0 to 1)."""

    words: str
    share: float | None
    answered: int | None
    listed: int | None
    short: str  # of the words, as much as stands beside a dot

    @property
    def alone(self) -> str:
        """The rate without its persons, in whole percents."""
        return HIDDEN if self.share is None else percent(self.share, whole=True)


def told_rate(answered: int, listed: int, *, public: bool) -> ToldRate:
    """`answered` of `listed` persons for one reader."""
    if not public:
        share = answered / listed if listed else None
        words = rate_in_words(answered, listed)
        return ToldRate(words, share, answered, listed, words)
    told = public_rate(answered, listed)
    if told is None:
        return ToldRate(HIDDEN, None, None, None, HIDDEN)
    share = told.percent / 100
    said = percent(share, whole=True)
    words = f"{said} de unas {told.base:,} personas"
    return ToldRate(words, share, None, told.base, f"{said} (unas {told.base:,})")
