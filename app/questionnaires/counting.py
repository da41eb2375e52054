"""From where on "question 3 of 12" is true, whatever is answered from there.

A count that changes under one's hands is worse than none, so it is said only on steps after which
nothing depends on an answer still to be given.
"""

from app.questionnaires.expressions.syntax import variables
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Item


def counted_steps(questionnaire: Questionnaire) -> frozenset[str]:
    """Names of the steps whose followers are certain as soon as they show."""
    names = dict.fromkeys(map(_step, questionnaire.items))
    place = {name: number for number, name in enumerate(names)}
    asked_at = dict.fromkeys(questionnaire.preloaded_types, -1)  # variable → place of its step
    for item in questionnaire.items:
        for leaf in questionnaire.leaves[item.name]:
            asked_at[leaf.name] = place[_step(item)]
    uncertain: set[int] = set()
    for item in questionnaire.items:
        here = place[_step(item)]
        if item.ends is not None:
            uncertain |= set(range(here + 1))
        if item.relevant is not None:
            decided = max((asked_at[name] for name in variables(item.relevant)), default=-1)
            uncertain |= set(range(min(decided + 1, here)))
    return frozenset(name for name, number in place.items() if number not in uncertain)


def _step(item: Item) -> str:
    return item.step or item.name
