"""Messages that came back, made for tests: a named set of delivery reports, and others."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

# What real servers put in these fields; (status, words, is the address dead).
STATUSES = [
    ("5.1.1", "550 5.1.1 <{who}>: Recipient address rejected: User unknown", True),
    ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", True),
    ("5.1.2", "Host or domain name not found", True),
    ("5.1.3", "553 5.1.3 Bad recipient address syntax", True),
    ("5.1.6", "551 5.1.6 mailbox has moved", True),
    ("5.1.0", "550 5.1.0 Address rejected", True),
    ("5.4.4", "unrouteable mail domain", True),
    ("5.0.0", "550 5.1.1 The email account that you tried to reach does not exist", True),
    ("5.0.0", "550 rejected", False),
    ("5.2.2", "552 5.2.2 Mailbox full", False),
    ("5.2.1", "550 5.2.1 account is disabled", False),
    ("5.7.1", "550 5.7.1 Message rejected as spam", False),
    ("5.7.26", "550 5.7.26 unauthenticated mail", False),
    ("5.3.4", "552 5.3.4 message too big", False),
    ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", False),
    ("4.2.2", "452 4.2.2 over quota", False),
    ("4.4.1", "connection timed out", False),
    ("4.7.28", "421 4.7.28 unusual rate", False),
]
ACTIONS = ("failed", "delayed")
SHAPES = ("plain", "original", "no_diagnostic", "cr", "utf8", "bare_status", "folded", "nul")


@dataclass(frozen=True)
class Labelled:
    """A report with what is true of it. `dead`: the address, and nothing else, is gone."""

    name: str
    raw: bytes
    recipient: str
    dead: bool


def generated_reports() -> Iterator[Labelled]:
    """The generated RFC 3464 set: every status × action × shape, 288 messages."""
    for (status, words, dead), action, shape in product(STATUSES, ACTIONS, SHAPES):
        who = "ana.lopez+grad@correo.example.mx"
        raw = delivery_report(
            who, status=status, action=action, diagnostic=words.format(who=who), shape=shape
        )
        only_in_words = status == "5.0.0" and shape == "no_diagnostic"
        yield Labelled(
            f"{status} {action} {shape}",
            raw,
            who,
            dead and action == "failed" and not only_in_words,
        )


def delivery_report(
    who: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "550 5.1.1 User unknown",
    to: str = "bounces@escuela.mx",
    shape: str = "plain",
) -> bytes:
    fields = f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\n"
    if shape == "original":
        fields = f"Original-Recipient: rfc822;{who}\n" + fields.replace(who, "relay@inner.example")
    if shape == "bare_status":
        fields = fields.replace(f"Status: {status}", f"Status: {status} (permanent failure)")
    if shape == "folded":
        fields = fields.replace("rfc822; ", "rfc822;\n  ")
    if shape != "no_diagnostic":
        fields += f"Diagnostic-Code: smtp; {diagnostic}\n"
    words = "No se pudo entregar su mensaje. Ñandú\n" if shape == "utf8" else "It failed.\n"
    text = (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.mx>\n"
        f"To: {to}\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"
        ' boundary="b"\n'
        f"\n--b\nContent-Type: text/plain; charset=utf-8\n\n{words}\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.mx\n\n"
        f"{fields}\n"
        "--b\nContent-Type: text/rfc822-headers\n\n"
        "From: egresados@escuela.mx\nTo: somebody@else.example\nSubject: hola\n\n--b--\n"
    ).encode()
    if shape == "cr":
        return text.replace(b"\n", b"\r")
    if shape == "nul":
        return text.replace(b"It failed.", b"It\0failed.\xff\xfe")
    return text.replace(b"\n", b"\r\n")


def complaint(who: str, *, to: str = "bounces@escuela.mx", kind: str = "abuse") -> bytes:
    """A feedback report of RFC 5965."""
    return (
        f"From: <fbl@provider.example>\nTo: {to}\nSubject: FW: hola\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n\n"
        "--b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <{who}>\n\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: a@escuela.mx\nSubject: hola\n\nhola\n\n--b--\n"
    ).encode()


def away(
    *, header: str = "Auto-Submitted: auto-replied", to: str = "b@x.mx", subject: str = "Re: hola"
) -> bytes:
    """Somebody is on holiday, and quotes what a bounce would say."""
    return (
        f"From: Ana <ana@correo.mx>\nTo: {to}\nSubject: {subject}\n{header}\n\n"
        "Estoy de vacaciones. 550 5.1.1 user unknown <otra@correo.mx>\n"
    ).encode()
