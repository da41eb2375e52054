"""Tables: result_edition, sign_off_act, past_figure."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Text
from sqlmodel import Field, Index, UniqueConstraint

from app.db.base import Table
from app.db.types import StrEnumText


class EditionKind(StrEnum):
    """Why an edition was made."""

    STEP = "step"  # ten more answers, while the wave is open
    CLOSE = "close"  # the wave closed, and late queues had three days to arrive
    CORRECTED = "corrected"  # after the close, by a person and with a reason


class ResultEdition(Table, table=True):
    """The outcomes of one wave as they were once: what readers outside the school see.

    Immutable but for `accepted_at`. `content`: editions/content.py; `content_hash`: its SHA-256.
    """

    __tablename__ = "result_edition"
    __table_args__ = (UniqueConstraint("wave_id", "number"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wave_id: UUID = Field(foreign_key="wave.id", index=True)
    number: int  # from 1, by wave
    kind: EditionKind = Field(sa_type=StrEnumText(EditionKind))
    frozen_at: datetime
    answered: int  # persons in it
    frame: int  # persons listed then
    content: str = Field(sa_type=Text)
    content_hash: str = Field(max_length=64)
    reason: str | None = Field(default=None, max_length=300)  # of a corrected one
    made_by: UUID | None = None  # None: the worker
    accepted_at: datetime | None = None


class SignOffStep(StrEnum):
    """What was done to the close of a wave."""

    SUBMITTED = "submitted"  # by the school
    RETURNED = "returned"  # by the office, with a comment
    ACCEPTED = "accepted"  # by the office


class SignOffAct(Table, table=True):
    """A step of the sign-off of a wave. Only ever added to; the newest is the state."""

    __tablename__ = "sign_off_act"
    __table_args__ = (UniqueConstraint("wave_id", "number"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wave_id: UUID = Field(foreign_key="wave.id", index=True)
    number: int  # from 1, by wave: whoever comes second finds it taken
    step: SignOffStep = Field(sa_type=StrEnumText(SignOffStep))
    edition_id: UUID = Field(foreign_key="result_edition.id")
    comment: str = Field(default="", max_length=600)
    staff_id: UUID
    at: datetime


class PastFigure(Table, table=True):
    """A figure of an earlier generation, as a paper of the time gives it. Never compared."""

    __tablename__ = "past_figure"
    __table_args__ = (
        UniqueConstraint(
            *("unit_id", "entered", "leaves", "questionnaire", "indicator", "category"),
            name="uq_past_figure_told",  # PostgreSQL cuts names at 63 letters
        ),
        Index("ix_past_figure_unit", "unit_id", "leaves"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    unit_id: UUID = Field(foreign_key="organisation_unit.id")
    entered: int
    leaves: int
    questionnaire: int
    indicator: str = Field(max_length=40)
    category: str = Field(default="", max_length=60)
    value: float  # a share from 0 to 1, or a mean
    base: int | None = None
    source: str = Field(max_length=300)
    staff_id: UUID | None = None
    at: datetime
