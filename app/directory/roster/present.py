"""What a review compares rows with: the directory as loaded, and the rows before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.chronology.wave_plan import Cohort
from app.directory.matching import Identity
from app.directory.people import PersonName
from app.directory.states import ContactKind, ContactSource, ContactState, Standing


@dataclass(frozen=True, slots=True)
class KnownContact:
    """An address the directory has."""

    id: UUID
    kind: ContactKind
    value: str
    value_hash: str
    source: ContactSource
    state: ContactState
    institutional: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A member as stored, decrypted."""

    id: UUID
    school_id: UUID
    cohort: Cohort
    name: PersonName
    standing: Standing
    curp: str | None = None
    student_id: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    shift: str | None = None
    track: str | None = None
    grade_average: float | None = None
    left_on: date | None = None
    guardian_consent: bool | None = None
    group: str | None = None
    programme: str | None = None
    contacts: tuple[KnownContact, ...] = ()

    @property
    def identity(self) -> Identity:
        return Identity(self.name, self.curp, self.student_id, self.birth_date)


@dataclass(frozen=True, slots=True)
class Present:
    """The part of the directory that some rows may speak of."""

    by_curp: Mapping[str, Known] = field(default_factory=dict)  # keyed hash
    by_student_id: Mapping[tuple[UUID, str], Known] = field(default_factory=dict)
    by_name: Mapping[tuple[UUID, str], tuple[Known, ...]] = field(default_factory=dict)
    holders: Mapping[str, UUID] = field(default_factory=dict)  # address hash → a member
    transfers: Mapping[tuple[UUID, UUID], bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would change. `what` is a name for screens and the audit trail."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Mention:
    """What an earlier row of the file said of somebody, without the name that finds it."""

    row: int
    has_curp: bool
    student_id: str | None
    birth_date: str | None
    cohort: Cohort


@dataclass(slots=True)
class FileMemory:
    """What earlier rows of the same file said, kept small. Grows while the file is reviewed."""

    curps: dict[str, int] = field(default_factory=dict)
    numbers: dict[UUID, dict[str, int]] = field(default_factory=dict)  # by school
    names: dict[UUID, dict[str, tuple[Mention, ...]]] = field(default_factory=dict)
    # By the hash of a hash: a collision costs one needless warning.
    addresses: dict[int, int] = field(default_factory=dict)
    members: dict[UUID, int] = field(default_factory=dict)
