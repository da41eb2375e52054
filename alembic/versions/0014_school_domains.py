"""mail domains that a unit closes when its students leave."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "school_mail_domain",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["organisation_unit.id"],
            name=op.f("fk_school_mail_domain_unit_id_organisation_unit"),
        ),
        sa.PrimaryKeyConstraint("unit_id", "domain", name=op.f("pk_school_mail_domain")),
    )


def downgrade() -> None:
    op.drop_table("school_mail_domain")
