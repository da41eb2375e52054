"""A questionnaire as the phone's script wants it: rules as short JSON, without a word of HTML.

One version for each audience (technical programmes or not): items nobody of it is asked are not
sent. Conditions are the trees of expressions/syntax.py, so that there is one definition of truth.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from app.questionnaires.answers import Answers, read_preloaded
from app.questionnaires.expressions.evaluate import holds
from app.questionnaires.expressions.syntax import to_json
from app.questionnaires.expressions.types import Kind
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Bound, Choice, Item, ItemType, Language
from app.questionnaires.leaves import LONGEST_TEXT, Leaf, Role
from app.questionnaires.validation import EMAIL, sayings

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
Audiences: TypeAlias = frozenset[str]

# Numbers: they stand forty times in a document that must fit fourteen kilobytes.
KINDS = {Kind.CHOICE: 0, Kind.INTEGER: 1, Kind.MULTIPLE: 2, Kind.MONTH: 3, Kind.TEXT: 4}
# What is said of faults, in the order of `t`; the script knows them by their place.
CODES = (
    *(f"form_{kind.value}" for kind in KINDS),
    "required",
    "blank",
    "option",
    "max_marks",
    "length",
    "email",
    "phone",
    "pattern",
    "range",
    "month_min",
    "month_max",
)
_SPECIAL_TEXTS = {ItemType.PHONE: CODES.index("phone"), ItemType.EMAIL: CODES.index("email")}


def audiences_of(questionnaire: Questionnaire, preloaded: Answers) -> Audiences:
    """The audiences a person belongs to by what is known before the first question."""
    values = {
        name: read_preloaded(found.kind, preloaded.get(name))
        for name, found in questionnaire.preloaded_types.items()
    }
    return frozenset(name for name, tree in questionnaire.audiences.items() if holds(tree, values))


def asked_of(questionnaire: Questionnaire, audiences: Audiences) -> tuple[Item, ...]:
    """The items somebody of these audiences may be asked."""
    return tuple(
        item for item in questionnaire.items if item.applies is None or item.applies in audiences
    )


def compact(
    questionnaire: Questionnaire, audiences: Audiences, *, language: Language
) -> dict[str, Json]:
    """The rules of a questionnaire for these audiences.

    `i` items in order: `n` name, `s` step (if it is not the name), `c` relevant, `q` required,
    `e` ends, `k` constraint with its words `m`, `w` [when, words] of a warning, `u` prefill, `l`
    variables. `o` lists of options, each [code, exclusive, relevant] or the code alone. `t` what
    is said of faults (CODES). A variable: `n` name (if it is not the item's), `k` kind (KINDS),
    `o` list, `x` ways out, `a` and `z` bounds, `g` characters, `p` pattern, `y` the fault of a
    telephone or address, `m` marks, `r` 1 for the text beside "otro".
    """
    lists = _Lists()
    items = [
        _item(item, _leaves(questionnaire, item, audiences), lists, language)
        for item in asked_of(questionnaire, audiences)
    ]
    return {"i": items, "o": lists.found, "t": _words(language)}


class _Lists:
    """Lists of options, each once."""

    def __init__(self) -> None:
        self.found: list[Json] = []

    def place(self, choices: Iterable[Choice]) -> int:
        options: list[Json] = [_option(choice) for choice in choices]
        if options not in self.found:
            self.found.append(options)
        return self.found.index(options)


def _option(choice: Choice) -> Json:
    if choice.relevant is None and not choice.exclusive:
        return choice.code
    plain: list[Json] = [choice.code, int(choice.exclusive)]
    return plain if choice.relevant is None else [*plain, to_json(choice.relevant)]


def _words(language: Language) -> Json:
    said = sayings(language)
    return [said[code] for code in CODES]


def _leaves(questionnaire: Questionnaire, item: Item, audiences: Audiences) -> tuple[Leaf, ...]:
    return tuple(
        leaf
        for leaf in questionnaire.leaves[item.name]
        if leaf.applies is None or leaf.applies in audiences
    )


def _item(item: Item, leaves: Iterable[Leaf], lists: _Lists, language: Language) -> Json:
    rules: dict[str, Json] = {"n": item.name}
    if item.step is not None and item.step != item.name:
        rules["s"] = item.step
    for key, tree in (("c", item.relevant), ("e", item.ends), ("k", item.constraint)):
        if tree is not None:
            rules[key] = to_json(tree)
    if item.required:
        rules["q"] = 1
    if item.message is not None:
        rules["m"] = item.message.text(language)
    if item.warn is not None:
        rules["w"] = [to_json(item.warn.when), item.warn.message.text(language)]
    if item.prefill is not None:
        rules["u"] = item.prefill
    rules["l"] = [_leaf(leaf, lists) for leaf in leaves]
    return rules


def _leaf(leaf: Leaf, lists: _Lists) -> Json:
    special = _SPECIAL_TEXTS.get(leaf.type)
    long = leaf.kind is Kind.TEXT and leaf.longest != LONGEST_TEXT
    rules: dict[str, Json] = {
        "k": KINDS[leaf.kind],
        "n": None if leaf.name == leaf.item else leaf.name,
        "r": 1 if leaf.role is Role.OTHER else None,
        "o": lists.place(leaf.choices) if leaf.choices else None,
        "x": [way_out.value for way_out in leaf.exits] or None,
        "a": _bound(leaf.minimum),
        "z": _bound(leaf.maximum),
        "g": leaf.longest if long else None,
        "y": special,
        "p": EMAIL.pattern if leaf.type is ItemType.EMAIL else leaf.pattern,
        "m": leaf.max_marks,
    }
    return {key: rule for key, rule in rules.items() if rule is not None}


def _bound(bound: Bound | None) -> Json:
    return bound if bound is None or isinstance(bound, int) else to_json(bound)
