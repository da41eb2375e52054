"""A questionnaire made ready to be walked: worked out once per version, used at every save.

Conditions are compiled (expressions.evaluate); what an item, a variable or a step always is stands
beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.questionnaires.expressions.evaluate import Test, Values, compiled
from app.questionnaires.expressions.syntax import And, Condition, Selected, Variable
from app.questionnaires.expressions.types import Kind
from app.questionnaires.items import OTHER, Choice, Item, Page
from app.questionnaires.leaves import Leaf, Role


@dataclass(frozen=True, slots=True)
class Offer:
    """The options of a variable that are open, and their codes."""

    choices: tuple[Choice, ...]
    codes: frozenset[int | str]


@dataclass(frozen=True, slots=True)
class PlannedLeaf:
    """One variable, asked wherever its item is, or only then."""

    leaf: Leaf
    asked: Test | None
    offer: Offer  # every option
    conditions: tuple[Test | None, ...]  # of the options; none where no option has one
    one_code: bool

    def offered(self, values: Values) -> Offer:
        """The options that these values leave open."""
        if not self.conditions:
            return self.offer
        pairs = zip(self.offer.choices, self.conditions, strict=True)
        return _offer(choice for choice, test in pairs if test is None or test(values, None))


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One item with its variables; `ends` looks at its own answer."""

    item: Item
    step: str
    page: str
    applies: Test | None
    leaves: tuple[PlannedLeaf, ...]
    ends: Test | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every item in order, and where each step begins and ends among them."""

    items: tuple[PlannedItem, ...]
    by_name: Mapping[str, PlannedItem]
    steps: Mapping[str, tuple[Item, ...]]  # every item a step may hold
    first: Mapping[str, int]  # place of its first item
    last: Mapping[str, int]


def plan_of(
    pages: Iterable[Page],
    leaves: Mapping[str, tuple[Leaf, ...]],
    audiences: Mapping[str, Condition],
) -> Plan:
    """The plan of a questionnaire's parts; `leaves` by the name of their item."""
    items = tuple(
        PlannedItem(
            item=item,
            step=item.step or item.name,
            page=page.name,
            applies=_both(audiences[item.applies] if item.applies else None, item.relevant),
            leaves=tuple(_planned(leaf, audiences) for leaf in leaves[item.name]),
            ends=_test(item.ends),
        )
        for page in pages
        for item in page.items
    )
    names = list(dict.fromkeys(each.step for each in items))
    order = [each.step for each in items]
    return Plan(
        items=items,
        by_name={each.item.name: each for each in items},
        steps={name: tuple(each.item for each in items if each.step == name) for name in names},
        first={name: order.index(name) for name in names},
        last={name: len(order) - 1 - order[::-1].index(name) for name in names},
    )


def _planned(leaf: Leaf, audiences: Mapping[str, Condition]) -> PlannedLeaf:
    tests = tuple(_test(choice.relevant) for choice in leaf.choices)
    asked: Test | None = None
    if leaf.role is Role.OTHER:
        asked = compiled(Selected(Variable(leaf.item), str(OTHER)))
    elif leaf.applies is not None:
        asked = compiled(audiences[leaf.applies])
    conditions = tests if any(tests) else ()
    return PlannedLeaf(leaf, asked, _offer(leaf.choices), conditions, leaf.kind is Kind.CHOICE)


def _offer(choices: Iterable[Choice]) -> Offer:
    found = tuple(choices)
    return Offer(found, frozenset(choice.code for choice in found))


def _test(condition: Condition | None) -> Test | None:
    return None if condition is None else compiled(condition)


def _both(first: Condition | None, second: Condition | None) -> Test | None:
    conditions = tuple(each for each in (first, second) if each is not None)
    return compiled(And(conditions)) if conditions else None
