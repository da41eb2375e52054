"""When each wave of a cohort is in the field.

Civil dates only: no clock, no database, no time zones (see calendar.py).
Source of the rule: SEP, Seguimiento de Egresados, anexo 1 (calendar by generation).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

SCHOOL_YEAR_STARTS = 8  # August: the month in which the school year changes
# The last generation of the earlier strategy (the document's asterisk): shown, nothing sent.
LAST_EARLIER_STRATEGY = 2015


@dataclass(frozen=True, slots=True, order=True)
class Cohort:
    """A generation as schools write it: "2015-2018" entered in 2015 and leaves in 2018."""

    entered: int
    leaves: int

    def __post_init__(self) -> None:
        if not self.entered < self.leaves:
            raise ValueError(f"a cohort leaves after it enters, not {self}")

    def __str__(self) -> str:
        return f"{self.entered}-{self.leaves}"

    @property
    def earlier_strategy(self) -> bool:
        """Followed before this strategy: shown with an asterisk, and nothing is sent."""
        return self.leaves <= LAST_EARLIER_STRATEGY

    @property
    def label(self) -> str:
        """As the document prints it: `2012-2015*` for the earlier strategy."""
        return f"{self}*" if self.earlier_strategy else str(self)


def parse_cohort(text: str) -> Cohort:
    """A cohort from "2013-2016", with or without spaces and asterisk.

    Raises:
        ValueError: not two years, the first before the second.
    """
    found = re.fullmatch(r"\s*(\d{4})\s*[-\u2013/]\s*(\d{4})\s*\*?\s*", text)
    if found is None:
        raise ValueError(f"not a cohort: {text!r}")
    return Cohort(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class WaveRule:
    """One wave (1, 2 or 3), `years_after` the year the cohort leaves, from `opens` until `closes`.

    Days are (month, day); `closes` is the first day on which no answer is taken.
    """

    wave: int
    years_after: int
    opens: tuple[int, int]
    closes: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FieldPeriod:
    """Half-open interval of civil dates, [opens, closes)."""

    wave: int
    opens: date
    closes: date

    def __contains__(self, day: date) -> bool:
        return self.opens <= day < self.closes

    @property
    def school_year(self) -> str:
        return school_year(self.opens)


SEP_CALENDAR = (
    WaveRule(1, years_after=0, opens=(5, 1), closes=(7, 1)),
    WaveRule(2, years_after=0, opens=(10, 1), closes=(12, 1)),
    WaveRule(3, years_after=1, opens=(10, 1), closes=(12, 1)),
)

# Cohorts that leave after 31 July (December, January). Ours, a setting: SEP names none.
CALENDAR_B = (
    WaveRule(1, years_after=0, opens=(10, 1), closes=(12, 1)),
    WaveRule(2, years_after=1, opens=(4, 1), closes=(6, 1)),
    WaveRule(3, years_after=2, opens=(4, 1), closes=(6, 1)),
)

CALENDARS = {"sep": SEP_CALENDAR, "b": CALENDAR_B}


def proposed_calendar(exit_month: int) -> str:
    """The calendar to propose for a cohort that leaves in `exit_month` (1 to 12).

    Raises:
        ValueError: no such month.
    """
    if not 1 <= exit_month <= 12:
        raise ValueError(f"no month {exit_month}")
    # January leavers belong to the December exit: their cohort is named after that year.
    return "b" if exit_month >= SCHOOL_YEAR_STARTS or exit_month == 1 else "sep"


def exit_day(leaves: int, exit_month: int) -> date:
    """The first day of the month in which a cohort leaves.

    A cohort that leaves in January is named after the year before (wave_plan).
    """
    return date(leaves + (exit_month == 1), exit_month, 1)


def field_periods(cohort: Cohort, rules: Iterable[WaveRule]) -> tuple[FieldPeriod, ...]:
    """The field periods of `cohort`, in the order of `rules`, as civil dates.

    A zone turns them into instants in calendar.py; a person whose own exit is later than
    `opens` joins on the exit date.

    Raises:
        ValueError: two waves of the cohort would be open on the same day.
    """
    periods = tuple(_field_period(cohort, rule) for rule in rules)
    refuse_overlap(periods)
    return periods


def refuse_overlap(periods: Iterable[FieldPeriod]) -> None:
    """Refuse waves that would be open on one day, or that close before they open.

    Raises:
        ValueError: it names the two waves.
    """
    ordered = tuple(periods)
    for period in ordered:
        if not period.opens < period.closes:
            raise ValueError(f"wave {period.wave} closes before it opens")
    for earlier, later in pairwise(ordered):
        if later.opens < earlier.closes:
            raise ValueError(f"wave {later.wave} opens before wave {earlier.wave} closes")


def _field_period(cohort: Cohort, rule: WaveRule) -> FieldPeriod:
    year = cohort.leaves + rule.years_after
    return FieldPeriod(rule.wave, date(year, *rule.opens), date(year, *rule.closes))


def school_year(day: date) -> str:
    """The school year (ciclo escolar) of a day: it changes on 1 August.

    30 June 2018 is in "2017-2018"; 1 October 2018 is in "2018-2019".
    """
    first = day.year if day.month >= SCHOOL_YEAR_STARTS else day.year - 1
    return f"{first}-{first + 1}"
