"""A rate of response as one reader may have it: exact for staff, as published for the public.

The public view of a page shows no more than anybody would see (analytics/release/public_rates.py).
"""

from dataclasses import dataclass

from app.analytics.charts.headlines import percent
from app.analytics.release.public_rates import PublicRate, public_rate
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
    def numbers(self) -> "ToldNumbers":
        """The same without its words."""
        return ToldNumbers(self.share, self.answered, self.listed)

    @property
    def alone(self) -> str:
        """The rate without its persons, in whole percents."""
        return HIDDEN if self.share is None else percent(self.share, whole=True)


@dataclass(frozen=True, slots=True)
class ToldNumbers:
    """The numbers of a rate where they are told, without words: for thousands of schools."""

    share: float | None
    answered: int | None
    listed: int | None


def told_rate(answered: int, listed: int, *, public: bool) -> ToldRate:
    """`answered` of `listed` persons for one reader."""
    told = told_numbers(answered, listed, public=public)
    if not public:
        words = rate_in_words(answered, listed)
        return ToldRate(words, told.share, answered, listed, words)
    if told.share is None:
        return ToldRate(HIDDEN, None, None, None, HIDDEN)
    said = percent(told.share, whole=True)
    words = f"{said} de unas {told.listed:,} personas"
    return ToldRate(words, told.share, None, told.listed, f"{said} (unas {told.listed:,})")


def told_numbers(answered: int, listed: int, *, public: bool) -> ToldNumbers:
    """The same without its words."""
    if not public:
        return ToldNumbers(answered / listed if listed else None, answered, listed)
    told = public_rate(answered, listed)
    return ToldNumbers(None, None, None) if told is None else _as_published(told)


def _as_published(told: PublicRate) -> ToldNumbers:
    return ToldNumbers(told.percent / 100, None, told.base)
