"""Which variables an item stores: itself, its rows, its fields, and the text of "otro"."""

from dataclasses import dataclass
from enum import StrEnum

from app.questionnaires.expressions.types import Kind, VariableType
from app.questionnaires.items import (
    OTHER,
    Bound,
    Choice,
    Exit,
    Item,
    ItemType,
    Label,
    Row,
    Store,
)

LONGEST_TEXT = 200  # characters, where an item names no maximum
LONGEST_OTHER = 120
SCALE_TOP = 10
MANY_CODES = frozenset({ItemType.SELECT_MULTIPLE})
ONE_CODE = frozenset({ItemType.SELECT_ONE, ItemType.LIKERT, ItemType.MATRIX})

_KINDS = {
    ItemType.SELECT_ONE: Kind.CHOICE,
    ItemType.SELECT_MULTIPLE: Kind.MULTIPLE,
    ItemType.LIKERT: Kind.CHOICE,
    ItemType.MATRIX: Kind.CHOICE,
    ItemType.SCALE: Kind.INTEGER,
    ItemType.INTEGER: Kind.INTEGER,
    ItemType.MONTH: Kind.MONTH,
}
_OTHER_LABEL = Label(es="¿Cuál?", en="Which one?")


class Role(StrEnum):
    """What a variable is to its item."""

    WHOLE = "whole"
    ROW = "row"
    FIELD = "field"
    OTHER = "other"  # the text beside option 97


@dataclass(frozen=True, slots=True)
class Leaf:
    """One variable of a questionnaire, with all that decides which answers it takes."""

    name: str
    item: str
    role: Role
    type: ItemType
    kind: Kind
    label: Label
    store: Store
    choices: tuple[Choice, ...] = ()
    exits: tuple[Exit, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    longest: int = LONGEST_TEXT  # characters of a text
    pattern: str | None = None
    max_marks: int | None = None
    applies: str | None = None  # audience of a row, beside the item's own

    @property
    def variable_type(self) -> VariableType:
        """How conditions see it."""
        return VariableType(self.kind, frozenset(str(choice.code) for choice in self.choices))

    def choice(self, code: object) -> Choice | None:
        """The option with this code."""
        return next((choice for choice in self.choices if choice.code == code), None)


def leaves_of(
    item: Item, choices: tuple[Choice, ...], rows: tuple[Row, ...], fields: tuple[Leaf, ...]
) -> tuple[Leaf, ...]:
    """The variables of `item`, in the order they are asked.

    `choices`, `rows` and `fields` are what its keys mean in its questionnaire.
    """
    if item.type is ItemType.COMPOUND:
        return fields
    whole = _whole(item, choices)
    if item.type is ItemType.MATRIX:
        return tuple(_row(item, row, choices) for row in rows)
    return (whole, _other(item)) if whole.choice(OTHER) else (whole,)


def field_leaf(item: Item, index: int, choices: tuple[Choice, ...]) -> Leaf:
    """The variable of one field of a compound item."""
    part = item.fields[index]
    return Leaf(
        name=part.name,
        item=item.name,
        role=Role.FIELD,
        type=part.type,
        kind=_KINDS.get(part.type, Kind.TEXT),
        label=part.label,
        store=item.store,
        choices=choices,
        longest=part.max or LONGEST_TEXT,
        pattern=part.pattern,
    )


def _whole(item: Item, choices: tuple[Choice, ...]) -> Leaf:
    scale = item.type is ItemType.SCALE
    kind = _KINDS.get(item.type, Kind.TEXT)
    longest = item.max if kind is Kind.TEXT and isinstance(item.max, int) else LONGEST_TEXT
    return Leaf(
        name=item.name,
        item=item.name,
        role=Role.WHOLE,
        type=item.type,
        kind=kind,
        label=item.label,
        store=item.store,
        choices=choices,
        exits=item.exits,
        minimum=0 if scale else item.min,
        maximum=SCALE_TOP if scale else (None if kind is Kind.TEXT else item.max),
        longest=longest,
        pattern=item.pattern,
        max_marks=item.max_marks,
    )


def _row(item: Item, row: Row, choices: tuple[Choice, ...]) -> Leaf:
    return Leaf(
        name=f"{item.name}_{row.name}",
        item=item.name,
        role=Role.ROW,
        type=item.type,
        kind=Kind.CHOICE,
        label=Label(es=row.es, en=row.en),
        store=item.store,
        choices=choices,
        applies=row.applies,
    )


def _other(item: Item) -> Leaf:
    return Leaf(
        name=f"{item.name}_otro",
        item=item.name,
        role=Role.OTHER,
        type=ItemType.TEXT,
        kind=Kind.TEXT,
        label=_OTHER_LABEL,
        store=item.store,
        longest=LONGEST_OTHER,
    )
