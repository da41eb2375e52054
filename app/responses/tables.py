"""Tables: response, answer, answer_revision, response_mark, second_check_try."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Field

from app.db.base import Table
from app.db.types import JsonText


class Response(Table, table=True):
    """What one case answered: one row per case, whatever the devices and tabs."""

    __tablename__ = "response"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", unique=True)
    version_id: UUID = Field(foreign_key="questionnaire_version.id")
    started_at: datetime
    last_saved_at: datetime  # to the minute; the exact moments are in answer_revision
    finished_at: datetime | None = None  # pressed Terminar
    language: str = Field(default="es", max_length=5)


class Answer(Table, table=True):
    """The newest answer to one variable. Directory and consent items never come here."""

    __tablename__ = "answer"

    response_id: UUID = Field(foreign_key="response.id", primary_key=True)
    variable: str = Field(primary_key=True, max_length=60)
    value: Any = Field(
        default=None, sa_type=JsonText, nullable=True
    )  # code, list of codes, number, text
    missing: int | None = None  # -1 not applicable, -98 refused, -99 does not know
    revision: int  # of the client; newest wins
    saved_at: datetime
    session_id: UUID | None = Field(default=None, foreign_key="entry_session.id")


class AnswerRevision(Table, table=True):
    """Every accepted save of a step, with the client's own key: a repeat is recognised.

    The key is the identity: one index, because every save writes every index of this table.
    """

    __tablename__ = "answer_revision"

    response_id: UUID = Field(foreign_key="response.id", primary_key=True)
    client_key: str = Field(primary_key=True, max_length=64)  # made by the client
    body_hash: str = Field(max_length=64)
    step: str = Field(max_length=60)
    revision: int
    changed: Any = Field(sa_type=JsonText)  # variable → [value, missing]; answers only
    session_id: UUID | None = Field(default=None, foreign_key="entry_session.id")
    at: datetime
    client_at: datetime | None = None  # the phone's clock, unverified


class ResponseMark(Table, table=True):
    """What the path must remember of an item whose answer is kept elsewhere.

    A directory or consent answer goes to its own table; here stay its closed code, or only that a
    text was given. Never a text, never read by analysis. Erased with the response.
    """

    __tablename__ = "response_mark"

    response_id: UUID = Field(foreign_key="response.id", primary_key=True)
    variable: str = Field(primary_key=True, max_length=60)
    value: Any = Field(
        default=None, sa_type=JsonText, nullable=True
    )  # code, or true for a text; id of a contact
    session_id: UUID | None = Field(default=None, foreign_key="entry_session.id")


class SecondCheckTry(Table, table=True):
    """A wrong try to prove who one is on another device: tries are limited by case."""

    __tablename__ = "second_check_try"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_id: UUID = Field(foreign_key="survey_case.id", index=True)
    at: datetime
