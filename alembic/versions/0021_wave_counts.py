"""How many cases of each wave stand where: kept, and moved by the database itself.

Triggers, so that whatever writes a case is counted in the same transaction. They only append: no
row is shared by those who answer at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GROUPS = (
    "complete",
    "partial",
    "refusal",
    "non_contact",
    "other",
    "unknown_eligibility",
    "not_eligible",
)
TRIGGERS = {
    "sqlite": (
        """
        create trigger survey_case_in after insert on survey_case begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, cases)
        values (new.wave_id, new.disposition, new.eligibility_confirmed, 1); end
        """,
        """
        create trigger survey_case_out after delete on survey_case begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, cases)
        values (old.wave_id, old.disposition, old.eligibility_confirmed, -1); end
        """,
        """
        create trigger survey_case_moved
        after update of wave_id, disposition, eligibility_confirmed on survey_case
        when (old.wave_id, old.disposition, old.eligibility_confirmed)
        is not (new.wave_id, new.disposition, new.eligibility_confirmed) begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, cases)
        values (old.wave_id, old.disposition, old.eligibility_confirmed, -1),
        (new.wave_id, new.disposition, new.eligibility_confirmed, 1); end
        """,
    ),
    "postgresql": (
        """
        create or replace function survey_case_in() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, cases)
        select wave_id, disposition, eligibility_confirmed, count(*) from fresh
        group by wave_id, disposition, eligibility_confirmed; return null; end $$
        """,
        """
        create or replace function survey_case_out() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, cases)
        select wave_id, disposition, eligibility_confirmed, -count(*) from gone
        group by wave_id, disposition, eligibility_confirmed; return null; end $$
        """,
        """
        create or replace function survey_case_moved() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, cases)
        values (old.wave_id, old.disposition, old.eligibility_confirmed, -1),
        (new.wave_id, new.disposition, new.eligibility_confirmed, 1); return null; end $$
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
        after update of wave_id, disposition, eligibility_confirmed on survey_case for each row
        when ((old.wave_id, old.disposition, old.eligibility_confirmed)
        is distinct from (new.wave_id, new.disposition, new.eligibility_confirmed))
        execute function survey_case_moved()
        """,
    ),
}
NAMES = ("survey_case_in", "survey_case_out", "survey_case_moved")


def upgrade() -> None:
    op.create_table(
        "wave_count",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        *(sa.Column(group, sa.Integer(), nullable=False) for group in GROUPS),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_wave_count_wave_id_wave")),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_wave_count")),
    )
    op.create_table(
        "case_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("disposition", sa.String(length=40), nullable=False),
        sa.Column("eligibility_confirmed", sa.Boolean(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_move")),
    )
    # Those there are: the worker gathers them by wave in its next pass.
    op.execute(
        sa.text(
            "insert into case_move (wave_id, disposition, eligibility_confirmed, cases)"
            " select wave_id, disposition, eligibility_confirmed, count(*) from survey_case"
            " group by wave_id, disposition, eligibility_confirmed"
        )
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement))


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name in NAMES:
        if on_sqlite:
            op.execute(sa.DDL(f"drop trigger {name}"))
        else:
            op.execute(sa.DDL(f"drop trigger {name} on survey_case"))
            op.execute(sa.DDL(f"drop function {name}()"))
    op.drop_table("case_move")
    op.drop_table("wave_count")
