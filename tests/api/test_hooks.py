"""Tests of the address completion events come to, on a served home, with the events the emulator sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.api.served import Served, served, small_vendor
from tests.archive.seaweed import free_ports
from tests.watch.signing import Letter
from wanreel.emulator.events import EventOptions
from wanreel.emulator.signing import CERTIFICATE_PATH
from wanreel.watch.hook import BODY_BYTES_MAX, PATH

SELDOM = {"poll_first_s": 3000.0, "poll_max_s": 3000.0}


async def test_an_event_ends_the_waiting(tmp_path: Path) -> None:
    """Where nobody would ask for an hour, a signed event makes the clip arrive; a forged one is refused."""
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}{PATH}"
    with small_vendor(events=EventOptions(url, delay_min_s=1.0, delay_max_s=1.0)) as vendor:
        hosts = (urlsplit(vendor.base_url).netloc,)
        given: dict[str, Any] = {"port": port, "policy": SELDOM, "hooks_certificate_hosts": hosts}
        async with served(tmp_path / "home", vendor, **given) as server:
            job = await server.made()
            assert "succeeded" == job["state"]
            where = f"{vendor.host_url}{CERTIFICATE_PATH}"
            letter = Letter(url=url, at=server.home.clock.now(), certificate_url=where)
            async with server.session.post(url, data=letter.body, headers=letter.headers()) as got:
                assert (403, True) == (got.status, (await got.text()).startswith("not an event"))
            async with server.session.post(url, data=b"x" * (BODY_BYTES_MAX + 1)) as got:
                assert 413 == got.status
            async with server.session.get(url) as got:
                assert 405 == got.status


async def test_nobody_here_could_act_on_it(idle: Served) -> None:
    """A process that does not work the jobs says so, and the sender comes again."""
    async with idle.session.post(idle.url + PATH, data=b"{}") as got:
        assert 503 == got.status
