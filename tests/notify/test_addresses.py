"""Tests of where webhooks may go."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from wanreel.domain.errors import Invalid
from wanreel.notify.addresses import PublicResolver, check_url, is_public

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "ff02::1",
    "not-an-address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_special_addresses_are_not_public(address: str) -> None:
    """This machine, this network, metadata services, and IPv4 in the clothes of IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_the_open_internet_is(address: str) -> None:
    """Ordinary addresses are fine."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:pw@a.example/",
        "https://a.example/#x",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://a.example/ x",
        "https://a.example/\r\nX: y",
        "https://a.example:99999/",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_urls_are_checked_when_they_are_given(url: str) -> None:
    """What cannot be meant is refused in words, before anything is stored."""
    with pytest.raises(Invalid):
        check_url(url, private=False)


def test_an_operator_may_allow_more() -> None:
    """For tests and LANs, private addresses and plain http are let through."""
    assert check_url("http://127.0.0.1:9/x", private=True)
    assert check_url("https://a.example/x", private=False)


class Says(AbstractResolver):
    """A resolver that says what it was told to, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], []])
async def test_a_name_that_leads_inside_is_refused(found: list[str]) -> None:
    """One private address among public ones is enough; a name without any is an error too."""
    with pytest.raises(OSError, match="private"):
        await PublicResolver(private=False, inner=Says(found)).resolve("a.example", 443)


async def test_the_address_checked_is_the_address_connected_to() -> None:
    """There is one look-up: a name that answers differently the second time is never asked a second time."""
    says = Says(["8.8.8.8"], ["127.0.0.1"])
    found = await PublicResolver(private=False, inner=says).resolve("rebind.example", 443)
    assert ["8.8.8.8"] == [row["host"] for row in found]
    assert [["127.0.0.1"]] == says.answers
