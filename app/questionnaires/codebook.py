"""Variables and value labels of a questionnaire version, for files and their readers.

Only what is stored as a response: directory data and consents never reach analysis.
"""

from dataclasses import dataclass

from app.questionnaires.answers import EXITS, MissingCode
from app.questionnaires.expressions.syntax import show
from app.questionnaires.expressions.types import Kind
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Item, Language, Store
from app.questionnaires.leaves import Leaf, Role

MISSING_WORDS = {
    Language.SPANISH: {
        MissingCode.NOT_APPLICABLE: "No aplica",
        MissingCode.REFUSED: "Prefiere no contestar",
        MissingCode.DONT_KNOW: "No sabe o no recuerda",
    },
    Language.ENGLISH: {
        MissingCode.NOT_APPLICABLE: "Not applicable",
        MissingCode.REFUSED: "Prefers not to answer",
        MissingCode.DONT_KNOW: "Does not know or remember",
    },
}


@dataclass(frozen=True, slots=True)
class CodebookEntry:
    """One variable of a file."""

    name: str
    item: str
    label: str  # with markers as they stand: a file serves many people
    kind: Kind
    values: tuple[tuple[int | str, str], ...]  # code, label
    missing: tuple[tuple[int, str], ...]  # typed missings it may hold
    asked_if: str | None  # condition of the item
    free_text: bool  # never in microdata
    coding: str | None
    indicators: tuple[str, ...]


def codebook(
    questionnaire: Questionnaire, language: Language = Language.SPANISH
) -> tuple[CodebookEntry, ...]:
    """The variables that are stored as responses, in the order they are asked."""
    return tuple(
        _entry(item, leaf, language)
        for item in questionnaire.items
        if item.store is Store.RESPONSE
        for leaf in questionnaire.leaves[item.name]
    )


def _entry(item: Item, leaf: Leaf, language: Language) -> CodebookEntry:
    words = MISSING_WORDS[language]
    reasons = [MissingCode.NOT_APPLICABLE, *(EXITS[way_out] for way_out in leaf.exits)]
    own = leaf.label.text(language)
    label = own if leaf.role is Role.WHOLE else f"{item.label.text(language)} {own}"
    return CodebookEntry(
        name=leaf.name,
        item=item.name,
        label=label,
        kind=leaf.kind,
        values=tuple((choice.code, choice.text(language)) for choice in leaf.choices),
        missing=tuple((reason.value, words[reason]) for reason in reasons),
        asked_if=None if item.relevant is None else show(item.relevant),
        free_text=leaf.kind is Kind.TEXT,
        coding=item.coding,
        indicators=item.indicators,
    )
