"""Everything a step needs to know about one person on one device, in four short reads.

Core statements, built once: this is the path that must be fast (architecture.md B.5). Whoever
saves takes the lock of the case first, so that two tabs of one person come one after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, exists, select
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.directory.contacts import usable_contacts
from app.directory.states import ContactKind
from app.directory.tables import CohortRow, PanelMember
from app.errors import AppError
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.schedule import exit_day
from app.fieldwork.tables import Case, Wave
from app.questionnaires.answers import Answer as AnswerValue
from app.questionnaires.answers import MissingCode, Stored, from_stored
from app.questionnaires.flow import Step, steps
from app.questionnaires.format import Questionnaire
from app.questionnaires.publication import fetch
from app.responses.tables import Answer, Response, ResponseMark
from app.units.tables import OrganisationUnit, Programme

_Situation: TypeAlias = Row[*tuple[Any, ...]]  # of _SITUATION
GIVEN = "•"  # stands for a text that is kept in the directory
FIRST_JOB = "primer_empleo_conocido"
MOBILE, EMAIL = "celular_previo", "correo_previo"  # known before the first question
_KINDS = {MOBILE: ContactKind.MOBILE, EMAIL: ContactKind.EMAIL}


class SessionOver(AppError):
    """The session ended, lapsed, or never was; or the link was taken back."""

    code = "answer.session_over"
    status = 403
    plantilla = (
        "Esta sesión ya terminó. Lo que habías contestado está guardado: abre otra vez tu enlace "
        "y sigue donde te quedaste."
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """One stored answer, and which device gave it."""

    answer: AnswerValue
    revision: int
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """What steps need of the wave."""

    id: UUID
    questionnaire: int
    notice_id: UUID | None
    opens: date
    closes: date
    closes_at: datetime
    reference_monday: date
    zone: str
    school_id: UUID
    school: str
    cohort_id: UUID


@dataclass(frozen=True)
class Sitting:
    """One person on one device, as the database stands now."""

    visit: entry.Visit
    member_id: UUID
    wave: WaveFacts
    questionnaire: Questionnaire
    version_id: UUID
    disposition: Disposition
    first_answer_at: datetime | None
    finished: bool  # pressed Terminar
    left_on: date  # fecha_egreso, or the first day of the month in which the cohort leaves
    response_id: UUID | None
    kept: Mapping[str, Kept]  # answers and marks, by variable
    preloaded: Mapping[str, object]
    early: Mapping[str, object]  # what was known when it began: contact ids, or yes and no

    @cached_property
    def answers(self) -> dict[str, object]:
        """As the questionnaire's functions want them: preloaded and stored."""
        return {**self.preloaded, **{name: kept.answer for name, kept in self.kept.items()}}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """This person's path as far as the answers tell."""
        return steps(self.questionnaire, self.answers)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Variables answered on another device, not to be shown on this one.

        Only the second check opens them: a link may be in somebody else's hands.
        """
        if self.visit.second_check_at is not None:
            return frozenset()
        own = self.visit.session_id
        return frozenset(name for name, kept in self.kept.items() if kept.session_id != own)

    def step(self, name: str) -> Step | None:
        """The step of this name on the person's path."""
        return next((step for step in self.steps if step.name == name), None)

    def asked(self, step: Step) -> bool:
        """Whether some item of a step was answered, or left blank on purpose."""
        return any(
            leaf.name in self.kept and self.kept[leaf.name].answer is not MissingCode.NOT_APPLICABLE
            for item in step.items
            for leaf in self.questionnaire.leaves[item.name]
        )


def open_sitting(
    connection: Connection, secret: str, *, now: datetime, to_save: bool = False
) -> Sitting:
    """The person behind a session secret. `to_save`: take the lock of the case.

    Raises:
        SessionOver: there is no such session any more.
    """
    with Session(connection) as session:
        visit = entry.session_of(session, secret, now=now) if secret else None
        if visit is None:
            raise SessionOver
        statement = _LOCKED if to_save else _SITUATION
        row = connection.execute(statement, {"case": visit.case_id}).one()
        questionnaire = fetch(session, row.version_id)
        response_id, kept, early = _stored(connection, visit.case_id, questionnaire)
        if response_id is None:
            early = _known_before(session, row, questionnaire)
    left_on = row.left_on or exit_day(row.leaves, row.exit_month)
    return Sitting(
        visit=visit,
        member_id=row.member_id,
        wave=_wave(row),
        questionnaire=questionnaire,
        version_id=row.version_id,
        disposition=row.disposition,
        first_answer_at=row.first_answer_at,
        finished=row.completed_at is not None,
        left_on=left_on,
        response_id=response_id,
        kept=kept,
        preloaded=_preloaded(row, questionnaire, early, left_on=left_on, now=now),
        early=early,
    )


def _stored(
    connection: Connection, case_id: UUID, questionnaire: Questionnaire
) -> tuple[UUID | None, dict[str, Kept], dict[str, object]]:
    """The response, its answers and marks, and what was known when it began."""
    response_id: UUID | None = None
    kept: dict[str, Kept] = {}
    early: dict[str, object] = {}
    for row in connection.execute(_ANSWERS, {"case": case_id}):
        response_id = row.id
        if row.variable is not None:
            stored = from_stored(Stored(row.value, row.missing))
            kept[row.variable] = Kept(stored, row.revision, row.session_id)
    for mark in connection.execute(_MARKS, {"response": response_id}) if response_id else ():
        if mark.variable in questionnaire.variables:
            value = GIVEN if mark.value is True else mark.value
            kept[mark.variable] = Kept(value, 0, mark.session_id)
        else:
            early[mark.variable] = mark.value
    return response_id, kept, early


def _known_before(
    session: Session, row: _Situation, questionnaire: Questionnaire
) -> dict[str, object]:
    """What the directory and the wave before know: fixed when the first answer is kept."""
    found: dict[str, object] = {}
    wanted = questionnaire.preloaded_types.keys()
    for name, kind in _KINDS.items():
        if name in wanted:
            contacts = usable_contacts(session, row.member_id, kind=kind)
            personal = [contact for contact in contacts if not contact.institutional]
            found[name] = str(personal[0].id) if personal else False
    if FIRST_JOB in wanted:
        known = session.connection().execute(_FIRST_JOB_KNOWN, {"member": row.member_id})
        found[FIRST_JOB] = bool(known.scalar())
    return found


def _preloaded(
    row: _Situation,
    questionnaire: Questionnaire,
    early: Mapping[str, object],
    *,
    left_on: date,
    now: datetime,
) -> dict[str, object]:
    known: dict[str, object] = {
        "tipo_bachillerato": row.track or row.programme_track,
        "fecha_egreso": left_on,
        "hoy": civil_date(now, row.time_zone),
        **{name: bool(value) for name, value in early.items()},
    }
    return {name: known.get(name) for name in questionnaire.preloaded_types}


def _wave(row: _Situation) -> WaveFacts:
    return WaveFacts(
        id=row.wave_id,
        questionnaire=row.questionnaire,
        notice_id=row.notice_id,
        opens=row.opens,
        closes=row.closes,
        closes_at=row.closes_at,
        reference_monday=row.reference_monday,
        zone=row.time_zone,
        school_id=row.school_id,
        school=row.school,
        cohort_id=row.cohort_id,
    )


_TABLES = Answer.metadata.tables
_CASE, _WAVE = _TABLES[Case.__tablename__], _TABLES[Wave.__tablename__]
_MEMBER, _COHORT = _TABLES[PanelMember.__tablename__], _TABLES[CohortRow.__tablename__]
_UNIT, _PROGRAMME = _TABLES[OrganisationUnit.__tablename__], _TABLES[Programme.__tablename__]
_RESPONSE, _ANSWER = _TABLES[Response.__tablename__], _TABLES[Answer.__tablename__]
_MARK = _TABLES[ResponseMark.__tablename__]

_SITUATION = (
    select(
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
    )
    .join(_WAVE, _WAVE.c.id == _CASE.c.wave_id)
    .join(_MEMBER, _MEMBER.c.id == _CASE.c.member_id)
    .join(_COHORT, _COHORT.c.id == _WAVE.c.cohort_id)
    .join(_UNIT, _UNIT.c.id == _WAVE.c.school_id)
    .outerjoin(_PROGRAMME, _PROGRAMME.c.id == _MEMBER.c.programme_id)
    .where(_CASE.c.id == bindparam("case"))
)
_LOCKED = _SITUATION.with_for_update(of=_CASE)  # SQLite holds its one write lock already
_ANSWERS = (
    select(
        _RESPONSE.c.id,
        _ANSWER.c.variable,
        _ANSWER.c.value,
        _ANSWER.c.missing,
        _ANSWER.c.revision,
        _ANSWER.c.session_id,
    )
    .outerjoin(_ANSWER, _ANSWER.c.response_id == _RESPONSE.c.id)
    .where(_RESPONSE.c.case_id == bindparam("case"))
)
_MARKS = select(_MARK.c.variable, _MARK.c.value, _MARK.c.session_id).where(
    _MARK.c.response_id == bindparam("response")
)
_FIRST_JOB_KNOWN = select(
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
