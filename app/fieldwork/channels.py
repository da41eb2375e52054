"""By which channel a person is written to: the one they prefer, then the next that reaches them.

Which channels a deployment writes by itself its settings say; the others stay with the tutors.
"""

from collections.abc import Collection, Sequence

from app.directory.states import ContactKind
from app.directory.tables import ContactPoint
from app.messaging.channels import open_channels
from app.messaging.states import Channel
from app.settings import Settings

BY_MAIL = frozenset({Channel.MAIL})
# Where nobody said what they prefer: mail costs nothing and disturbs least.
ORDER = (Channel.MAIL, Channel.WHATSAPP, Channel.SMS)


def written_channels(settings: Settings) -> frozenset[Channel]:
    """The channels of invitations and reminders: mail, and telephones where a gateway is set."""
    return BY_MAIL if settings.keeps_mail else BY_MAIL | open_channels(settings)


def channel_for(points: Sequence[ContactPoint], opened: Collection[Channel]) -> Channel | None:
    """The channel for a person with these usable contacts; None where none reaches them."""
    ways = {channel: [p for p in points if _carries(channel, p)] for channel in ORDER}
    preferred = [c for c in ORDER if any(point.preferred for point in ways[c])]
    order = dict.fromkeys((*preferred, *ORDER))
    return next((channel for channel in order if channel in opened and ways[channel]), None)


def _carries(channel: Channel, point: ContactPoint) -> bool:
    match channel:
        case Channel.MAIL:
            return point.kind is ContactKind.EMAIL
        case Channel.SMS:
            return point.kind is ContactKind.MOBILE
        case Channel.WHATSAPP:
            return point.kind is ContactKind.MOBILE and point.whatsapp is True
