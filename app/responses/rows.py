"""Responses as rows, for analytics only: variables with their typed missings.

No directory data, no consents; free text is left out unless it is asked for by name, because it
never reaches microdata. Every row is settled once more: an item that does not apply says so, and
no orphan answer is ever counted.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, type_coerce
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, func, literal, select

from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Mode, Wave
from app.questionnaires.answers import Answer as AnswerValue
from app.questionnaires.answers import Stored, Unreadable, from_stored
from app.questionnaires.publication import MOST_KEPT, fetch
from app.questionnaires.settling import Settling
from app.responses.sitting import EMAIL, FIRST_JOB, GIVEN, MOBILE
from app.responses.tables import Answer, AnswerRevision, Response, ResponseMark
from app.units.tables import Programme

# Between answers, and between their parts: JSON never holds a control character as it is.
_BETWEEN, _WITHIN = "\x1e", "\x1f"
_SHORT = 80  # characters of an answer that is remembered: codes, months, names of towns
MOST_REMEMBERED = 50_000  # answers of one version
ANSWERED = (Disposition.COMPLETE, Disposition.PARTIAL)
_TRACK = "tipo_bachillerato"


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


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One response as it is stored, all its answers in one text: equal if nothing changed."""

    case_id: UUID
    member_id: UUID
    wave_id: UUID
    questionnaire: int
    version_id: UUID
    disposition: Disposition
    mode: Mode | None
    started_at: datetime
    finished_at: datetime | None
    track: str | None
    answers: str
    marks: str


class ResponseStamp(NamedTuple):
    """What of a response changes with it: `saves` grows with each that is accepted.

    A tuple, and ids as text: a school has hundreds, compared at every view of its results.
    """

    id: str
    version_id: str
    disposition: Disposition
    finished_at: datetime | None
    saves: int


def response_rows(
    session: Session, wave_ids: Collection[UUID], *, texts: Collection[str] = ()
) -> Iterator[ResponseRow]:
    """Every response of the waves, in the order of their ids; one query.

    `texts`: free-text variables to include, for the coders of occupations and programmes.
    """
    for stored in stored_responses(session, wave_ids):
        yield settled_row(session, stored, texts=texts)


def stored_responses(
    session: Session, wave_ids: Collection[UUID], *, answered_in: Collection[UUID] = ()
) -> list[StoredResponse]:
    """Every response of the waves, in the order of their ids; one query.

    `answered_in`: waves; only what was answered, and by whoever answered one of these.

    The database puts the answers of a response together: a school has fifteen thousand, and a
    row for each costs more than all else that is done with it.
    """
    found = session.connection().execute(
        select_columns(
            col(Response.case_id),
            col(Case.member_id),
            col(Case.wave_id),
            col(Wave.questionnaire),
            col(Response.version_id),
            col(Case.disposition),
            col(Case.mode),
            col(Response.started_at),
            col(Response.finished_at),
            func.coalesce(col(PanelMember.track), col(Programme.track)),
            _together(Answer, col(Answer.missing)),
            _together(ResponseMark, None),
        )
        .join(Case, col(Case.id) == col(Response.case_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
        .where(*_of(wave_ids, answered_in))
        .order_by(col(Response.id))
    )
    return [StoredResponse(*tuple(row)) for row in found]


def response_stamps(
    session: Session, wave_ids: Collection[UUID], *, answered_in: Collection[UUID]
) -> tuple[ResponseStamp, ...]:
    """The stamps of `stored_responses`; one query of indexes, a tenth of its time."""
    saves = (
        select_columns(func.count())
        .where(col(AnswerRevision.response_id) == col(Response.id))
        .correlate(Response)
        .scalar_subquery()
    )
    found = session.connection().execute(
        select_columns(
            cast(col(Response.id), Text),
            cast(col(Response.version_id), Text),
            col(Case.disposition),
            col(Response.finished_at),
            saves,
        )
        .join(Case, col(Case.id) == col(Response.case_id))
        .where(*_of(wave_ids, answered_in))
        .order_by(col(Response.id))
    )
    return tuple(map(ResponseStamp._make, found))


def settled_row(
    session: Session, stored: StoredResponse, *, texts: Collection[str] = ()
) -> ResponseRow:
    """A response as analysis reads it."""
    reading = _reading(session, stored.version_id, frozenset(texts))
    return ResponseRow(
        case_id=stored.case_id,
        member_id=stored.member_id,
        wave_id=stored.wave_id,
        questionnaire=stored.questionnaire,
        version_id=stored.version_id,
        disposition=stored.disposition,
        mode=stored.mode,
        started_at=stored.started_at,
        finished_at=stored.finished_at,
        values=reading.values_of(stored),
    )


def _of(wave_ids: Collection[UUID], answered_in: Collection[UUID]) -> Sequence[ColumnElement[bool]]:
    in_waves = col(Case.wave_id).in_(wave_ids)
    if not answered_in:
        return [in_waves]
    mine = aliased(Case)
    members = select(mine.member_id).where(
        col(mine.wave_id).in_(answered_in), col(mine.disposition).in_(ANSWERED)
    )
    return [in_waves, col(Case.member_id).in_(members), col(Case.disposition).in_(ANSWERED)]


def _together(
    table: type[Answer | ResponseMark], missing: Mapped[int | None] | None
) -> ColumnElement[str]:
    """The answers, or the marks, of the response of the row, in one text."""
    said = (
        col(table.variable)
        + literal(_WITHIN)
        + func.coalesce(type_coerce(col(table.value), Text), literal(""))
        + literal(_WITHIN)
        + (literal("") if missing is None else func.coalesce(cast(missing, Text), literal("")))
    )
    together = (
        select_columns(func.aggregate_strings(said, _BETWEEN))
        .where(col(table.response_id) == col(Response.id))
        .correlate(Response)
        .scalar_subquery()
    )
    return func.coalesce(together, literal(""))


class _Answers(dict[str, tuple[str, AnswerValue] | None]):
    """Stored answers to one version, each read once: its variable and what it says."""

    def __init__(self, settling: Settling, *, marks: bool) -> None:
        super().__init__()
        self._settling, self._marks = settling, marks

    def __missing__(self, said: str) -> tuple[str, AnswerValue] | None:
        found = self._read(said)
        if len(said) <= _SHORT and len(self) < MOST_REMEMBERED:
            self[said] = found
        return found

    def _read(self, said: str) -> tuple[str, AnswerValue] | None:
        if not said:  # nothing was answered
            return None
        name, value, missing = said.split(_WITHIN)
        if not self._settling.reads(name):
            return None
        raw: object = from_stored(
            Stored(json.loads(value) if value else None, int(missing) if missing else None)
        )
        if self._marks and raw is True:
            raw = GIVEN
        if name in {MOBILE, EMAIL, FIRST_JOB}:
            raw = bool(raw)
        answer = self._settling.read(name, raw)
        return None if isinstance(answer, Unreadable) else (name, answer)


class _Reading:
    """How the responses to one version are read."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling
        self._answers = _Answers(settling, marks=False)
        self._marks = _Answers(settling, marks=True)

    def values_of(self, stored: StoredResponse) -> dict[str, AnswerValue]:
        answers = map(self._answers.__getitem__, stored.answers.split(_BETWEEN))
        read = dict(filter(None, answers))
        read.update(filter(None, map(self._marks.__getitem__, stored.marks.split(_BETWEEN))))
        track = self._settling.read(_TRACK, stored.track)
        read[_TRACK] = None if isinstance(track, Unreadable) else track
        return self._settling.values(read)


_readings: dict[tuple[UUID, frozenset[str]], _Reading] = {}
_lock = Lock()


def _reading(session: Session, version_id: UUID, texts: frozenset[str]) -> _Reading:
    """Of a version, which never changes: made once in a process."""
    found = _readings.get((version_id, texts))
    if found is None:
        found = _Reading(Settling(fetch(session, version_id), texts))
        with _lock:
            if len(_readings) >= MOST_KEPT:
                _readings.clear()
            _readings[version_id, texts] = found
    return found
