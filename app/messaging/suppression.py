"""Addresses nobody writes to, known only by keyed fingerprints.

A person's own opt-out is not here: it follows the person, not the address.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from app.keys import PurposeKey, fingerprint
from app.messaging.addresses import matching_form
from app.messaging.states import SuppressionReason
from app.messaging.tables import Suppression

PURPOSE = "suppression"  # of the keys, for keys_for()


def suppress(
    session: Session,
    address: str,
    keys: Sequence[PurposeKey],
    *,
    reason: SuppressionReason,
    now: datetime,
) -> None:
    """Never write to `address` again. Repeating it keeps the first reason."""
    row = {
        "fingerprint": fingerprint(keys[0], matching_form(address)),
        "reason": reason,
        "at": now,
    }
    if session.get_bind().dialect.name == "postgresql":
        session.exec(postgresql_insert(Suppression).values(row).on_conflict_do_nothing())
    else:
        session.exec(sqlite_insert(Suppression).values(row).on_conflict_do_nothing())


def suppressed(
    session: Session, addresses: Sequence[str], keys: Sequence[PurposeKey]
) -> dict[str, SuppressionReason]:
    """Which of `addresses` must not be written to, by `matching_form`, in one query."""
    forms = {matching_form(address) for address in addresses}
    known_as = {fingerprint(key, form): form for form in forms for key in keys}
    rows = session.exec(
        select(Suppression.fingerprint, Suppression.reason).where(
            col(Suppression.fingerprint).in_(known_as)
        )
    )
    return {known_as[mark]: SuppressionReason(reason) for mark, reason in rows}
