"""Where a request of ours may go: a public address, looked up once (trust.md SEC-09).

Whoever may write a setting must not thereby reach the inside of our network. Every spelling of a
host ends here as the numbers it resolves to, so decimal, octal and IPv6 spellings are one case.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Resolve = Callable[[str, int], Sequence[str]]

# IPv6 that carries an IPv4 address inside it: whatever is behind a translator is not public.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))


class NotPublic(OSError):
    """The host resolves to an address inside some network, or to none."""


def resolve(host: str, port: int) -> Sequence[str]:
    """The numeric addresses of a host, by the resolver of this machine. Blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def pinned(host: str, port: int, *, allowed: bool, resolve: Resolve = resolve) -> str:
    """The one numeric address to connect to. Looked up here and never again.

    Raises:
        NotPublic: any of the addresses is not public, and the host is not `allowed`.
        OSError: the host is unknown.
    """
    addresses = resolve(host, port)
    if not addresses:
        raise NotPublic("no address")
    if not allowed and not all(is_public(address) for address in addresses):
        raise NotPublic("not a public address")
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether a numeric address is reachable from anywhere: neither ours nor anybody's inside."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return _is_global(address)


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_global(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
