"""Where webhooks may go: what a URL must look like, and the one look-up whose answer is the address connected to.

A name is resolved here and nowhere else, its addresses are judged, and the connection is made to those very addresses:
a second look-up could answer something else.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from wanreel.domain.errors import Invalid, Problem

URL_LETTERS_MAX = 2000


def check_url(url: str, *, private: bool) -> str:
    """A URL that webhooks may be sent to. Raises Invalid."""
    words = ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Invalid("", (Problem("url", "is not a URL", url[:80]),)) from None
    if len(url) > URL_LETTERS_MAX or not url.isprintable() or " " in url:
        words = f"must be at most {URL_LETTERS_MAX} printable characters without spaces"
    elif parts.scheme != "https" and not (private and parts.scheme == "http"):
        words = "must begin with https://"
    elif not host or parts.username is not None or parts.password is not None or parts.fragment:
        words = "must name a host, and hold no user name, password or fragment"
    elif not private and _literal(host) is not None and not is_public(host):
        words = "must not be a private address"
    if words:
        raise Invalid("", (Problem("url", words, url[:80]),))
    return url


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet: not this machine, this network, or a special range."""
    found = _literal(address)
    if found is None:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in ipaddress.ip_network("64:ff9b::/96"):  # NAT64: an IPv4 address in disguise
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone, or (for tests and LANs) to whatever there is."""

    def __init__(self, *, private: bool, inner: AbstractResolver | None = None) -> None:
        self._private = private
        self._inner = inner

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        """Addresses of a name that may be connected to. Raises OSError when there is none."""
        inner = self._inner or ThreadedResolver()
        found = await inner.resolve(host, port, family)
        if self._private:
            return found
        fit = [row for row in found if is_public(row["host"])]
        if len(fit) != len(found) or not fit:  # one private address among public ones is a trick, not a mistake
            raise OSError(None, f"{host} leads to a private address")
        return fit

    async def close(self) -> None:
        """Nothing is held."""
