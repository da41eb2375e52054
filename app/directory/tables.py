"""Tables of the directory: cohort, panel_member, contact_point, consent, notice, imports."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Field, Index, UniqueConstraint

from app.db.base import Table
from app.db.types import Encrypted, JsonText, StrEnumText
from app.directory.states import ContactKind, ContactSource, ContactState, Proof, Standing

__all__ = [
    "AlternateContact", "CalendarName", "CohortRow", "Consent", "ContactKind", "ContactPoint",
    "ContactSource", "ContactState", "CorrectionRequest", "ImportBatch", "ImportState", "OptOut",
    "PanelMember", "PrivacyNotice", "SchoolMailDomain", "Standing", "TransferRequest",
]  # fmt: skip  # the enums are defined where pure modules may see them


class CalendarName(StrEnum):
    """Which rule of app.chronology.wave_plan a cohort follows."""

    SEP = "sep"
    B = "b"  # exits after 31 July


class CohortRow(Table, table=True):
    """A generation of one school: the row of its chronological table."""

    __tablename__ = "cohort"
    __table_args__ = (
        UniqueConstraint("school_id", "entered", "leaves"),
        Index("ix_cohort_generation", "entered", "leaves", "school_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    school_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    entered: int
    leaves: int
    calendar: CalendarName = Field(default=CalendarName.SEP, sa_type=StrEnumText(CalendarName))
    exit_month: int = 7


class PanelMember(Table, table=True):
    """One person of one cohort: the same row through questionnaires 1, 2 and 3."""

    __tablename__ = "panel_member"
    __table_args__ = (
        UniqueConstraint("school_id", "student_id"),
        Index("ix_panel_member_of_school", "school_id", "merged_into"),
        Index("ix_panel_member_cohort", "cohort_id", "group_id"),
        Index("ix_panel_member_standing", "cohort_id", "standing"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    school_id: UUID = Field(foreign_key="organisation_unit.id")
    cohort_id: UUID = Field(foreign_key="cohort.id")
    group_id: UUID | None = Field(default=None, foreign_key="student_group.id", index=True)
    programme_id: UUID | None = Field(default=None, foreign_key="programme.id")
    student_id: str | None = Field(default=None, max_length=40, index=True)  # matrícula, as typed
    curp: str | None = Field(default=None, sa_type=Encrypted)
    curp_hash: str | None = Field(default=None, max_length=80, index=True)
    # Keyed hash of the search form: finds namesakes without reading names.
    name_hash: str | None = Field(default=None, max_length=80, index=True)
    given_name: str = Field(sa_type=Encrypted)
    surname_1: str = Field(sa_type=Encrypted)
    surname_2: str | None = Field(default=None, sa_type=Encrypted)
    birth_date: str | None = Field(default=None, sa_type=Encrypted)  # ISO 8601
    sex: str | None = Field(default=None, max_length=1)  # H, M, X
    shift: str | None = Field(default=None, max_length=1)  # codes of units.Shift
    track: str | None = Field(default=None, max_length=1)  # tipo_bachillerato 1, 2, 3
    grade_average: float | None = None
    left_on: date | None = None  # fecha_egreso
    standing: Standing = Field(default=Standing.ENROLLED, sa_type=StrEnumText(Standing))
    standing_since: date | None = None
    standing_reason: str | None = Field(default=None, max_length=200)
    guardian_consent: bool | None = None  # autorizacion_tutor; minors only
    merged_into: UUID | None = Field(default=None, foreign_key="panel_member.id")
    simulated: bool = False
    added_at: datetime
    changed_at: datetime


class ContactPoint(Table, table=True):
    """One way to reach a member: a mail address or a telephone number."""

    __tablename__ = "contact_point"
    __table_args__ = (UniqueConstraint("member_id", "value_hash"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    kind: ContactKind = Field(sa_type=StrEnumText(ContactKind))
    value: str = Field(sa_type=Encrypted)  # mail as typed with lower-case domain; E.164
    value_hash: str = Field(max_length=80, index=True)
    source: ContactSource = Field(sa_type=StrEnumText(ContactSource))
    state: ContactState = Field(default=ContactState.UNCONFIRMED, sa_type=StrEnumText(ContactState))
    whatsapp: bool | None = None
    institutional: bool = False  # a school address: closed after graduation
    preferred: bool = False
    soft_bounces: int = 0
    died_of: str | None = Field(default=None, max_length=60)  # who said so: "rebote 5.1.1"
    added_at: datetime
    confirmed_at: datetime | None = None
    proven_at: datetime | None = None  # somebody saw it work, beyond the person's word
    proven_by: Proof | None = Field(default=None, sa_type=StrEnumText(Proof))


class AlternateContact(Table, table=True):
    """Somebody who can tell how to find a member; erased when Questionnaire 3 closes."""

    __tablename__ = "alternate_contact"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    name: str = Field(sa_type=Encrypted)
    relationship: str | None = Field(default=None, max_length=2)
    phone: str = Field(sa_type=Encrypted)
    source: ContactSource = Field(sa_type=StrEnumText(ContactSource))
    added_at: datetime
    proven_at: datetime | None = None  # they answered, and know why their number is here


class SchoolMailDomain(Table, table=True):
    """A mail domain whose accounts a unit gives its students and closes when they leave."""

    __tablename__ = "school_mail_domain"

    unit_id: UUID = Field(foreign_key="organisation_unit.id", primary_key=True)
    domain: str = Field(primary_key=True, max_length=255)
    added_at: datetime


class PrivacyNotice(Table, table=True):
    """A version of an institution's privacy notice. Immutable once published."""

    __tablename__ = "privacy_notice"
    __table_args__ = (UniqueConstraint("unit_id", "version"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    unit_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    version: int
    short_text: str  # aviso simplificado, shown before the first question
    full_text: str  # aviso integral
    published_at: datetime


class Consent(Table, table=True):
    """What a member allowed or refused, with the notice that was read. Only ever added to."""

    __tablename__ = "consent"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    purpose: str = Field(max_length=40)  # variable of the item: aviso_q1, autoriza_ofertas, …
    granted: bool
    notice_id: UUID | None = Field(default=None, foreign_key="privacy_notice.id")
    case_id: UUID | None = None
    at: datetime


class OptOut(Table, table=True):
    """No me escriban más: every channel of the platform, until withdrawn."""

    __tablename__ = "opt_out"

    member_id: UUID = Field(foreign_key="panel_member.id", primary_key=True)
    at: datetime
    source: str = Field(max_length=40)  # one_click, page, staff, law


class CorrectionRequest(Table, table=True):
    """A member said that stored data are wrong (datos_correctos = 2); control escolar decides."""

    __tablename__ = "correction_request"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    text: str = Field(sa_type=Encrypted)
    at: datetime
    settled_at: datetime | None = None


class TransferRequest(Table, table=True):
    """A CURP of a roster belongs to another school's member: asked, never merged silently."""

    __tablename__ = "transfer_request"
    __table_args__ = (UniqueConstraint("member_id", "to_school_id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    to_school_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    at: datetime
    decided_at: datetime | None = None
    accepted: bool | None = None


class ImportState(StrEnum):
    PREVIEW = "preview"
    APPLIED = "applied"
    DISCARDED = "discarded"


class ImportBatch(Table, table=True):
    """A roster file that was read: its content until applied, its counts for ever."""

    __tablename__ = "import_batch"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    unit_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    kind: str = Field(max_length=20)  # roster, confirmation
    file_name: str = Field(max_length=200)
    file_hash: str = Field(max_length=64)
    content: str | None = Field(default=None, sa_type=Encrypted)  # base64; gone once decided
    columns: Any = Field(default=None, nullable=True, sa_type=JsonText)  # mapping corrected by hand
    options: Any = Field(
        default=None, nullable=True, sa_type=JsonText
    )  # school, cohort where chosen
    counts: Any = Field(default=None, nullable=True, sa_type=JsonText)
    state: ImportState = Field(default=ImportState.PREVIEW, sa_type=StrEnumText(ImportState))
    staff_id: UUID | None = None
    at: datetime
