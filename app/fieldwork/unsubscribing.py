"""Stop messages with the link that every message carries, and take it back.

The token is a signature, without a row and without an end: the oldest message somebody finds
still works, after an import, a merge of two rows or a new key (trust.md F-52).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from app.directory.tables import OptOut, PanelMember
from app.fieldwork import noes
from app.keys import PurposeKey
from app.messaging.signing import read_unsubscribe_token

_MOST_MERGES = 20  # a row merged into a row merged into a row; nobody does it twice


class Messages(StrEnum):
    """Whether the person of a token is written to."""

    WANTED = "wanted"
    STOPPED = "stopped"
    STOPPED_BY_LAW = "stopped_by_law"  # only a new consent brings them back
    GONE = "gone"  # the person's data were deleted: nothing can be sent


@dataclass(frozen=True, slots=True)
class Unsubscriber:
    """Whoever holds a genuine token. `member_id`: the row that stands for the person now."""

    member_id: UUID
    messages: Messages


def unsubscriber(session: Session, token: str, keys: Sequence[PurposeKey]) -> Unsubscriber | None:
    """The person of a genuine token; None for any other text. Writes nothing."""
    named = read_unsubscribe_token(token, keys)
    if named is None:
        return None
    member = session.get(PanelMember, named)
    for _ in range(_MOST_MERGES):
        if member is None or member.merged_into is None:
            break
        member = session.get(PanelMember, member.merged_into)
    if member is None:
        return Unsubscriber(named, Messages.GONE)
    stopped = session.get(OptOut, member.id)
    if stopped is None:
        return Unsubscriber(member.id, Messages.WANTED)
    by_law = stopped.source == noes.BY_LAW
    return Unsubscriber(member.id, Messages.STOPPED_BY_LAW if by_law else Messages.STOPPED)


def stop(session: Session, person: Unsubscriber, *, source: str, now: datetime) -> Messages:
    """No more messages from this commit on; repeating it changes nothing."""
    if person.messages is not Messages.WANTED:
        return person.messages
    noes.opt_out(session, person.member_id, source=source, now=now)
    return Messages.STOPPED


def allow_again(session: Session, person: Unsubscriber) -> Messages:
    """The person wants messages again; not if the law ended them."""
    if person.messages is Messages.STOPPED:
        noes.withdraw_opt_out(session, person.member_id)
        return Messages.WANTED
    return person.messages
