"""link request."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("contact_hash", sa.String(length=80), nullable=False),
        sa.Column("typed_name", sa.Text(), nullable=False),
        sa.Column("typed_school", sa.Text(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id"],
            ["organisation_unit.id"],
            name=op.f("fk_link_request_school_id_organisation_unit"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_request")),
    )
    with op.batch_alter_table("link_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_link_request_contact_hash"), ["contact_hash"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_link_request_school_id"), ["school_id"], unique=False)
        batch_op.create_index("ix_link_request_state", ["state", "asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("link_request")
