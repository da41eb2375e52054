"""Tables: attempts, appointments, what others told, doubts, frame changes, interviewers."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlmodel import Field

from app.db.base import Table
from app.db.types import Encrypted, StrEnumText
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.worklist.results import AttemptResult, Channel
from app.fieldwork.worklist.told import ToldBy


class ContactAttempt(Table, table=True):
    """A member of staff opened an app to reach somebody, or spoke with them.

    Counted as a contact from the moment it is opened: a message may have left. "No lo hice"
    takes it back, and then `last_on_before` is put back too.
    """

    __tablename__ = "contact_attempt"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    channel: Channel = Field(sa_type=StrEnumText(Channel))
    contact_id: UUID | None = None  # the address that was used; addresses may be erased
    to_other: bool = False  # somebody close to the person, to pass the link on
    staff_id: UUID
    opened_at: datetime
    last_on_before: date | None = None
    result: AttemptResult | None = Field(default=None, sa_type=StrEnumText(AttemptResult))
    said_at: datetime | None = None


class Appointment(Table, table=True):
    """When somebody asked to be called. One open per case; the newest stays."""

    __tablename__ = "appointment"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    at: datetime = Field(index=True)
    note: str | None = Field(default=None, sa_type=Encrypted)  # no personal answers
    staff_id: UUID
    made_at: datetime
    settled_at: datetime | None = None


class ThirdPartyReport(Table, table=True):
    """What somebody else told of a person's situation. Never an answer; the newest counts."""

    __tablename__ = "third_party_report"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    source: ToldBy = Field(sa_type=StrEnumText(ToldBy))
    studies: bool
    works: bool
    staff_id: UUID
    at: datetime
    withdrawn_at: datetime | None = None


class EligibilityDoubt(Table, table=True):
    """Staff heard that somebody should not count; whoever runs the fieldwork decides."""

    __tablename__ = "eligibility_doubt"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    reason: Ineligibility = Field(sa_type=StrEnumText(Ineligibility))
    staff_id: UUID
    at: datetime
    settled_at: datetime | None = None
    settled_by: UUID | None = None
    accepted: bool | None = None


class FrameChange(Table, table=True):
    """Somebody taken out of the denominator by hand, or put back. Only ever added to."""

    __tablename__ = "frame_change"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wave_id: UUID = Field(foreign_key="wave.id", index=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    ineligibility: Ineligibility | None = Field(default=None, sa_type=StrEnumText(Ineligibility))
    since: date  # from when it holds, as the school says
    reason: str = Field(sa_type=Encrypted)
    staff_id: UUID
    at: datetime
    answered_before: int
    frame_before: int
    answered_after: int
    frame_after: int


class TelephoneInterview(Table, table=True):
    """Who asked the questions of a session by telephone, and that the notice was read aloud."""

    __tablename__ = "telephone_interview"

    session_id: UUID = Field(foreign_key="entry_session.id", primary_key=True)
    staff_id: UUID
    notice_read_at: datetime
