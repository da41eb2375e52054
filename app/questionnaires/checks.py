"""Whole-document checks: names, lists, markers, core, steps, and what nobody can reach.

The keys of one item are in item_checks.py, its conditions in condition_checks.py.
"""

from collections.abc import Iterator

from app.questionnaires.condition_checks import condition_findings
from app.questionnaires.format import Questionnaire
from app.questionnaires.item_checks import item_findings
from app.questionnaires.items import (
    DONT_KNOW_CODE,
    LAST_OWN_CODE,
    OTHER,
    REFUSED_CODE,
    Choice,
    Item,
    Label,
    Store,
)
from app.questionnaires.leaves import Leaf
from app.questionnaires.paths import reach
from app.questionnaires.piping import MARKERS, markers_in
from app.questionnaires.problems import Finding, Path

LONGEST_NAME = 60  # of a variable, with its row: a column of the database
_SPECIAL = frozenset({OTHER, REFUSED_CODE, DONT_KNOW_CODE})


def findings(questionnaire: Questionnaire) -> tuple[Finding, ...]:
    """Everything wrong in a document whose parts have the right shape."""
    found = [
        *_names(questionnaire),
        *_lists(questionnaire),
        *_markers(questionnaire),
        *_core(questionnaire),
        *_steps(questionnaire),
        *(
            finding
            for path, item in items_with_paths(questionnaire)
            for finding in item_findings(questionnaire, item, path)
        ),
        *condition_findings(questionnaire),
    ]
    # Following the paths needs sound references; a first round of faults hides the second.
    return tuple(found) if found else tuple(_unreachable(questionnaire))


def items_with_paths(questionnaire: Questionnaire) -> Iterator[tuple[Path, Item]]:
    """Every item with its place in the document."""
    for page_index, page in enumerate(questionnaire.pages):
        for index, item in enumerate(page.items):
            yield ("pages", page_index, "items", index), item


def _names(questionnaire: Questionnaire) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for index, known in enumerate(questionnaire.preloaded):
        yield from _once(taken, known.name, ("preloaded", index, "name"))
    for path, item in items_with_paths(questionnaire):
        yield from _once(taken, item.name, (*path, "name"))
        for leaf in questionnaire.leaves[item.name]:
            if leaf.name != item.name and leaf.item == item.name:
                yield from _once(taken, leaf.name, _leaf_path(path, item, leaf))
    pages: dict[str, str] = {}
    for index, page in enumerate(questionnaire.pages):
        yield from _once(pages, page.name, ("pages", index, "name"))
        if not page.items:
            yield Finding(
                ("pages", index, "items"),
                "page.empty",
                f"La página «{page.name}» no tiene preguntas. Agregue una o quite la página.",
            )


def _once(taken: dict[str, str], name: str, path: Path) -> Iterator[Finding]:
    if name in taken:
        yield Finding(
            path, "name.duplicate", f"El nombre «{name}» ya está en uso. Elija otro nombre."
        )
    if len(name) > LONGEST_NAME:
        yield Finding(
            path, "name.long", f"«{name}» pasa de {LONGEST_NAME} letras. Elija nombres más cortos."
        )
    taken[name] = name


def _leaf_path(path: Path, item: Item, leaf: Leaf) -> Path:
    for index, part in enumerate(item.fields):
        if part.name == leaf.name:
            return (*path, "fields", index, "name")
    return (*path, "name")


def _lists(questionnaire: Questionnaire) -> Iterator[Finding]:
    for name, choices in questionnaire.lists.items():
        yield from _choices(choices, ("lists", name))
    for path, item in items_with_paths(questionnaire):
        if isinstance(item.choices, tuple):
            yield from _choices(item.choices, (*path, "choices"))
    for name, rows in questionnaire.rows.items():
        taken: dict[str, str] = {}
        for index, row in enumerate(rows):
            yield from _once(taken, row.name, ("rows", name, index, "name"))


def _choices(choices: tuple[Choice, ...], path: Path) -> Iterator[Finding]:
    seen: set[int | str] = set()
    for index, choice in enumerate(choices):
        if choice.code in seen:
            yield Finding(
                (*path, index, "code"),
                "option.duplicate",
                f"El código {choice.code} está dos veces en la lista. Dé a cada opción el suyo.",
            )
        seen.add(choice.code)
        if not isinstance(choice.code, int) or not (
            1 <= choice.code <= LAST_OWN_CODE or choice.code in _SPECIAL
        ):
            yield Finding(
                (*path, index, "code"),
                "option.code",
                f"El código {choice.code} no sirve: use un número del 1 al {LAST_OWN_CODE}, o "
                "97 (otro), 98 (prefiero no contestar), 99 (no sé).",
            )


def _markers(questionnaire: Questionnaire) -> Iterator[Finding]:
    for index, marker in enumerate(questionnaire.markers):
        if marker not in MARKERS:
            yield Finding(
                ("markers", index),
                "marker.unsupported",
                f"El sistema no sabe escribir {{{marker}}}. Use uno de: "
                f"{', '.join(sorted(MARKERS))}.",
            )
    for path, label in _labels(questionnaire):
        used = markers_in(label.es) | markers_in(label.en)
        for marker in sorted(used.difference(questionnaire.markers)):
            yield Finding(
                path,
                "marker.unknown",
                f"{{{marker}}} no está en la lista markers. Agréguelo o corrija el nombre.",
            )
        if markers_in(label.es) != markers_in(label.en):
            yield Finding(
                path,
                "marker.mismatch",
                "El texto en español y el de inglés no llevan los mismos marcadores. Iguálelos.",
            )


def _labels(questionnaire: Questionnaire) -> Iterator[tuple[Path, Label]]:
    for name, choices in questionnaire.lists.items():
        for index, choice in enumerate(choices):
            yield ("lists", name, index), choice
    for path, item in items_with_paths(questionnaire):
        yield (*path, "label"), item.label
        if item.hint is not None:
            yield (*path, "hint"), item.hint
        if isinstance(item.choices, tuple):
            for index, choice in enumerate(item.choices):
                yield (*path, "choices", index), choice


def _core(questionnaire: Questionnaire) -> Iterator[Finding]:
    for index, name in enumerate(questionnaire.core):
        leaf = questionnaire.variables.get(name)
        if leaf is None or leaf.store is not Store.RESPONSE:
            yield Finding(
                ("core", index),
                "core.unknown",
                f"«{name}» no es una pregunta que guarde respuestas. Corrija la lista core.",
            )


def _steps(questionnaire: Questionnaire) -> Iterator[Finding]:
    names = {item.name for item in questionnaire.items}
    for page_index, page in enumerate(questionnaire.pages):
        closed: set[str] = set()
        previous: str | None = None
        for index, item in enumerate(page.items):
            path: Path = ("pages", page_index, "items", index, "step")
            if item.step is not None and item.step in names:
                yield Finding(
                    path, "step.name", f"«{item.step}» es una pregunta. Dé otro nombre al paso."
                )
            if item.step is not None and item.step in closed:
                yield Finding(
                    path,
                    "step.split",
                    f"Las preguntas del paso «{item.step}» deben ir una tras otra. Muévalas.",
                )
            if previous is not None and previous != item.step:
                closed.add(previous)
            previous = item.step


def _unreachable(questionnaire: Questionnaire) -> Iterator[Finding]:
    seen = reach(questionnaire)
    if not seen.exhausted:
        return
    for path, item in items_with_paths(questionnaire):
        if item.name not in seen.items:
            yield Finding(
                (*path, "relevant"),
                "item.unreachable",
                f"Nadie llega a «{item.name}»: ninguna combinación de respuestas cumple su "
                "condición. Corríjala.",
            )
            continue
        for index, choice in enumerate(questionnaire.choices_of(item.choices)):
            if choice.relevant is not None and (item.name, choice.code) not in seen.choices:
                yield Finding(
                    (*path, "choices", index, "relevant"),
                    "option.unreachable",
                    f"La opción {choice.code} de «{item.name}» nunca se ofrece. Corrija su "
                    "condición.",
                )
