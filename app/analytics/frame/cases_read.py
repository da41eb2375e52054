"""What analysis reads of waves: their cases with what school control knows, and what was told.

Names, contacts and consents are never read; of the texts only the catalogue entries below, and
none stays in a row (datasets.py).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.analytics.outcomes import Answer, Answers
from app.chronology.calendar import civil_date
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.questionnaires.answers import MissingCode
from app.responses.rows import ResponseRow, settled_row, stored_responses
from app.units.catalogues import town_codes
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, Programme, UnitAncestor
from app.units.texts import plain

COMPARED = ("ies_nombre", "ies_primera_opcion")  # H3c; dropped once compared
_TOWN = "municipio_residencia"
_TEXTS = frozenset({_TOWN, *COMPARED})
_TOWN_CODE = re.compile(r"[0-9]{5}")


@dataclass(frozen=True, slots=True)
class WavePlace:
    """What the school of a wave adds to a person's row."""

    wave_id: UUID
    school_id: UUID
    municipality: str | None
    zone: str
    questionnaire: int


class CaseRead(NamedTuple):
    """One case of a wave, with what school control knows of the person.

    A tuple: a school has hundreds, compared at every view of its results.
    """

    member_id: UUID
    wave_id: UUID
    disposition: Disposition
    confirmed: bool
    late: bool
    source: str
    sex: str | None
    shift: str | None
    track: str | None
    left_on: date | None


@dataclass(frozen=True, slots=True)
class Told:
    """One answered questionnaire of a person."""

    answers: Answers
    day: date
    at: datetime


def places_below(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> tuple[WavePlace, ...]:
    """The waves of a questionnaire of a generation below a unit, and those before it."""
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
    return _places(
        session,
        in_scope(scope, col(Wave.school_id)),
        col(Wave.school_id).in_(below),
        col(CohortRow.entered) == cohort.entered,
        col(CohortRow.leaves) == cohort.leaves,
        col(Wave.questionnaire) <= questionnaire,
    )


def places_of_schools(
    session: Session, school_ids: Collection[UUID], cohort: Cohort, questionnaire: int
) -> tuple[WavePlace, ...]:
    """The same of some schools, whoever asks."""
    return _places(
        session,
        col(Wave.school_id).in_(school_ids),
        col(CohortRow.entered) == cohort.entered,
        col(CohortRow.leaves) == cohort.leaves,
        col(Wave.questionnaire) <= questionnaire,
    )


def cases_of(session: Session, wave_ids: Collection[UUID]) -> tuple[CaseRead, ...]:
    """Every case of some waves, in the order of their ids."""
    rows = session.connection().execute(
        select_columns(
            col(Case.member_id),
            col(Case.wave_id),
            col(Case.disposition),
            col(Case.eligibility_confirmed),
            col(Case.late_reason).is_not(None),
            col(Case.source),
            col(PanelMember.sex),
            col(PanelMember.shift),
            func.coalesce(col(PanelMember.track), col(Programme.track)),
            col(PanelMember.left_on),
        )
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
        .where(col(Case.wave_id).in_(wave_ids))
        .order_by(col(Case.id))
    )
    return tuple(map(CaseRead._make, rows))


def told_in(
    session: Session, places: Collection[WavePlace], answered_in: Collection[UUID]
) -> Mapping[UUID, dict[int, Told]]:
    """Answered questionnaires, by person and number, of whoever answered one of some waves.

    Break-offs are not answers.
    """
    zones = {place.wave_id: place.zone for place in places}
    told: dict[UUID, dict[int, Told]] = defaultdict(dict)
    codes = town_codes(session)
    for stored in stored_responses(session, list(zones), answered_in=answered_in):
        row = settled_row(session, stored, texts=_TEXTS)
        at = row.finished_at or row.started_at
        told[row.member_id][row.questionnaire] = Told(
            _answers(row, codes), civil_date(at, zones[row.wave_id]), at
        )
    return told


def _places(session: Session, *conditions: ColumnElement[bool]) -> tuple[WavePlace, ...]:
    found = session.connection().execute(
        select_columns(
            col(Wave.id),
            col(Wave.school_id),
            col(OrganisationUnit.municipality),
            col(OrganisationUnit.time_zone),
            col(Wave.questionnaire),
        )
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(*conditions)
        .order_by(col(Wave.id))
    )
    return tuple(WavePlace(*row) for row in found)


def _answers(row: ResponseRow, codes: Mapping[str, str]) -> Answers:
    """As the pure part reads them: any typed missing is nothing, a town is its code or nothing."""
    answers: dict[str, Answer] = {
        name: None if isinstance(value, MissingCode) else value
        for name, value in row.values.items()
    }
    town = answers.get(_TOWN)
    if isinstance(town, str) and not _TOWN_CODE.fullmatch(town):
        answers[_TOWN] = codes.get(plain(town))
    return answers
