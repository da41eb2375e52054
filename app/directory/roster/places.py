"""Cohorts, groups and programmes a roster names: found, or made the first time."""

from uuid import UUID

from sqlmodel import Session, select

from app.chronology.wave_plan import Cohort
from app.directory.roster.candidates import Candidate
from app.directory.tables import CohortRow
from app.units.tables import Programme, Shift, StudentGroup


class Places:
    """Looked up once per import; made where missing, in the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._cohorts: dict[tuple[UUID, Cohort], UUID] = {}
        self._groups: dict[tuple[UUID, Cohort, str], UUID] = {}
        self._programmes: dict[tuple[UUID, str], UUID] = {}

    def cohort(self, school_id: UUID, cohort: Cohort) -> UUID:
        """The row of a generation of a school."""
        key = (school_id, cohort)
        if key not in self._cohorts:
            found = self._session.exec(
                select(CohortRow.id).where(
                    CohortRow.school_id == school_id,
                    CohortRow.entered == cohort.entered,
                    CohortRow.leaves == cohort.leaves,
                )
            ).first()
            self._cohorts[key] = found or self._add(
                CohortRow(school_id=school_id, entered=cohort.entered, leaves=cohort.leaves)
            )
        return self._cohorts[key]

    def group(self, person: Candidate) -> UUID | None:
        """The group of a candidate; None where the row names none."""
        if person.group is None:
            return None
        key = (person.school.id, person.cohort, person.group)
        if key not in self._groups:
            found = self._session.exec(
                select(StudentGroup.id).where(
                    StudentGroup.school_id == person.school.id,
                    StudentGroup.cohort == str(person.cohort),
                    StudentGroup.name == person.group,
                )
            ).first()
            self._groups[key] = found or self._add(
                StudentGroup(
                    school_id=person.school.id,
                    cohort=str(person.cohort),
                    name=person.group,
                    shift=Shift(person.shift) if person.shift else None,
                )
            )
        return self._groups[key]

    def programme(self, school_id: UUID, name: str | None, track: str) -> UUID | None:
        """The programme of a school by name; None where the row names none."""
        if name is None:
            return None
        key = (school_id, name)
        if key not in self._programmes:
            found = self._session.exec(
                select(Programme.id).where(Programme.school_id == school_id, Programme.name == name)
            ).first()
            self._programmes[key] = found or self._add(
                Programme(school_id=school_id, name=name, track=track)
            )
        return self._programmes[key]

    def _add(self, row: CohortRow | StudentGroup | Programme) -> UUID:
        self._session.add(row)
        self._session.flush()
        return row.id
