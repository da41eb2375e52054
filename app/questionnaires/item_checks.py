"""Which keys each type of item needs, and what they may hold."""

import re
from collections.abc import Iterator

from app.questionnaires.format import Questionnaire
from app.questionnaires.items import (
    DONT_KNOW_CODE,
    LAST_OWN_CODE,
    REFUSED_CODE,
    Choice,
    FieldPart,
    Item,
    ItemType,
    Store,
)
from app.questionnaires.problems import Finding, Path

_LISTED = frozenset(
    {ItemType.SELECT_ONE, ItemType.SELECT_MULTIPLE, ItemType.LIKERT, ItemType.MATRIX}
)
_TEXTS = frozenset({ItemType.TEXT, ItemType.CATALOGUE, ItemType.EMAIL, ItemType.PHONE})
_BOUNDED = frozenset({ItemType.INTEGER, ItemType.MONTH})
_PARTS = frozenset({ItemType.MATRIX, ItemType.COMPOUND})
_INDICATOR = re.compile(r"[A-Z][0-9]{1,2}")

# Key → types that may have it; the second set must have it.
_NOBODY: frozenset[ItemType] = frozenset()
_KEYS: dict[str, tuple[frozenset[ItemType], frozenset[ItemType]]] = {
    "choices": (_LISTED, _LISTED),
    "rows": (frozenset({ItemType.MATRIX}), frozenset({ItemType.MATRIX})),
    "only": (frozenset({ItemType.MATRIX}), _NOBODY),
    "fields": (frozenset({ItemType.COMPOUND}), frozenset({ItemType.COMPOUND})),
    "min": (_BOUNDED, frozenset({ItemType.INTEGER})),
    "max": (_BOUNDED | {ItemType.TEXT}, frozenset({ItemType.INTEGER})),
    "max_marks": (frozenset({ItemType.SELECT_MULTIPLE}), _NOBODY),
    "pattern": (frozenset({ItemType.TEXT, ItemType.PHONE}), _NOBODY),
    "exits": (_BOUNDED | _TEXTS | {ItemType.SCALE}, _NOBODY),
    "catalogue": (frozenset({ItemType.CATALOGUE}), frozenset({ItemType.CATALOGUE})),
    "coding": (_TEXTS | _LISTED, _NOBODY),
    "constraint": (frozenset(ItemType) - _PARTS, _NOBODY),
    "warn": (frozenset(ItemType) - _PARTS, _NOBODY),
    "ends": (frozenset({ItemType.SELECT_ONE}), _NOBODY),
}


def item_findings(questionnaire: Questionnaire, item: Item, path: Path) -> Iterator[Finding]:
    """Faults of one item's own keys."""
    yield from _keys(item, path)
    yield from _references(questionnaire, item, path)
    yield from _bounds(item, path)
    yield from _marks(item, questionnaire.choices_of(item.choices), path)
    yield from _pairs(item, path)


def _keys(item: Item, path: Path) -> Iterator[Finding]:
    for key, (allowed, needed) in _KEYS.items():
        given = getattr(item, key) not in (None, ())
        if given and item.type not in allowed:
            yield Finding(
                (*path, key),
                "key.unfit",
                f"La clave {key} no va en una pregunta {item.type.value}. Quítela.",
            )
        if not given and item.type in needed:
            yield Finding(
                path, "key.needed", f"Una pregunta {item.type.value} necesita la clave {key}."
            )


def _references(questionnaire: Questionnaire, item: Item, path: Path) -> Iterator[Finding]:
    named = [((*path, "choices"), item.choices)]
    named += [((*path, "fields", at, "choices"), part.choices or ()) for at, part in _fields(item)]
    for place, choices in named:
        if isinstance(choices, str) and choices not in questionnaire.lists:
            yield Finding(
                place,
                "list.unknown",
                f"No hay ninguna lista «{choices}» en lists. Agréguela o corrija el nombre.",
            )
    if item.rows is not None and item.rows not in questionnaire.rows:
        yield Finding(
            (*path, "rows"),
            "rows.unknown",
            f"No hay ninguna lista de filas «{item.rows}» en rows. Corrija el nombre.",
        )
    listed = {row.name for row in questionnaire.rows.get(item.rows or "", ())}
    for index, row in enumerate(item.only):
        if row not in listed:
            yield Finding(
                (*path, "only", index), "rows.unknown", f"«{row}» no es una fila de «{item.rows}»."
            )


def _fields(item: Item) -> Iterator[tuple[int, FieldPart]]:
    yield from enumerate(item.fields)


def _bounds(item: Item, path: Path) -> Iterator[Finding]:
    low, high = item.min, item.max
    if item.type is ItemType.INTEGER and isinstance(low, int) and isinstance(high, int):
        if not 0 <= low < high:
            yield Finding((*path, "min"), "bounds.order", "min debe ser 0 o más y menor que max.")
        # 97, 98 and 99 are codes in lists: no amount may look like one.
        elif high > LAST_OWN_CODE:
            yield Finding((*path, "max"), "bounds.code", f"max no puede pasar de {LAST_OWN_CODE}.")
    for key, bound in (("min", low), ("max", high)):
        number = isinstance(bound, int)
        if bound is not None and number == (item.type is ItemType.MONTH):
            yield Finding(
                (*path, key),
                "bounds.form",
                "Un mes se limita con una variable, como ${fecha_egreso}; lo demás, con un número.",
            )
    if item.type is ItemType.TEXT and isinstance(high, int) and not 1 <= high <= 2_000:
        yield Finding((*path, "max"), "bounds.length", "Un texto admite de 1 a 2,000 caracteres.")


def _marks(item: Item, choices: tuple[Choice, ...], path: Path) -> Iterator[Finding]:
    if item.type is not ItemType.SELECT_MULTIPLE or not choices:
        return
    if item.max_marks is not None and not 1 <= item.max_marks <= len(choices):
        yield Finding(
            (*path, "max_marks"),
            "marks.bound",
            f"max_marks debe ir de 1 a {len(choices)}, el número de opciones.",
        )
    for choice in choices:
        if choice.code in {REFUSED_CODE, DONT_KNOW_CODE} and not choice.exclusive:
            yield Finding(
                (*path, "choices"),
                "option.exclusive",
                f"La opción {choice.code} no puede marcarse junto con otras: póngale "
                "exclusive: true.",
            )


def _pairs(item: Item, path: Path) -> Iterator[Finding]:
    if (item.constraint is None) != (item.message is None):
        missing = "message" if item.message is None else "constraint"
        yield Finding(path, "constraint.pair", f"constraint y message van juntas: falta {missing}.")
    if item.ends is not None and item.store is not Store.CONSENT:
        yield Finding(
            (*path, "ends"),
            "ends.store",
            "Solo una pregunta con store: consent puede terminar el cuestionario.",
        )
    for index, indicator in enumerate(item.indicators):
        if _INDICATOR.fullmatch(indicator) is None:
            yield Finding(
                (*path, "indicators", index),
                "indicator.form",
                f"«{indicator}» no es un indicador. Escriba una letra y un número, como S1.",
            )
    if item.pattern is not None:
        yield from _pattern(item.pattern, path)


def _pattern(pattern: str, path: Path) -> Iterator[Finding]:
    try:
        re.compile(pattern)
    except re.error:
        yield Finding(
            (*path, "pattern"), "pattern.form", "El patrón no es una expresión regular válida."
        )
