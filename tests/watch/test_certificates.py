"""Certificates are fetched once, small ones only, and from where they are said to be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.factories import FakeClock
from wanreel.domain.errors import Unavailable
from wanreel.watch.certificates import AGAIN_S, BYTES_MAX, KEEP_S, KEPT_MAX, WAITING_MAX, Certificates


class Shelf:
    """A server of files, counted."""

    def __init__(self) -> None:
        self.files: dict[str, web.StreamResponse] = {}
        self.answers: dict[str, tuple[int, bytes]] = {"/a.pem": (200, b"a certificate")}
        self.asked: list[str] = []
        self.url = ""
        self.open = asyncio.Event()  # answers wait for it
        self.open.set()

    async def give(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await self.open.wait()
        status, body = self.answers.get(request.path, (404, b""))
        return web.Response(status=status, body=body, headers={"Location": self.url + "/a.pem"})


@asynccontextmanager
async def shelf() -> AsyncGenerator[tuple[Shelf, Certificates, FakeClock]]:
    """A server, and what fetches from it."""
    here, clock = Shelf(), FakeClock()
    app = web.Application()
    app.router.add_get("/{name}", here.give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    certificates = Certificates(clock)
    try:
        yield here, certificates, clock
    finally:
        await certificates.close()
        await certificates.close()
        await runner.cleanup()


async def test_a_certificate_is_fetched_once_a_day() -> None:
    """However many events name it."""
    async with shelf() as (here, certificates, clock):
        for _ in range(3):
            assert b"a certificate" == await certificates.fetch(here.url + "/a.pem")
        assert ["/a.pem"] == here.asked
        clock.advance(KEEP_S)
        await certificates.fetch(here.url + "/a.pem")
        assert 2 == len(here.asked)


@pytest.mark.parametrize(
    "answer", [(404, b""), (302, b""), (500, b"oh"), (200, b""), (200, b"x" * (BYTES_MAX + 1))], ids=str
)
async def test_what_is_no_certificate_is_not_asked_for_again_and_again(answer: tuple[int, bytes]) -> None:
    """Nothing, an error, a redirect or far too much: not now, and not again for a while."""
    async with shelf() as (here, certificates, clock):
        here.answers["/b.pem"] = answer
        for _ in range(3):
            with pytest.raises(Unavailable, match="cannot be fetched"):
                await certificates.fetch(here.url + "/b.pem")
        assert ["/b.pem"] == here.asked
        clock.advance(AGAIN_S)
        here.answers["/b.pem"] = (200, b"now there")
        assert b"now there" == await certificates.fetch(here.url + "/b.pem")


async def test_an_address_where_nobody_is_gives_nothing() -> None:
    """A host that is away is "not now"."""
    async with shelf() as (_, certificates, _clock):
        with pytest.raises(Unavailable):
            await certificates.fetch("http://127.0.0.1:9/a.pem")


async def test_addresses_that_give_nothing_displace_no_certificate() -> None:
    """Anybody can name them: they cost a fetch each, and the certificate we have stays."""
    async with shelf() as (here, certificates, _clock):
        await certificates.fetch(here.url + "/a.pem")
        for number in range(KEPT_MAX + 1):
            with pytest.raises(Unavailable):
                await certificates.fetch(f"{here.url}/nothing-{number}.pem")
        await certificates.fetch(here.url + "/a.pem")
        assert 1 == here.asked.count("/a.pem")


async def test_a_certificate_we_have_waits_for_no_other_and_few_wait_at_all() -> None:
    """A host that answers nobody holds up only those that name it, and no more of them than a few."""
    async with shelf() as (here, certificates, _clock):
        await certificates.fetch(here.url + "/a.pem")
        here.open.clear()
        held = [asyncio.create_task(certificates.fetch(f"{here.url}/{n}.pem")) for n in range(WAITING_MAX)]
        await asyncio.sleep(0)
        assert b"a certificate" == await certificates.fetch(here.url + "/a.pem")
        with pytest.raises(Unavailable, match="too many"):
            await certificates.fetch(here.url + "/one-more.pem")
        here.open.set()
        assert all(isinstance(found, Unavailable) for found in await asyncio.gather(*held, return_exceptions=True))
        assert "/one-more.pem" not in here.asked
