"""A group in front of a class, for the tests of classrooms."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Session

from app.classroom.codes import read_code
from app.classroom.opening import PURPOSE, open_class
from app.classroom.tables import Classroom
from app.directory.tables import PanelMember
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case
from app.keys import keys_for
from app.units.scope import WHOLE
from app.units.tables import StudentGroup
from tests.conftest import SECRET_KEYS
from tests.responses.people import Field, Person, a_field, a_person

KEYS = keys_for(PURPOSE, SECRET_KEYS)
TEACHER = Steward(uuid4(), WHOLE)


@dataclass(slots=True)
class Room:
    """A class with its group; `people` in the order of their matrículas, from A001."""

    field: Field
    group_id: UUID
    classroom_id: UUID
    code: str
    people: list[Person] = dataclasses.field(default_factory=list)


def born(number: int) -> str:
    """The date of birth of the student with this number."""
    return f"2008-{number % 12 + 1:02}-{number % 28 + 1:02}"


def a_group(session: Session, wave: Field, name: str = "6A") -> UUID:
    group = StudentGroup(school_id=wave.school_id, cohort="2023-2026", name=name)
    session.add(group)
    session.flush()
    return group.id


def students(
    session: Session, wave: Field, group_id: UUID | None, count: int, *, letter: str = "A"
) -> list[Person]:
    """Students A001, A002, …: each born on `born(number)`."""
    found = []
    for number in range(1, count + 1):
        person = a_person(
            session,
            wave,
            name=f"Estudiante{letter}{number}",
            student_id=f"{letter}{number:03}",
            birth_date=born(number),
        )
        session.get_one(PanelMember, person.member_id).group_id = group_id
        found.append(person)
    session.flush()
    return found


def a_class(
    session: Session, wave_id: UUID, group_id: UUID | None, *, now: datetime, by: Steward = TEACHER
) -> tuple[UUID, str]:
    """An open class, and its code."""
    classroom_id = open_class(session, wave_id, group_id, KEYS, by=by, now=now)
    code = session.get_one(Classroom, classroom_id).code
    assert read_code(code) == code
    return classroom_id, code


def a_room(
    session: Session, count: int = 3, *, number: int = 1, wave: Field | None = None, now: datetime
) -> Room:
    """A class open for a group of `count` students."""
    wave = wave or a_field(session, number)
    group_id = a_group(session, wave)
    people = students(session, wave, group_id, count)
    classroom_id, code = a_class(session, wave.wave_id, group_id, now=now)
    return Room(wave, group_id, classroom_id, code, people)


def case_of(session: Session, person: Person) -> Case:
    return session.get_one(Case, person.case_id)
