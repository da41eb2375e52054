"""Table: deployment_mark, facts about the database as a whole."""

from datetime import datetime

from sqlmodel import Field

from app.db.base import Table


class DeploymentMark(Table, table=True):
    """A named fact: `simulated` (demonstration data inside), `sending_paused` (restored)."""

    __tablename__ = "deployment_mark"

    name: str = Field(primary_key=True, max_length=40)
    value: str = Field(max_length=400)
    at: datetime
