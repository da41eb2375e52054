"""Which small generations are told together, worked out again from the counts (domain.md 3.8).

First the generations of the school, oldest first and five at most, until 23 answered; where these
do not suffice, what is left over in the schools of its zone, of three of them or more.
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
    years = wave.entered, wave.leaves
    answers = {code: _answers(raw, wave.questionnaire, code) for code in zone}
    own = next((run for run in _runs(answers[school]) if years in run), [])
    if sum(answers[school][one] for one in own) >= ENOUGH:
        return Together(raw, wave.questionnaire, tuple((school, one) for one in own), zone=False)
    left: dict[Years, dict[str, int]] = {}
    for code, counts in answers.items():
        for run in _runs(counts):
            if sum(counts[one] for one in run) < ENOUGH:
                for one in run:
                    left.setdefault(one, {})[code] = counts[one]
    sums = {one: sum(counts.values()) for one, counts in left.items()}
    runs = [*_runs(sums), *([one] for one, n in sums.items() if n >= ENOUGH)]
    shared = next((run for run in runs if years in run), [])
    members = tuple((code, one) for one in shared for code in left[one])
    enough = sum(sums[one] for one in shared) >= ENOUGH and (school, years) in members
    if not enough or len({code for code, _ in members}) < SCHOOLS:
        return None
    return Together(raw, wave.questionnaire, members, zone=True)


def _answers(raw: Raw, number: int, school: str) -> dict[Years, int]:
    """By generation whose questionnaire is over, those who answered."""
    asked = (pl.col("questionnaire") == number) & (pl.col("state") == "closed")
    waves = raw.cases.filter(asked & (pl.col("school") == school))
    found = {}
    for entered, leaves in waves.select("entered", "leaves").unique().rows():
        wave = Wave(entered, leaves, number, frozenset({school}))
        found[entered, leaves] = raw.told(wave).height
    return found


def _runs(answers: Mapping[Years, int]) -> list[list[Years]]:
    """Small generations, cut where 23 answered or five are together."""
    small = sorted((one for one, n in answers.items() if n < ENOUGH), key=lambda one: one[::-1])
    runs: list[list[Years]] = [[]]
    for one in small:
        runs[-1].append(one)
        if len(runs[-1]) == MOST or sum(answers[past] for past in runs[-1]) >= ENOUGH:
            runs.append([])
    return [run for run in runs if run]


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
