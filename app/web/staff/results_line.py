"""The line of a unit: answers over the window of a questionnaire, and the generation before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app.analytics.charts.drawing import Drawing
from app.analytics.charts.headlines import percent
from app.analytics.charts.over_time import Rise, progress_chart
from app.chronology.calendar import civil_date
from app.chronology.wave_plan import Cohort
from app.fieldwork.queries import OutcomeCounts, unit_outcome_counts
from app.fieldwork.unit_progress import Fielded, unit_progress_over_time, window_of
from app.web.render import say_date
from app.web.sheets import Cell
from app.web.staff.chronology import TARGET
from app.web.staff.results_asked import Asked
from app.web.staff.wave_chart import Progress
from app.web.staff.wave_words import day_and_month, rate_in_words
from app.web.wiring import Caller

HEADINGS = ("generacion", "dia", "respondieron", "lista", "tasa")


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day of the line, in numbers."""

    day: str
    progress: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """Answers of a generation by day, and of the one before, where there was one."""

    cohort: Cohort
    mine: Progress
    last: Cohort | None
    before: Progress | None

    @property
    def before_words(self) -> str:
        """How the generation before ended."""
        if self.before is None:
            return ""
        share = percent(self.before.days[-1].answered / self.before.base, whole=True)
        return f"En gris, la generación {self.last}: terminó con {share}."

    @property
    def days(self) -> tuple[DayLine, ...]:
        """The table under the drawing."""
        return tuple(
            DayLine(day_and_month(one.day), rate_in_words(one.answered, self.mine.base))
            for one in self.mine.days
        )


def line_of(
    session: Session, caller: Caller, asked: Asked, counts: OutcomeCounts | None = None
) -> AnswerLine | None:
    """The line of what was asked for; None where nobody answered yet, and for the public.

    `counts`: of what was asked for, where they are at hand.
    """
    chosen = asked.chosen
    if chosen is None or asked.as_public:  # the line says exact counts
        return None
    mine = _progress(session, caller, asked, chosen, counts)
    if mine is None:
        return None
    earlier = [
        one
        for one in asked.all_fielded
        if one.questionnaire == chosen.questionnaire and one.cohort.leaves < chosen.cohort.leaves
    ]
    last = max(earlier, key=lambda one: one.cohort.leaves, default=None)
    before = None if last is None else _progress(session, caller, asked, last)
    if last is None or before is None:
        return AnswerLine(chosen.cohort, mine, None, None)
    return AnswerLine(chosen.cohort, mine, last.cohort, before)


def drawn_line(line: AnswerLine, zone: str, *, now: datetime) -> Drawing:
    """Both lines with the target; the title says where the newest stands."""
    mine = line.mine
    today = civil_date(now, zone)
    end = min(max(today, mine.days[-1].day), mine.closes - timedelta(days=1))
    answered = percent(mine.days[-1].answered / mine.base, whole=True)
    counts = f"{mine.days[-1].answered:,} de {mine.base:,}"
    title = f"Respuestas acumuladas al {day_and_month(end)}: {answered} ({counts})"
    opened, middle = mine.opens, mine.opens + (mine.closes - mine.opens) // 2
    before = line.before
    described = f"Sube de 0 a {counts} respuestas. La meta es {TARGET}\u00a0%. {line.before_words}"
    return progress_chart(
        _rise(mine, until=end),
        before=None if before is None else _rise(before, until=before.closes),
        target=TARGET / 100,
        days=[say_date(d, "d MMM") for d in (opened, middle, mine.closes - timedelta(days=1))],
        words=(title, described),
    )


def line_sheet(line: AnswerLine) -> Iterator[Sequence[Cell]]:
    """Both generations by day, for a spreadsheet."""
    yield HEADINGS
    for cohort, wave in ((line.cohort, line.mine), (line.last, line.before)):
        if wave is not None:
            for one in wave.days:
                rate = round(one.answered / wave.base, 4)
                yield (str(cohort), one.day.isoformat(), one.answered, wave.base, rate)


def _rise(wave: Progress, *, until: date) -> Rise:
    """Days of a window as parts of it."""
    long = (wave.closes - wave.opens).days

    def at(day: date) -> float:
        return min(1.0, max(0.0, ((day - wave.opens).days + 1) / long))

    return Rise([(at(one.day), one.answered / wave.base) for one in wave.days], at(until))


def _progress(
    session: Session,
    caller: Caller,
    asked: Asked,
    one: Fielded,
    counts: OutcomeCounts | None = None,
) -> Progress | None:
    """Of one questionnaire of a generation; None where nobody answered."""
    if counts is None:
        counts = unit_outcome_counts(
            session, caller.scope, asked.unit.id, one.cohort, one.questionnaire
        )
    of_wave = (session, caller.scope, asked.unit.id, one.cohort, one.questionnaire)
    days = unit_progress_over_time(*of_wave)
    window = window_of(*of_wave) if days and counts.frame else None
    if window is None:
        return None
    opens, closes = window
    return Progress(opens, closes, counts.frame, days)
