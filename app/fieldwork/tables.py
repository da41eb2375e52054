"""Tables: window_change, contact_plan, message_text, wave, survey_case and what concerns it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, Index, UniqueConstraint

from app.db.base import Table
from app.db.types import Encrypted, StrEnumText
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Ineligibility
from app.questionnaires.items import Language


class WindowChange(Table, table=True):
    """A field period moved for a unit and all below it, with the reason. Newest row rules."""

    __tablename__ = "window_change"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    unit_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    entered: int
    leaves: int
    questionnaire: int
    opens: date
    closes: date  # first day on which no answer is taken
    reason: str = Field(max_length=300)
    staff_id: UUID | None = None
    at: datetime


class ContactPlanRow(Table, table=True):
    """A contact plan that a unit chose for itself and all below. Newest row of a unit rules."""

    __tablename__ = "contact_plan"
    __table_args__ = (UniqueConstraint("unit_id", "questionnaire", "version"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    unit_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    questionnaire: int
    version: int  # of this unit and questionnaire, from 1
    document: str | None = None  # chronology.plan_text; None: the plan from above again
    staff_id: UUID | None = None
    at: datetime


class MessageTextRow(Table, table=True):
    """A message in a unit's own words, for itself and all below. Newest row of a unit rules."""

    __tablename__ = "message_text"
    __table_args__ = (
        UniqueConstraint(
            *("unit_id", "questionnaire", "step", "started", "short", "version"),
            name="uq_message_text_version",
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    unit_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    questionnaire: int
    step: str = Field(max_length=40)
    started: bool = False  # for those who began and did not finish
    short: bool = False  # by SMS and WhatsApp; one text for all, begun or not
    version: int  # of this unit and message, from 1
    subject: str | None = Field(default=None, max_length=200)  # None: the text from above again
    body: str | None = None
    staff_id: UUID | None = None
    at: datetime


class WaveState(StrEnum):
    """A wave is made when it opens; before that it is only a plan."""

    OPEN = "open"
    CLOSED = "closed"


class Wave(Table, table=True):
    """One questionnaire in the field for one cohort of one school."""

    __tablename__ = "wave"
    __table_args__ = (
        UniqueConstraint("cohort_id", "questionnaire"),
        Index("ix_wave_due", "state", "closes_at"),
        Index("ix_wave_of_school", "school_id", "state"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    school_id: UUID = Field(foreign_key="organisation_unit.id")
    cohort_id: UUID = Field(foreign_key="cohort.id", index=True)
    questionnaire: int  # 1, 2, 3
    version_id: UUID = Field(foreign_key="questionnaire_version.id")
    notice_id: UUID | None = Field(default=None, foreign_key="privacy_notice.id")
    opens: date
    closes: date
    opens_at: datetime  # local midnight of the school's zone, as an instant
    closes_at: datetime
    reference_monday: date  # of the official window: the same for everybody in the wave
    state: WaveState = Field(default=WaveState.OPEN, sa_type=StrEnumText(WaveState), index=True)
    paused_at: datetime | None = None  # messages wait; answers are still taken
    paused_reason: str | None = Field(default=None, max_length=200)
    frozen_at: datetime  # when the frame was frozen
    closed_at: datetime | None = None
    queued_on: date | None = None  # local day whose messages are queued: an idle tick skips it
    mail_checked_at: datetime | None = None  # whether its messages can leave in time was asked
    mail_held_advice: str | None = None  # they cannot: paused until they fit, and what would help
    mail_late_advice: str | None = None  # they began, and now some will be late: what would help


class Mode(StrEnum):
    """How an answer came in; stored with each response."""

    WEB = "web"
    CLASS = "class"
    PHONE = "phone"  # staff ask by telephone and type what they hear
    PAPER = "paper"


# Somebody else looks at the screen: what was answered elsewhere stays covered, whatever is known.
WATCHED = frozenset({Mode.CLASS, Mode.PHONE})


class Case(Table, table=True):
    """One panel member in one wave."""

    __tablename__ = "survey_case"  # `case` is a word of SQL
    __table_args__ = (
        UniqueConstraint("wave_id", "member_id"),
        Index("ix_survey_case_progress", "wave_id", "disposition", "eligibility_confirmed"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wave_id: UUID = Field(foreign_key="wave.id", index=True)
    member_id: UUID = Field(foreign_key="panel_member.id", index=True)
    disposition: Disposition = Field(default=Disposition.PLANNED, sa_type=StrEnumText(Disposition))
    eligibility_confirmed: bool = False
    ineligibility: Ineligibility | None = Field(default=None, sa_type=StrEnumText(Ineligibility))
    moved_at: datetime
    added_at: datetime
    late_reason: str | None = Field(default=None, max_length=200)  # joined after the freeze
    mode: Mode | None = Field(default=None, sa_type=StrEnumText(Mode))
    source: str = Field(default="self", max_length=20)  # self, or who told (knowledge rate)
    link_key_id: str = Field(max_length=40)
    link_version: int = 1
    link_hash: str = Field(max_length=64, unique=True)  # SHA-256 of the token, hex
    link_revoked_at: datetime | None = None  # set: no link works until a new one is written
    last_step: str | None = Field(default=None, max_length=40)  # newest step of the contact plan
    last_contact_on: date | None = None  # local day of the school
    contacts: int = 0
    first_answer_at: datetime | None = None
    completed_at: datetime | None = None


class CaseEvent(Table, table=True):
    """What happened to a case. Only ever added to."""

    __tablename__ = "case_event"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    disposition: Disposition = Field(sa_type=StrEnumText(Disposition))
    reason: str | None = Field(default=None, max_length=200)
    staff_id: UUID | None = None
    at: datetime


class RevokedLink(Table, table=True):
    """The hash of a link that was in force once, so that its page can say so."""

    __tablename__ = "revoked_link"

    link_hash: str = Field(primary_key=True, max_length=64)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    at: datetime


class EntrySession(Table, table=True):
    """A respondent who pressed Comenzar on one device: the cookie or the hidden field."""

    __tablename__ = "entry_session"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    secret_hash: str = Field(max_length=64, unique=True)  # SHA-256, hex
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    mode: Mode = Field(sa_type=StrEnumText(Mode))
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    second_check_at: datetime | None = None  # earlier answers are shown only after it
    first_device: bool = True  # started the response: its own answers are its own
    language: Language = Field(default=Language.SPANISH, sa_type=StrEnumText(Language))


class RequestState(StrEnum):
    """Where a request for a lost link stands."""

    ASKED = "asked"  # nobody has looked yet
    SENT = "sent"  # the link went to an address the directory has
    OPEN = "open"  # on the worklist of a school
    SETTLED = "settled"  # the school has helped
    DROPPED = "dropped"  # no school to tell, or asked before


class LinkRequest(Table, table=True):
    """Somebody lost their link. What they typed proves nothing; gone after some days."""

    __tablename__ = "link_request"
    __table_args__ = (Index("ix_link_request_state", "state", "asked_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    contact: str = Field(sa_type=Encrypted)  # normal form: mail as typed, or E.164
    contact_hash: str = Field(max_length=80, index=True)
    typed_name: str = Field(sa_type=Encrypted)
    typed_school: str = Field(sa_type=Encrypted)
    school_id: UUID | None = Field(default=None, foreign_key="organisation_unit.id", index=True)
    # Who it may be.
    member_id: UUID | None = Field(default=None, foreign_key="panel_member.id")
    state: RequestState = Field(default=RequestState.ASKED, sa_type=StrEnumText(RequestState))
    reason: str | None = Field(default=None, max_length=40)  # why no message left
    asked_at: datetime
    settled_at: datetime | None = None
    settled_by: UUID | None = None  # staff account


class RelativeAsked(Table, table=True):
    """A number of somebody close that was asked to pass a link on; known by its keyed hash.

    Written by the gateway at most once, whoever names it. `token_hash`: of its link to refuse.
    """

    __tablename__ = "relative_asked"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    phone_hash: str = Field(unique=True, max_length=80)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    staff_id: UUID | None = None  # the tutor who wrote; None: the gateway
    key_id: str | None = Field(default=None, max_length=40)
    token_hash: str | None = Field(default=None, unique=True, max_length=64)  # SHA-256, hex
    at: datetime


class ThirdPartySilence(Table, table=True):
    """A number that asked not to be written to, whoever names it as somebody close."""

    __tablename__ = "third_party_silence"

    phone_hash: str = Field(primary_key=True, max_length=80)  # keyed; the number is not kept
    at: datetime
    staff_id: UUID | None = None  # who was told; None: said on /no-avisar
