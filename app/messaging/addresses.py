"""Which addresses can be written to by plain SMTP, and in which form.

Not whether somebody lives there: that is for the directory and for bounces.
"""

import re

from app.messaging.states import Channel

LONGEST_LOCAL = 64  # octets; RFC 5321 §4.5.3.1.1
LONGEST_ADDRESS = 254  # octets of a path without its brackets; RFC 5321 §4.5.3.1.3

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164
_ADDRESS_IN_TEXT = re.compile(r"[^\s<>@]+@[^\s<>@]+")


class AddressProblem(ValueError):
    """`reason`: `invalid`, or `not_ascii` for a local part that needs SMTPUTF8."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def wire_address(text: str) -> str:
    """`text` as SMTP carries it: ASCII, domain in lower case and IDNA.

    Raises:
        AddressProblem: not exactly one plain address. Line breaks, control characters, quoted
            local parts and address literals are all refused.
    """
    local, separator, domain = text.rpartition("@")
    if not separator or not text.isprintable():
        raise AddressProblem("invalid")
    wire_domain = _ascii_domain(domain)
    if not local.isascii():
        raise AddressProblem("not_ascii")
    fits = len(local) <= LONGEST_LOCAL and len(local) + len(wire_domain) < LONGEST_ADDRESS
    if not fits or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(wire_domain):
        raise AddressProblem("invalid")
    return f"{local}@{wire_domain}"


def domain_of(address: str) -> str:
    """The domain of a wire address: what receivers count by."""
    return address.rpartition("@")[2]


def on_the_line(channel: Channel, address: str) -> str:
    """`address` as its channel carries it: a wire address, or a number with its `+`.

    Raises:
        AddressProblem: the channel cannot carry it.
    """
    if channel is Channel.MAIL:
        return wire_address(address)
    if not _NUMBER.fullmatch(address):
        raise AddressProblem("invalid")
    return address


def receiver_of(channel: Channel, address: str) -> str:
    """By whose patience a message counts: the mail domain, or the gateway of its channel."""
    return domain_of(address).lower() if channel is Channel.MAIL else channel.value


def is_simulated(address: str) -> bool:
    """Whether the domain of a wire address can never exist (RFC 2606 §2: `.invalid`)."""
    return domain_of(address).rpartition(".")[2] == "invalid"


def matching_form(address: str) -> str:
    """The form two spellings of one address share, to be fingerprinted. Total."""
    try:
        return wire_address(address.strip()).lower()
    except AddressProblem:
        return address.strip().lower()


def without_addresses(text: str) -> str:
    """`text` with e-mail addresses taken out: server replies quote the recipient."""
    return _ADDRESS_IN_TEXT.sub("…", text)


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower().removesuffix(".")
    try:
        return domain.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise AddressProblem("invalid") from error
