"""The first account of an empty deployment, and the code that lets its owner make it.

Whoever reads the console of the server is its owner: the code is printed there and
nowhere else, and it opens nothing once an account exists.
"""

import hmac
from collections.abc import Sequence

from sqlmodel import Session, select

from app.errors import NotFound
from app.keys import NamedSecret, fingerprint, keys_for
from app.staff.tables import StaffAccount


def needs_first_account(session: Session) -> bool:
    """Whether nobody can sign in yet."""
    return session.exec(select(StaffAccount.id).limit(1)).first() is None


def setup_code(secrets: Sequence[NamedSecret]) -> str:
    """The code of this deployment: the same on every start, unknown without its keys."""
    return fingerprint(keys_for("first-account", secrets)[0], "setup").rpartition(":")[2][:22]


def refuse_setup(session: Session, code: str, secrets: Sequence[NamedSecret]) -> None:
    """Let only the owner of an empty deployment pass.

    Raises:
        NotFound: the code is wrong, or there is an account already.
    """
    known = hmac.compare_digest(code.encode(), setup_code(secrets).encode())
    if not known or not needs_first_account(session):
        raise NotFound(page="setup")
