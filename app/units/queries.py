"""Reading the tree: what lies in a scope, who stands above a unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, true
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import Select

from app.errors import NotFound
from app.units.scope import Scope
from app.units.tables import InstitutionProfile, OrganisationUnit, UnitAncestor, UnitKind
from app.units.tree import Node, nearest_first, path_to, tree_of

_FROM_THE_TOP = {kind: level for level, kind in enumerate(UnitKind)}


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in a list; other units by their code, None where the caller may not see them."""

    id: UUID
    code: str
    name: str
    kind: UnitKind
    parent: str | None
    subsystem_parent: str | None
    municipality: str | None
    time_zone: str
    valid_from: date | None
    valid_until: date | None
    successor: str | None


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way from the top of the caller's tree to a unit."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class UnitBelow:
    """A unit directly below another, and how many schools it stands for (a school: one)."""

    id: UUID
    code: str
    name: str
    kind: UnitKind
    valid_until: date | None
    schools: int


@dataclass(frozen=True, slots=True)
class School:
    """A school as the calendar needs it."""

    id: UUID
    code: str
    name: str
    time_zone: str  # IANA


@dataclass(frozen=True, slots=True)
class Profile:
    """How an institution presents itself, and which unit says so."""

    unit_id: UUID
    unit_name: str
    sender_name: str
    reply_to: str
    footer: str
    contact: str


def in_scope(scope: Scope, unit_id: Mapped[UUID] | Mapped[UUID | None]) -> ColumnElement[bool]:
    """Condition: the unit in this column is one the scope reaches, with or without groups."""
    if scope.unlimited:
        return true()
    below = select(UnitAncestor.unit_id).where(col(UnitAncestor.ancestor_id).in_(scope.units))
    return unit_id.in_(below)


def at_or_below(
    scope: Scope, unit_id: UUID, other: Mapped[UUID] | Mapped[UUID | None]
) -> ColumnElement[bool]:
    """Condition: the unit in this column is at or below another, and in scope."""
    here = other.in_(select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == unit_id))
    # Below a unit that the scope names everything is in it: a nation is not looked up twice.
    return here if unit_id in scope.units else here & in_scope(scope, other)


def people_in_scope(
    scope: Scope, school_id: Mapped[UUID], group_id: Mapped[UUID | None]
) -> ColumnElement[bool]:
    """Condition for rows about people: whole units, and single groups where a grant names them."""
    if scope.unlimited:
        return true()
    below = select(UnitAncestor.unit_id).where(col(UnitAncestor.ancestor_id).in_(scope.whole_units))
    return or_(school_id.in_(below), group_id.in_(scope.only_groups))


def unit_by_code(session: Session, scope: Scope, code: str) -> OrganisationUnit:
    """The unit with this code.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    unit = session.exec(
        select(OrganisationUnit).where(
            OrganisationUnit.code == code, _seen(scope, col(OrganisationUnit.id))
        )
    ).first()
    if unit is None:
        raise NotFound(unit=code)
    return unit


def list_units(session: Session, scope: Scope) -> list[UnitLine]:
    """Every unit in scope, nation first and schools last, by code within a kind."""
    return _lines(
        session.exec(
            select(OrganisationUnit).where(in_scope(scope, col(OrganisationUnit.id)))
        ).all()
    )


def breadcrumb(session: Session, scope: Scope, unit_id: UUID) -> tuple[Crumb, ...]:
    """From the highest unit the caller may see down to this one, itself included.

    Raises:
        NotFound: the unit is not the caller's.
    """
    lines = {line.code: line for line in _lines(_above(session, scope, unit_id))}
    start = next((line for line in lines.values() if line.id == unit_id), None)
    if start is None:
        raise NotFound(unit=unit_id)
    path = path_to(tree_of(map(_node, lines.values())), start.code)
    return tuple(Crumb(lines[code].id, code, lines[code].name) for code in path)


def tops(session: Session, scope: Scope) -> list[UnitBelow]:
    """The units where the caller's tree begins: those with nothing above them in scope."""
    parent, subsystem = col(OrganisationUnit.parent_id), col(OrganisationUnit.subsystem_parent_id)
    if scope.unlimited:
        return _with_schools(session, scope, parent.is_(None) & subsystem.is_(None))
    # Whatever the scope does not name is in it for a unit above.
    named = col(OrganisationUnit.id).in_(scope.units)
    return _with_schools(session, scope, named & ~_seen(scope, parent) & ~_seen(scope, subsystem))


def children(session: Session, scope: Scope, unit_id: UUID) -> list[UnitBelow]:
    """Units directly below this one, by territory or by subsystem."""
    return _with_schools(
        session,
        scope,
        or_(
            col(OrganisationUnit.parent_id) == unit_id,
            col(OrganisationUnit.subsystem_parent_id) == unit_id,
        ),
    )


def count_schools(session: Session) -> int:
    """Schools of the whole deployment: for the worker."""
    return session.exec(
        select(func.count())
        .select_from(OrganisationUnit)
        .where(col(OrganisationUnit.kind) == UnitKind.SCHOOL)
    ).one()


def schools_below(session: Session, scope: Scope, unit_id: UUID) -> list[School]:
    """Every school below the unit at any depth (a school: itself), by code."""
    found = session.exec(
        _schools(scope)
        .join(UnitAncestor, col(UnitAncestor.unit_id) == col(OrganisationUnit.id))
        .where(UnitAncestor.ancestor_id == unit_id)
    )
    return sorted((School(*row) for row in found), key=lambda school: school.code)


def first_school(session: Session, scope: Scope) -> School | None:
    """The first by code of the schools in scope: without reading the others."""
    row = session.exec(_schools(scope).order_by(col(OrganisationUnit.code)).limit(1)).first()
    return None if row is None else School(*row)


def _seen(scope: Scope, unit_id: Mapped[UUID] | Mapped[UUID | None]) -> ColumnElement[bool]:
    """`in_scope`, for conditions that a few units are left to: each is looked up by itself."""
    if scope.unlimited:
        return true()
    above = aliased(UnitAncestor)
    return (
        select(above.unit_id)
        .where(col(above.unit_id) == unit_id, col(above.ancestor_id).in_(scope.units))
        .exists()
    )


def _schools(scope: Scope) -> Select[UUID, str, str, str]:
    """What `School` says of each school in scope."""
    return select(
        OrganisationUnit.id,
        OrganisationUnit.code,
        OrganisationUnit.name,
        OrganisationUnit.time_zone,
    ).where(OrganisationUnit.kind == UnitKind.SCHOOL, in_scope(scope, col(OrganisationUnit.id)))


def profile_of(session: Session, scope: Scope, unit_id: UUID) -> Profile | None:
    """The unit's profile, else that of the nearest unit above which has one.

    The scope must reach the unit, not the unit above: how an office signs is no secret from
    its schools. At one distance the subsystem goes before the territory.

    Raises:
        NotFound: the unit is not the caller's.
    """
    if (
        session.exec(
            select(OrganisationUnit.id).where(
                OrganisationUnit.id == unit_id, in_scope(scope, col(OrganisationUnit.id))
            )
        ).first()
        is None
    ):
        raise NotFound(unit=unit_id)
    lines = {line.code: line for line in _lines(_above(session, Scope(unlimited=True), unit_id))}
    start = next(line.code for line in lines.values() if line.id == unit_id)
    profiles = {
        profile.unit_id: profile
        for profile in session.exec(
            select(InstitutionProfile).where(
                col(InstitutionProfile.unit_id).in_([line.id for line in lines.values()])
            )
        )
    }
    for code in nearest_first(tree_of(map(_node, lines.values())), start):
        if (found := profiles.get(lines[code].id)) is not None:
            return Profile(
                unit_id=found.unit_id,
                unit_name=lines[code].name,
                sender_name=found.sender_name,
                reply_to=found.reply_to,
                footer=found.footer,
                contact=found.contact,
            )
    return None


def _above(session: Session, scope: Scope, unit_id: UUID) -> Sequence[OrganisationUnit]:
    """The unit and everything above it that is in scope."""
    return session.exec(
        select(OrganisationUnit)
        .join(UnitAncestor, col(UnitAncestor.ancestor_id) == col(OrganisationUnit.id))
        .where(UnitAncestor.unit_id == unit_id, in_scope(scope, col(OrganisationUnit.id)))
    ).all()


def _with_schools(
    session: Session, scope: Scope, condition: ColumnElement[bool]
) -> list[UnitBelow]:
    units = session.exec(
        select(OrganisationUnit).where(condition, in_scope(scope, col(OrganisationUnit.id)))
    ).all()
    lower = select(OrganisationUnit.id).where(condition)
    school = select(OrganisationUnit.id).where(OrganisationUnit.kind == UnitKind.SCHOOL)
    counts = dict(
        session.exec(
            select(UnitAncestor.ancestor_id, func.count())
            .where(
                col(UnitAncestor.ancestor_id).in_(lower),
                col(UnitAncestor.unit_id).in_(school),
                in_scope(scope, col(UnitAncestor.unit_id)),
            )
            .group_by(col(UnitAncestor.ancestor_id))
        ).all()
    )
    found = [
        UnitBelow(
            unit.id, unit.code, unit.name, unit.kind, unit.valid_until, counts.get(unit.id, 0)
        )
        for unit in units
    ]
    return sorted(found, key=lambda unit: (_FROM_THE_TOP[unit.kind], unit.code))


def _lines(units: Iterable[OrganisationUnit]) -> list[UnitLine]:
    """Sorted here, not by the database: the two engines order letters differently."""
    kept = list(units)
    codes = {unit.id: unit.code for unit in kept}

    def code_of(unit_id: UUID | None) -> str | None:
        return codes.get(unit_id) if unit_id else None

    lines = [
        UnitLine(
            id=unit.id,
            code=unit.code,
            name=unit.name,
            kind=unit.kind,
            parent=code_of(unit.parent_id),
            subsystem_parent=code_of(unit.subsystem_parent_id),
            municipality=unit.municipality,
            time_zone=unit.time_zone,
            valid_from=unit.valid_from,
            valid_until=unit.valid_until,
            successor=code_of(unit.successor_id),
        )
        for unit in kept
    ]
    return sorted(lines, key=lambda line: (_FROM_THE_TOP[line.kind], line.code))


def _node(line: UnitLine) -> Node:
    return Node(line.code, line.name, line.kind, line.parent, line.subsystem_parent)
