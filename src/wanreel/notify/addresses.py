"""Where webhooks may go: what a URL must look like, and the one look-up whose answer is the address connected to.

A name is resolved here and nowhere else, its addresses are judged, and the connection is made to those very addresses:
a second look-up could answer something else.
"""

from __future__ import annotations

import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from wanreel.domain.addresses import is_name, is_public, read_address
from wanreel.domain.errors import Invalid, Problem

URL_LETTERS_MAX = 2000


def check_url(url: str, *, private: bool) -> str:
    """A URL that webhooks may be sent to, as it was given. Raises Invalid."""
    target_of(url, private=private)
    return url


def target_of(url: str, *, private: bool) -> URL:
    """A URL that webhooks may be sent to, as it is connected to: two readings of it could name two hosts, so it is the
    one that is connected to which is judged (a host of fullwidth figures is an address only then). Raises Invalid.
    """
    words = ""
    try:
        found = URL(url)
        host, port = found.raw_host or "", found.explicit_port
    except (ValueError, TypeError):
        raise Invalid("", (Problem("url", "is not a URL", url[:80]),)) from None
    address = read_address(host)
    if len(url) > URL_LETTERS_MAX or not url.isprintable() or " " in url:
        words = f"must be at most {URL_LETTERS_MAX} printable characters without spaces"
    elif found.scheme != "https" and not (private and found.scheme == "http"):
        words = "must begin with https://"
    elif not host or port == 0 or found.raw_user is not None or found.raw_password is not None or "#" in url:
        words = "must name a host, and hold no user name, password or fragment"
    elif address is None and not is_name(host):
        words = "must name its host by a name, or by an address in its usual form"
    elif not private and address is not None and not is_public(address):
        words = "must not be a private address"
    if words:
        raise Invalid("", (Problem("url", words, url[:80]),))
    return found


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
        fit = [row for row in found if (address := read_address(row["host"])) is not None and is_public(address)]
        if len(fit) != len(found) or not fit:  # one private address among public ones is a trick, not a mistake
            raise OSError(None, f"{host} leads to a private address")
        return fit

    async def close(self) -> None:
        """Nothing is held."""
