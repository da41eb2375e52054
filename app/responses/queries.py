"""What respondents see of their own answers, and how far responses are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.fieldwork.tables import Case, Wave
from app.questionnaires.answers import Answer as AnswerValue
from app.questionnaires.answers import MissingCode, Stored, from_stored
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import walk
from app.questionnaires.items import Exit, Label, Store
from app.questionnaires.leaves import Leaf, Role
from app.questionnaires.piping import fill, month_text
from app.questionnaires.view import EXIT_WORDS, Wording
from app.responses.sitting import GIVEN, Sitting
from app.responses.tables import Answer, Response


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """One question with what the person answered, in words."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """How many responses of a wave were begun, and how many ended with Terminar."""

    begun: int
    finished: int


def own_answers(sitting: Sitting, wording: Wording) -> tuple[OwnAnswer, ...]:
    """The person's answers in words, without those that this device may not show."""
    path = walk(sitting.questionnaire, sitting.answers)
    found = []
    for item in path.items:
        leaves = [leaf for leaf in path.leaves if leaf.item == item.name]
        said = [
            say_answer(leaf, sitting.kept[leaf.name].answer, wording)
            for leaf in leaves
            if leaf.name in sitting.kept and leaf.name not in sitting.hidden
        ]
        shown = tuple(text for text in said if text)
        if shown:
            found.append(OwnAnswer(wording.say(item.label), shown))
    return tuple(found)


def earlier_answers(session: Session, sitting: Sitting) -> Mapping[str, AnswerValue]:
    """Answers to the questionnaire before, to be confirmed; only after the second check."""
    return _told_before(session, sitting) if sitting.visit.second_check_at is not None else {}


def answered_before(session: Session, sitting: Sitting) -> frozenset[str]:
    """Which answers to the questionnaire before could be confirmed; not what they are."""
    return frozenset(_told_before(session, sitting))


def _told_before(session: Session, sitting: Sitting) -> Mapping[str, AnswerValue]:
    number = sitting.wave.questionnaire
    if number == 1:
        return {}
    wanted = [item.name for item in sitting.questionnaire.items if item.prefill == item.name]
    rows = session.exec(
        select(Answer.variable, Answer.value, Answer.missing)
        .join(Response, col(Response.id) == col(Answer.response_id))
        .join(Case, col(Case.id) == col(Response.case_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(
            col(Case.member_id) == sitting.member_id,
            col(Wave.questionnaire) < number,
            col(Answer.variable).in_(wanted),
        )
        .order_by(col(Wave.questionnaire))
    )
    return {name: from_stored(Stored(value, missing)) for name, value, missing in rows}


def counts(session: Session, wave_ids: Sequence[UUID]) -> dict[UUID, ResponseCounts]:
    """Responses by wave; waves without any are absent. One query."""
    rows = session.exec(
        select(Case.wave_id, func.count(), func.count(col(Response.finished_at)))
        .join(Response, col(Response.case_id) == col(Case.id))
        .where(col(Case.wave_id).in_(wave_ids))
        .group_by(col(Case.wave_id))
    )
    return {wave: ResponseCounts(begun, finished) for wave, begun, finished in rows}


def say_answer(leaf: Leaf, answer: AnswerValue, wording: Wording) -> str:
    """One variable in words; "" for what was left blank or does not apply."""
    if answer is None or answer is MissingCode.NOT_APPLICABLE:
        return ""
    said = _value(leaf, answer, wording)
    part = leaf.role in {Role.ROW, Role.FIELD}
    return f"{wording.say(leaf.label)}: {said}" if part else said


def _value(leaf: Leaf, answer: AnswerValue, wording: Wording) -> str:
    if isinstance(answer, MissingCode):
        return wording.say(_WAYS_OUT[answer])
    if leaf.store is not Store.RESPONSE and answer == GIVEN:
        return wording.say(_ELSEWHERE)
    if isinstance(answer, tuple):
        return "; ".join(_option(leaf, code, wording) for code in answer)
    if leaf.kind is Kind.CHOICE:
        return _option(leaf, answer, wording)
    if leaf.kind is Kind.MONTH:
        return month_text(str(answer), wording.language)
    return str(answer)


def _option(leaf: Leaf, code: object, wording: Wording) -> str:
    choice = leaf.choice(code)
    return str(code) if choice is None else fill(choice.text(wording.language), wording.pieces)


_WAYS_OUT = {
    MissingCode.REFUSED: EXIT_WORDS[Exit.REFUSED],
    MissingCode.DONT_KNOW: EXIT_WORDS[Exit.DONT_KNOW],
    MissingCode.NOT_APPLICABLE: None,
}
_ELSEWHERE = Label(
    es="Guardado en el directorio de tu escuela", en="Kept in your school's directory"
)
