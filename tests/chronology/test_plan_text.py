from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chronology.contact_plan import (
    BY_LINK,
    CLASS_FIRST,
    DEFAULT_PLANS,
    ContactPlan,
    SendingHours,
    Step,
    StepRule,
)
from app.chronology.plan_text import problems_of, read_plan, write_plan

HOURS = st.builds(
    SendingHours,
    opens=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    closes=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    preferred=st.none() | st.just(time(17)),
    weekdays_only=st.booleans(),
)
RULES = st.builds(lambda step, day: StepRule(step, day=day), st.sampled_from(Step), st.integers(0))
PLANS = st.builds(
    ContactPlan,
    rules=st.lists(RULES).map(tuple),
    most=st.integers(0, 9),
    gap=st.integers(0, 20),
    hours=HOURS,
)


@given(PLANS | st.sampled_from([BY_LINK, CLASS_FIRST]))
def test_a_plan_is_read_as_it_was_written(plan: ContactPlan) -> None:
    assert read_plan(write_plan(plan)) == plan


def test_the_default_plans_have_no_problem() -> None:
    assert [list(problems_of(plan)) for plan in DEFAULT_PLANS.values()] == [[], [], []]


@pytest.mark.parametrize(
    ("plan", "where"),
    [
        (replace(BY_LINK, rules=()), "invitation"),
        (replace(BY_LINK, rules=BY_LINK.rules[1:]), "invitation"),
        (
            replace(BY_LINK, rules=(BY_LINK.rules[0], StepRule(Step.REMINDER_1, day=0))),
            "reminder_1",
        ),
        (replace(BY_LINK, rules=(*BY_LINK.rules[:2], BY_LINK.rules[1])), "invitation"),
        (replace(BY_LINK, rules=(StepRule(Step.INVITATION, day=121),)), "invitation"),
        (replace(BY_LINK, most=7), "most"),
        (replace(BY_LINK, gap=0), "gap"),
        (replace(BY_LINK, hours=SendingHours(opens=time(8))), "opens"),
        (replace(BY_LINK, hours=SendingHours(closes=time(21))), "opens"),
        (replace(BY_LINK, hours=SendingHours(preferred=time(20))), "preferred"),
    ],
)
def test_a_plan_that_cannot_be_says_where(plan: ContactPlan, where: str) -> None:
    assert next(place for place, _ in problems_of(plan)) == where
