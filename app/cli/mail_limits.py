"""The daily limits against what goes out next, and the mailbox of bounces, for `check --mail`."""

from collections.abc import Iterator
from datetime import timedelta

from app.chronology.calendar import civil_date
from app.cli.bounces import counted_in_words
from app.cli.mail_dns import dns_findings
from app.cli.runtime import Runtime
from app.db.health import Finding
from app.errors import AppError
from app.fieldwork.capacity import SendingLimits
from app.fieldwork.prospects import rehearsal
from app.fieldwork.rehearsal import RehearsedDay
from app.fieldwork.stationery import GATEWAY_FIELDS
from app.messaging import retry
from app.messaging.bounce_box import BounceBoxAway, BounceBoxRefused, OpenBox, read_box_url
from app.messaging.channels import gateways, pace_policy
from app.messaging.gateway_setting import Gateway
from app.messaging.pace_book import ZONE, paused_receivers, warm_up_today
from app.messaging.public_hosts import pinned
from app.messaging.returns import counts_since
from app.messaging.states import Channel
from app.settings import Settings
from app.worker.sending import mail_signers

AHEAD = 45  # days: the whole of a contact plan
WEEK = timedelta(days=7)
LIMITS, BOUNCES = "límites de envío", "rebotes"


def sending_findings(runtime: Runtime) -> Iterator[Finding]:
    """What `--mail` adds: keys, DNS, gateways, bounces, limits."""
    settings = runtime.settings
    try:
        keys = mail_signers(settings)
        opened = gateways(settings, fields=GATEWAY_FIELDS)
        pace_policy(settings)
    except AppError as refusal:
        yield Finding("ajustes de envío", fit=False, said=refusal.mensaje.rstrip("."))
        return
    yield from dns_findings(settings, keys)
    for channel, gateway in opened.items():
        yield gateway_finding(channel, gateway)
    yield bounce_finding(settings)
    yield from seen_lately(runtime)
    yield limit_finding(runtime)


def gateway_finding(channel: Channel, gateway: Gateway) -> Finding:
    """Whether the gateway is an address that may be asked. Nothing is sent."""
    try:
        pinned(gateway.host, gateway.port, allowed=gateway.allowed)
    except OSError as error:
        said = f"{gateway.host}: no se puede usar ({retry.reason_for_staff(str(error))})"
        return Finding(channel.value, fit=False, said=said)
    return Finding(channel.value, fit=True, said=f"{gateway.host}: dirección pública; sin probar")


def seen_lately(runtime: Runtime) -> Iterator[Finding]:
    """What came back in the last week, forged reports too, and who asks us to wait."""
    now = runtime.clock()
    with runtime.database.reading() as session:
        counts = counts_since(session, now - WEEK)
        paused = paused_receivers(session, now=now)
    if counts:
        yield Finding("regresaron en 7 días", fit=True, said=counted_in_words(counts))
    for one in paused:
        said = f"{one.receiver} pide ir más despacio; sigue a las {one.paused_until:%H:%M} UTC"
        yield Finding("dominio en pausa", fit=True, said=said)


def limit_finding(runtime: Runtime) -> Finding:
    """Whether what goes out next fits what the identity may send."""
    settings, now = runtime.settings, runtime.clock()
    policy = pace_policy(settings)
    limits = SendingLimits(settings.mail_daily_limit, policy.rate, policy.slower)
    with runtime.database.reading() as session:
        days = rehearsal(session, now=now, days=AHEAD, limits=limits)
        warm = warm_up_today(session, "", civil_date(now, ZONE))
    busiest = max(days, key=_due)
    if not _due(busiest):
        return Finding(
            LIMITS, fit=True, said=f"no sale ningún mensaje en los próximos {AHEAD} días"
        )
    said = f"el {busiest.day:%d/%m/%Y} se deben {_due(busiest):,} mensajes, el día con más"
    daily = settings.mail_daily_limit
    said += "; sin límite diario" if daily is None else f"; límite diario {daily:,}"
    if policy.warm_up and warm < _due(busiest):
        said += f"; una dirección nueva manda hoy {warm:,} y crece cada día: saldrán en varios"
    refused = [one for day in days for one in day.refused]
    if refused:
        wave = refused[0].wave
        said += (
            f". No alcanzan a salir a tiempo {len(refused)} levantamientos, entre ellos "
            f"{wave.school} ({wave.cohort}); vea el ensayo"
        )
    return Finding(LIMITS, fit=not refused, said=said)


def _due(day: RehearsedDay) -> int:
    return sum(day.messages.values())


def bounce_finding(settings: Settings) -> Finding:
    """Whether the mailbox of bounces can be read. Nothing is fetched."""
    if settings.bounce_domain is None:
        said = "sin TRAYECTO_BOUNCE_DOMAIN no se sabe qué mensajes regresan"
        return Finding(BOUNCES, fit=True, said=said)
    if settings.bounce_imap_url is None:
        said = "sin TRAYECTO_BOUNCE_IMAP_URL; páselos a trayecto bounces ingest"
        return Finding(BOUNCES, fit=True, said=said)
    try:
        box = read_box_url(settings.bounce_imap_url)
        with OpenBox(box) as opened:
            waiting = len(opened.after(0))
    except (BounceBoxRefused, BounceBoxAway) as refusal:
        return Finding(BOUNCES, fit=False, said=refusal.mensaje.rstrip("."))
    return Finding(BOUNCES, fit=True, said=f"{box.host} responde; {waiting:,} mensajes en el buzón")
