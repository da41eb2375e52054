"""Settle many responses to one questionnaire: `flow.settle`, worked out once for many people.

What applies follows from the few answers that conditions read, and thousands of people gave the
same ones: each such combination is walked once and remembered. For whoever reads a whole wave;
one response is settled by flow.py, which is what this must equal.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from app.questionnaires.answers import (
    Answer,
    MissingCode,
    Unreadable,
    known,
    read_answer,
    read_preloaded,
)
from app.questionnaires.expressions.evaluate import Known
from app.questionnaires.expressions.syntax import variables
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import walk, without_clash
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Store
from app.questionnaires.leaves import Role

MOST_PATHS = 20_000  # combinations remembered; then they are forgotten and begin again
Read = Mapping[str, Answer]  # what `Settling.read` gave, by variable


@dataclass(frozen=True, slots=True)
class _Path:
    """What one combination of the answers that conditions read leads to, for what is wanted."""

    unasked: Mapping[str, Answer]  # "no aplica", of every variable that is not asked
    asked: frozenset[str]  # those that always offer the same options
    varying: tuple[str, ...]  # those whose options depend on other answers
    varied: dict[tuple[str, type, Answer], Answer | Unreadable] = field(default_factory=dict)


class Settling:
    """The answers to one questionnaire, settled; texts only those that are named."""

    def __init__(self, questionnaire: Questionnaire, texts: Collection[str] = ()) -> None:
        """`texts`: free-text variables that are wanted."""
        self._questionnaire = questionnaire
        self._wanted = frozenset(
            name
            for name, leaf in questionnaire.variables.items()
            if leaf.store is Store.RESPONSE and (leaf.kind is not Kind.TEXT or name in texts)
        )
        self._decisive = tuple(sorted(_decisive(questionnaire, self._wanted)))
        self._varying = frozenset(
            planned.leaf.name
            for item in questionnaire.plan.items
            for planned in item.leaves
            if planned.conditions
        )
        self._paths: dict[tuple[Known | None, ...], _Path] = {}

    def reads(self, name: str) -> bool:
        """Whether an answer to the variable changes anything here."""
        return name in self._wanted or name in self._decisive

    def read(self, name: str, raw: object) -> Answer | Unreadable:
        """One stored answer, or preloaded value, as `values` takes it.

        UNREADABLE where it is as if nothing were stored: no answer, or "no aplica", which the
        path decides again.
        """
        preloaded = self._questionnaire.preloaded_types.get(name)
        if preloaded is not None:
            return read_preloaded(preloaded.kind, raw)
        leaf = self._questionnaire.variables.get(name)
        if leaf is None:
            return Unreadable.UNREADABLE
        answer = read_answer(leaf, raw)
        if answer is MissingCode.NOT_APPLICABLE:
            return Unreadable.UNREADABLE
        if isinstance(answer, tuple) and name not in self._varying:
            return without_clash(leaf, None, answer)
        return answer

    def values(self, read: Read) -> dict[str, Answer]:
        """Every variable wanted that was asked: answered, blank, or missing with its reason."""
        decided = tuple(known(read.get(name)) for name in self._decisive)
        path = self._paths.get(decided)
        if path is None:
            path = self._remember(decided)
        asked = path.asked
        given = {name: answer for name, answer in read.items() if name in asked}
        found = {**path.unasked, **given}
        for name in path.varying:
            if name in read:
                varied = self._varied(path, decided, name, read[name])
                if not isinstance(varied, Unreadable):
                    found[name] = varied
        return found

    def _remember(self, decided: tuple[Known | None, ...]) -> _Path:
        walked = walk(self._questionnaire, dict(zip(self._decisive, decided, strict=True)))
        applying = {leaf.name for leaf in walked.leaves} & self._wanted
        unasked = () if walked.refused else self._wanted - applying
        path = _Path(
            unasked=dict.fromkeys(unasked, MissingCode.NOT_APPLICABLE),
            asked=frozenset(applying - self._varying),
            varying=tuple(applying & self._varying),
        )
        if len(self._paths) >= MOST_PATHS:
            self._paths.clear()
        self._paths[decided] = path
        return path

    def _varied(
        self, path: _Path, decided: tuple[Known | None, ...], name: str, answer: Answer
    ) -> Answer | Unreadable:
        """An answer whose options depend on others, as the path leaves it."""
        key = (name, type(answer), answer)  # a reason for having none is a number too
        if key not in path.varied:
            told = dict(zip(self._decisive, decided, strict=True)) | {name: answer}
            kept = walk(self._questionnaire, told).answers
            path.varied[key] = kept.get(name, Unreadable.UNREADABLE)
        return path.varied[key]


def _decisive(questionnaire: Questionnaire, wanted: Collection[str]) -> set[str]:
    """Every variable that decides the path of what is wanted, preloaded ones included."""
    conditions = [
        *questionnaire.audiences.values(),
        *(c for item in questionnaire.items for c in (item.relevant, item.ends) if c is not None),
        *(
            choice.relevant
            for leaf in questionnaire.variables.values()
            for choice in leaf.choices
            if choice.relevant is not None
        ),
    ]
    names = {name for condition in conditions for name in variables(condition)}
    names |= {item.name for item in questionnaire.items if item.ends is not None}
    others = [leaf for leaf in questionnaire.variables.values() if leaf.role is Role.OTHER]
    # The text beside option 97 is asked by its item; few want it, and fewer conditions read it.
    return names | {leaf.item for leaf in others if leaf.name in names or leaf.name in wanted}
