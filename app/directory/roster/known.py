"""The part of the directory that some rows may speak of, loaded in four queries."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, SQLModel, col

from app.chronology.wave_plan import Cohort
from app.directory.keyed import flatten
from app.directory.people import PersonName
from app.directory.roster.candidates import Candidate
from app.directory.roster.present import Known, KnownContact, Present
from app.directory.tables import CohortRow, ContactPoint, PanelMember, TransferRequest
from app.units.tables import Programme, StudentGroup

_MEMBER: Select[Any] = (
    select(
        SQLModel.metadata.tables[str(PanelMember.__tablename__)],
        col(CohortRow.entered).label("entered"),
        col(CohortRow.leaves).label("leaves"),
        col(StudentGroup.name).label("group_name"),
        col(Programme.name).label("programme_name"),
    )
    .join(CohortRow, col(CohortRow.id) == col(PanelMember.cohort_id))
    .outerjoin(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id))
    .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
    .where(col(PanelMember.merged_into).is_(None))
)


def load_present(
    session: Session, candidates: Sequence[Candidate], name_forms: Sequence[tuple[str, ...]]
) -> Present:
    """Members that share a CURP, a matrícula or a name with a candidate, with their addresses.

    `name_forms`: keyed hashes of the candidates' names under every key.
    """
    rows = _named_by_keys(session, candidates)
    curps = {row.curp_hash for row in rows if row.curp_hash}
    numbers = {(row.school_id, row.student_id) for row in rows}
    # Namesakes only matter for those whom nothing better names.
    unnamed = [
        (each, forms)
        for each, forms in zip(candidates, name_forms, strict=True)
        if curps.isdisjoint(each.curp_forms) and (each.school.id, each.student_id) not in numbers
    ]
    aliases = {form: forms[0] for _, forms in unnamed for form in forms}
    have = {row.id for row in rows}
    schools = {each.school.id for each, _ in unnamed}
    rows += [row for row in _named_alike(session, schools, aliases) if row.id not in have]
    contacts = _contacts_of(session, [row.id for row in rows])
    members = [(row, _known(row, contacts.get(row.id, ()))) for row in rows]
    by_name: dict[tuple[UUID, str], tuple[Known, ...]] = {}
    for row, known in members:
        key = (known.school_id, aliases.get(row.name_hash, row.name_hash))
        by_name[key] = (*by_name.get(key, ()), known)
    return Present(
        {row.curp_hash: known for row, known in members if row.curp_hash},
        {(k.school_id, k.student_id): k for _, k in members if k.student_id},
        by_name,
        _holders(session, candidates),
        _transfers(session, [row.id for row in rows]),
    )


def _named_by_keys(session: Session, candidates: Sequence[Candidate]) -> list[Any]:
    schools = {each.school.id for each in candidates}
    curps = flatten(each.curp_forms for each in candidates)
    numbers = [each.student_id for each in candidates if each.student_id]
    found = {row.id: row for row in _members(session, col(PanelMember.curp_hash), curps)}
    # Not "school in … and number in …": a planner would try every school with every number.
    for row in _members(session, col(PanelMember.student_id), numbers):
        if row.school_id in schools:
            found[row.id] = row
    return list(found.values())


def _named_alike(session: Session, schools: set[UUID], names: Iterable[str]) -> list[Any]:
    return [
        row
        for row in _members(session, col(PanelMember.name_hash), list(names))
        if row.school_id in schools
    ]


def _members(session: Session, column: Mapped[str | None], values: Sequence[str]) -> list[Any]:
    if not values:
        return []
    return list(session.connection().execute(_MEMBER.where(column.in_(values))))


def _contacts_of(session: Session, members: Sequence[UUID]) -> dict[UUID, tuple[KnownContact, ...]]:
    found: dict[UUID, tuple[KnownContact, ...]] = {}
    if not members:
        return found
    rows = session.connection().execute(
        select(
            col(ContactPoint.member_id),
            col(ContactPoint.id),
            col(ContactPoint.kind),
            col(ContactPoint.value),
            col(ContactPoint.value_hash),
            col(ContactPoint.source),
            col(ContactPoint.state),
            col(ContactPoint.institutional),
        )
        .where(col(ContactPoint.member_id).in_(members))
        .order_by(col(ContactPoint.added_at), col(ContactPoint.id))
    )
    for row in rows:
        found[row.member_id] = (
            *found.get(row.member_id, ()),
            KnownContact(
                row.id,
                row.kind,
                row.value,
                row.value_hash,
                row.source,
                row.state,
                row.institutional,
            ),
        )
    return found


def _holders(session: Session, candidates: Sequence[Candidate]) -> dict[str, UUID]:
    forms = flatten(contact.forms for each in candidates for contact in each.contacts)
    if not forms:
        return {}
    rows = session.connection().execute(
        select(col(ContactPoint.value_hash), col(ContactPoint.member_id)).where(
            col(ContactPoint.value_hash).in_(forms)
        )
    )
    return {row.value_hash: row.member_id for row in rows}


def _transfers(session: Session, members: Sequence[UUID]) -> dict[tuple[UUID, UUID], bool | None]:
    if not members:
        return {}
    rows = session.connection().execute(
        select(
            col(TransferRequest.member_id),
            col(TransferRequest.to_school_id),
            col(TransferRequest.accepted),
        ).where(col(TransferRequest.member_id).in_(members))
    )
    return {(member_id, school_id): accepted for member_id, school_id, accepted in rows}


def _known(row: Any, contacts: tuple[KnownContact, ...]) -> Known:
    return Known(
        row.id,
        row.school_id,
        Cohort(row.entered, row.leaves),
        PersonName(row.given_name, row.surname_1, row.surname_2),
        row.standing,
        row.curp,
        row.student_id,
        row.birth_date,
        row.sex,
        row.shift,
        row.track,
        row.grade_average,
        row.left_on,
        row.guardian_consent,
        row.group_name,
        row.programme_name,
        contacts,
    )
