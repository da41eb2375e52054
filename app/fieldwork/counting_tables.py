"""Tables: wave_count, case_move, and the triggers that count every case (decisions/0022).

The triggers are those of the migration; tests/db compares both. A migration that rebuilds
`survey_case` on SQLite must make them again.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import LargeBinary, text
from sqlmodel import Field, Index

from app.db.base import Table
from app.db.triggers import come_with
from app.db.types import StrEnumText
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case


class WaveCount(Table, table=True):
    """Cases of a wave by AAPOR group, as of the last time the worker gathered its moves."""

    __tablename__ = "wave_count"
    __table_args__ = (
        Index(
            "ix_wave_count_no_days",
            "wave_id",
            sqlite_where=text("days IS NULL"),
            postgresql_where=text("days IS NULL"),
        ),
        Index(
            "ix_wave_count_not_followed",
            "wave_id",
            sqlite_where=text("known IS NULL"),
            postgresql_where=text("known IS NULL"),
        ),
    )

    wave_id: UUID = Field(foreign_key="wave.id", primary_key=True)
    complete: int = 0
    partial: int = 0
    refusal: int = 0
    non_contact: int = 0
    other: int = 0
    unknown_eligibility: int = 0
    not_eligible: int = 0
    # On how many of its days as many answered (answer_days.py); None: not worked out.
    days_from: date | None = None
    days: bytes | None = Field(default=None, sa_type=LargeBinary)
    # Persons (analytics/followed.py); all three None: not worked out.
    known: int | None = None
    answered_before: int | None = None
    stayed: int | None = None


class CaseMove(Table, table=True):
    """Cases that came to stand somewhere (1) or no longer do (-1), not gathered yet.

    Only ever added to, by triggers, and taken away by the worker: nobody who answers waits for a
    row that another one changes. Of no cases (0): what an answered case says has changed.
    """

    __tablename__ = "case_move"

    id: int | None = Field(default=None, primary_key=True)
    wave_id: UUID  # no reference: it would lock the wave at every answer
    disposition: Disposition = Field(sa_type=StrEnumText(Disposition))
    eligibility_confirmed: bool
    told: bool = False  # somebody else told of the person
    cases: int


TRIGGERS = {
    "sqlite": (
        """
        create trigger survey_case_in after insert on survey_case begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases) values
        (new.wave_id, new.disposition, new.eligibility_confirmed, new.source <> 'self', 1); end
        """,
        """
        create trigger survey_case_out after delete on survey_case begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases) values
        (old.wave_id, old.disposition, old.eligibility_confirmed, old.source <> 'self', -1); end
        """,
        """
        create trigger survey_case_moved
        after update of wave_id, member_id, disposition, eligibility_confirmed, source
        on survey_case
        when (old.wave_id, old.member_id, old.disposition, old.eligibility_confirmed, old.source)
        is not (new.wave_id, new.member_id, new.disposition, new.eligibility_confirmed, new.source)
        begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases) values
        (old.wave_id, old.disposition, old.eligibility_confirmed, old.source <> 'self', -1),
        (new.wave_id, new.disposition, new.eligibility_confirmed, new.source <> 'self', 1); end
        """,
    ),
    "postgresql": (
        """
        create or replace function survey_case_in() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select wave_id, disposition, eligibility_confirmed, source <> 'self', count(*) from fresh
        group by wave_id, disposition, eligibility_confirmed, source <> 'self'; return null; end $$
        """,
        """
        create or replace function survey_case_out() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select wave_id, disposition, eligibility_confirmed, source <> 'self', -count(*) from gone
        group by wave_id, disposition, eligibility_confirmed, source <> 'self'; return null; end $$
        """,
        """
        create or replace function survey_case_moved() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases) values
        (old.wave_id, old.disposition, old.eligibility_confirmed, old.source <> 'self', -1),
        (new.wave_id, new.disposition, new.eligibility_confirmed, new.source <> 'self', 1);
        return null; end $$
        """,
        """
        create trigger survey_case_in after insert on survey_case referencing new table as fresh
        for each statement execute function survey_case_in()
        """,
        """
        create trigger survey_case_out after delete on survey_case referencing old table as gone
        for each statement execute function survey_case_out()
        """,
        """
        create trigger survey_case_moved
        after update of wave_id, member_id, disposition, eligibility_confirmed, source
        on survey_case for each row
        when ((old.wave_id, old.member_id, old.disposition, old.eligibility_confirmed, old.source)
        is distinct from
        (new.wave_id, new.member_id, new.disposition, new.eligibility_confirmed, new.source))
        execute function survey_case_moved()
        """,
    ),
}

come_with(Case.metadata, TRIGGERS)
