"""Which small generations are told together, worked out again from the counts (domain.md 3.8).

Year by year: what a school has waiting, of five generations at most, once 23 answered; else what
all schools of the zone have waiting, of three of them or more and of years no school told apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from app.analytics.released import Audience
from tests.recount.agreement import Reader
from tests.recount.outcomes import Figure, Key, recount
from tests.recount.raw import Raw, Wave
from tests.recount.site import View, frame_of

ENOUGH, MOST, SCHOOLS = 23, 5, 3
Years = tuple[int, int]  # when a generation entered and left


@dataclass(frozen=True)
class Together:
    """Generations of schools that are told as one. `zone`: not of the school alone."""

    raw: Raw
    questionnaire: int
    members: tuple[tuple[str, Years], ...]
    zone: bool

    @property
    def generations(self) -> list[Years]:
        return sorted({years for _, years in self.members}, key=lambda years: years[::-1])

    @property
    def schools(self) -> int:
        return len({school for school, _ in self.members})

    @cached_property
    def told(self) -> pl.DataFrame:
        return pl.concat([self.raw.told(wave) for wave in self._waves])

    @property
    def answered(self) -> int:
        return self.told.height

    @property
    def frame(self) -> int:
        return sum(frame_of(self.raw.listed(wave)) for wave in self._waves)

    @property
    def words(self) -> str:
        """What was pooled, in a sentence."""
        *names, last = (f"{entered}-{leaves}" for entered, leaves in self.generations)
        said = f"Se juntaron las generaciones {', '.join(names)} y {last}"
        return said if names else f"Se juntó la generación {last}"

    @cached_property
    def figures(self) -> Mapping[Key, Figure]:
        return recount(self.told, self.questionnaire, self.frame)

    def reader(self, audience: Audience) -> Reader:
        """Whoever reads it, reads it as an office reads one school, or as anybody."""
        return Reader(audience, False, self.frame, self.answered)

    @property
    def _waves(self) -> list[Wave]:
        return [
            Wave(entered, leaves, self.questionnaire, frozenset({school}))
            for school, (entered, leaves) in self.members
        ]


def together(raw: Raw, wave: Wave, zone: frozenset[str]) -> Together | None:
    """What a generation of one school is told with; None where that does not suffice.

    Args:
        raw: everything, each wave over and with its edition.
        wave: of one school, and small.
        zone: the schools of its zone.
    """
    (school,) = wave.schools
    mine = school, (wave.entered, wave.leaves)
    answers = {
        (code, years): n
        for code in zone
        for years, n in _answers(raw, wave.questionnaire, code).items()
    }
    for members, shared in _pools(answers):
        if mine in members:
            return Together(raw, wave.questionnaire, members, zone=shared)
    return None


def _answers(raw: Raw, number: int, school: str) -> dict[Years, int]:
    """By generation whose questionnaire is over, those who answered."""
    asked = (pl.col("questionnaire") == number) & (pl.col("state") == "closed")
    waves = raw.cases.filter(asked & (pl.col("school") == school))
    found = {}
    for entered, leaves in waves.select("entered", "leaves").unique().rows():
        wave = Wave(entered, leaves, number, frozenset({school}))
        found[entered, leaves] = raw.told(wave).height
    return found


Place = tuple[str, Years]  # a generation of a school


def _pools(answers: Mapping[Place, int]) -> list[tuple[tuple[Place, ...], bool]]:
    """The members of each pool, and whether it is one of the zone."""
    found: list[tuple[tuple[Place, ...], bool]] = []
    used: set[Place] = set()
    closed: set[Years] = set()
    small = {place for place, n in answers.items() if 0 < n < ENOUGH}
    for year in sorted({years for _, years in small}, key=lambda years: years[::-1]):
        known = {one for one in small if one[1][::-1] <= year[::-1]}
        for school in sorted({code for code, years in known if years == year}):
            own = [one for one in known - used if one[0] == school]
            own = sorted(own, key=lambda one: one[1][::-1])[-MOST:]
            if sum(answers[one] for one in own) >= ENOUGH:
                found.append((tuple(own), False))
                used.update(own)
                closed.update(years for _, years in own)
        rest = {one for one in known - used if one[1] not in closed}
        last = sorted({years for _, years in rest}, key=lambda years: years[::-1])[-MOST:]
        shared = sorted(one for one in rest if one[1] in last)
        if len({code for code, _ in shared}) < SCHOOLS:
            continue
        if sum(answers[one] for one in shared) >= ENOUGH:
            found.append((tuple(shared), True))
            used.update(shared)
    return found


@dataclass(frozen=True)
class PooledView(View):
    """A generation whose page tells the figures of its pool, and its own rate."""

    pool: Together | None = field(default=None, compare=False)

    @cached_property
    def figures(self) -> Mapping[Key, Figure]:
        return {} if self.pool is None else self.pool.figures

    @property
    def exact(self) -> bool:
        return False

    @property
    def reader(self) -> Reader:
        assert self.pool is not None
        return self.pool.reader(self.audience)

    @property
    def based(self) -> tuple[int, int]:
        assert self.pool is not None
        return self.pool.answered, self.pool.frame
