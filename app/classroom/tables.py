"""Tables: classroom, classroom_try, classroom_seat, contact_proof."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, Index

from app.db.base import Table
from app.db.types import Encrypted, StrEnumText


class Classroom(Table, table=True):
    """A class in front of a questionnaire: a code that opens it, for two hours.

    Without a group it is for those of the wave who have none.
    """

    __tablename__ = "classroom"
    __table_args__ = (Index("ix_classroom_wave_group", "wave_id", "group_id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wave_id: UUID = Field(foreign_key="wave.id")
    group_id: UUID | None = Field(default=None, foreign_key="student_group.id", index=True)
    code: str = Field(sa_type=Encrypted)  # shown again to whoever opened it
    code_hash: str = Field(max_length=80, unique=True)  # keyed: found without reading
    opened_by: UUID
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None = None  # taken back before its time
    wrong_tries: int = 0  # of everybody, since staff last unlocked the class
    whatsapp: str | None = Field(default=None, sa_type=Encrypted)  # E.164, where students write


class ClassroomTry(Table, table=True):
    """Wrong tries with one matrícula, whether anybody has it or not."""

    __tablename__ = "classroom_try"

    classroom_id: UUID = Field(foreign_key="classroom.id", primary_key=True)
    claim_hash: str = Field(primary_key=True, max_length=80)  # keyed, of what was typed
    wrong: int
    at: datetime


class ClassroomSeat(Table, table=True):
    """A student who was let in, and how often somebody else said to be the same one."""

    __tablename__ = "classroom_seat"

    classroom_id: UUID = Field(foreign_key="classroom.id", primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", primary_key=True, index=True)
    entered_at: datetime
    clashes: int = 0  # since staff last looked after them


class ProofKind(StrEnum):
    """How a way of being reached is proven in the room."""

    MAIL = "mail"  # six digits that arrived
    WHATSAPP = "whatsapp"  # a message that came from the number
    RELATIVE = "relative"  # somebody else answered


class ContactProof(Table, table=True):
    """One proof under way. Its digits are made of the id with a key, and stored nowhere."""

    __tablename__ = "contact_proof"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    kind: ProofKind = Field(sa_type=StrEnumText(ProofKind))
    target_id: UUID  # of the contact point, or of the relative
    asked_at: datetime
    expires_at: datetime
    wrong: int = 0
    settled_at: datetime | None = None
