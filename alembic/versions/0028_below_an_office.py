"""All units below an office: read from an index alone, by nearly every page of an office."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_unit_ancestor_below", "unit_ancestor", ["ancestor_id", "unit_id"])
    op.drop_index("ix_unit_ancestor_ancestor_id", table_name="unit_ancestor")


def downgrade() -> None:
    op.create_index("ix_unit_ancestor_ancestor_id", "unit_ancestor", ["ancestor_id"])
    op.drop_index("ix_unit_ancestor_below", table_name="unit_ancestor")
