"""Reports of messages that came back, and where each message went

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounce_report",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=15), nullable=True),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bounce_report")),
    )
    op.create_index(op.f("ix_bounce_report_at"), "bounce_report", ["at"])
    op.create_index(op.f("ix_bounce_report_outbox_id"), "bounce_report", ["outbox_id"])
    op.create_table(
        "bounce_intake",
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_bounce_intake")),
    )
    with op.batch_alter_table("outbox_message") as table:
        table.add_column(sa.Column("sent_to", sa.String(length=100), nullable=True))
    with op.batch_alter_table("contact_point") as table:
        table.add_column(sa.Column("died_of", sa.String(length=60), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contact_point") as table:
        table.drop_column("died_of")
    with op.batch_alter_table("outbox_message") as table:
        table.drop_column("sent_to")
    op.drop_table("bounce_intake")
    op.drop_table("bounce_report")
