"""What can be told of a sum that withholds a line: the sum over the schools that tell it.

It adds nothing to what a reader of those schools knows, so that it needs no protection of its own;
and it says that it is of some (Reason.SOME). Only for offices: the public reads each school in
whole percents, which an exact sum would sharpen. Why a sum withholds at all: decisions/0021.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from app.analytics.disclosure import Line, release_some, told_alone
from app.analytics.figures.families import LINES
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.release.outcome_release import lines_of
from app.analytics.release.sum_parts import Summand
from app.analytics.released import Audience, Context, IndicatorRow, ReleasedRow

LEAST_SCHOOLS = 2


@dataclass(frozen=True, slots=True)
class School:
    """A school of a sum, and the persons its wave listed."""

    summand: Summand
    frame: int

    @property
    def answered(self) -> int:
        return self.summand.tally.answered


def told_in_part(
    schools: Sequence[School], names: Collection[str], wave: int
) -> list[IndicatorRow]:
    """Indicators of a sum over those of its schools that tell them, for an office.

    Left out: what fewer than two schools tell, or fewer than half of those who answered.

    Args:
        schools: of the sum, each with an answer.
        names: the indicators; only those of lines are told in part.
        wave: of the tallies.
    """
    everybody = sum(school.answered for school in schools)
    figures: list[IndicatorRow] = []
    for entry in outcomes_of(wave):
        if entry.id not in names or entry.kind not in LINES:
            continue
        lines = _told(schools, entry, wave).values()
        rows = [
            row for told in lines if _stands_for(told, everybody=everybody) for row in _sum(told)
        ]
        figures += rows if any(row.value is not None for row in rows) else []
    return figures


@dataclass(frozen=True, slots=True)
class _Told:
    """A line of a school, and what the school tells of it."""

    school: School
    line: Line
    row: ReleasedRow


def _told(schools: Iterable[School], entry: Indicator, wave: int) -> dict[str, list[_Told]]:
    """The schools that tell each line of an indicator: mentions are lines of their own."""
    found: dict[str, list[_Told]] = {}
    for school in schools:
        tally, hidden = school.summand.tally, school.summand.hidden
        if hidden is None:
            continue
        for line in lines_of(entry, tally.counts_of(entry), wave):
            row = told_alone(line, hidden)
            if row.total is not None and row.total >= line.minimum_base:
                key = line.reported[0][0] if entry.kind is Kind.MULTIPLE else ""
                found.setdefault(key, []).append(_Told(school, line, row))
    return found


def _stands_for(told: Sequence[_Told], *, everybody: int) -> bool:
    answered = sum(one.school.answered for one in told)
    return len(told) >= LEAST_SCHOOLS and 2 * answered >= everybody


def _sum(told: Sequence[_Told]) -> list[IndicatorRow]:
    cells = dict.fromkeys((name for one in told for name in one.line.cells), 0)
    reported = dict.fromkeys(part for one in told for part in one.line.reported)
    context = Context(
        audience=Audience.OFFICE,
        schools=len(told),
        frame=sum(one.school.frame for one in told),
        answered=sum(one.school.answered for one in told),
    )
    line = replace(told[0].line, cells=cells, reported=tuple(reported))
    return release_some(line, [one.row for one in told], context)
