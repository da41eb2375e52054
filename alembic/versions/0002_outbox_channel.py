"""Channel by which a message travels (mail, sms, whatsapp)

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as table:
        table.add_column(
            sa.Column("channel", sa.String(length=40), server_default="mail", nullable=False)
        )
        table.drop_index("ix_outbox_message_state_due_at")
        table.create_index(
            "ix_outbox_message_channel_state_due_at", ["channel", "state", "due_at"]
        )


def downgrade() -> None:
    with op.batch_alter_table("outbox_message") as table:
        table.drop_index("ix_outbox_message_channel_state_due_at")
        table.create_index("ix_outbox_message_state_due_at", ["state", "due_at"])
        table.drop_column("channel")
