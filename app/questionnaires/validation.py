"""Answers against their constraints → issues, hard and soft, each at its variable.

Hard: the answer is not taken. Soft: said once, and the person may go on. Words are for the person
who answers (tú).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from app.questionnaires.answers import EXITS, Answer, Answers, MissingCode, Unreadable
from app.questionnaires.expressions.evaluate import MONTH, Known, Values, holds
from app.questionnaires.expressions.syntax import Variable
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import Walk, walk
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Bound, Item, ItemType, Label, Language
from app.questionnaires.leaves import Leaf, Role
from app.questionnaires.piping import month_text

LONGESTEMAIL = 254
EMAIL = re.compile(r"[^@\s<>(),;:]+@[^@\s.<>(),;:]+(?:\.[^@\s.<>(),;:]+)+")


class Severity(StrEnum):
    """Whether an issue stops the step."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Issue:
    """What is wrong with one variable, and what the person reads about it."""

    item: str
    variable: str
    code: str
    severity: Severity
    message: str


def validate(
    questionnaire: Questionnaire,
    answers: Answers,
    *,
    only: Collection[str] | None = None,
    language: Language = Language.SPANISH,
) -> tuple[Issue, ...]:
    """What is wrong with these answers, in the order of the questionnaire.

    Answers to items that do not apply are not looked at: flow.settle clears them. `only`: names of
    the items of one step; everything if None. `answers` holds preloaded values too, among them
    `hoy`, without which no date is too late.
    """
    path = walk(questionnaire, answers)
    known = set(questionnaire.variables) | set(questionnaire.preloaded_types)
    strangers = sorted(name for name in answers if name not in known) if only is None else []
    found = [
        Issue(name, name, "unknown", Severity.HARD, _SAYINGS["unknown"].text(language))
        for name in strangers
    ]
    return (*found, *issues_on(path, only, language=language))


def issues_on(
    path: Walk, only: Collection[str] | None = None, *, language: Language = Language.SPANISH
) -> tuple[Issue, ...]:
    """`validate`, for who has walked already; names the questionnaire lacks are not looked at."""
    return tuple(
        issue
        for item in path.items
        if only is None or item.name in only
        for issue in _item_issues(item, path, language)
    )


def left_blank(
    questionnaire: Questionnaire,
    answers: Answers,
    names: Collection[str],
    *,
    language: Language = Language.SPANISH,
) -> tuple[Issue, ...]:
    """Soft issues for the optional questions of a step sent without an answer: asked once.

    A matrix or a group of fields is asked about once, not once a row.
    """
    return blanks_on(walk(questionnaire, answers), names, language=language)


def blanks_on(
    path: Walk, names: Collection[str], *, language: Language = Language.SPANISH
) -> tuple[Issue, ...]:
    """`left_blank`, for who has walked already."""
    message = _SAYINGS["blank"].text(language)
    found = []
    for item in path.items:
        if item.name not in names or item.required:
            continue
        empty = [
            leaf.name
            for leaf in path.leaves
            if leaf.item == item.name
            and leaf.role is not Role.OTHER
            and path.answers.get(leaf.name) is None
        ]
        if empty:
            found.append(Issue(item.name, empty[0], "blank", Severity.SOFT, message))
    return tuple(found)


def sayings(language: Language) -> Mapping[str, str]:
    """What is said of every fault, by its code; the phone says the same."""
    return {code: label.text(language) for code, label in _SAYINGS.items()}


def _item_issues(item: Item, path: Walk, language: Language) -> Iterator[Issue]:
    leaves = [leaf for leaf in path.leaves if leaf.item == item.name]
    clean = True
    for leaf in leaves:
        answer = path.answers.get(leaf.name)
        fault = _fault(item, leaf, answer, path=path, language=language)
        if fault is not None:
            clean = False
            code, values = fault
            message = _SAYINGS[code].text(language).format(**values)
            yield Issue(item.name, leaf.name, code, Severity.HARD, message)
    if clean:
        yield from _conditions(item, path, language)


def _conditions(item: Item, path: Walk, language: Language) -> Iterator[Issue]:
    """`constraint` for an answer that is there; `warn` also for a blank."""
    own = path.values.get(item.name)
    if (
        item.constraint is not None
        and item.message is not None
        and own is not None
        and not holds(item.constraint, path.values, own)
    ):
        message = item.message.text(language)
        yield Issue(item.name, item.name, "constraint", Severity.HARD, message)
    if item.warn is not None and holds(item.warn.when, path.values, own):
        message = item.warn.message.text(language)
        yield Issue(item.name, item.name, "warn", Severity.SOFT, message)


_Fault = tuple[str, dict[str, str]]  # code, and the values its sentence names


def _fault(
    item: Item, leaf: Leaf, answer: Answer | Unreadable, *, path: Walk, language: Language
) -> _Fault | None:
    """The first thing wrong with one variable."""
    if isinstance(answer, Unreadable):
        return f"form_{leaf.kind.value}", {}
    if answer is None:
        needed = item.required and leaf.role is not Role.OTHER
        return ("required", {}) if needed else None
    if isinstance(answer, MissingCode):
        offered = {EXITS[way_out] for way_out in leaf.exits}
        return None if answer in offered else ("exit", {})
    if leaf.kind in {Kind.CHOICE, Kind.MULTIPLE}:
        return _choice_fault(leaf, answer, path)
    if isinstance(answer, str) and leaf.kind is Kind.TEXT:
        return _text_fault(leaf, answer)
    return _bound_fault(leaf, answer, path, language)


def _choice_fault(leaf: Leaf, answer: Known, path: Walk) -> _Fault | None:
    codes = {choice.code for choice in path.offered[leaf.name]}
    marks = answer if isinstance(answer, tuple) else (answer,)
    if not codes.issuperset(marks):
        return "option", {}
    if leaf.max_marks is not None and len(marks) > leaf.max_marks:
        return "max_marks", {"max": str(leaf.max_marks)}
    return None


def _text_fault(leaf: Leaf, text: str) -> _Fault | None:
    if len(text) > leaf.longest:
        return "length", {"max": f"{leaf.longest:,}"}
    if leaf.type is ItemType.EMAIL:
        good = len(text) <= LONGESTEMAIL and EMAIL.fullmatch(text)
        return None if good else ("email", {})
    if leaf.pattern is not None and not _compiled(leaf.pattern).fullmatch(text):
        return ("phone" if leaf.type is ItemType.PHONE else "pattern"), {}
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _bound_fault(leaf: Leaf, answer: Known, path: Walk, language: Language) -> _Fault | None:
    low, high = (_limit(bound, path.values) for bound in (leaf.minimum, leaf.maximum))
    if isinstance(answer, str):
        if isinstance(low, str) and answer < low[:MONTH]:
            return "month_min", {"min": month_text(low, language)}
        if isinstance(high, str) and answer > high[:MONTH]:
            return "month_max", {"max": month_text(high, language)}
        return None
    if isinstance(answer, int) and isinstance(low, int) and isinstance(high, int):
        inside = low <= answer <= high
        return None if inside else ("range", {"min": str(low), "max": str(high)})
    return None


def _limit(bound: Bound | None, values: Values) -> Known | None:
    if isinstance(bound, Variable):
        return values.get(bound.name)
    return bound if isinstance(bound, int) else None


_SAYINGS = {
    "required": Label(es="Elige una respuesta para continuar.", en="Choose an answer to go on."),
    "blank": Label(
        es="¿Prefieres dejarla en blanco? Si es así, toca Continuar otra vez.",
        en="Would you rather leave it blank? If so, press Continue again.",
    ),
    "unknown": Label(
        es="Esta pregunta no es de este cuestionario. Vuelve a abrir la página.",
        en="This question is not part of this questionnaire. Open the page again.",
    ),
    "exit": Label(
        es="Escribe tu respuesta o deja la pregunta en blanco.",
        en="Write your answer or leave the question blank.",
    ),
    "option": Label(es="Elige una de las opciones.", en="Choose one of the options."),
    "max_marks": Label(
        es="Marca {max} como máximo: quita alguna.", en="Mark {max} at most: remove some."
    ),
    "length": Label(
        es="Tu texto pasa de {max} caracteres: acórtalo un poco.",
        en="Your text is over {max} characters: shorten it a little.",
    ),
    "email": Label(
        es="Escribe el correo completo, por ejemplo ana@correo.mx.",
        en="Write the whole address, for example ana@mail.com.",
    ),
    "phone": Label(
        es="Escribe los 10 dígitos; si es de otro país, con + y clave.",
        en="Write the 10 digits; from another country, with + and its code.",
    ),
    "pattern": Label(
        es="El texto no tiene la forma que se pide. Revísalo.",
        en="The text does not have the form asked for. Check it.",
    ),
    "range": Label(
        es="Escribe un número del {min} al {max}.", en="Write a number from {min} to {max}."
    ),
    "month_min": Label(
        es="Elige un mes desde {min} en adelante.", en="Choose {min} or a later month."
    ),
    "month_max": Label(
        es="Ese mes todavía no llega: elige hasta {max}.",
        en="That month has not come yet: choose {max} or before.",
    ),
    "form_choice": Label(es="Elige una de las opciones.", en="Choose one of the options."),
    "form_multiple": Label(es="Marca solo opciones de la lista.", en="Mark options of the list."),
    "form_integer": Label(
        es="Escribe solo el número, con cifras.", en="Write only the number, in digits."
    ),
    "form_month": Label(es="Elige el mes y el año.", en="Choose the month and the year."),
    "form_text": Label(
        es="No pudimos leer este texto. Escríbelo de nuevo, más corto.",
        en="We could not read this text. Write it again, shorter.",
    ),
}
