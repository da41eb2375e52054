"""Which items apply, which step is next, and which answers may stay.

One pass from the first item to the last: a condition looks only backwards (checks.py), at answers
that themselves apply, so nothing an answer opened survives when that answer goes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.questionnaires.answers import (
    Answer,
    Answers,
    MissingCode,
    Unreadable,
    known,
    read_answer,
    read_preloaded,
)
from app.questionnaires.expressions.evaluate import Known
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Choice, Item, Store
from app.questionnaires.leaves import Leaf, Role
from app.questionnaires.plan import Offer, PlannedItem, PlannedLeaf


@dataclass(frozen=True, slots=True)
class Step:
    """What is shown together: one item, or one tight group."""

    name: str
    page: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """The questionnaire as these answers make it."""

    items: tuple[Item, ...]  # that apply, in order
    leaves: tuple[Leaf, ...]  # their variables that apply
    answers: Mapping[str, Answer | Unreadable]  # of those variables, where given and still offered
    values: Mapping[str, Known | None]  # what conditions see
    offered: Mapping[str, tuple[Choice, ...]]  # options of each variable that apply
    refused: bool  # ended by an answer to an item with `ends`


def walk(questionnaire: Questionnaire, answers: Answers, before: Answers | None = None) -> Walk:
    """Follow the questionnaire from its first item with these answers.

    `before`: the answers settled last time, which tell whether an exclusive option was marked now
    or earlier.
    """
    path = _Path(questionnaire, answers, before or {})
    for planned in questionnaire.plan.items:
        if planned.applies is None or planned.applies(path.values, None):
            path.take(planned)
            if path.refused:
                break
    return Walk(
        items=tuple(path.items),
        leaves=tuple(path.leaves),
        answers=path.answers,
        values=path.values,
        offered=path.offered,
        refused=path.refused,
    )


def relevant(questionnaire: Questionnaire, answers: Answers) -> tuple[str, ...]:
    """Names of the items that apply now, in order; after a matrix, its rows as `item_row`.

    `answers` holds preloaded values too (`tipo_bachillerato`, `celular_previo`, …).
    """
    path = walk(questionnaire, answers)
    names: dict[str, None] = {}
    for item in path.items:
        names[item.name] = None
        names.update((leaf.name, None) for leaf in path.leaves if leaf.item == item.name)
    return tuple(names)


def settle(
    questionnaire: Questionnaire, answers: Answers, before: Answers | None = None
) -> dict[str, object]:
    """The answers that may be kept: no orphan stays, exclusive options stand alone.

    Variables that do not apply hold NOT_APPLICABLE; those that apply and have no answer yet are
    absent. After a refusal nothing but what led to it remains. Preloaded values stay as they
    were; names the questionnaire does not have are dropped. Unreadable data stays, for
    validation to refuse. `before` as in `walk`.
    """
    return settled(questionnaire, answers, walk(questionnaire, answers, before))


def settled(questionnaire: Questionnaire, answers: Answers, path: Walk) -> dict[str, object]:
    """`settle`, for who has walked already: `path` is the walk of these answers."""
    kept: dict[str, object] = {
        name: answers[name] for name in questionnaire.preloaded_types if name in answers
    }
    applying = {leaf.name for leaf in path.leaves}
    for name in questionnaire.variables:
        if name in path.answers:
            answer = path.answers[name]
            kept[name] = answers[name] if isinstance(answer, Unreadable) else answer
        elif name not in applying and not path.refused:
            kept[name] = MissingCode.NOT_APPLICABLE
    return kept


def without_clash(leaf: Leaf, before: Known | None, marks: tuple[int, ...]) -> tuple[int, ...]:
    """`marks` with exclusive options alone.

    The exclusive option wins if it was marked now; the others win if it was there before.
    """
    exclusive = {choice.code for choice in leaf.choices if choice.exclusive}
    alone = [mark for mark in marks if mark in exclusive]
    if not alone or len(marks) == 1:
        return marks
    earlier = set(before) if isinstance(before, tuple) else set()
    fresh = [mark for mark in alone if mark not in earlier]
    if fresh:
        return (fresh[0],)
    rest = tuple(mark for mark in marks if mark not in exclusive)
    return rest or (alone[0],)


def steps(questionnaire: Questionnaire, answers: Answers) -> tuple[Step, ...]:
    """The steps of this person's path, as far as the answers tell."""
    return steps_on(questionnaire, walk(questionnaire, answers))


def steps_on(questionnaire: Questionnaire, path: Walk) -> tuple[Step, ...]:
    """`steps`, for who has walked already."""
    found: list[Step] = []
    for item in path.items:
        planned = questionnaire.plan.by_name[item.name]
        if found and found[-1].name == planned.step:
            found[-1] = Step(planned.step, planned.page, (*found[-1].items, item))
        else:
            found.append(Step(planned.step, planned.page, (item,)))
    return tuple(found)


def step_on(questionnaire: Questionnaire, path: Walk, name: str) -> Step | None:
    """The step of this name, for who needs no other; None where it is not on the path."""
    by_name = questionnaire.plan.by_name
    items = tuple(item for item in path.items if by_name[item.name].step == name)
    return Step(name, by_name[items[0].name].page, items) if items else None


def step_beyond(questionnaire: Questionnaire, path: Walk, after: str) -> Step | None:
    """`next_step`, for who has walked already."""
    plan = questionnaire.plan
    last = plan.last.get(after, -1)
    names = (plan.by_name[item.name].step for item in path.items)
    following = next((name for name in names if plan.first[name] > last), None)
    return None if following is None else step_on(questionnaire, path, following)


def next_step(
    questionnaire: Questionnaire, answers: Answers, after: str | None = None
) -> Step | None:
    """The step after the one named; the first one for None; None at the end.

    A step that answers have meanwhile closed counts by its place in the questionnaire.
    """
    return step_beyond(questionnaire, walk(questionnaire, answers), after or "")


def first_unanswered(questionnaire: Questionnaire, answers: Answers) -> Step | None:
    """Where to resume: the first step with a variable that was never asked; None if all were.

    A blank that was kept (None) counts as asked.
    """
    kept = settle(questionnaire, answers)
    for step in steps(questionnaire, kept):
        for item in step.items:
            asked = [
                leaf for leaf in questionnaire.leaves[item.name] if leaf.role is not Role.OTHER
            ]
            if any(leaf.name not in kept for leaf in asked):
                return step
    return None


def by_store(questionnaire: Questionnaire, answers: Answers) -> dict[Store, dict[str, object]]:
    """Answers split by where they are kept; only RESPONSE may reach the answer table."""
    split: dict[Store, dict[str, object]] = {store: {} for store in Store}
    for name, leaf in questionnaire.variables.items():
        if name in answers:
            split[leaf.store][name] = answers[name]
    return split


class _Path:
    """The pass itself: what was taken so far."""

    def __init__(self, questionnaire: Questionnaire, raw: Answers, before: Answers) -> None:
        self._questionnaire = questionnaire
        self._raw = raw
        self._before = before
        self.items: list[Item] = []
        self.leaves: list[Leaf] = []
        self.answers: dict[str, Answer | Unreadable] = {}
        self.values: dict[str, Known | None] = {
            name: read_preloaded(found.kind, raw.get(name))
            for name, found in questionnaire.preloaded_types.items()
        }
        self.offered: dict[str, tuple[Choice, ...]] = {}
        self.refused = False

    def take(self, planned: PlannedItem) -> None:
        self.items.append(planned.item)
        for leaf in planned.leaves:
            if leaf.asked is None or leaf.asked(self.values, None):
                self._take_leaf(leaf)
        if planned.ends is not None:
            self.refused = planned.ends(self.values, self.values.get(planned.item.name))

    def _take_leaf(self, planned: PlannedLeaf) -> None:
        leaf, offer = planned.leaf, planned.offer
        name, answer = leaf.name, None
        if planned.conditions:
            offer = planned.offered(self.values)
        self.leaves.append(leaf)
        self.offered[name] = offer.choices
        if name in self._raw:
            answer = read_answer(leaf, self._raw[name])
            if planned.conditions:
                answer = _still_offered(planned, answer, offer)
            if isinstance(answer, tuple):
                earlier = known(read_answer(leaf, self._before.get(name)))
                answer = without_clash(leaf, earlier, answer)
            # The system writes -1; an item that applies was only not asked yet.
            if answer is not MissingCode.NOT_APPLICABLE:
                self.answers[name] = answer
        self.values[name] = None if answer is None else _seen(planned, offer, known(answer))


def _seen(planned: PlannedLeaf, offer: Offer, answer: Known | None) -> Known | None:
    """What conditions see of an answer: a code that is no option is nothing."""
    if planned.one_code:
        return answer if answer in offer.codes else None
    if isinstance(answer, tuple):
        return tuple(mark for mark in answer if mark in offer.codes) or None
    return answer


def _still_offered(
    planned: PlannedLeaf, answer: Answer | Unreadable, offer: Offer
) -> Answer | Unreadable:
    """Clear an option that earlier answers have closed; leave unknown codes to validation."""
    closed = planned.offer.codes - offer.codes
    if planned.one_code and answer in closed:
        return MissingCode.NOT_APPLICABLE
    if isinstance(answer, tuple) and closed.intersection(answer):
        return tuple(mark for mark in answer if mark not in closed) or None
    return answer
