"""The answers of one person to one questionnaire, valid for the questionnaire's own engine.

Every variable gets a candidate, from the life (telling.py) or by weight; then flow.settle keeps
what the routing asks. No routing is written here, so a changed questionnaire stays consistent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.questionnaires.answers import EXITS, MissingCode, to_stored
from app.questionnaires.completion import COMPLETE_SHARE, Completion, completion
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import settle
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Item, Store
from app.questionnaires.leaves import Leaf, Role
from app.simulation.chance import Chance, happens, one_of, weighted, whole
from app.simulation.parameters import Parameters

OTHER_TEXTS = ("Otra cosa", "Una razón personal", "Algo distinto")
ABSENT = object()  # a candidate that the person never gives


@dataclass(frozen=True, slots=True)
class Answered:
    """A response as it ends up: answers for the answer table, marks of all the others.

    `elsewhere` are directory and consent answers as the person gave them.
    """

    answers: Mapping[str, object]
    elsewhere: Mapping[str, object]
    completion: Completion
    settled: Mapping[str, object]  # everything, preloaded values included
    seconds: int  # planned time of the items that were shown

    @property
    def says_something(self) -> bool:
        """Whether there is more than blanks and "no aplica" among the answers."""
        empty = (None, MissingCode.NOT_APPLICABLE)
        return any(value not in empty for value in self.answers.values())


def answer(
    questionnaire: Questionnaire,
    told: Mapping[str, object],
    *,
    mood: float,
    assumed: Parameters,
    chance: Chance,
    share: float = 1.0,
) -> Answered:
    """Answer a questionnaire, up to `share` of its items.

    Args:
        questionnaire: the published one.
        told: preloaded values, and the answers that follow from the person's life.
        mood: exponent of the draws on scales: below 1 is content.
        assumed: weights of all other answers.
        chance: where they are drawn from.
        share: 1 for a whole response; less for somebody who stops.
    """
    respondent = _Respondent(questionnaire, told, mood, assumed, chance)
    settled = settle(questionnaire, respondent.candidates())
    if share < 1.0:
        settled = _broken_off(questionnaire, settled, share)
    return _answered(questionnaire, settled, whole_path=share >= 1.0)


class _Respondent:
    """Draws a candidate for every variable."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        told: Mapping[str, object],
        mood: float,
        assumed: Parameters,
        chance: Chance,
    ) -> None:
        self._questionnaire, self._told, self._mood = questionnaire, told, mood
        self._assumed, self._chance = assumed, chance

    def candidates(self) -> dict[str, object]:
        told = self._told
        found = {name: told[name] for name in self._questionnaire.preloaded_types if name in told}
        for item in self._questionnaire.items:
            leaves = self._questionnaire.leaves[item.name]
            blank = self._blank(item)
            for leaf in leaves:
                found[leaf.name] = None if blank else self._candidate(item, leaf)
        return found

    def _blank(self, item: Item) -> bool:
        if item.required or item.name in self._told:
            return False
        return happens(self._chance, self._assumed.response.blank)

    def _candidate(self, item: Item, leaf: Leaf) -> object:
        told = self._told.get(leaf.name, ABSENT)
        if leaf.exits and happens(self._chance, self._assumed.response.way_out):
            return EXITS[one_of(self._chance, leaf.exits)]
        if told is not ABSENT:
            return told
        if leaf.role is Role.OTHER:
            return one_of(self._chance, OTHER_TEXTS)
        if leaf.kind in {Kind.CHOICE, Kind.INTEGER}:
            return self._code(item, leaf)
        return None

    def _code(self, item: Item, leaf: Leaf) -> int:
        number = self._questionnaire.questionnaire
        weights = self._assumed.weights_of(leaf.name, number)
        weights = weights or self._assumed.weights_of(item.name, number)
        if weights is None:  # a question nobody has thought about yet: all alike
            if leaf.kind is Kind.INTEGER:
                return whole(self._chance, _number(leaf.minimum, 0), _number(leaf.maximum, 10))
            return weighted({int(choice.code): 1.0 for choice in leaf.choices}).draw(self._chance)
        height = self._chance.random()
        return weights.at(height**self._mood if _is_scale(weights.codes) else height)


def _is_scale(codes: Sequence[int]) -> bool:
    """Whether codes go from bad to good: at least five in a row from 0 or 1."""
    return codes[:5] in {(1, 2, 3, 4, 5), (0, 1, 2, 3, 4)} and codes[-1] in {5, 10, 99}


def _number(bound: object, otherwise: int) -> int:
    return bound if isinstance(bound, int) else otherwise


def _broken_off(
    questionnaire: Questionnaire, settled: Mapping[str, object], share: float
) -> dict[str, object]:
    """The same answers up to a share of the items shown; "no aplica" only for what was passed."""
    order = {item.name: place for place, item in enumerate(questionnaire.items)}
    shown = sorted(
        {
            order[leaf.item]
            for name, leaf in questionnaire.variables.items()
            if settled.get(name, MissingCode.NOT_APPLICABLE) is not MissingCode.NOT_APPLICABLE
        }
    )
    last = shown[max(0, int(len(shown) * share) - 1)]
    before = {
        name: value
        for name, value in settled.items()
        if name not in questionnaire.variables or order[questionnaire.variables[name].item] <= last
    }
    again = settle(questionnaire, before)
    return {
        name: value
        for name, value in again.items()
        if name not in questionnaire.variables or order[questionnaire.variables[name].item] <= last
    }


def _answered(
    questionnaire: Questionnaire, settled: Mapping[str, object], *, whole_path: bool
) -> Answered:
    answers: dict[str, object] = {}
    elsewhere: dict[str, object] = {}
    shown: set[str] = set()
    counted: set[str] = set()
    blank: set[str] = set()
    for name, leaf in questionnaire.variables.items():
        if name not in settled:
            continue
        value = settled[name]
        applies = value is not MissingCode.NOT_APPLICABLE
        if applies:
            shown.add(leaf.item)
        if leaf.store is Store.RESPONSE:
            answers[name] = value
            counted.update((leaf.item,) if applies else ())
            blank.update((leaf.item,) if value is None else ())
        elif applies:
            elsewhere[name] = value
    seconds = sum(item.seconds for item in questionnaire.items if item.name in shown)
    # Nobody left a required item blank, so few blanks decide; asking is as dear as answering.
    few = Fraction(len(blank), max(1, len(counted))) <= 1 - COMPLETE_SHARE
    reached = Completion.COMPLETE if whole_path and few else completion(questionnaire, settled)
    return Answered(answers, elsewhere, reached, settled, seconds)


def mark_of(value: object) -> object:
    """What the path remembers of an answer that is kept elsewhere: its code, or that there is one.

    As responses.writing has it.
    """
    if isinstance(value, str):
        return True
    return to_stored(value).value if isinstance(value, MissingCode | int | tuple) else None
