"""The shape of a questionnaire: the whole document and what follows from it alone.

The parts are in items.py; whole-document rules (names, references, reach) are in checks.py.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr, StringConstraints

from app.questionnaires.expressions.types import Kind, VariableType
from app.questionnaires.items import (
    Choice,
    Condition,
    Item,
    Label,
    Name,
    Page,
    Part,
    Preloaded,
    Row,
)
from app.questionnaires.leaves import Leaf, field_leaf, leaves_of
from app.questionnaires.plan import Plan, plan_of

_PRELOADED = {"choice": Kind.CHOICE, "truth": Kind.TRUTH, "date": Kind.DATE}


class Questionnaire(Part):
    """A whole questionnaire.

    reader.read makes checked ones; building one directly checks the shape of its parts only.
    """

    questionnaire: Annotated[StrictInt, Field(ge=1, le=3)]
    version: Annotated[StrictStr, StringConstraints(pattern=r"^[0-9]+\.[0-9]+$")]
    title: Label
    population: Label
    core: tuple[Name, ...]  # what must be answered for the outcome to be known
    preloaded: tuple[Preloaded, ...] = ()
    markers: tuple[Name, ...] = ()  # text pieces the system writes into labels
    audiences: Mapping[Name, Condition] = Field(default_factory=dict)
    lists: Mapping[Name, tuple[Choice, ...]] = Field(default_factory=dict)
    rows: Mapping[Name, tuple[Row, ...]] = Field(default_factory=dict)
    pages: tuple[Page, ...]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every item, in the order of the questionnaire."""
        return tuple(item for page in self.pages for item in page.items)

    @cached_property
    def leaves(self) -> Mapping[str, tuple[Leaf, ...]]:
        """The variables of each item, by the item's name."""
        return {item.name: self._leaves_of(item) for item in self.items}

    @cached_property
    def variables(self) -> Mapping[str, Leaf]:
        """Every variable an answer can be given to, by name, in order; none is preloaded."""
        return {leaf.name: leaf for leaves in self.leaves.values() for leaf in leaves}

    @cached_property
    def plan(self) -> Plan:
        """The questionnaire made ready to be walked."""
        return plan_of(self.pages, self.leaves, self.audiences)

    @cached_property
    def preloaded_types(self) -> Mapping[str, VariableType]:
        """How conditions see what is known before the first question."""
        return {
            known.name: VariableType(
                _PRELOADED[known.type], frozenset(str(code) for code in known.codes)
            )
            for known in self.preloaded
        }

    def choices_of(self, named: str | tuple[Choice, ...] | None) -> tuple[Choice, ...]:
        """The options a `choices` key means; none for a list that does not exist."""
        if named is None:
            return ()
        return self.lists.get(named, ()) if isinstance(named, str) else named

    def rows_of(self, item: Item) -> tuple[Row, ...]:
        """The rows of a matrix that this questionnaire asks."""
        listed = self.rows.get(item.rows, ()) if item.rows is not None else ()
        return tuple(row for row in listed if not item.only or row.name in item.only)

    def _leaves_of(self, item: Item) -> tuple[Leaf, ...]:
        fields = tuple(
            field_leaf(item, index, self.choices_of(part.choices))
            for index, part in enumerate(item.fields)
        )
        return leaves_of(item, self.choices_of(item.choices), self.rows_of(item), fields)
