"""A person's line of three stations: the windows of the generation, and their case in each.

What happened inside a case, queries.case_events tells.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort, FieldPeriod
from app.directory.tables import CohortRow
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.windows import cohorts_where, windows_in_force


@dataclass(frozen=True, slots=True)
class PersonCase:
    """The case of one person in one wave. `contacts`: messages and calls so far."""

    id: UUID
    wave_id: UUID
    cohort: Cohort
    questionnaire: int
    disposition: Disposition
    ineligibility: Ineligibility | None
    moved_at: datetime
    contacts: int


@dataclass(frozen=True, slots=True)
class PersonStation:
    """One questionnaire of a person's generation. `state`: None while no wave was opened."""

    questionnaire: int
    period: FieldPeriod
    state: WaveState | None
    case: PersonCase | None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """The three stations, and cases of a generation that the person left (repeaters)."""

    cohort: Cohort
    stations: tuple[PersonStation, ...]
    earlier: tuple[PersonCase, ...]

    @property
    def cases(self) -> tuple[PersonCase, ...]:
        """Every case of the person, those of an earlier generation first."""
        return (*self.earlier, *(one.case for one in self.stations if one.case is not None))


def person_line(session: Session, member_id: UUID, cohort_id: UUID) -> PersonLine:
    """The line of a member whom the caller may see. Five queries.

    `cohort_id`: the member's present generation.
    """
    (cohort,) = cohorts_where(session, col(CohortRow.id) == cohort_id)
    waves = {
        wave.questionnaire: wave
        for wave in session.exec(select(Wave).where(Wave.cohort_id == cohort_id))
    }
    here: dict[int, PersonCase] = {}
    earlier = []
    rows = session.exec(
        select(Case, Wave, CohortRow)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(Case.member_id == member_id)
        .order_by(col(Wave.opens), col(Wave.questionnaire))
    )
    for case, wave, row in rows:
        found = _person_case(case, wave, Cohort(row.entered, row.leaves))
        if wave.cohort_id == cohort_id:
            here[wave.questionnaire] = found
        else:
            earlier.append(found)
    stations = tuple(
        _station(window.period, waves.get(window.questionnaire), here.get(window.questionnaire))
        for window in windows_in_force(session, [cohort])[cohort_id]
    )
    return PersonLine(cohort.cohort, stations, tuple(earlier))


def _station(planned: FieldPeriod, wave: Wave | None, case: PersonCase | None) -> PersonStation:
    """A wave keeps the day on which it opened, whatever is planned afterwards."""
    if wave is None:
        return PersonStation(planned.wave, planned, None, case)
    period = FieldPeriod(wave.questionnaire, wave.opens, wave.closes)
    return PersonStation(wave.questionnaire, period, wave.state, case)


def _person_case(case: Case, wave: Wave, cohort: Cohort) -> PersonCase:
    return PersonCase(
        case.id,
        wave.id,
        cohort,
        wave.questionnaire,
        case.disposition,
        case.ineligibility,
        case.moved_at,
        case.contacts,
    )
