"""An address was given up: the same step again, by the next way to the person.

An address, never a person, is given up: first another address of the same channel, then another
channel that this deployment can write by.
"""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from app.fieldwork import deliveries
from app.fieldwork.addressees import correspondents
from app.messaging import outbox
from app.messaging.delivery import ClaimedMessage, PlannedMessage
from app.messaging.states import Channel

_IN_TURN = (Channel.MAIL, Channel.WHATSAPP, Channel.SMS)


def try_next_way(  # noqa: PLR0913  # what is known of one message that did not arrive
    session: Session,
    message: ClaimedMessage,
    dead: str,
    *,
    mail_domain: str,
    channels: Collection[Channel],
    because: str,
    now: datetime,
) -> Channel | None:
    """Give up `dead` and queue the step again; the channel it goes by, None if none is left."""
    deliveries.give_up_address(session, message.context_id, dead, because=because, now=now)
    person = correspondents(session, [message.context_id]).get(message.context_id)
    if person is None:
        return None
    turns = (message.channel, *(one for one in _IN_TURN if one is not message.channel))
    for channel in turns:
        if person.ways(channel) and (channel in channels or channel is message.channel):
            again = PlannedMessage(
                dedupe_key=f"case/{message.context_id}/{message.kind}/after/{message.id}",
                context_id=message.context_id,
                kind=message.kind,
                mail_domain=mail_domain,
                not_before=now,
                not_after=message.not_after,
                unit_id=message.unit_id,
                identity=message.identity,
                channel=channel,
            )
            outbox.enqueue(session, [again], now=now)
            return channel
    return None
