"""What each respondent template receives."""

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from app.questionnaires.view import StepView
from app.responses.queries import OwnAnswer
from app.web.render import Page


@dataclass(frozen=True, slots=True)
class Field:
    """A hidden field of a form."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend, with the place it is at."""

    anchor: str
    message: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The short privacy notice, and where the full one is."""

    paragraphs: tuple[str, ...]
    url: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One stored datum, shown to be checked."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class MonthParts:
    """A month as two controls hold it: "7" and "2026"; "" where nothing is chosen."""

    month: str
    year: str
    months: tuple[tuple[str, str], ...]  # number and name


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """Another language that the questionnaire can be read in."""

    code: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class StartPage(Page):
    """Before anything: whose questionnaire, how long, what happens with the answers."""

    template: ClassVar[str] = "respondent/start.html"
    title: str
    school: str
    minutes: int
    closes: str
    notice: Notice
    token: str
    tapped: str  # code of the option tapped in a letter; "" for none
    tapped_text: str
    language: str
    others: tuple[LanguageChoice, ...]


@dataclass(frozen=True, slots=True)
class StepPage(Page):
    """One question, or one tight group."""

    template: ClassVar[str] = "respondent/step.html"
    title: str
    school: str
    step: StepView
    progress: str  # "Pregunta 3 de 12", or "" where that could change
    hidden: tuple[Field, ...]
    button: str
    back_url: str | None  # with cookies
    back_fields: tuple[Field, ...]  # without: the form of a button
    problems: tuple[Problem, ...]
    asks_once: bool  # the problems are soft
    said: str | None  # above everything: why this page is here
    covered: bool  # answered on another device: the answer is not shown
    check_url: str | None  # where to prove who one is
    earlier_url: str | None  # the same, to confirm what was answered the last time
    kept_elsewhere: bool  # a telephone or address that is stored and not shown
    notice: Notice | None
    facts: tuple[Fact, ...]
    grouped: bool  # several items
    may_stop: bool
    saved: bool
    month: MonthParts
    place: tuple[str, str]  # town and state of a municipality
    states: tuple[tuple[str, str], ...]  # as it is stored, as it is read
    towns: tuple[str, ...]  # of the state that was chosen before


@dataclass(frozen=True, slots=True)
class PhonePage(Page):
    """The whole questionnaire for a browser with a script; nothing of the person."""

    template: ClassVar[str] = "respondent/phone.html"
    title: str
    steps: tuple[StepView, ...]
    rules: Markup  # JSON
    month: MonthParts
    states: tuple[tuple[str, str], ...]  # as it is stored, as it is read


@dataclass(frozen=True, slots=True)
class AbovePart(Page):
    """What stands above the question of a step."""

    template: ClassVar[str] = "respondent/above.html"
    notice: Notice | None
    facts: tuple[Fact, ...]
    check_url: str | None
    earlier_url: str | None


@dataclass(frozen=True, slots=True)
class ClashPage(Page):
    """The same page came twice with different answers."""

    template: ClassVar[str] = "respondent/clash.html"
    title: str
    sentence: str
    question: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    keep_first: tuple[Field, ...]
    keep_second: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ReceiptPage(Page):
    """Finished, or stopped for now."""

    template: ClassVar[str] = "respondent/receipt.html"
    title: str
    school: str
    paragraphs: tuple[str, ...]
    answers: tuple[OwnAnswer, ...]
    answers_hidden: bool
    continue_url: str | None
    continue_form: tuple[Field, ...]
    leave: tuple[Field, ...]
    in_class: bool


@dataclass(frozen=True, slots=True)
class CheckPage(Page):
    """Prove who one is, on another device."""

    template: ClassVar[str] = "respondent/check.html"
    title: str
    school: str
    hidden: tuple[Field, ...]
    curp: bool
    months: tuple[tuple[str, str], ...]
    day: str
    month: str
    year: str
    ending: str
    problem: str | None
    back_url: str


@dataclass(frozen=True, slots=True)
class MessagePage(Page):
    """One thing to know, and what can be done."""

    template: ClassVar[str] = "respondent/message.html"
    title: str
    paragraphs: tuple[str, ...]
    link: str | None = None
    link_text: str = ""
    offers_languages: bool = False  # where the address says which one


@dataclass(frozen=True, slots=True)
class RetryPage(Page):
    """The store did not answer: what was typed waits in the page."""

    template: ClassVar[str] = "respondent/retry.html"
    title: str
    sentence: str
    typed: tuple[str, ...]
    hidden: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class NoticePage(Page):
    """A full privacy notice."""

    template: ClassVar[str] = "respondent/notice.html"
    title: str
    paragraphs: tuple[str, ...]
