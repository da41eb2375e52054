"""Everything a step needs to know about one person on one device, in two short reads.

Whoever saves takes the lock of the case first, and only then reads the answers: two tabs of one
person come one after the other, and the second sees what the first kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.chronology.wave_plan import exit_day
from app.directory.contacts import usable_contacts
from app.directory.states import ContactKind
from app.errors import AppError
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Mode
from app.questionnaires.answers import Answer as AnswerValue
from app.questionnaires.answers import MissingCode, Stored, from_stored
from app.questionnaires.flow import Step, steps
from app.questionnaires.format import Questionnaire
from app.questionnaires.publication import fetch, in_memory
from app.responses.situation import BEGUN, FIRST_JOB_KNOWN, LOCKED, OPENED, STORED, Situation

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


class Kept(NamedTuple):
    """One stored answer, and whether this device gave it."""

    answer: AnswerValue
    revision: int
    own: bool  # given on this device


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
    last_saved_at: datetime | None
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
        return frozenset(name for name, kept in self.kept.items() if not kept.own)

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
    opened = LOCKED if to_save else OPENED
    row = opened.first(connection, secret=entry.secret_hash(secret))
    visit = entry.visit_of(_facts(row), now=now) if row is not None else None
    if row is None or visit is None:
        raise SessionOver
    kept: dict[str, Kept] = {}
    questionnaire = in_memory(row.version_id) or _fetched(connection, row.version_id)
    # A first step that waited for the lock sees the response its rival began.
    response_id = row.response_id or connection.scalar(BEGUN, {"case": visit.case_id})
    if response_id is None:
        early = _known_before(connection, row, questionnaire)
    else:
        kept, early = _stored(connection, response_id, visit, questionnaire)
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
        last_saved_at=row.last_saved_at,
        left_on=left_on,
        response_id=response_id,
        kept=kept,
        preloaded=_preloaded(row, questionnaire, early, left_on=left_on, now=now),
        early=early,
    )


def _fetched(connection: Connection, version_id: UUID) -> Questionnaire:
    with Session(connection) as session:
        return fetch(session, version_id)


def _stored(
    connection: Connection,
    response_id: UUID,
    visit: entry.Visit,
    questionnaire: Questionnaire,
) -> tuple[dict[str, Kept], dict[str, object]]:
    """Answers and marks by variable, and what was known when the response began."""
    kept: dict[str, Kept] = {}
    early: dict[str, object] = {}
    rows = STORED.first(connection, response=response_id, session=visit.session_id)
    for variable, value, missing, revision, own, marked in rows or ():
        if marked and variable not in questionnaire.variables:
            early[variable] = value
        else:
            answer = GIVEN if marked and value is True else value
            if missing is not None or isinstance(answer, list):  # most are neither
                answer = from_stored(Stored(answer, missing))
            kept[variable] = Kept(answer, revision, bool(own))
    return kept, early


def _known_before(
    connection: Connection, row: Situation, questionnaire: Questionnaire
) -> dict[str, object]:
    """What the directory and the wave before know: fixed when the first answer is kept."""
    found: dict[str, object] = {}
    wanted = questionnaire.preloaded_types.keys()
    with Session(connection) as session:
        asked = {name: kind for name, kind in _KINDS.items() if name in wanted}
        contacts = usable_contacts(session, row.member_id) if asked else ()
        for name, kind in asked.items():
            own = (each for each in contacts if each.kind is kind and not each.institutional)
            best = next(own, None)
            found[name] = str(best.id) if best else False
    if FIRST_JOB in wanted:
        known = connection.execute(FIRST_JOB_KNOWN, {"member": row.member_id})
        # Whoever asks by telephone does not learn what was told a year ago: it is asked again.
        found[FIRST_JOB] = bool(known.scalar()) and row.mode is not Mode.PHONE
    return found


def _preloaded(
    row: Situation,
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


def _facts(row: Situation) -> entry.SessionFacts:
    return entry.SessionFacts(
        session_id=row.session_id,
        case_id=row.case_id,
        wave_id=row.wave_id,
        mode=row.mode,
        first_device=row.first_device,
        second_check_at=row.second_check_at,
        expires_at=row.expires_at,
        revoked=row.link_revoked_at is not None,
        state=row.state,
        closes_at=row.closes_at,
        language=row.language,
    )


def _wave(row: Situation) -> WaveFacts:
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
