"""The reads of a sitting: who answers, in which wave, and what is kept of it.

Built once: this is the path that must be fast (architecture.md B.5).
"""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    JSON,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from app.db.prepared import Prepared
from app.db.types import JsonText
from app.directory.tables import CohortRow, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, EntrySession, Mode, Wave, WaveState
from app.questionnaires.items import Language
from app.responses.tables import Answer, Response, ResponseMark
from app.units.tables import OrganisationUnit, Programme


class Situation(NamedTuple):
    """One row of who asks: session, case, wave, member, school."""

    session_id: UUID
    case_id: UUID
    mode: Mode
    first_device: bool
    second_check_at: datetime | None
    expires_at: datetime
    language: Language
    link_revoked_at: datetime | None
    state: WaveState
    member_id: UUID
    disposition: Disposition
    first_answer_at: datetime | None
    completed_at: datetime | None
    wave_id: UUID
    questionnaire: int
    version_id: UUID
    notice_id: UUID | None
    opens: date
    closes: date
    closes_at: datetime
    reference_monday: date
    school_id: UUID
    cohort_id: UUID
    track: str | None
    left_on: date | None
    programme_track: str | None
    leaves: int
    exit_month: int
    time_zone: str
    school: str
    response_id: UUID | None
    last_saved_at: datetime | None


_TABLES = Answer.metadata.tables
_CASE, _WAVE = _TABLES[Case.__tablename__], _TABLES[Wave.__tablename__]
_SESSION = _TABLES[EntrySession.__tablename__]
_MEMBER, _COHORT = _TABLES[PanelMember.__tablename__], _TABLES[CohortRow.__tablename__]
_UNIT, _PROGRAMME = _TABLES[OrganisationUnit.__tablename__], _TABLES[Programme.__tablename__]
_RESPONSE, _ANSWER = _TABLES[Response.__tablename__], _TABLES[Answer.__tablename__]
_MARK = _TABLES[ResponseMark.__tablename__]

_SITUATION = (
    select(
        _SESSION.c.id.label("session_id"),
        _SESSION.c.case_id,
        _SESSION.c.mode,
        _SESSION.c.first_device,
        _SESSION.c.second_check_at,
        _SESSION.c.expires_at,
        _SESSION.c.language,
        _CASE.c.link_revoked_at,
        _WAVE.c.state,
        _CASE.c.member_id,
        _CASE.c.disposition,
        _CASE.c.first_answer_at,
        _CASE.c.completed_at,
        _CASE.c.wave_id,
        _WAVE.c.questionnaire,
        _WAVE.c.version_id,
        _WAVE.c.notice_id,
        _WAVE.c.opens,
        _WAVE.c.closes,
        _WAVE.c.closes_at,
        _WAVE.c.reference_monday,
        _WAVE.c.school_id,
        _WAVE.c.cohort_id,
        _MEMBER.c.track,
        _MEMBER.c.left_on,
        _PROGRAMME.c.track.label("programme_track"),
        _COHORT.c.leaves,
        _COHORT.c.exit_month,
        _UNIT.c.time_zone,
        _UNIT.c.name.label("school"),
        _RESPONSE.c.id.label("response_id"),
        _RESPONSE.c.last_saved_at,
    )
    .join(_CASE, _CASE.c.id == _SESSION.c.case_id)
    .join(_WAVE, _WAVE.c.id == _CASE.c.wave_id)
    .join(_MEMBER, _MEMBER.c.id == _CASE.c.member_id)
    .join(_COHORT, _COHORT.c.id == _WAVE.c.cohort_id)
    .join(_UNIT, _UNIT.c.id == _WAVE.c.school_id)
    .outerjoin(_PROGRAMME, _PROGRAMME.c.id == _MEMBER.c.programme_id)
    .outerjoin(_RESPONSE, _RESPONSE.c.case_id == _CASE.c.id)
    .where(_SESSION.c.secret_hash == bindparam("secret"), _SESSION.c.ended_at.is_(None))
)
_LOCKING = _SITUATION.with_for_update(of=_CASE)  # SQLite holds its one write lock already
OPENED, LOCKED = (
    Prepared({"sqlite": each, "postgresql": each}, Situation._make)
    for each in (_SITUATION, _LOCKING)
)
BEGUN = select(_RESPONSE.c.id).where(_RESPONSE.c.case_id == bindparam("case"))
_ROWS = union_all(
    select(
        _ANSWER.c.variable,
        _ANSWER.c.value,
        _ANSWER.c.missing,
        _ANSWER.c.revision,
        (_ANSWER.c.session_id == bindparam("session")).label("own"),
        literal_column("0").label("marked"),
    ).where(_ANSWER.c.response_id == bindparam("response")),
    select(
        _MARK.c.variable,
        _MARK.c.value,
        literal_column("null"),
        literal_column("0"),
        _MARK.c.session_id == bindparam("session"),
        literal_column("1"),
    ).where(_MARK.c.response_id == bindparam("response")),
).subquery()
_REST = (_ROWS.c.missing, _ROWS.c.revision, _ROWS.c.own, _ROWS.c.marked)
# One document instead of forty rows of six columns: a third of the time.
_ANSWERS = {
    "sqlite": select(
        func.json_group_array(
            func.json_array(_ROWS.c.variable, func.json(_ROWS.c.value), *_REST), type_=JsonText
        )
    ),
    "postgresql": select(
        cast(
            func.json_agg(
                func.json_build_array(_ROWS.c.variable, cast(_ROWS.c.value, JSON), *_REST)
            ),
            JsonText,
        )
    ),
}
STORED = Prepared(_ANSWERS, lambda values: values[0])
FIRST_JOB_KNOWN = select(
    exists().where(
        _ANSWER.c.response_id == _RESPONSE.c.id,
        _RESPONSE.c.case_id == _CASE.c.id,
        _CASE.c.wave_id == _WAVE.c.id,
        _CASE.c.member_id == bindparam("member"),
        _WAVE.c.questionnaire == 2,
        ((_ANSWER.c.variable == "empleo_previo") & (_ANSWER.c.value == 1))
        | ((_ANSWER.c.variable == "primer_empleo") & _ANSWER.c.value.is_not(None)),
    )
)
