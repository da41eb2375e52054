"""Text messages in an institution's own words, beside its mails."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OLD = "uq_message_text_unit_id_questionnaire_step_started_version"
NEW = "uq_message_text_version"
KEY = ["unit_id", "questionnaire", "step", "started"]


def upgrade() -> None:
    with op.batch_alter_table("message_text", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("short", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.drop_constraint(OLD, type_="unique")
        batch_op.create_unique_constraint(op.f(NEW), [*KEY, "short", "version"])
    # The default is for the rows that are there; the program says it of the new ones.
    with op.batch_alter_table("message_text", schema=None) as batch_op:
        batch_op.alter_column("short", server_default=None)


def downgrade() -> None:
    op.execute(sa.text("delete from message_text where short"))
    with op.batch_alter_table("message_text", schema=None) as batch_op:
        batch_op.drop_constraint(NEW, type_="unique")
        batch_op.create_unique_constraint(op.f(OLD), [*KEY, "version"])
        batch_op.drop_column("short")
