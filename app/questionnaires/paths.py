"""How far a questionnaire can go: what nobody can reach, and the longest way through.

Exact over every branch: follows all combinations of answers at once, keeping of each only what
later conditions still look at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

from app.questionnaires.expressions.evaluate import Known, holds
from app.questionnaires.expressions.syntax import (
    Compare,
    Condition,
    Number,
    Selected,
    Text,
    Variable,
    variables,
    walk,
)
from app.questionnaires.expressions.types import Kind, VariableType
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Item
from app.questionnaires.leaves import Leaf

MOST_STATES = 20_000  # of answers that still matter; the three questionnaires stay under 1,000
MOST_MARKS = 6  # options of a list of marks that are tried in every combination


@dataclass(frozen=True, slots=True, order=True)
class Length:
    """Seconds by the planning estimate, and items seen."""

    seconds: int
    items: int

    def and_item(self, item: Item) -> "Length":
        return Length(self.seconds + item.seconds, self.items + 1)


@dataclass(slots=True)
class Reach:
    """What a whole run saw."""

    items: set[str] = field(default_factory=set)
    choices: set[tuple[str, int | str]] = field(
        default_factory=set
    )  # (variable, code) with `relevant`
    longest: Length = Length(0, 0)
    exhausted: bool = True  # False: too many branches to be sure


@dataclass(frozen=True, slots=True)
class _Use:
    """Positions of the first and the last item whose conditions read a variable."""

    first: int
    last: int


_NEVER = _Use(-1, -1)
_State = tuple[tuple[str, Known | None], ...]


def reach(questionnaire: Questionnaire) -> Reach:
    """Follow every way through `questionnaire`, whose references must be sound."""
    run = _Run(questionnaire)
    return run.follow()


def length(items: Iterable[Item]) -> Length:
    """Length of one person's path."""
    total = Length(0, 0)
    for item in items:
        total = total.and_item(item)
    return total


class _Run:
    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._literals = _literals(questionnaire)
        self._uses = _uses(questionnaire)
        self._seen = Reach()

    def follow(self) -> Reach:
        states: dict[_State, Length] = {(): Length(0, 0)}
        for index, item in enumerate(self._questionnaire.items):
            following: dict[_State, Length] = {}
            for values, so_far in self._with_preloaded(index, states):
                for answered, reached in self._through(item, values, so_far):
                    kept = self._still_read(answered, index)
                    following[kept] = max(reached, following.get(kept, reached))
            states = following
            if len(states) > MOST_STATES:
                self._seen.exhausted = False
                return self._seen
        self._seen.longest = max(states.values(), default=self._seen.longest)
        return self._seen

    def _still_read(self, values: Mapping[str, Known | None], index: int) -> _State:
        return tuple(
            (name, value)
            for name, value in values.items()
            if value is not None and self._uses.get(name, _NEVER).last > index
        )

    def _with_preloaded(
        self, index: int, states: Mapping[_State, Length]
    ) -> Iterator[tuple[dict[str, Known | None], Length]]:
        """The states, with each preloaded value that matters from here on: not a moment before."""
        types = {
            name: found
            for name, found in self._questionnaire.preloaded_types.items()
            if self._uses.get(name, _NEVER).first == index
        }
        domains = [self._domain(name, found) for name, found in types.items()]
        for state, so_far in states.items():
            for chosen in product(*domains):
                yield {**dict(state), **dict(zip(types, chosen, strict=True))}, so_far

    def _through(
        self, item: Item, values: dict[str, Known | None], so_far: Length
    ) -> Iterator[tuple[dict[str, Known | None], Length]]:
        """Each way one item can be answered, or that it is skipped."""
        if not self._applies(item, values):
            yield values, so_far
            return
        self._seen.items.add(item.name)
        longer = so_far.and_item(item)
        whole = self._questionnaire.leaves[item.name][:1]
        used = [leaf for leaf in self._questionnaire.leaves[item.name] if leaf.name in self._uses]
        self._note_offers(whole, values)
        for answered in self._answers(used, values):
            own = answered.get(item.name)
            if own is not None and item.constraint is not None:
                allowed = holds(item.constraint, answered, own)
            else:
                allowed = True
            if not allowed:
                continue
            if item.ends is not None and holds(item.ends, answered, own):
                self._seen.longest = max(self._seen.longest, longer)
                continue
            yield answered, longer

    def _applies(self, item: Item, values: Mapping[str, Known | None]) -> bool:
        audience = self._questionnaire.audiences
        return (item.applies is None or holds(audience[item.applies], values)) and (
            item.relevant is None or holds(item.relevant, values)
        )

    def _note_offers(self, leaves: tuple[Leaf, ...], values: Mapping[str, Known | None]) -> None:
        for leaf in leaves:
            for choice in leaf.choices:
                if choice.relevant is not None and holds(choice.relevant, values):
                    self._seen.choices.add((leaf.name, choice.code))

    def _answers(
        self, leaves: list[Leaf], values: dict[str, Known | None]
    ) -> Iterator[dict[str, Known | None]]:
        domains = [
            [
                value
                for value in self._domain(leaf.name, leaf.variable_type, leaf)
                if _offered(leaf, value, values)
            ]
            for leaf in leaves
        ]
        for chosen in product(*domains):
            yield {**values, **dict(zip((leaf.name for leaf in leaves), chosen, strict=True))}

    def _domain(
        self, name: str, found: VariableType, leaf: Leaf | None = None
    ) -> list[Known | None]:
        """Values that conditions can tell apart, and nothing."""
        literals = self._literals.get(name, set())
        match found.kind:
            case Kind.TRUTH:
                return [None, False, True]
            case Kind.CHOICE:
                codes = [choice.code for choice in leaf.choices] if leaf else sorted(found.codes)
                return [None, *codes]
            case Kind.MULTIPLE:
                return [None, *_marks(found, literals)]
            case Kind.INTEGER:
                near = {
                    int(text) + step for text in literals if text.isdecimal() for step in (-1, 0, 1)
                }
                return [None, *sorted(number for number in near | {1} if number >= 0)]
            case _:
                return [None, "1900-01", *sorted(literals), "2999-12"]


def _offered(leaf: Leaf, value: Known | None, values: Mapping[str, Known | None]) -> bool:
    choice = leaf.choice(value) if leaf.kind is Kind.CHOICE and value is not None else None
    return choice is None or choice.relevant is None or holds(choice.relevant, values)


def _marks(found: VariableType, literals: set[str]) -> list[tuple[int, ...]]:
    codes = sorted(int(code) for code in literals & found.codes)[:MOST_MARKS]
    others = sorted(int(code) for code in found.codes if int(code) not in codes)[:1]
    every = [*codes, *others]
    return [marks for size in range(1, len(every) + 1) for marks in combinations(every, size)]


def _conditions(questionnaire: Questionnaire) -> Iterator[tuple[int, Condition]]:
    """Every condition that decides a path, with the position of its item."""
    audiences = questionnaire.audiences
    for index, item in enumerate(questionnaire.items):
        own = (item.relevant, item.constraint, item.ends)
        offers = tuple(choice.relevant for choice in questionnaire.choices_of(item.choices))
        audience = audiences[item.applies] if item.applies is not None else None
        for condition in (*own, *offers, audience):
            if condition is not None:
                yield index, condition


def _uses(questionnaire: Questionnaire) -> dict[str, _Use]:
    """For each variable that some condition reads, the items that look at it."""
    uses: dict[str, _Use] = {}
    for index, condition in _conditions(questionnaire):
        for name in variables(condition):
            uses[name] = _Use(uses.get(name, _Use(index, index)).first, index)
    for index, item in enumerate(questionnaire.items):
        if item.constraint is not None or item.ends is not None:
            uses.setdefault(item.name, _Use(index, index))
    return uses


def _literals(questionnaire: Questionnaire) -> dict[str, set[str]]:
    """The fixed values each variable is compared with."""
    found: dict[str, set[str]] = {}
    for _, condition in _conditions(questionnaire):
        for part in walk(condition):
            if isinstance(part, Selected) and isinstance(part.operand, Variable):
                found.setdefault(part.operand.name, set()).add(part.code)
            if isinstance(part, Compare):
                sides = (part.left, part.right)
                texts = {str(side.value) for side in sides if isinstance(side, Number | Text)}
                for side in sides:
                    if isinstance(side, Variable):
                        found.setdefault(side.name, set()).update(texts)
    return found
