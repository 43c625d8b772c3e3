"""Tests of where webhooks may go."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.factories import FakeClock
from wanreel.domain.errors import Invalid
from wanreel.notify.addresses import PublicResolver, check_url
from wanreel.notify.courier import Courier
from wanreel.service.webhooks import Webhooks
from wanreel.store.hooks import MemoryHooks


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
        "https://a.example:0/",
        "https://１２７.0.0.1/",  # figures and full stops that become plain ones when the name is encoded
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[64:ff9b:1::7f00:1]/",
        "https://[fec0::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1%25lo]/",
        "https://168.63.129.16/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.0.0.1./",
        "https://a.example\\@127.0.0.1/",
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
    assert check_url("https://bücher.example/x", private=False)
    assert check_url("https://8.8.8.8/x", private=False)


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


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "１２７.0.0.1", "127。0。0。1", "[::1]", "127.1"])
async def test_no_try_is_made_inside(host: str) -> None:
    """Neither by a name that leads there, nor by an address, which is connected to past the resolver; also of a webhook
    that was stored by a release which let it in.
    """
    came: list[str] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        clock, store = FakeClock(draws=(0.5,)), MemoryHooks()
        hooks, courier = Webhooks(store, clock, lambda url: url), Courier(store, clock, private=False)
        hook = await hooks.add(f"https://{host}:{port}/", None)
        await hooks.ping(hook.id, None)
        await asyncio.gather(*await courier.begin_due())
        ((delivery, _),) = await store.owed(hook.id, 10)
        assert (1, None) == (delivery.tries, delivery.delivered_at)
        courier.stop()
        await courier.run()
    assert [] == came
