"""Tables: edition_rows, edition_withheld, sum_cut, and the triggers of decisions/0025.

The triggers are those of the migration; tests/db compares both. A migration that rebuilds
`survey_case` on SQLite must make them again.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field, UniqueConstraint

from app.db.base import Table
from app.db.triggers import come_with
from app.fieldwork.tables import Case


class EditionRows(Table, table=True):
    """The coded persons of an edition (rows.py), for the columnar store.

    They go in the transaction in which any of them takes the answers back. `rules`: how they were
    counted when the edition was frozen.
    """

    __tablename__ = "edition_rows"

    edition_id: UUID = Field(foreign_key="result_edition.id", primary_key=True)
    wave_id: UUID = Field(foreign_key="wave.id", index=True)
    rules: str = Field(max_length=32)
    block: bytes = Field(sa_type=LargeBinary)


class EditionWithheld(Table, table=True):
    """What the school of an edition withholds of it (sum_parts.py): for the sums above it.

    Decided by its counts alone, and so worked out once. `rules`: by which code.
    """

    __tablename__ = "edition_withheld"

    edition_id: UUID = Field(foreign_key="result_edition.id", primary_key=True)
    rules: str = Field(max_length=64)
    withheld: str = Field(sa_type=Text)


class SumCut(Table, table=True):
    """Of which editions the sums of schools are made (cuts.py). Only ever added to.

    `basis`: a short name of the editions and of the units above their schools.
    """

    __tablename__ = "sum_cut"
    __table_args__ = (
        UniqueConstraint("entered", "leaves", "questionnaire", "number", name="uq_sum_cut_number"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    entered: int
    leaves: int
    questionnaire: int
    number: int  # from 1, by questionnaire of a generation
    taken_at: datetime
    basis: str = Field(max_length=64)
    content: str = Field(sa_type=Text)


# Every wave of the person: a later one tells what the earlier ones said.
TRIGGERS = {
    "sqlite": (
        """
        create trigger survey_case_left after update of disposition on survey_case
        when old.disposition in ('complete', 'partial')
        and new.disposition not in ('complete', 'partial') begin
        delete from edition_rows where wave_id in
        (select wave_id from survey_case where member_id = new.member_id); end
        """,
        """
        create trigger survey_case_gone after delete on survey_case begin
        delete from edition_rows where wave_id = old.wave_id or wave_id in
        (select wave_id from survey_case where member_id = old.member_id); end
        """,
    ),
    "postgresql": (
        """
        create or replace function survey_case_left() returns trigger language plpgsql as $$ begin
        delete from edition_rows where wave_id = old.wave_id or wave_id in
        (select wave_id from survey_case where member_id = old.member_id); return null; end $$
        """,
        """
        create trigger survey_case_left after update of disposition on survey_case for each row
        when (old.disposition in ('complete', 'partial')
        and new.disposition not in ('complete', 'partial'))
        execute function survey_case_left()
        """,
        """
        create trigger survey_case_gone after delete on survey_case for each row
        execute function survey_case_left()
        """,
    ),
}

come_with(Case.metadata, TRIGGERS)
