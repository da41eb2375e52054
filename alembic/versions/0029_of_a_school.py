"""Open waves, and people in the directory, of a school: the index that finds them tells them."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_wave_of_school", "wave", ["school_id", "state"])
    op.drop_index("ix_wave_school_id", table_name="wave")
    op.create_index("ix_panel_member_of_school", "panel_member", ["school_id", "merged_into"])
    op.drop_index("ix_panel_member_school_id", table_name="panel_member")


def downgrade() -> None:
    op.create_index("ix_panel_member_school_id", "panel_member", ["school_id"])
    op.drop_index("ix_panel_member_of_school", table_name="panel_member")
    op.create_index("ix_wave_school_id", "wave", ["school_id"])
    op.drop_index("ix_wave_of_school", table_name="wave")
