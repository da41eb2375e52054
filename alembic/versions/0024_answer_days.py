"""Answers of a wave by day, kept beside its counts; the generations of a nation by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wave_count", sa.Column("days_from", sa.Date(), nullable=True))
    op.add_column("wave_count", sa.Column("days", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_wave_count_no_days",
        "wave_count",
        ["wave_id"],
        sqlite_where=sa.text("days IS NULL"),
        postgresql_where=sa.text("days IS NULL"),
    )
    op.create_index("ix_cohort_generation", "cohort", ["entered", "leaves", "school_id"])


def downgrade() -> None:
    op.drop_index("ix_cohort_generation", table_name="cohort")
    op.drop_index("ix_wave_count_no_days", table_name="wave_count")
    op.drop_column("wave_count", "days")
    op.drop_column("wave_count", "days_from")
