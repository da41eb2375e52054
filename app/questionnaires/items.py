"""The parts of a questionnaire: items, options, rows, pages; what each key of a file may hold.

Keys are English, in the vocabulary of XLSForm; variable names are data and stay Spanish.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    Tag,
)
from pydantic_core import PydanticCustomError

from app.questionnaires.expressions.parser import ExpressionError, parse
from app.questionnaires.expressions.syntax import Condition as ConditionTree
from app.questionnaires.expressions.syntax import show

OTHER, REFUSED_CODE, DONT_KNOW_CODE = 97, 98, 99  # only in lists of options
LAST_OWN_CODE = 96


class ItemType(StrEnum):
    """What is asked for, which decides control, stored form and checks."""

    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    LIKERT = "likert"  # one row, five steps
    MATRIX = "matrix"  # several rows with one list, stacked in one step
    SCALE = "scale"  # 0 to 10
    INTEGER = "integer"
    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    MONTH = "month"
    CATALOGUE = "catalogue"  # a code of a catalogue, or free text where none matches
    COMPOUND = "compound"  # a few short fields in one step


class Store(StrEnum):
    """Where an answer is kept. Only RESPONSE reaches the answer table and analysis."""

    RESPONSE = "response"
    DIRECTORY = "directory"
    CONSENT = "consent"


class Exit(StrEnum):
    """A way out under an open item, shown as a button."""

    REFUSED = "nc"  # "Prefiero no contestar"
    DONT_KNOW = "ns"  # "No sé / no recuerdo"


class Language(StrEnum):
    """Languages every label has."""

    SPANISH = "es"
    ENGLISH = "en"


def _condition(text: object) -> ConditionTree:
    if not isinstance(text, str):
        raise PydanticCustomError(
            "expression.type", "Escriba la condición como texto, entre comillas.", {"column": 1}
        )
    try:
        return parse(text)
    except ExpressionError as error:
        raise PydanticCustomError(
            "expression",
            "{message}",
            {"message": error.mensaje, "column": error.column, "code": error.code},
        ) from error


Condition = Annotated[ConditionTree, PlainValidator(_condition), PlainSerializer(show)]
Name = Annotated[
    StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)
]
Words = Annotated[StrictStr, StringConstraints(min_length=1, max_length=600)]


class Part(BaseModel):
    """A frozen piece of a questionnaire; a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(Part):
    """A text in every language; may hold markers such as {lunes} (piping.py)."""

    es: Words
    en: Words

    def text(self, language: Language) -> str:
        return self.es if language is Language.SPANISH else self.en


class Choice(Label):
    """One option of a list. Codes 97, 98, 99: other, rather not say, don't know."""

    code: StrictInt | StrictStr
    relevant: Condition | None = None  # offered only then
    exclusive: StrictBool = False  # choosing it clears the others, and the other way round
    scian: tuple[StrictStr, ...] = ()  # sectors of the industry classification it stands for


class Row(Label):
    """One row of a matrix; its variable is `item_row`."""

    name: Name
    applies: Name | None = None


class Warn(Part):
    """A soft rule: said once, and the person may go on."""

    when: Condition
    message: Label


class Preloaded(Part):
    """A value known before the first question: from the roster, the directory or the calendar."""

    name: Name
    type: Literal["choice", "truth", "date"]
    codes: tuple[StrictInt | StrictStr, ...] = ()


class FieldPart(Part):
    """One field of a compound item; a variable of its own."""

    name: Name
    type: Literal[ItemType.TEXT, ItemType.PHONE, ItemType.SELECT_ONE]
    label: Label
    choices: Name | None = None
    max: StrictInt | None = None
    pattern: StrictStr | None = None


def _bound_form(bound: object) -> str:
    return "number" if isinstance(bound, int) else "condition"


def _choices_form(choices: object) -> str:
    return "named" if isinstance(choices, str) else "listed"


# The tags let an error point at one form instead of failing both.
Bound: TypeAlias = Annotated[
    Annotated[StrictInt, Tag("number")] | Annotated[Condition, Tag("condition")],
    Discriminator(_bound_form),
]
Choices: TypeAlias = Annotated[
    Annotated[Name, Tag("named")] | Annotated[tuple[Choice, ...], Tag("listed")],
    Discriminator(_choices_form),
]


class Item(Part):
    """One question: what is asked, of whom, and what an answer must meet."""

    name: Name
    type: ItemType
    label: Label
    hint: Label | None = None
    store: Store = Store.RESPONSE
    required: StrictBool = False
    applies: Name | None = None  # an audience of the document; everybody if absent
    relevant: Condition | None = None  # asked only then; over what was asked before
    choices: Choices = ()  # a list of the document, or its own
    rows: Name | None = None  # a row list of the document (matrix)
    only: tuple[Name, ...] = ()  # the rows asked in this wave; all if absent
    fields: tuple[FieldPart, ...] = ()  # parts of a compound
    min: Bound | None = None
    max: Bound | None = None  # of a number or month; length of a text
    max_marks: StrictInt | None = None
    pattern: StrictStr | None = None
    exits: tuple[Exit, ...] = ()
    constraint: Condition | None = None
    message: Label | None = None  # what the person reads if `constraint` fails
    warn: Warn | None = None
    ends: Condition | None = None  # the questionnaire ends here with a refusal
    step: Name | None = None  # neighbours with the same step are shown together
    prefill: Name | None = None  # an earlier variable, or its own name: the earlier questionnaire
    catalogue: StrictStr | None = None
    coding: StrictStr | None = None  # classification the text is coded to, after the interview
    seconds: Annotated[StrictInt, Field(ge=1, le=300)]  # planning estimate, to be calibrated
    indicators: tuple[StrictStr, ...] = ()


class Page(Part):
    """A stretch of the questionnaire with a title; its items are shown step by step."""

    name: Name
    title: Label
    items: tuple[Item, ...]
