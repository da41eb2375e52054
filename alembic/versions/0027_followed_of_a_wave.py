"""Whose situation is known, and who stays: kept beside the counts of each wave.

What is kept holds until a case that matters to it moves; a move now says whether somebody else
told of the person, and an answer of the nucleus that changes later is a move of nobody.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NUMBERS = ("known", "answered_before", "stayed")
CASES = {
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
ANSWERS = {
    "sqlite": (
        """
        create trigger nucleus_told after insert on answer
        when new.variable in ('plan_egreso', 'estudia', 'trabaja') begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = new.response_id and c.disposition in ('complete', 'partial'); end
        """,
        """
        create trigger nucleus_changed after update of value, missing on answer
        when new.variable in ('plan_egreso', 'estudia', 'trabaja') begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = new.response_id and c.disposition in ('complete', 'partial'); end
        """,
        """
        create trigger nucleus_gone after delete on answer
        when old.variable in ('plan_egreso', 'estudia', 'trabaja') begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = old.response_id and c.disposition in ('complete', 'partial'); end
        """,
    ),
    "postgresql": (
        """
        create or replace function nucleus_moved() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = coalesce(new.response_id, old.response_id)
        and c.disposition in ('complete', 'partial'); return null; end $$
        """,
        """
        create trigger nucleus_told after insert on answer for each row
        when (new.variable in ('plan_egreso', 'estudia', 'trabaja'))
        execute function nucleus_moved()
        """,
        """
        create trigger nucleus_changed after update of value, missing on answer for each row
        when (new.variable in ('plan_egreso', 'estudia', 'trabaja'))
        execute function nucleus_moved()
        """,
        """
        create trigger nucleus_gone after delete on answer for each row
        when (old.variable in ('plan_egreso', 'estudia', 'trabaja'))
        execute function nucleus_moved()
        """,
    ),
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for number in NUMBERS:
        op.add_column("wave_count", sa.Column(number, sa.Integer(), nullable=True))
    op.create_index(
        "ix_wave_count_not_followed",
        "wave_count",
        ["wave_id"],
        sqlite_where=sa.text("known IS NULL"),
        postgresql_where=sa.text("known IS NULL"),
    )
    _drop_case_triggers(dialect)
    with op.batch_alter_table("case_move") as batch_op:
        batch_op.add_column(
            sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    # The default is for the moves that are there; the triggers say it of the new ones.
    with op.batch_alter_table("case_move") as batch_op:
        batch_op.alter_column("told", server_default=None)
    for statement in (*CASES[dialect], *ANSWERS[dialect]):
        op.execute(sa.DDL(statement))


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    on = " on answer" if dialect == "postgresql" else ""
    for name in ("nucleus_told", "nucleus_changed", "nucleus_gone"):
        op.execute(sa.DDL(f"drop trigger {name}{on}"))
    if dialect == "postgresql":
        op.execute(sa.DDL("drop function nucleus_moved()"))
    _drop_case_triggers(dialect)
    with op.batch_alter_table("case_move") as batch_op:
        batch_op.drop_column("told")
    for statement in CASES[dialect]:  # as they were: without who told
        op.execute(sa.DDL(re.sub(r", (\w+\.)?(told|source <> 'self')", "", statement)))
    op.drop_index("ix_wave_count_not_followed", table_name="wave_count")
    for number in reversed(NUMBERS):
        op.drop_column("wave_count", number)


def _drop_case_triggers(dialect: str) -> None:
    on = " on survey_case" if dialect == "postgresql" else ""
    for name in ("survey_case_in", "survey_case_out", "survey_case_moved"):
        op.execute(sa.DDL(f"drop trigger {name}{on}"))
