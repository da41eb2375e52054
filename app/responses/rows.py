"""Responses as rows, for analytics only: variables with their typed missings.

No directory data, no consents; free text is left out unless it is asked for by name, because it
never reaches microdata. Every row is settled once more: an item that does not apply says so, and
no orphan answer is ever counted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Mode, Wave
from app.questionnaires.answers import Answer as AnswerValue
from app.questionnaires.answers import Stored, Unreadable, from_stored, read_answer
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import settle
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Store
from app.questionnaires.publication import fetch
from app.responses.sitting import EMAIL, FIRST_JOB, GIVEN, MOBILE
from app.responses.tables import Answer, Response, ResponseMark
from app.units.tables import Programme

BATCH = 1_000  # responses read at once


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """One response. `values`: what was answered, blank (None) or missing with its reason.

    A variable that is absent was not asked (yet).
    """

    case_id: UUID
    member_id: UUID
    wave_id: UUID
    questionnaire: int
    version_id: UUID
    disposition: Disposition
    mode: Mode | None
    started_at: datetime
    finished_at: datetime | None
    values: Mapping[str, AnswerValue]


def response_rows(
    session: Session, wave_ids: Collection[UUID], *, texts: Collection[str] = ()
) -> Iterator[ResponseRow]:
    """Every response of the waves, in the order of their ids; four queries a batch.

    `texts`: free-text variables to include, for the coders of occupations and programmes.
    """
    ids = session.exec(
        select(Response.id)
        .join(Case, col(Case.id) == col(Response.case_id))
        .where(col(Case.wave_id).in_(wave_ids))
        .order_by(col(Response.id))
    ).all()
    for start in range(0, len(ids), BATCH):
        yield from _batch(session, ids[start : start + BATCH], frozenset(texts))


def _batch(session: Session, ids: Sequence[UUID], texts: frozenset[str]) -> Iterator[ResponseRow]:
    answers: dict[UUID, dict[str, object]] = defaultdict(dict)
    # Columns, not objects: a school has fifteen thousand answers, and an object costs ten times.
    told = select(Answer.response_id, Answer.variable, Answer.value, Answer.missing)
    for response_id, variable, value, missing in session.exec(
        told.where(col(Answer.response_id).in_(ids))
    ):
        answers[response_id][variable] = from_stored(Stored(value, missing))
    marked = select(ResponseMark.response_id, ResponseMark.variable, ResponseMark.value)
    for response_id, variable, value in session.exec(
        marked.where(col(ResponseMark.response_id).in_(ids))
    ):
        answers[response_id][variable] = GIVEN if value is True else value
    rows = session.exec(
        select(Response, Case, Wave)
        .join(Case, col(Case.id) == col(Response.case_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(col(Response.id).in_(ids))
        .order_by(col(Response.id))
    ).all()
    preloaded = _preloaded(session, [case.member_id for _, case, _ in rows])
    for response, case, wave in rows:
        known = answers.get(response.id, {}) | preloaded[case.member_id]
        yield ResponseRow(
            case_id=case.id,
            member_id=case.member_id,
            wave_id=wave.id,
            questionnaire=wave.questionnaire,
            version_id=response.version_id,
            disposition=case.disposition,
            mode=case.mode,
            started_at=response.started_at,
            finished_at=response.finished_at,
            values=_values(fetch(session, response.version_id), known, texts),
        )


def _preloaded(session: Session, member_ids: Sequence[UUID]) -> dict[UUID, dict[str, object]]:
    rows = session.exec(
        select(PanelMember.id, func.coalesce(PanelMember.track, Programme.track))
        .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
        .where(col(PanelMember.id).in_(member_ids))
    )
    return {member_id: {"tipo_bachillerato": track} for member_id, track in rows}


def _values(
    questionnaire: Questionnaire, known: Mapping[str, object], texts: frozenset[str]
) -> dict[str, AnswerValue]:
    readable = {
        name: bool(value) if name in {MOBILE, EMAIL, FIRST_JOB} else value
        for name, value in known.items()
    }
    settled = settle(questionnaire, readable)
    values: dict[str, AnswerValue] = {}
    for name, leaf in questionnaire.variables.items():
        free = leaf.kind is Kind.TEXT and name not in texts
        if leaf.store is not Store.RESPONSE or free or name not in settled:
            continue
        answer = read_answer(leaf, settled[name])
        if not isinstance(answer, Unreadable):
            values[name] = answer
    return values
