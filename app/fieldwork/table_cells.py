"""What the chronological table shows in each cell: window, state, and how far it is.

Decides the words of a state from window, wave and day; reads nothing.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from app.chronology.wave_plan import Cohort, FieldPeriod


class CellState(StrEnum):
    """What staff see of a wave."""

    PLANNED = "planned"
    OPEN = "open"
    PAUSED = "paused"  # open for answers, messages wait
    CLOSED = "closed"
    MISSED = "missed"  # the window passed without a wave
    EARLIER = "earlier"  # previous strategy: shown, nothing sent


@dataclass(frozen=True, slots=True)
class WaveCounts:
    """A wave, or those of all schools below an office, counted."""

    waves: int = 0
    open_waves: int = 0
    paused_waves: int = 0
    fielded: int = 0  # eligible or perhaps eligible cases: the base of RR2
    answered: int = 0  # complete and partial

    @property
    def rate(self) -> Fraction | None:
        """AAPOR RR2; None where nobody was fielded."""
        return Fraction(self.answered, self.fielded) if self.fielded else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A station of the table."""

    cohort: Cohort
    period: FieldPeriod
    state: CellState
    counts: WaveCounts


def cell_of(
    cohort: Cohort, period: FieldPeriod, counts: WaveCounts, *, today: date, has_people: bool
) -> Cell:
    """The cell of one wave on the local day `today`.

    `has_people`: a cohort without a roster misses nothing; its past waves are only dates.
    """
    return Cell(
        cohort, period, _state(cohort, period, counts, today, has_people=has_people), counts
    )


def _state(
    cohort: Cohort, period: FieldPeriod, counts: WaveCounts, today: date, *, has_people: bool
) -> CellState:
    if counts.paused_waves:
        return CellState.PAUSED
    if counts.open_waves:
        return CellState.OPEN
    if counts.waves:
        return CellState.CLOSED
    if cohort.earlier_strategy:
        return CellState.EARLIER
    if today >= period.closes:
        return CellState.MISSED if has_people else CellState.CLOSED
    return CellState.OPEN if today in period else CellState.PLANNED
