"""The analysis frame: who counts in a wave of a unit, and a row for each person who answered.

Earlier waves of the same persons are linked. Names, contacts and consents are never read; of the
texts only the catalogue entries below, to compare them, and none stays in a row.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.analytics.outcomes import Answer, Answers
from app.analytics.panel_row import Row, panel_row
from app.analytics.rates import Dispositions
from app.chronology.calendar import civil_date
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow, PanelMember
from app.fieldwork.dispositions import Disposition, Outcome, outcome
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.questionnaires.answers import MissingCode
from app.responses.rows import ResponseRow, response_rows
from app.units.catalogues import town_codes
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, Programme, UnitAncestor
from app.units.texts import plain

CORE: Mapping[int, tuple[str, ...]] = {  # without these the outcome is unknown
    1: ("plan_egreso",),
    2: ("estudia", "trabaja"),
    3: ("estudia", "trabaja"),
}
ANSWERED = frozenset({Disposition.COMPLETE, Disposition.PARTIAL})
SELF = "self"  # of case.source; anything else is a third party that was checked
_TOWN = "municipio_residencia"
_COMPARED = ("ies_nombre", "ies_primera_opcion")  # H3c; dropped once compared
_TOWN_CODE = re.compile(r"[0-9]{5}")


@dataclass(frozen=True, slots=True)
class AnalysisFrame:
    """The persons of one questionnaire of a generation, over the schools of a unit.

    `rows`: one for each complete or partial case, in the order in which they were finished
    (a partial one: started). `at_opening` and `listed` are both denominators: who could be
    eligible when the frame was frozen, and who can now.
    """

    questionnaire: int
    rows: tuple[Row, ...]
    groups: Dispositions
    at_opening: int
    late: int  # joined after the frame was frozen
    self_reported: int  # answered the core themselves
    verified: int  # known through a third party
    schools: int  # with at least one answer
    wave_ids: tuple[UUID, ...]

    @property
    def listed(self) -> int:
        """Cases that are or may be eligible: the denominator of RR1 and RR2."""
        return self.groups.eligible + self.groups.UO


@dataclass(frozen=True, slots=True)
class _Place:
    """What the school of a wave adds to a person's row."""

    school_id: UUID
    municipality: str | None
    zone: str
    questionnaire: int


@dataclass(frozen=True, slots=True)
class _Member:
    """One case of the wave, with what school control knows of the person."""

    member_id: UUID
    school_id: UUID
    group: Outcome
    late: bool
    source: str
    roster: Answers
    left_on: date | None


@dataclass(frozen=True, slots=True)
class _Told:
    """One answered questionnaire of a person."""

    answers: Answers
    day: date
    at: datetime


def analysis_frame(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> AnalysisFrame:
    """The frame and the rows of a wave; a constant number of queries.

    A wave outside the scope does not exist; `wave_ids` is empty where there is none at all.
    """
    places = _places(session, scope, unit_id, cohort, questionnaire)
    here = [wave for wave, place in places.items() if place.questionnaire == questionnaire]
    members = _members(session, places, here)
    told = _told(session, places)
    answered = {
        person.member_id: person
        for person in sorted(members, key=lambda one: _arrival(told[one.member_id], questionnaire))
        if questionnaire in told[person.member_id]
    }
    rows = {
        member_id: _row(questionnaire, person, told[member_id])
        for member_id, person in answered.items()
    }
    core = CORE[questionnaire]
    # The person's own word takes the place of what others told.
    known = {
        member_id
        for member_id, row in rows.items()
        if all(row.get(name) is not None for name in core)
    }
    return AnalysisFrame(
        questionnaire=questionnaire,
        rows=tuple(rows.values()),
        groups=_groups(members),
        at_opening=_at_opening(session, here, members),
        late=sum(person.late for person in members),
        self_reported=len(known),
        verified=sum(
            person.source != SELF
            and person.group is not Outcome.NOT_ELIGIBLE
            and person.member_id not in known
            for person in members
        ),
        schools=len({person.school_id for person in answered.values()}),
        wave_ids=tuple(here),
    )


def _places(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> dict[UUID, _Place]:
    """The waves of the questionnaire and those before it, by id."""
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id)
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
        .where(
            in_scope(scope, col(Wave.school_id)),
            col(Wave.school_id).in_(below),
            col(CohortRow.entered) == cohort.entered,
            col(CohortRow.leaves) == cohort.leaves,
            col(Wave.questionnaire) <= questionnaire,
        )
    )
    return {
        wave_id: _Place(school_id, municipality, zone, number)
        for wave_id, school_id, municipality, zone, number in found
    }


def _members(
    session: Session, places: Mapping[UUID, _Place], here: Collection[UUID]
) -> list[_Member]:
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
        .where(col(Case.wave_id).in_(here))
        .order_by(col(Case.id))
    )
    return [
        _Member(
            member_id=member_id,
            school_id=places[wave_id].school_id,
            group=outcome(disposition, eligibility_confirmed=confirmed),
            late=bool(late),
            source=source,
            roster={
                "sexo": sex,
                "turno": _code(shift),
                "tipo_bachillerato": _code(track),
                "municipio_plantel": places[wave_id].municipality,
            },
            left_on=left_on,
        )
        for (
            member_id,
            wave_id,
            disposition,
            confirmed,
            late,
            source,
            sex,
            shift,
            track,
            left_on,
        ) in rows
    ]


def _told(session: Session, places: Mapping[UUID, _Place]) -> Mapping[UUID, dict[int, _Told]]:
    """Answered questionnaires by member and number; break-offs are not answers."""
    told: dict[UUID, dict[int, _Told]] = defaultdict(dict)
    codes = town_codes(session)
    for row in response_rows(session, list(places), texts=(_TOWN, *_COMPARED)):
        if row.disposition in ANSWERED:
            place = places[row.wave_id]
            at = row.finished_at or row.started_at
            told[row.member_id][row.questionnaire] = _Told(
                _answers(row, codes), civil_date(at, place.zone), at
            )
    return told


def _arrival(told: Mapping[int, _Told], questionnaire: int) -> float:
    return told[questionnaire].at.timestamp() if questionnaire in told else 0.0


def _answers(row: ResponseRow, codes: Mapping[str, str]) -> Answers:
    """As the pure part reads them: any typed missing is nothing, a town is its code or nothing."""
    answers: dict[str, Answer] = {}
    for name, value in row.values.items():
        if isinstance(value, MissingCode):
            answers[name] = None
        elif name == _TOWN and not _TOWN_CODE.fullmatch(str(value)):
            answers[name] = codes.get(plain(str(value)))
        else:
            answers[name] = value
    return answers


def _row(questionnaire: int, person: _Member, told: Mapping[int, _Told]) -> Row:
    row = panel_row(
        questionnaire,
        {number: one.answers for number, one in told.items()},
        person.roster,
        graduated=person.left_on,
        interviewed={number: one.day for number, one in told.items()},
    )
    return {name: value for name, value in row.items() if not name.endswith(_COMPARED)}


def _groups(members: Sequence[_Member]) -> Dispositions:
    counts = dict.fromkeys((group.value for group in Outcome), 0)
    for person in members:
        counts[person.group.value] += 1
    return Dispositions(**counts)


def _at_opening(session: Session, here: Collection[UUID], members: Sequence[_Member]) -> int:
    """Cases of the frozen frame, without those that school control had denied by then."""
    denied = session.exec(
        select(func.count(func.distinct(col(CaseEvent.case_id))))
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .where(
            col(Case.wave_id).in_(here),
            col(Case.late_reason).is_(None),
            col(CaseEvent.disposition) == Disposition.NOT_ELIGIBLE,
            col(CaseEvent.at) <= col(Case.added_at),
        )
    ).one()
    return sum(not person.late for person in members) - denied


def _code(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
