"""By which channels this deployment can write, and how fast: what its settings open."""

from collections.abc import Collection

from app.messaging.gateway_setting import Gateway, GatewayChoice, read_gateway
from app.messaging.pace_setting import read_pace
from app.messaging.pacing import PacePolicy
from app.messaging.states import Channel
from app.settings import Environment, Settings


def gateways(settings: Settings, *, fields: Collection[str]) -> dict[Channel, Gateway]:
    """The gateways that are set; `fields` may stand in their JSON.

    Raises:
        GatewayRefused: a setting cannot be meant.
    """
    chosen = (
        (Channel.SMS, settings.sms_url, settings.sms_json, settings.sms_token),
        (Channel.WHATSAPP, settings.whatsapp_url, settings.whatsapp_json, settings.whatsapp_token),
    )
    return {
        channel: read_gateway(
            GatewayChoice(channel, url, json, token), fields=fields, hosts=settings.gateway_hosts
        )
        for channel, url, json, token in chosen
        if url is not None
    }


def open_channels(settings: Settings) -> frozenset[Channel]:
    """The channels by which a queued message can leave; the others would wait for nothing.

    The development mailbox takes every channel.
    """
    if settings.keeps_mail:
        return frozenset(Channel)
    found = {
        Channel.MAIL: settings.smtp_url,
        Channel.SMS: settings.sms_url,
        Channel.WHATSAPP: settings.whatsapp_url,
    }
    return frozenset(channel for channel, url in found.items() if url is not None)


def pace_policy(settings: Settings) -> PacePolicy:
    """How fast this deployment writes.

    Raises:
        PaceRefused: a setting cannot be meant.
    """
    production = settings.environment is Environment.PRODUCTION
    return read_pace(settings.mail_pace, settings.mail_warm_up, production=production)
