"""Tests of listening: which addresses are allowed, and what a taken one is told."""

from __future__ import annotations

import pytest

from wanreel.api.server import Address, bind, check_address, url_of
from wanreel.domain.errors import Conflict, Invalid


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "video.example"])
def test_other_addresses_need_tokens(host: str) -> None:
    """An address that others can reach is refused while anybody is let in, and the refusal says how to go on."""
    with pytest.raises(Invalid, match="wanreel tokens add"):
        check_address(Address(host), tokens=False)
    check_address(Address(host), tokens=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_needs_none(host: str) -> None:
    """Loopback is fine without tokens."""
    check_address(Address(host), tokens=False)


def test_a_taken_port_is_said_so() -> None:
    """Two servers on one port: the second one hears why, and what to do."""
    first = bind(Address(port=0))
    try:
        port = int(url_of(first).rpartition(":")[2])
        with pytest.raises(Conflict, match="--port"):
            bind(Address(port=port))
    finally:
        first.close()
