"""The line of a wave: what share has answered by the end of each day.

Positions only; the template draws. Across, everything is a share of the window, so that the
drawing stretches and its letters do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from app.fieldwork.percents import in_percent
from app.fieldwork.queries import DayOfProgress
from app.web.render import say_date
from app.web.staff.wave_words import day_and_month

HEIGHT = 200  # pixels from 0 % to 100 %
TOP = 24  # pixels above the line of 100 %, for its letters
ACROSS = 1000  # units of the window in a path
LOW = 12  # percent under which letters would fall on the days


@dataclass(frozen=True, slots=True)
class Progress:
    """The days of one wave and the base of its rate; [opens, closes)."""

    opens: date
    closes: date
    base: int
    days: Sequence[DayOfProgress]


@dataclass(frozen=True, slots=True)
class HeightMark:
    """A level line with its words: `y` in pixels; `kind` is axis or rule."""

    y: int
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class DayMark:
    """A day under the drawing: `x` in percent of the window."""

    x: int
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """What the template draws. Paths are in 1000 × 200; the end of the line in percent, pixels."""

    title: str
    description: str
    path: str
    before: str
    levels: tuple[HeightMark, ...]
    days: tuple[DayMark, ...]
    end_x: int
    end_y: int
    words_y: int  # below the line, which only rises; above where there is no room
    end_words: str
    end_anchor: str


def line_chart(
    wave: Progress, *, today: date, target: int, before: Progress | None = None
) -> LineChart | None:
    """The drawing; None before anybody answered. `target` in percent.

    `before` is the same questionnaire of the generation before, day by day of its own window.
    """
    if not wave.days or not wave.base:
        return None
    last = min(max(today, wave.days[-1].day), wave.closes - timedelta(days=1))
    answered = wave.days[-1].answered
    share = int(in_percent(Fraction(answered, wave.base)))
    x = _across(wave, last) // 10
    return LineChart(
        title=(
            f"Respuestas acumuladas al {day_and_month(last)}: {share}\u00a0% "
            f"({answered:,} de {wave.base:,})"
        ),
        description=(
            f"Línea que sube de 0 a {answered:,} de {wave.base:,} respuestas entre el "
            f"{day_and_month(wave.opens)} y el {day_and_month(last)}. "
            f"La meta es {target}\u00a0%."
        ),
        path=_path(wave, until=last),
        before=""
        if before is None or not before.base or not before.days
        else _path(before, until=before.closes),
        levels=(
            HeightMark(_down(100), "100\u00a0%", "axis"),
            HeightMark(_down(target), f"Meta {target}\u00a0%", "rule"),
            HeightMark(_down(0), "", "axis"),
        ),
        days=_days(wave),
        end_x=x,
        end_y=_down(share),
        words_y=_down(share) + (22 if share > LOW else -12),
        end_words=f"{share}\u00a0%",
        end_anchor="end" if x > 80 else "start",
    )


def _across(wave: Progress, day: date) -> int:
    """Where the end of a day falls, in thousandths of the window."""
    passed = (day - wave.opens).days + 1
    return max(0, min(ACROSS, round(ACROSS * passed / (wave.closes - wave.opens).days)))


def _down(percent: int) -> int:
    return TOP + round(HEIGHT * (100 - percent) / 100)


def _path(wave: Progress, *, until: date) -> str:
    """Steps: the share stays where it is until somebody answers."""
    steps = ["M0 200"]
    for one in wave.days:
        y = round(HEIGHT * (1 - one.answered / wave.base), 1)
        steps.append(f"H{_across(wave, one.day)}V{y:g}")
    steps.append(f"H{_across(wave, until)}")
    return "".join(steps)


def _days(wave: Progress) -> tuple[DayMark, ...]:
    last = wave.closes - timedelta(days=1)
    middle = wave.opens + (last - wave.opens) // 2
    return (
        DayMark(0, say_date(wave.opens, "d MMM"), "start"),
        DayMark(50, say_date(middle, "d MMM"), "middle"),
        DayMark(100, say_date(last, "d MMM"), "end"),
    )
