"""Of a cohort, how many have which standing: the index that finds its persons counts them too."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_panel_member_standing", "panel_member", ["cohort_id", "standing"])
    op.drop_index("ix_panel_member_cohort_id", table_name="panel_member")


def downgrade() -> None:
    op.create_index("ix_panel_member_cohort_id", "panel_member", ["cohort_id"])
    op.drop_index("ix_panel_member_standing", table_name="panel_member")
