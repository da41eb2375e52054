"""The coded persons of an edition, which leave with whoever takes the answers back.

The columnar store is built from them, and not from the answers once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    op.create_table(
        "edition_rows",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("rules", sa.String(length=32), nullable=False),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["result_edition.id"],
            name=op.f("fk_edition_rows_edition_id_result_edition"),
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_edition_rows_wave_id_wave")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_edition_rows")),
    )
    op.create_index(op.f("ix_edition_rows_wave_id"), "edition_rows", ["wave_id"])
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(sa.DDL("drop trigger survey_case_left"))
        op.execute(sa.DDL("drop trigger survey_case_gone"))
    else:
        op.execute(sa.DDL("drop trigger survey_case_left on survey_case"))
        op.execute(sa.DDL("drop trigger survey_case_gone on survey_case"))
        op.execute(sa.DDL("drop function survey_case_left()"))
    op.drop_index(op.f("ix_edition_rows_wave_id"), "edition_rows")
    op.drop_table("edition_rows")
