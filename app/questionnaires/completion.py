"""How far an answered questionnaire got: complete, partial, broken off, or nothing.

Whether *Terminar* was pressed does not matter. Source of the cuts: questions.md, `convenciones`
(after AAPOR's usual 50 and 80 %).
"""

from enum import StrEnum
from fractions import Fraction

from app.questionnaires.answers import UNREADABLE, Answers
from app.questionnaires.flow import Walk, walk
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Store
from app.questionnaires.leaves import Role

COMPLETE_SHARE = Fraction(80, 100)  # of the items shown that store answers
PARTIAL_SHARE = Fraction(50, 100)


class Completion(StrEnum):
    """What the answers amount to; a refusal of the notice is told by `refused`."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    BREAK_OFF = "break_off"
    NOTHING = "nothing"


def completion(questionnaire: Questionnaire, answers: Answers) -> Completion:
    """What these answers amount to.

    98, 99 and the ways out count as answers; a blank does not. A matrix counts as one item,
    answered when all its rows are. Items that hold directory data or consents count only as
    required ones: nobody is incomplete for keeping a phone number private.
    """
    return completion_on(questionnaire, walk(questionnaire, answers))


def completion_on(questionnaire: Questionnaire, path: Walk) -> Completion:
    """`completion`, for who has walked already."""
    open_items = _unanswered(path)
    counted = [item.name for item in path.items if item.store is Store.RESPONSE]
    done = len(counted) - len(open_items.intersection(counted))
    if path.refused or not done:
        return Completion.NOTHING
    required = all(item.name not in open_items for item in path.items if item.required)
    if required and done >= COMPLETE_SHARE * len(counted):
        return Completion.COMPLETE
    if _core_known(questionnaire, path) or done >= PARTIAL_SHARE * len(counted):
        return Completion.PARTIAL
    return Completion.BREAK_OFF


def refused(questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether the privacy notice was answered with "No": the end, and a refusal."""
    return walk(questionnaire, answers).refused


def core_known(questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether the minimum core is answered: the person's outcome is known."""
    return _core_known(questionnaire, walk(questionnaire, answers))


def _core_known(questionnaire: Questionnaire, path: Walk) -> bool:
    return all(path.values.get(name) is not None for name in questionnaire.core)


def _unanswered(path: Walk) -> set[str]:
    """Items with a variable that has no answer; the text beside "otro" does not count."""
    answers = path.answers
    return {
        leaf.item
        for leaf in path.leaves
        if answers.get(leaf.name) in _NOT_GIVEN and leaf.role is not Role.OTHER
    }


_NOT_GIVEN = (None, UNREADABLE)
