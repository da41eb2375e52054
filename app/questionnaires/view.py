"""A step as a template needs it: words, options, what is filled in. No HTML, no decisions left.

Language chosen, markers written, options that do not apply gone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.questionnaires.answers import EXITS, Answer, Answers, MissingCode, Unreadable
from app.questionnaires.counting import counted_steps
from app.questionnaires.expressions.evaluate import MONTH, Known
from app.questionnaires.expressions.syntax import Variable
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import Step, Walk, steps, walk
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Bound, Choice, Exit, Item, ItemType, Label, Language
from app.questionnaires.leaves import Leaf, Role
from app.questionnaires.piping import fill
from app.questionnaires.validation import Issue

LONG_TEXT = 160  # characters from which a text gets several lines
EXIT_WORDS = {
    Exit.REFUSED: Label(es="Prefiero no contestar", en="I'd rather not say"),
    Exit.DONT_KNOW: Label(es="No sé o no recuerdo", en="I don't know or remember"),
}


class Control(StrEnum):
    """How a variable is filled in."""

    RADIO = "radio"
    CHECKBOX = "checkbox"
    SCALE = "scale"
    NUMBER = "number"
    TEXT = "text"
    LONG_TEXT = "long_text"
    PHONE = "phone"
    EMAIL = "email"
    MONTH = "month"
    CATALOGUE = "catalogue"


_CONTROLS = {
    ItemType.SELECT_ONE: Control.RADIO,
    ItemType.LIKERT: Control.RADIO,
    ItemType.MATRIX: Control.RADIO,
    ItemType.SELECT_MULTIPLE: Control.CHECKBOX,
    ItemType.SCALE: Control.SCALE,
    ItemType.INTEGER: Control.NUMBER,
    ItemType.PHONE: Control.PHONE,
    ItemType.EMAIL: Control.EMAIL,
    ItemType.MONTH: Control.MONTH,
    ItemType.CATALOGUE: Control.CATALOGUE,
}


@dataclass(frozen=True, slots=True)
class OptionView:
    """One option; `value` is what the form sends."""

    value: str
    label: str
    checked: bool
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One variable: its control, its words and what is in it now."""

    name: str
    control: Control
    label: str
    options: tuple[OptionView, ...]
    exits: tuple[OptionView, ...]
    value: str  # as typed, for open questions
    minimum: str  # "" where there is no bound; months as "2026-07"
    maximum: str
    longest: int  # characters of a text
    pattern: str
    max_marks: int | None
    beside_other: bool  # the text that belongs to option 97
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item: its label above one or more variables."""

    name: str
    type: ItemType
    label: str
    hint: str
    required: bool
    catalogue: str  # whose entries are suggested; "" for none
    prefilled: bool  # shows an earlier answer, to be confirmed
    questions: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """What one page of the questionnaire shows."""

    name: str
    page: str
    title: str
    position: int  # from 1, on this person's path as known so far
    total: int
    counted: bool  # position and total stay true whatever is answered from here
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """In which language, and with which text pieces."""

    pieces: Mapping[str, str]
    language: Language = Language.SPANISH

    def say(self, label: Label | None) -> str:
        return "" if label is None else fill(label.text(self.language), self.pieces)


def step_view(
    questionnaire: Questionnaire,
    step: Step,
    answers: Answers,
    *,
    wording: Wording,
    issues: Sequence[Issue] = (),
    earlier: Mapping[str, Answer] | None = None,
) -> StepView:
    """The step with these answers in it.

    `earlier`: answers of the questionnaire before, for items that are only confirmed.
    """
    path = walk(questionnaire, answers)
    ahead = [each.name for each in steps(questionnaire, answers)]
    page = next(page for page in questionnaire.pages if page.name == step.page)
    drawing = _Drawing(questionnaire, path, answers, wording, issues, earlier or {})
    return StepView(
        name=step.name,
        page=page.name,
        title=wording.say(page.title),
        position=ahead.index(step.name) + 1 if step.name in ahead else 1,
        total=len(ahead),
        counted=step.name in counted_steps(questionnaire),
        items=tuple(drawing.item(item) for item in step.items),
    )


def whole_steps(
    questionnaire: Questionnaire,
    items: Sequence[Item],
    leaves: Collection[str],
    *,
    wording: Wording,
) -> tuple[StepView, ...]:
    """Every step these items make, whoever is asked: all options, no answers.

    `leaves`: names of the variables to draw. For a phone that takes the questionnaire with it.
    """
    drawn = tuple(leaf for leaf in questionnaire.variables.values() if leaf.name in leaves)
    path = Walk(tuple(items), drawn, {}, {}, {leaf.name: leaf.choices for leaf in drawn}, False)
    drawing = _Drawing(questionnaire, path, {}, wording, (), {})
    found: list[StepView] = []
    counted = counted_steps(questionnaire)
    for page in questionnaire.pages:
        for item in (item for item in page.items if item in items):
            name = item.step or item.name
            before = found.pop().items if found and found[-1].name == name else ()
            title = wording.say(page.title)
            place, drawn_items = len(found) + 1, (*before, drawing.item(item))
            found.append(StepView(name, page.name, title, place, 0, name in counted, drawn_items))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What every part of one step needs to know."""

    questionnaire: Questionnaire
    path: Walk
    answers: Answers
    wording: Wording
    issues: Sequence[Issue]
    earlier: Mapping[str, Answer]

    def item(self, item: Item) -> ItemView:
        # The text of "otro" is drawn although 97 is not chosen yet: without a script it could
        # not appear afterwards.
        suggested = self._suggestion(item)
        return ItemView(
            name=item.name,
            type=item.type,
            label=self.wording.say(item.label),
            hint=self.wording.say(item.hint),
            required=item.required,
            catalogue=item.catalogue or "",
            prefilled=suggested is not None,
            questions=tuple(self._question(leaf, suggested) for leaf in self._leaves(item)),
        )

    def _leaves(self, item: Item) -> tuple[Leaf, ...]:
        applying = {leaf.name for leaf in self.path.leaves}
        return tuple(
            leaf
            for leaf in self.questionnaire.leaves[item.name]
            if leaf.name in applying or leaf.role is Role.OTHER
        )

    def _suggestion(self, item: Item) -> Known | None:
        """An earlier answer to start from, where there is no own one."""
        if item.prefill is None or item.name in self.path.answers:
            return None
        if item.prefill == item.name:
            found = self.earlier.get(item.name)
            return None if isinstance(found, MissingCode) else found
        return self.path.values.get(item.prefill)

    def _question(self, leaf: Leaf, suggested: Known | None) -> QuestionView:
        answer: Answer | Unreadable = self.path.answers.get(leaf.name, suggested)
        long_text = leaf.type is ItemType.TEXT and leaf.longest > LONG_TEXT
        usual = Control.LONG_TEXT if long_text else Control.TEXT
        return QuestionView(
            name=leaf.name,
            control=_CONTROLS.get(leaf.type, usual),
            label=self.wording.say(leaf.label),
            options=tuple(
                self._option(choice, answer) for choice in self.path.offered.get(leaf.name, ())
            ),
            exits=tuple(
                OptionView(
                    way_out.value, self.wording.say(EXIT_WORDS[way_out]), EXITS[way_out] is answer
                )
                for way_out in leaf.exits
            ),
            value=self._typed(leaf, answer),
            minimum=self._bound(leaf, leaf.minimum),
            maximum=self._bound(leaf, leaf.maximum),
            longest=leaf.longest,
            pattern=leaf.pattern or "",
            max_marks=leaf.max_marks,
            beside_other=leaf.role is Role.OTHER,
            messages=tuple(issue.message for issue in self.issues if issue.variable == leaf.name),
        )

    def _option(self, choice: Choice, answer: Answer | Unreadable) -> OptionView:
        chosen = choice.code in answer if isinstance(answer, tuple) else choice.code == answer
        return OptionView(
            str(choice.code), self.wording.say(choice), checked=chosen, exclusive=choice.exclusive
        )

    def _typed(self, leaf: Leaf, answer: Answer | Unreadable) -> str:
        """Open answers as text; what could not be read, as it was typed."""
        if isinstance(answer, Unreadable):
            raw = self.answers.get(leaf.name)
            return raw if isinstance(raw, str) else ""
        if leaf.kind in {Kind.CHOICE, Kind.MULTIPLE} or answer is None:
            return ""
        return "" if isinstance(answer, MissingCode) else str(answer)

    def _bound(self, leaf: Leaf, bound: Bound | None) -> str:
        if isinstance(bound, int):
            return str(bound)
        if not isinstance(bound, Variable):
            return ""
        known = self.path.values.get(bound.name)
        text = "" if known is None else str(known)
        return text[:MONTH] if leaf.kind is Kind.MONTH else text
