"""How fast each receiver is written to, and how much was sent each day

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receiver_pace",
        sa.Column("identity", sa.String(length=60), nullable=False),
        sa.Column("receiver", sa.String(length=255), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("ahead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ahead_used", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("identity", "receiver", name=op.f("pk_receiver_pace")),
    )
    op.create_table(
        "sending_day",
        sa.Column("identity", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identity", "day", name=op.f("pk_sending_day")),
    )


def downgrade() -> None:
    op.drop_table("sending_day")
    op.drop_table("receiver_pace")
