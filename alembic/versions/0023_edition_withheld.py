"""What the school of an edition withholds, worked out once for the sums above it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition_withheld",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("rules", sa.String(length=64), nullable=False),
        sa.Column("withheld", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["result_edition.id"],
            name=op.f("fk_edition_withheld_edition_id_result_edition"),
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_edition_withheld")),
    )


def downgrade() -> None:
    op.drop_table("edition_withheld")
