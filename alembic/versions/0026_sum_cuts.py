"""Of which editions the sums of schools are made, and what they withhold."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sum_cut",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sum_cut")),
        sa.UniqueConstraint(
            "entered", "leaves", "questionnaire", "number", name="uq_sum_cut_number"
        ),
    )


def downgrade() -> None:
    op.drop_table("sum_cut")
