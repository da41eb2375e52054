"""What the directory answers: screens within a scope here, the sampling frame in frame.py.

Names are encrypted: they are found by decrypting one school's worth (NAMES_READ) and everywhere
by the whole name, the matrícula or the CURP.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col
from sqlmodel import select as sql_select

from app.chronology.wave_plan import Cohort
from app.directory.curp import NotACurp, read_curp
from app.directory.frame import FrameRow, prefilled, sampling_frame
from app.directory.keyed import MatchKeys
from app.directory.people import PersonName, clean, search_form
from app.directory.states import ContactState, Standing
from app.directory.tables import CohortRow, ContactPoint, OptOut, PanelMember
from app.units.queries import in_scope, people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, Programme, StudentGroup, UnitAncestor

__all__ = [
    "CohortCount", "FrameRow", "GroupChoice", "PeopleFilter", "PeoplePage", "PersonRow",
    "cohort_counts", "cohorts_in_scope", "find_people", "group_counts", "groups_in_scope",
    "prefilled", "sampling_frame",
]  # fmt: skip  # frame.py holds the half that fieldwork and responses ask for

NAMES_READ = 5_000  # members whose names are decrypted to search and sort them
_USABLE = (ContactState.CONFIRMED, ContactState.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What a screen asks for. `text`: part of a name, a matrícula or a CURP."""

    text: str = ""
    unit_id: UUID | None = None  # a school, or an office with every school below it
    cohort: Cohort | None = None  # of any school
    school_id: UUID | None = None
    cohort_id: UUID | None = None
    group_id: UUID | None = None
    programme_id: UUID | None = None
    standing: Standing | None = None
    contactable: bool | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the directory."""

    id: UUID
    name: str
    student_id: str | None
    school: str
    cohort: Cohort
    group: str | None
    programme: str | None
    standing: Standing
    contactable: bool
    opted_out: bool
    simulated: bool
    listed: str  # surnames first, as the list is ordered


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the directory, pages from 1. `too_many`: choose a school to search by name."""

    people: tuple[PersonRow, ...]
    total: int
    page: int
    size: int
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class CohortCount:
    """How many people a cohort or a group has, and how many can be reached."""

    id: UUID
    name: str
    members: int
    graduated: int
    left: int
    contactable: int


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group to choose; `cohort` as the school writes it."""

    id: UUID
    name: str
    cohort: str


def find_people(
    session: Session,
    scope: Scope,
    wanted: PeopleFilter,
    *,
    keys: MatchKeys,
    page: int = 1,
    size: int = 50,
) -> PeoplePage:
    """Members in scope, by surname where there are few enough to sort, else by matrícula."""
    conditions = _conditions(scope, wanted)
    text = clean(wanted.text)
    exact = _exact(text, keys) if text else None
    if exact is not None:
        conditions.append(exact)
    total = _total(session, conditions)
    by_name = bool(text) and exact is None
    too_many = by_name and total > NAMES_READ
    if too_many:
        # Only the whole name, with its keyed hash: any order of it that people write.
        conditions.append(col(PanelMember.name_hash).in_(_name_hashes(text, keys)))
        total = _total(session, conditions)
    if total > NAMES_READ:
        shown = session.exec(
            sql_select(PanelMember.id)
            .where(*conditions)
            .order_by(col(PanelMember.student_id), col(PanelMember.id))
            .limit(size)
            .offset((page - 1) * size)
        ).all()
        return PeoplePage(_people(session, shown), total, page, size)
    words = search_form(text).split() if by_name and not too_many else []
    ids = _sorted_ids(session, conditions, words)
    shown = ids[(page - 1) * size : page * size]
    return PeoplePage(_people(session, shown), len(ids), page, size, too_many)


def cohort_counts(session: Session, scope: Scope, school_id: UUID) -> tuple[CohortCount, ...]:
    """Every cohort of a school, newest first."""
    rows = session.connection().execute(
        select(col(CohortRow.id), col(CohortRow.entered), col(CohortRow.leaves), *_COUNTS)
        .join(PanelMember, col(PanelMember.cohort_id) == col(CohortRow.id))
        .where(*_conditions(scope, PeopleFilter(school_id=school_id)))
        .group_by(col(CohortRow.id), col(CohortRow.entered), col(CohortRow.leaves))
        .order_by(col(CohortRow.leaves).desc(), col(CohortRow.entered).desc())
    )
    return tuple(
        CohortCount(row_id, str(Cohort(entered, leaves)), *counts)
        for row_id, entered, leaves, *counts in rows
    )


def group_counts(session: Session, scope: Scope, cohort_id: UUID) -> tuple[CohortCount, ...]:
    """Every group of a cohort, by name."""
    rows = session.connection().execute(
        select(col(StudentGroup.id), col(StudentGroup.name), *_COUNTS)
        .join(PanelMember, col(PanelMember.group_id) == col(StudentGroup.id))
        .where(*_conditions(scope, PeopleFilter(cohort_id=cohort_id)))
        .group_by(col(StudentGroup.id), col(StudentGroup.name))
        .order_by(col(StudentGroup.name))
    )
    return tuple(CohortCount(*row) for row in rows)


def cohorts_in_scope(session: Session, scope: Scope, unit_id: UUID) -> tuple[Cohort, ...]:
    """Generations that the schools of a unit have, newest first."""
    rows = session.connection().execute(
        select(col(CohortRow.entered), col(CohortRow.leaves))
        .where(
            in_scope(scope, col(CohortRow.school_id)), col(CohortRow.school_id).in_(_below(unit_id))
        )
        .distinct()
    )
    found = [Cohort(entered, leaves) for entered, leaves in rows]
    return tuple(sorted(found, key=lambda one: (one.leaves, one.entered), reverse=True))


def groups_in_scope(
    session: Session, scope: Scope, school_id: UUID, cohort: Cohort | None = None
) -> tuple[GroupChoice, ...]:
    """Groups of a school that the caller may see, newest generation first."""
    query = select(col(StudentGroup.id), col(StudentGroup.name), col(StudentGroup.cohort)).where(
        col(StudentGroup.school_id) == school_id,
        people_in_scope(scope, col(StudentGroup.school_id), col(StudentGroup.id)),
    )
    if cohort is not None:
        query = query.where(col(StudentGroup.cohort) == str(cohort))
    rows = [GroupChoice(*row) for row in session.connection().execute(query)]
    rows.sort(key=lambda group: group.name)
    return tuple(sorted(rows, key=lambda group: group.cohort, reverse=True))


_CONTACTABLE = and_(
    exists().where(
        col(ContactPoint.member_id) == col(PanelMember.id), col(ContactPoint.state).in_(_USABLE)
    ),
    ~exists().where(col(OptOut.member_id) == col(PanelMember.id)),
)
_COUNTS = (
    func.count(),
    func.sum(case((col(PanelMember.standing) == Standing.GRADUATED, 1), else_=0)),
    func.sum(case((col(PanelMember.standing) == Standing.LEFT, 1), else_=0)),
    func.sum(case((_CONTACTABLE, 1), else_=0)),
)
_PERSON_COLUMNS: tuple[ColumnElement[Any] | Mapped[Any], ...] = (
    col(PanelMember.id).label("id"),
    col(PanelMember.given_name),
    col(PanelMember.surname_1),
    col(PanelMember.surname_2),
    col(PanelMember.student_id),
    col(PanelMember.standing),
    col(PanelMember.simulated),
    col(OrganisationUnit.name).label("school"),
    col(CohortRow.entered),
    col(CohortRow.leaves),
    col(StudentGroup.name).label("group_name"),
    col(Programme.name).label("programme"),
    _CONTACTABLE.label("contactable"),
    exists().where(col(OptOut.member_id) == col(PanelMember.id)).label("opted_out"),
)
_PEOPLE: Select[Any] = (
    select(*_PERSON_COLUMNS)
    .join(CohortRow, col(CohortRow.id) == col(PanelMember.cohort_id))
    .join(OrganisationUnit, col(OrganisationUnit.id) == col(PanelMember.school_id))
    .outerjoin(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id))
    .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
)


def _people(session: Session, shown: Sequence[UUID]) -> tuple[PersonRow, ...]:
    """The lines of some members, in the order of their ids."""
    rows = session.connection().execute(_PEOPLE.where(col(PanelMember.id).in_(shown)))
    people = {row.id: _person(row) for row in rows}
    return tuple(people[each] for each in shown)


def _conditions(scope: Scope, wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [col(PanelMember.merged_into).is_(None)]
    if wanted.unit_id not in scope.whole_units:  # else everybody below it is in scope
        mine = people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id))
        conditions.append(mine)
    for column, value in (
        (col(PanelMember.school_id), wanted.school_id),
        (col(PanelMember.cohort_id), wanted.cohort_id),
        (col(PanelMember.group_id), wanted.group_id),
        (col(PanelMember.programme_id), wanted.programme_id),
        (col(PanelMember.standing), wanted.standing),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.unit_id is not None:
        conditions.append(col(PanelMember.school_id).in_(_below(wanted.unit_id)))
    if wanted.cohort is not None:
        rows = select(col(CohortRow.id)).where(
            col(CohortRow.entered) == wanted.cohort.entered,
            col(CohortRow.leaves) == wanted.cohort.leaves,
        )
        conditions.append(col(PanelMember.cohort_id).in_(rows))
    if wanted.contactable is not None:
        conditions.append(_CONTACTABLE if wanted.contactable else ~_CONTACTABLE)
    return conditions


def _below(unit_id: UUID) -> Select[UUID]:
    return select(col(UnitAncestor.unit_id)).where(col(UnitAncestor.ancestor_id) == unit_id)


def _exact(text: str, keys: MatchKeys) -> ColumnElement[bool] | None:
    """A CURP or a matrícula; None for a name."""
    try:
        return col(PanelMember.curp_hash).in_(keys.curp_forms(read_curp(text).text))
    except NotACurp:
        has_digit = any(sign.isdigit() for sign in text)
        return col(PanelMember.student_id) == text if has_digit else None


def _name_hashes(text: str, keys: MatchKeys) -> list[str]:
    """Hashes of a whole name written surnames first, or given name first with one or two."""
    words = search_form(text).split()
    orders = {" ".join(words[at:] + words[:at]) for at in range(len(words) or 1)}
    return [form for order in orders for form in keys.name_forms(order)]


def _total(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    query = select(func.count()).select_from(PanelMember).where(*conditions)
    return session.connection().execute(query).scalar_one()


def _sorted_ids(
    session: Session, conditions: Sequence[ColumnElement[bool]], words: Sequence[str]
) -> list[UUID]:
    """Members whose name has a word that begins with each of `words`, by surname."""
    rows = session.connection().execute(
        select(
            col(PanelMember.id),
            col(PanelMember.given_name),
            col(PanelMember.surname_1),
            col(PanelMember.surname_2),
        ).where(*conditions)
    )
    named = [(PersonName(given, first, second).search, row) for row, given, first, second in rows]
    return [row for name, row in sorted(named) if all(f" {word}" in f" {name}" for word in words)]


def _person(row: Any) -> PersonRow:
    name = PersonName(row.given_name, row.surname_1, row.surname_2)
    return PersonRow(
        row.id,
        name.full,
        row.student_id,
        row.school,
        Cohort(row.entered, row.leaves),
        row.group_name,
        row.programme,
        row.standing,
        bool(row.contactable),
        bool(row.opted_out),
        row.simulated,
        name.listed,
    )
