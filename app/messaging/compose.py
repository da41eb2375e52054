"""A message for one person, as the bytes that SMTP carries (RFC 5322, MIME, 7 bit).

What every message of a sending shares is written once (`Letterhead`, `Template`); a person's
message is joined from pieces, because an EmailMessage each costs 3.5 ms.
"""

import binascii
import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from app.messaging import headers
from app.messaging.addresses import wire_address
from app.messaging.templates import Template

_BOUNDARY = "=_partes"  # "=_" cannot occur in quoted-printable text
_PART = "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
_TEXT_HEAD = f"\r\n--{_BOUNDARY}\r\n{_PART.format('plain')}\r\n".encode()
_HTML_HEAD = f"\r\n--{_BOUNDARY}\r\n{_PART.format('html')}\r\n".encode()
_END = f"\r\n--{_BOUNDARY}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The header fields one institution writes on all its messages."""

    fixed: str


@dataclass(frozen=True, slots=True)
class Person:
    """To whom one message goes, and what only this message carries.

    `message_id` with its angle brackets; `unsubscribe_url` answers the one-click POST.
    """

    address: str
    name: str
    message_id: str
    unsubscribe_url: str | None  # None: a message to staff, who stop it in their account
    unsubscribe_mailto: str | None = None


def letterhead(
    *, from_name: str, from_address: str, reply_to: tuple[str, str] | None, list_id: str
) -> Letterhead:
    """The shared fields: From, Reply-To (name, address), List-Id, Auto-Submitted.

    Raises:
        ValueError: an address or the list identifier cannot be used.
    """
    fields = [headers.mailbox_field("From", from_name, wire_address(from_address))]
    if reply_to is not None:
        name, address = reply_to
        fields.append(headers.mailbox_field("Reply-To", name, wire_address(address)))
    fields += [
        headers.list_id_field(from_name, list_id),
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n',
    ]
    return Letterhead("".join(fields))


def compose(
    head: Letterhead,
    template: Template,
    person: Person,
    values: Mapping[str, str],
    *,
    now: datetime,
) -> bytes:
    """The message: CRLF, ASCII, lines of at most 998 octets, text/plain first.

    Raises:
        KeyError: `values` lacks a placeholder of the template.
        ValueError: an address or URL cannot be used, or the HTML is over 20 kB.
    """
    filled = template.fill(values)
    subject = headers.subject_field(filled.subject)
    fields = (
        f"Message-ID: {person.message_id}\r\n"
        f"Date: {format_datetime(now)}\r\n"
        f"{head.fixed}"
        f"{headers.mailbox_field('To', person.name, wire_address(person.address))}"
        f"{subject}"
        f"{_unsubscribe(person)}"
    )
    titled = filled.html.replace(
        "<title></title>", f"<title>{html.escape(filled.subject)}</title>", 1
    )
    return b"".join(
        (
            fields.encode("ascii"),
            _TEXT_HEAD,
            _quoted_printable(filled.text),
            _HTML_HEAD,
            _quoted_printable(titled),
            _END,
        )
    )


def _unsubscribe(person: Person) -> str:
    if person.unsubscribe_url is None:
        return ""
    return headers.unsubscribe_fields(person.unsubscribe_url, person.unsubscribe_mailto)


def _quoted_printable(text: str) -> bytes:
    return binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
