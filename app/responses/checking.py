"""Whether a step may be kept: what was entered, what is wrong with it, where it leads.

One walk of the questionnaire answers all of it. Reads nothing, writes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.errors import AppError
from app.questionnaires.answers import MissingCode
from app.questionnaires.flow import (
    Step,
    Walk,
    first_unanswered,
    next_step,
    settled,
    step_beyond,
    step_on,
    walk,
)
from app.questionnaires.items import Item, Language, Store
from app.questionnaires.validation import Issue, Severity, blanks_on, issues_on
from app.responses.keeping import address_issues
from app.responses.sitting import GIVEN, Sitting


class StepGone(AppError):
    """The step is not on this person's path (any more)."""

    code = "answer.step_gone"
    status = 422
    plantilla = (
        "Esa pregunta ya no te toca, por lo que contestaste en otra. Tus respuestas están a "
        "salvo: sigue en esta."
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """One step as a device sends it.

    `entries`: every variable of the step (questionnaires.entry). `seen`: soft issues the person
    was shown already, as `code:variable`. `revision`: the device's own count, None for pages made
    by the server, where the last to arrive is the newest.
    """

    step: str
    client_key: str
    body_hash: str
    entries: Mapping[str, object]
    seen: frozenset[str] = frozenset()
    client_at: datetime | None = None
    revision: int | None = None
    language: Language = Language.SPANISH


@dataclass(frozen=True, slots=True)
class Faulty:
    """Nothing was kept: hard issues to mend, or soft ones to be seen once."""

    issues: tuple[Issue, ...]

    @property
    def hard(self) -> bool:
        return any(issue.severity is Severity.HARD for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Checked:
    """A step that may be kept: what was entered, and the whole response with it."""

    step: Step
    entered: Mapping[str, object]
    settled: Mapping[str, object]
    path: Walk
    following: Step | None


def check(sitting: Sitting, submission: Submission) -> Checked | Faulty | StepGone:
    """The step with the whole response as it would be, or why it is not taken."""
    questionnaire = sitting.questionnaire
    items = questionnaire.plan.steps.get(submission.step, ())
    entered = _entered(sitting, items, submission)
    merged = {**sitting.answers, **entered}
    path = walk(questionnaire, merged, before=sitting.answers)
    step = step_on(questionnaire, path, submission.step)
    notice = next(item for item in questionnaire.items if item.ends is not None)
    if step is None or not (notice.name in sitting.kept or notice in step.items):
        return StepGone(step=submission.step)
    changed = {questionnaire.variables[name].item for name in entered}
    issues = _issues(sitting, submission, merged, path, changed)
    if issues:
        return Faulty(issues)
    kept = settled(questionnaire, merged, path)
    following = step_beyond(questionnaire, path, step.name) if not sitting.hidden else None
    return Checked(
        step=step,
        entered=entered,
        settled=kept,
        path=path,
        following=following or first_unanswered(questionnaire, kept),
    )


def resume_at(sitting: Sitting) -> Step | None:
    """The first step with something never asked; None when nothing is left."""
    return first_unanswered(sitting.questionnaire, sitting.answers)


def following_step(sitting: Sitting, after: str, answers: Mapping[str, object]) -> Step | None:
    """Where to go after a step. On another device straight to what was not answered yet."""
    if not sitting.hidden:
        found = next_step(sitting.questionnaire, answers, after)
        if found is not None:
            return found
    return first_unanswered(sitting.questionnaire, answers)


def _entered(sitting: Sitting, items: Iterable[Item], submission: Submission) -> dict[str, object]:
    """The entries that say something.

    Left empty where the page could not show what is kept (a telephone, another device's answer),
    an item stays as it is; and what a newer revision said stays too.
    """
    entered: dict[str, object] = {}
    for item in items:
        leaves = sitting.questionnaire.leaves[item.name]
        own = {leaf.name: submission.entries.get(leaf.name) for leaf in leaves}
        empty = all(value is None for value in own.values())
        covered = any(_covered(sitting, name) for name in own)
        if not (empty and covered):
            entered.update(own)
    number = submission.revision
    if number is not None:
        kept = sitting.kept
        return {n: v for n, v in entered.items() if n not in kept or kept[n].revision <= number}
    return entered


def _covered(sitting: Sitting, name: str) -> bool:
    """Whether an answer is kept that an empty field does not take back."""
    kept = sitting.kept.get(name)
    if kept is None or kept.answer in {None, MissingCode.NOT_APPLICABLE}:
        return False
    return name in sitting.hidden or kept.answer == GIVEN or isinstance(kept.answer, MissingCode)


def _issues(
    sitting: Sitting,
    submission: Submission,
    merged: Mapping[str, object],
    path: Walk,
    items: set[str],
) -> tuple[Issue, ...]:
    """Hard issues; where there are none, the soft ones not seen yet."""
    questionnaire, language = sitting.questionnaire, submission.language
    found = issues_on(path, items, language=language)
    elsewhere = {
        leaf.name: merged[leaf.name]
        for item in items
        for leaf in questionnaire.leaves[item]
        if leaf.store is Store.DIRECTORY and leaf.name in merged
    }
    if elsewhere and not any(issue.severity is Severity.HARD for issue in found):
        found += address_issues(questionnaire.variables, elsewhere, language)
    hard = tuple(issue for issue in found if issue.severity is Severity.HARD)
    if hard:
        return hard
    if any(merged.get(leaf.name) is None for i in items for leaf in questionnaire.leaves[i]):
        warned = {issue.item for issue in found}
        blank = blanks_on(path, items, language=language)
        found += tuple(issue for issue in blank if issue.item not in warned)
    return tuple(i for i in found if f"{i.code}:{i.variable}" not in submission.seen)
