"""A rate of response as anybody may read it: in whole percents, of a list rounded to 5.

Through the door of outcomes, by rules 2 and 3 of domain.md 3.8: of a list of fewer than 23 persons
nothing is told, nor where fewer than five answered or did not.
"""

from dataclasses import dataclass
from functools import lru_cache

from app.analytics.disclosure import public_row, release_row


@dataclass(frozen=True, slots=True)
class PublicRate:
    """`percent`, whole, of about `base` persons."""

    percent: int
    base: int


@lru_cache(maxsize=1 << 14)  # a nation has thousands of schools, and few sizes of them
def public_rate(part: int, whole: int) -> PublicRate | None:
    """`part` of `whole` persons as the public may have it; None where it may not.

    Raises:
        ValueError: more persons than there are, or a negative count.
    """
    told = public_row(release_row({"si": part, "no": whole - part}))
    share = told.shares["si"]
    if share is None or told.base is None:
        return None
    return PublicRate(share.percent, told.base)
