"""a class in front of a questionnaire."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "classroom",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.String(length=80), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("whatsapp", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["student_group.id"], name=op.f("fk_classroom_group_id_student_group")
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_classroom_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classroom")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_classroom_code_hash")),
    )
    op.create_index(op.f("ix_classroom_group_id"), "classroom", ["group_id"])
    op.create_index("ix_classroom_wave_group", "classroom", ["wave_id", "group_id"])
    op.create_table(
        "classroom_try",
        sa.Column("classroom_id", sa.Uuid(), nullable=False),
        sa.Column("claim_hash", sa.String(length=80), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["classroom_id"],
            ["classroom.id"],
            name=op.f("fk_classroom_try_classroom_id_classroom"),
        ),
        sa.PrimaryKeyConstraint("classroom_id", "claim_hash", name=op.f("pk_classroom_try")),
    )
    op.create_table(
        "classroom_seat",
        sa.Column("classroom_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clashes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["survey_case.id"], name=op.f("fk_classroom_seat_case_id_survey_case")
        ),
        sa.ForeignKeyConstraint(
            ["classroom_id"],
            ["classroom.id"],
            name=op.f("fk_classroom_seat_classroom_id_classroom"),
        ),
        sa.PrimaryKeyConstraint("classroom_id", "case_id", name=op.f("pk_classroom_seat")),
    )
    op.create_index(op.f("ix_classroom_seat_case_id"), "classroom_seat", ["case_id"])


def downgrade() -> None:
    op.drop_table("classroom_seat")
    op.drop_table("classroom_try")
    op.drop_table("classroom")
