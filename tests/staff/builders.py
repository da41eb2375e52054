"""Staff out of nothing, for tests without a database."""

from datetime import UTC, datetime
from uuid import UUID

from app.staff.roles import Actor, Grant


def an_actor(*grants: Grant) -> Actor:
    return Actor(
        account_id=UUID(int=100),
        session_id=UUID(int=101),
        last_seen_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        email="alicia@escuela.mx",
        display_name="Alicia",
        grants=grants,
    )
