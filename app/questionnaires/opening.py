"""The question with which a letter opens: what the questionnaire is about, to be tapped.

The first core question that everybody is asked and that has one answer of a list. Consent comes
before it on the page and is never in a letter: nobody has read the notice there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.questionnaires.format import Questionnaire
from app.questionnaires.items import ItemType, Language
from app.questionnaires.piping import fill, markers_in

OWN_CODES = range(1, 97)  # 97 opens a text, 98 and 99 are no answer to begin with
MOST_OPTIONS = 8


@dataclass(frozen=True, slots=True)
class OpeningQuestion:
    """One question and its options, each by its code."""

    variable: str
    label: str
    options: tuple[tuple[str, str], ...]

    def text_of(self, code: str) -> str:
        """The text of an option.

        Raises:
            KeyError: there is no such option.
        """
        return dict(self.options)[code]

    def has(self, code: str) -> bool:
        """Whether `code` is one of the options."""
        return any(code == known for known, _ in self.options)


def opening_question(
    questionnaire: Questionnaire, language: Language, pieces: Mapping[str, str]
) -> OpeningQuestion | None:
    """The opening question in `language`; None where there is none that can be said.

    `pieces`: the text pieces of the wave, for the markers of the labels.
    """
    item = next(
        (
            item
            for item in questionnaire.items
            if item.name in questionnaire.core and item.type is ItemType.SELECT_ONE
        ),
        None,
    )
    if item is None or item.relevant is not None or item.applies is not None:
        return None
    options = tuple(
        (str(choice.code), choice.text(language))
        for choice in questionnaire.choices_of(item.choices)
        if choice.relevant is None and choice.code in OWN_CODES
    )
    label = item.label.text(language)
    said = all(markers_in(text) <= pieces.keys() for text in (label, *dict(options).values()))
    if not said or not 1 < len(options) <= MOST_OPTIONS:
        return None  # and not the next question: it may lean on this one ("esa semana")
    filled = tuple((code, fill(text, pieces)) for code, text in options)
    return OpeningQuestion(item.name, fill(label, pieces), filled)
