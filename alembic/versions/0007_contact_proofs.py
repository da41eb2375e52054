"""contacts that were seen to reach their person."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["panel_member.id"], name=op.f("fk_contact_proof_member_id_panel_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_proof")),
    )
    op.create_index(op.f("ix_contact_proof_member_id"), "contact_proof", ["member_id"])
    with op.batch_alter_table("contact_point") as batch_op:
        batch_op.add_column(sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("proven_by", sa.String(length=40), nullable=True))
    with op.batch_alter_table("alternate_contact") as batch_op:
        batch_op.add_column(sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("alternate_contact") as batch_op:
        batch_op.drop_column("proven_at")
    with op.batch_alter_table("contact_point") as batch_op:
        batch_op.drop_column("proven_by")
        batch_op.drop_column("proven_at")
    op.drop_table("contact_proof")
