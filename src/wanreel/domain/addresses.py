"""Whether an address belongs to the public internet: the only place a link or webhook of a user may lead to. Pure.

An address can carry another one inside it (mapped, compatible, 6to4, NAT64, Teredo, ISATAP); what counts then is the
one inside. Cloud metadata services are named where they do not lie in a private range anyway.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_NEVER_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # shared by carriers; 100.100.100.200 is Alibaba Cloud's metadata service
        "168.63.129.16/32",  # Azure's, at a public address
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benches
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_NEVER_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments; Teredo tunnels and ORCHIDs among them
        "2001:db8::/32",
        "3fff::/20",
    )
)
_UNICAST_6 = IPv6Network("2000::/3")  # all that was ever given out; what is beyond is nobody's on the public internet
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = (0x00005EFE, 0x02005EFE)  # the middle of an interface id that ends in an IPv4 address


def is_public(address: Address) -> bool:
    """Whether it may lead there."""
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address) and address not in _UNICAST_6:
        return False
    networks = _NEVER_4 if isinstance(address, IPv4Address) else _NEVER_6
    return address.is_global and not address.is_multicast and not any(address in network for network in networks)


def read_address(text: str) -> Address | None:
    """The address a text is, a zone taken off; None for a name."""
    try:
        return ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def is_name(host: str) -> bool:
    """Whether everybody reads it as a name: not 2130706433, 127.1 or 0x7f.1, which some read as addresses."""
    last = host.rstrip(".").rpartition(".")[2]
    return host.isascii() and bool(last) and not last.isdigit() and not last.startswith("0x")


def _inside(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    if address in _NAT64 or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((number >> 80) & 0xFFFFFFFF)
    return None
