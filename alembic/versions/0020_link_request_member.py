"""A request for a lost link names somebody who is there."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "fk_link_request_member_id_panel_member"


def upgrade() -> None:
    # Whoever is not in the directory any more cannot be helped by it: the request stays open.
    op.execute(
        sa.text(
            "update link_request set member_id = null where member_id is not null and not exists"
            " (select 1 from panel_member where panel_member.id = link_request.member_id)"
        )
    )
    with op.batch_alter_table("link_request", schema=None) as batch_op:
        batch_op.create_foreign_key(op.f(NAME), "panel_member", ["member_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("link_request", schema=None) as batch_op:
        batch_op.drop_constraint(NAME, type_="foreignkey")
