"""entry language."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("entry_session", schema=None) as batch_op:
        # Whoever was in the middle read Spanish; the default is only for these rows.
        batch_op.add_column(
            sa.Column("language", sa.String(length=40), nullable=False, server_default="es")
        )
    with op.batch_alter_table("entry_session", schema=None) as batch_op:
        batch_op.alter_column("language", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("entry_session", schema=None) as batch_op:
        batch_op.drop_column("language")
