"""Conditions against the whole document: who may look at whom, and with what types."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from app.questionnaires.expressions.syntax import (
    Compare,
    Condition,
    Itself,
    Operator,
    Variable,
    variables,
)
from app.questionnaires.expressions.types import ITSELF, Scope, VariableType, type_problems
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Bound, Item
from app.questionnaires.problems import Finding, Path


@dataclass(frozen=True, slots=True)
class _Names:
    """What a fault needs to know to be explained."""

    later: frozenset[str]  # defined, but not before this item
    circular: frozenset[str]  # those of them that wait for this item
    every: tuple[str, ...]


def condition_findings(questionnaire: Questionnaire) -> Iterator[Finding]:
    """Unknown, forward and circular references; comparisons that mean nothing."""
    scope: dict[str, VariableType] = dict(questionnaire.preloaded_types)
    every = (*scope, *questionnaire.variables)
    for name, condition in questionnaire.audiences.items():
        names = _Names(frozenset(questionnaire.variables), frozenset(), every)
        yield from _condition(condition, ("audiences", name), scope, names)
    for page_index, page in enumerate(questionnaire.pages):
        for index, item in enumerate(page.items):
            path: Path = ("pages", page_index, "items", index)
            later = frozenset(every) - frozenset(scope)
            names = _Names(later, _circular(questionnaire, item, later), every)
            yield from _audiences(questionnaire, item, path)
            yield from _item(questionnaire, item, path, scope, names)
            yield from _same_step(questionnaire, item, path)
            yield from _prefill(item, path, scope)
            scope.update(
                (leaf.name, leaf.variable_type) for leaf in questionnaire.leaves[item.name]
            )


def _audiences(questionnaire: Questionnaire, item: Item, path: Path) -> Iterator[Finding]:
    if item.applies is not None and item.applies not in questionnaire.audiences:
        yield _no_audience(item.applies, (*path, "applies"))
    for index, row in enumerate(questionnaire.rows.get(item.rows or "", ())):
        if row.applies is not None and row.applies not in questionnaire.audiences:
            yield _no_audience(row.applies, ("rows", item.rows or "", index, "applies"))


def _prefill(item: Item, path: Path, scope: Scope) -> Iterator[Finding]:
    if item.prefill is not None and item.prefill != item.name and item.prefill not in scope:
        yield Finding(
            (*path, "prefill"),
            "prefill.unknown",
            f"prefill nombra «{item.prefill}», que no se pregunta antes. Use una variable anterior "
            "o el nombre de la misma pregunta (cuestionario anterior).",
        )


def _no_audience(name: str, path: Path) -> Finding:
    return Finding(
        path,
        "audience.unknown",
        f"No hay ningún grupo «{name}» en audiences. Agréguelo o corrija el nombre.",
    )


def _item(
    questionnaire: Questionnaire, item: Item, path: Path, scope: Scope, names: _Names
) -> Iterator[Finding]:
    own = questionnaire.variables.get(item.name)
    with_itself = (
        {**scope, item.name: own.variable_type, ITSELF: own.variable_type} if own else scope
    )
    if item.relevant is not None:
        yield from _condition(item.relevant, (*path, "relevant"), scope, names)
    for index, choice in enumerate(item.choices if isinstance(item.choices, tuple) else ()):
        if choice.relevant is not None:
            place = (*path, "choices", index, "relevant")
            yield from _condition(choice.relevant, place, scope, names)
    for key, condition in (
        ("constraint", item.constraint),
        ("warn", item.warn.when if item.warn is not None else None),
        ("ends", item.ends),
    ):
        if condition is not None:
            yield from _condition(condition, _key_path(path, key), with_itself, names)
    for key, bound in (("min", item.min), ("max", item.max)):
        if bound is not None and not isinstance(bound, int):
            yield from _bound(bound, (*path, key), with_itself, names)


def _key_path(path: Path, key: str) -> Path:
    return (*path, "warn", "when") if key == "warn" else (*path, key)


def _bound(bound: Bound, path: Path, scope: Scope, names: _Names) -> Iterator[Finding]:
    if not isinstance(bound, Variable):
        yield Finding(path, "bounds.form", "Un límite es un número o una variable, como ${hoy}.")
        return
    yield from _condition(Compare(Operator.AT_LEAST, Itself(), bound), path, scope, names)


def _condition(condition: Condition, path: Path, scope: Scope, names: _Names) -> Iterator[Finding]:
    for problem in type_problems(condition, scope):
        code, message = problem.code, problem.mensaje
        if code == "variable.unknown":
            code, message = _explained(problem.name, names)
        yield Finding(path, code, message, problem.column - 1)


def _explained(name: str, names: _Names) -> tuple[str, str]:
    """Why a variable is not there to be looked at."""
    if name in names.circular:
        return (
            "variable.cycle",
            (
                f"Esta pregunta y «{name}» dependen una de la otra y nunca se mostrarían. "
                "Quite una de las dos condiciones."
            ),
        )
    if name in names.later:
        return (
            "variable.forward",
            (
                f"«{name}» se pregunta después. Una condición solo mira hacia atrás: "
                "cambie el orden o la condición."
            ),
        )
    return "variable.unknown", f"No existe la variable «{name}».{_suggestion(name, names)}"


def _suggestion(name: str, names: _Names) -> str:
    close = get_close_matches(name, names.every, n=1)
    return f" ¿Quiso decir «{close[0]}»?" if close else " Revise el nombre o agregue la pregunta."


def _circular(questionnaire: Questionnaire, item: Item, later: frozenset[str]) -> frozenset[str]:
    """Which of the variables an item waits for wait for the item."""
    by_name = {other.name: other for other in questionnaire.items}
    wanted = variables(item.relevant) & later if item.relevant is not None else frozenset()
    return frozenset(
        name
        for name in wanted
        if name == item.name or (name in by_name and item.name in _needs(by_name[name], by_name))
    )


def _needs(item: Item, by_name: dict[str, Item]) -> frozenset[str]:
    """Everything `item` waits for, directly or through others."""
    found: set[str] = set()
    ahead = [item]
    while ahead:
        current = ahead.pop()
        for name in variables(current.relevant) if current.relevant is not None else ():
            if name not in found:
                found.add(name)
                ahead += [by_name[name]] if name in by_name else []
    return frozenset(found)


def _same_step(questionnaire: Questionnaire, item: Item, path: Path) -> Iterator[Finding]:
    """What is shown together cannot wait for itself: without a script nothing would appear."""
    if item.step is None:
        return
    together = {
        leaf.name
        for other in questionnaire.items
        if other.step == item.step and other.name != item.name
        for leaf in questionnaire.leaves[other.name]
    }
    offers = [choice.relevant for choice in questionnaire.choices_of(item.choices)]
    for condition in (item.relevant, *offers):
        if condition is not None and variables(condition) & together:
            yield Finding(
                (*path, "step"),
                "step.dependency",
                f"«{item.name}» depende de otra pregunta del mismo paso. Póngala en otro paso.",
            )
