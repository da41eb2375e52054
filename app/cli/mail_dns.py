"""The DNS of our mail domain for `trayecto check --mail`, asked of the resolver of this machine."""

from collections.abc import Iterator, Sequence

import dns.exception
import dns.resolver

from app.db.health import Finding
from app.messaging.addresses import domain_of, wire_address
from app.messaging.dkim import DkimKey
from app.messaging.mail_dns import (
    Judged,
    Records,
    dkim_name,
    judge_dkim,
    judge_dmarc,
    judge_spf,
)
from app.settings import Settings

PATIENCE = 5.0  # seconds for each question to the DNS
_RECORDS = ("SPF", "DKIM", "DMARC")


def dns_findings(
    settings: Settings,
    keys: Sequence[DkimKey],
    resolver: dns.resolver.Resolver | None = None,
    *,
    patience: float = PATIENCE,
) -> Iterator[Finding]:
    """SPF of the bounce domain, DKIM of each key, DMARC of the domain people see."""
    server = resolver or _resolver()

    def asked(name: str) -> Records:
        return texts_of(server, name, patience=patience)

    domain = domain_of(wire_address(settings.mail_from))
    if "." not in domain:  # as it comes: nobody can publish anything there
        said = f"no comprobado: {domain} no es un dominio de internet; ponga TRAYECTO_MAIL_FROM"
        yield from (Finding(what, fit=settings.keeps_mail, said=said) for what in _RECORDS)
        return
    returned = settings.bounce_domain or domain
    yield _finding("SPF", judge_spf(returned, asked(returned)))
    if not keys:
        said = "sin TRAYECTO_DKIM_KEYS no firmamos; no comprobado si firma su servidor"
        yield Finding("DKIM", fit=True, said=said)
    for key in keys:
        yield _finding("DKIM", judge_dkim(key, asked(dkim_name(key))))
    yield _finding("DMARC", judge_dmarc(domain, asked(f"_dmarc.{domain}")))


def texts_of(
    resolver: dns.resolver.Resolver | None, name: str, *, patience: float = PATIENCE
) -> Records:
    """The TXT records of a name; empty if there are none, None if nobody answers."""
    if resolver is None:
        return None
    try:
        answer = resolver.resolve(name, "TXT", lifetime=patience, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError):
        return None
    return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)


def _resolver() -> dns.resolver.Resolver | None:
    try:
        return dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return None  # a machine without a resolver


def _finding(what: str, judged: Judged) -> Finding:
    return Finding(what, fit=judged.fit is not False, said=judged.said)
