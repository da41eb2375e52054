"""How far an answered questionnaire got: complete, partial, broken off, or nothing.

Whether *Terminar* was pressed does not matter. Source of the cuts: questions.md, `convenciones`
(after AAPOR's usual 50 and 80 %).
"""

from enum import StrEnum
from fractions import Fraction

from app.questionnaires.answers import Answers, Unreadable
from app.questionnaires.flow import Walk, walk
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Item, Store
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
    path = walk(questionnaire, answers)
    counted = [item for item in path.items if item.store is Store.RESPONSE]
    done = [item for item in counted if _answered(item, path)]
    if path.refused or not done:
        return Completion.NOTHING
    share = Fraction(len(done), len(counted))
    required = all(_answered(item, path) for item in path.items if item.required)
    if required and share >= COMPLETE_SHARE:
        return Completion.COMPLETE
    if core_known(questionnaire, answers) or share >= PARTIAL_SHARE:
        return Completion.PARTIAL
    return Completion.BREAK_OFF


def refused(questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether the privacy notice was answered with "No": the end, and a refusal."""
    return walk(questionnaire, answers).refused


def core_known(questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether the minimum core is answered: the person's outcome is known."""
    path = walk(questionnaire, answers)
    return all(path.values.get(name) is not None for name in questionnaire.core)


def _answered(item: Item, path: Walk) -> bool:
    asked = [
        leaf.name for leaf in path.leaves if leaf.item == item.name and leaf.role is not Role.OTHER
    ]
    return all(_given(path, name) for name in asked)


def _given(path: Walk, name: str) -> bool:
    answer = path.answers.get(name)
    return answer is not None and not isinstance(answer, Unreadable)
