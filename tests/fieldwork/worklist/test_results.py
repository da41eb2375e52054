"""Plain words, AAPOR's codes and the moves of a case: one table, checked row by row."""

import pytest

from app.fieldwork.dispositions import Disposition, Outcome, may_follow, outcome
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.wanted import AWAITED
from app.fieldwork.worklist.results import (
    RULES,
    AttemptResult,
    Channel,
    Effect,
    first_choices,
    may_be_said,
    other_choices,
)

R, D = AttemptResult, Disposition
# Result, AAPOR's code, the group of a confirmed graduate who had been invited.
TABLE = [
    (R.SENT, "2.20", Outcome.NON_CONTACT),
    (R.WILL_ANSWER, "2.20", Outcome.NON_CONTACT),
    (R.NO_ANSWER, "2.21", Outcome.NON_CONTACT),
    (R.MESSAGE_LEFT, "2.22", Outcome.NON_CONTACT),
    (R.CALL_AGAIN, "2.21", Outcome.NON_CONTACT),
    (R.WRONG_NUMBER, "2.20", Outcome.NON_CONTACT),
    (R.REFUSED, "2.111", Outcome.REFUSAL),
    (R.NO_MESSAGES, "2.20", Outcome.NON_CONTACT),
    (R.DECEASED, "2.31", Outcome.OTHER),
    (R.UNABLE, "2.32", Outcome.OTHER),
    (R.DID_NOT_GRADUATE, "4.10", Outcome.NON_CONTACT),  # until the school confirms it
    (R.LISTED_TWICE, "4.81", Outcome.NON_CONTACT),
]


@pytest.mark.parametrize(("result", "code", "group"), TABLE, ids=[row[0].value for row in TABLE])
def test_each_result_has_its_code_and_its_group(
    result: AttemptResult, code: str, group: Outcome
) -> None:
    rule = RULES[result]

    assert rule.aapor == code
    assert outcome(rule.leads_to or D.INVITED, eligibility_confirmed=True) is group


def test_every_result_is_in_the_table() -> None:
    assert set(RULES) == set(R)
    # Not of the person themselves: what was not done, an interview, and whoever is close.
    aside = {R.NOT_MADE, R.INTERVIEWED, R.RELAYED, R.OTHER_REFUSED}
    assert {row[0] for row in TABLE} == set(R) - aside
    assert all(RULES[one].leads_to is None for one in aside)


def test_an_ending_follows_whatever_was_awaited() -> None:
    endings = {rule.leads_to for rule in RULES.values()} - {None, D.INVITED}
    assert endings == {D.REFUSED, D.OTHER}
    assert all(may_follow(current, end) for current in AWAITED for end in endings if end)


def test_nobody_leaves_the_denominator_by_a_tap() -> None:
    doubts = {one for one in R if RULES[one].effect is Effect.DOUBTS_ELIGIBILITY}

    assert all(rule.leads_to is not D.NOT_ELIGIBLE for rule in RULES.values())
    assert {RULES[one].doubt for one in doubts} == {Ineligibility.DENIED, Ineligibility.DUPLICATE}


@pytest.mark.parametrize("channel", Channel)
def test_what_a_channel_may_tell(channel: Channel) -> None:
    offered = (*first_choices(channel), *other_choices())

    assert len(offered) == len(set(offered))
    assert {one for one in R if may_be_said(channel, one)} == set(offered)
    assert not {R.INTERVIEWED, R.RELAYED, R.OTHER_REFUSED} & set(offered)
