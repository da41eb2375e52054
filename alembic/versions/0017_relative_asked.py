"""Somebody close is asked by the gateway, once, and may refuse by a link."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relative_asked",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone_hash", sa.String(length=80), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["survey_case.id"], name=op.f("fk_relative_asked_case_id_survey_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relative_asked")),
        sa.UniqueConstraint("phone_hash", name=op.f("uq_relative_asked_phone_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_relative_asked_token_hash")),
    )
    with op.batch_alter_table("relative_asked", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relative_asked_case_id"), ["case_id"], unique=False)
    with op.batch_alter_table("third_party_silence", schema=None) as batch_op:
        batch_op.alter_column("staff_id", existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    # Who refused on the page stays silent: the zero id is nobody's.
    silence = sa.table("third_party_silence", sa.column("staff_id", sa.Uuid()))
    op.execute(silence.update().where(silence.c.staff_id.is_(None)).values(staff_id=UUID(int=0)))
    with op.batch_alter_table("third_party_silence", schema=None) as batch_op:
        batch_op.alter_column("staff_id", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("relative_asked", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_relative_asked_case_id"))
    op.drop_table("relative_asked")
