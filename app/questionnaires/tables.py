"""Tables: questionnaire_version."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.db.base import Table


class QuestionnaireVersion(Table, table=True):
    """A questionnaire as it was published. Never changed, never deleted: answers point here."""

    __tablename__ = "questionnaire_version"
    __table_args__ = (UniqueConstraint("number", "revision"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: int  # 1, 2 or 3
    version: str = Field(max_length=20)  # as its author wrote it: "1.0"
    revision: int  # 1, 2, … in the order of publication
    content_hash: str = Field(unique=True, max_length=64)  # SHA-256 of the text, in hexadecimal
    text: str  # the file itself, comments and all
    published_at: datetime
