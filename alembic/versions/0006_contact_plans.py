"""contact plans and message texts of an institution."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["organisation_unit.id"],
            name=op.f("fk_contact_plan_unit_id_organisation_unit"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_plan")),
        sa.UniqueConstraint(
            "unit_id", "questionnaire", "version", name=op.f("uq_contact_plan_unit_id_questionnaire_version")
        ),
    )
    with op.batch_alter_table("contact_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_plan_unit_id"), ["unit_id"], unique=False)
    op.create_table(
        "message_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("started", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["organisation_unit.id"],
            name=op.f("fk_message_text_unit_id_organisation_unit"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_text")),
        sa.UniqueConstraint(
            "unit_id",
            "questionnaire",
            "step",
            "started",
            "version",
            name=op.f("uq_message_text_unit_id_questionnaire_step_started_version"),
        ),
    )
    with op.batch_alter_table("message_text", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_text_unit_id"), ["unit_id"], unique=False)


def downgrade() -> None:
    op.drop_table("message_text")
    op.drop_table("contact_plan")
