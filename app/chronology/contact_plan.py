"""Invitation and reminder days inside one field period.

The plans are data: which steps, on which day of the window, at which hours. What a step
says is a text of fieldwork; to whom it still goes is asked again before each send.
Source of the days: trust.md 4.4 (invitation, then days 4, 11 and 25), with a last call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from app.chronology.wave_plan import FieldPeriod


class Step(StrEnum):
    """The kinds of message, in the order in which a person may receive them."""

    INVITATION = "invitation"
    REMINDER_1 = "reminder_1"
    REMINDER_2 = "reminder_2"
    REMINDER_3 = "reminder_3"
    LAST_CALL = "last_call"


ORDER: Mapping[Step, int] = {step: position for position, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class StepRule:
    """When one step is due: `day` of the window (0 is its first), or days `before_close`.

    `before_close` 7 is the same day of the week as the first day on which no answer is
    taken, one week earlier.
    """

    step: Step
    day: int | None = None
    before_close: int | None = None

    def __post_init__(self) -> None:
        if (self.day is None) == (self.before_close is None):
            raise ValueError(f"{self.step} needs a day or a distance to the close, one of them")


@dataclass(frozen=True, slots=True)
class SendingHours:
    """Hours of the school's own zone: [opens, closes) allowed; on weekdays rather from `preferred`.

    The preference moves an hour and never a day: on Saturdays and Sundays what is due leaves as
    soon as the hours allow, and what the evening could not take leaves the next morning.
    `weekdays_only` lets Saturdays and Sundays out altogether (a choice of the institution:
    trust.md 4.3 finds no strong evidence for a weekday).
    """

    opens: time = time(9)
    closes: time = time(20)
    preferred: time | None = None
    weekdays_only: bool = False


EVENINGS = SendingHours(preferred=time(17))  # trust.md 4.3
WEEKDAY_EVENINGS = SendingHours(preferred=time(17), weekdays_only=True)


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """The steps of one questionnaire, earliest first; no more than `most` contacts a person."""

    rules: tuple[StepRule, ...]
    most: int = 6
    gap: int = 3  # days between two messages to one person
    hours: SendingHours = EVENINGS


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step on its civil date."""

    step: Step
    day: date


# Questionnaire 1 is answered in class; a personal link goes only to whom the class missed.
CLASS_FIRST = ContactPlan(
    (
        StepRule(Step.INVITATION, day=30),
        StepRule(Step.REMINDER_1, day=40),
        StepRule(Step.LAST_CALL, before_close=7),
    )
)
BY_LINK = ContactPlan(
    (
        StepRule(Step.INVITATION, day=0),
        StepRule(Step.REMINDER_1, day=4),
        StepRule(Step.REMINDER_2, day=11),
        StepRule(Step.REMINDER_3, day=25),
        StepRule(Step.LAST_CALL, before_close=7),
    )
)
DEFAULT_PLANS: Mapping[int, ContactPlan] = {1: CLASS_FIRST, 2: BY_LINK, 3: BY_LINK}


def planned_steps(plan: ContactPlan, period: FieldPeriod) -> tuple[PlannedStep, ...]:
    """The steps of `plan` that fall inside `period`, in order of their days.

    A window that was made short loses the steps that would fall outside it, or that would
    come after a later step: two steps never change places.
    """
    found: list[PlannedStep] = []
    for rule in plan.rules:
        day = _day_of(rule, period)
        if day not in period:
            continue
        while found and found[-1].day >= day:
            found.pop()
        found.append(PlannedStep(rule.step, day))
    return tuple(found)


def _day_of(rule: StepRule, period: FieldPeriod) -> date:
    if rule.day is not None:
        return period.opens + timedelta(days=rule.day)
    return period.closes - timedelta(days=rule.before_close or 0)
