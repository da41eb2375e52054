"""Tables: organisation_unit, programme, student_group, institution_profile, municipality."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, Index, UniqueConstraint

from app.db.base import Table
from app.db.types import StrEnumText
from app.units.tree import UnitKind

__all__ = [
    "CatalogueEdition",
    "InstitutionProfile",
    "Municipality",
    "OrganisationUnit",
    "Programme",
    "Shift",
    "StudentGroup",
    "UnitAncestor",
    "UnitKind",  # decided in the pure part, read here by everybody above
]


class OrganisationUnit(Table, table=True):
    """A place in both hierarchies: territory (`parent`) and subsystem (`subsystem_parent`)."""

    __tablename__ = "organisation_unit"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=40)  # a school's is its CCT
    name: str = Field(max_length=200)
    kind: UnitKind = Field(sa_type=StrEnumText(UnitKind), index=True)
    parent_id: UUID | None = Field(default=None, foreign_key="organisation_unit.id", index=True)
    subsystem_parent_id: UUID | None = Field(
        default=None, foreign_key="organisation_unit.id", index=True
    )
    municipality: str | None = Field(default=None, max_length=5)  # AGEEML, zero-padded
    time_zone: str = Field(max_length=64)  # IANA; resolved when imported
    valid_from: date | None = None
    valid_until: date | None = None  # first day on which the unit is no more
    successor_id: UUID | None = Field(default=None, foreign_key="organisation_unit.id")


class UnitAncestor(Table, table=True):
    """Every unit reached upwards through either hierarchy, the unit itself included.

    Kept with the tree, so that "all below this office" is one join whatever the depth.
    """

    __tablename__ = "unit_ancestor"
    # All below an office are read from the index alone.
    __table_args__ = (Index("ix_unit_ancestor_below", "ancestor_id", "unit_id"),)

    unit_id: UUID = Field(foreign_key="organisation_unit.id", primary_key=True)
    ancestor_id: UUID = Field(foreign_key="organisation_unit.id", primary_key=True)


class Shift(StrEnum):
    """Turno, by the codes of the roster (questions.md, `turno`)."""

    MORNING = "1"
    AFTERNOON = "2"
    NIGHT = "3"
    SPLIT = "4"


class Programme(Table, table=True):
    """What is studied at a school: a technical programme or the general track."""

    __tablename__ = "programme"
    __table_args__ = (UniqueConstraint("school_id", "name"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    school_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    name: str = Field(max_length=200)
    track: str = Field(
        max_length=1
    )  # `tipo_bachillerato`: 1 general, 2 technological, 3 technician


class StudentGroup(Table, table=True):
    """A group of one cohort: the unit of a tutor's work ("6.º A")."""

    __tablename__ = "student_group"
    __table_args__ = (UniqueConstraint("school_id", "cohort", "name"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    school_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    cohort: str = Field(max_length=9)  # "2023-2026"
    name: str = Field(max_length=60)
    shift: Shift | None = Field(default=None, sa_type=StrEnumText(Shift))


class InstitutionProfile(Table, table=True):
    """How an institution presents itself; a school without one takes its nearest office's."""

    __tablename__ = "institution_profile"

    unit_id: UUID = Field(foreign_key="organisation_unit.id", primary_key=True)
    sender_name: str = Field(max_length=120)
    reply_to: str = Field(max_length=254)
    footer: str = Field(default="", max_length=600)
    contact: str = Field(default="", max_length=300)  # where a person can ask, for /verifica
    changed_at: datetime


class Municipality(Table, table=True):
    """A municipality or alcaldía by its AGEEML code: two digits of the state, three of its own."""

    __tablename__ = "municipality"

    code: str = Field(primary_key=True, max_length=5)
    name: str = Field(max_length=120)


class CatalogueEdition(Table, table=True):
    """Where a list of official names came from."""

    __tablename__ = "catalogue_edition"

    name: str = Field(primary_key=True, max_length=40)  # municipalities
    edition: str = Field(max_length=60)
    source: str = Field(max_length=200)
    rows: int
    imported_at: datetime
