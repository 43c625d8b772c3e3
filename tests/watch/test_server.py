"""The hook over real HTTP, with the events the emulator sends, true ones and forged ones."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from tests.emulator.caller import create
from tests.emulator.front_desk import fake_clip
from tests.factories import FakeClock
from tests.watch.signing import Letter
from wanreel.domain.errors import Unavailable
from wanreel.domain.sighting import Sighting
from wanreel.emulator.events import EventOptions
from wanreel.emulator.server import Emulator
from wanreel.emulator.signing import CERTIFICATE_PATH
from wanreel.vendor.listing import event_sighting
from wanreel.watch.certificates import Certificates
from wanreel.watch.hook import BODY_BYTES_MAX, Ears, EventHook
from wanreel.watch.server import serving


@dataclass
class Listener:
    """Keeps what the hook passes on."""

    seen: list[Sighting] = field(default_factory=list[Sighting])
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def saw(self, sighting: Sighting) -> None:
        self.seen.append(sighting)
        self.heard.set()


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_emulators_events_are_true() -> None:
    """A task ends, its event comes signed, twice, and is passed on once; forgeries beside it are refused."""
    listener, port = Listener(), free_port()
    url = f"http://127.0.0.1:{port}/hooks/eventbridge"
    options = EventOptions(url, duplicate_rate=1.0, delay_min_s=1.0, delay_max_s=1.0)
    async with Emulator(virtual=True, seed=1, render=fake_clip, events=options) as emulator:
        certificates = Certificates(emulator.clock)  # type: ignore[arg-type]
        ears = Ears(certificates.fetch, event_sighting, listener.saw, frozenset({urlsplit(emulator.base_url).netloc}))
        hook = EventHook(url, emulator.clock, ears)  # type: ignore[arg-type]
        async with serving(hook, "127.0.0.1", port), ClientSession() as session:
            _, body = await create(emulator)
            emulator.advance(5000)
            async with asyncio.timeout(5):
                await listener.heard.wait()
                while emulator.sender is None or emulator.sender.sent < 2:
                    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            now = emulator.clock.now()
            letter = Letter(url=url, at=now, certificate_url=f"{emulator.host_url}{CERTIFICATE_PATH}")
            async with session.post(url, data=letter.body, headers=letter.headers()) as answer:
                assert (403, True) == (answer.status, bool(await answer.text()))
        await certificates.close()
    assert [(body["output"]["task_id"], "SUCCEEDED")] == [(seen.task_id, seen.status) for seen in listener.seen]


async def test_the_small_server_is_strict() -> None:
    """Other places, other methods and endless bodies are refused; a taken port is said in words."""
    listener, clock = Listener(), FakeClock()
    hook = EventHook("http://127.0.0.1/hooks/eventbridge", clock, Ears(no_certificate, event_sighting, listener.saw))
    async with serving(hook, "127.0.0.1", 0) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        for method, path, size, status in (
            ("POST", "/hooks/eventbridge", 10, 403),
            ("POST", "/", 10, 404),
            ("GET", "/hooks/eventbridge", 0, 405),
            ("POST", "/hooks/eventbridge", BODY_BYTES_MAX + 1, 413),
        ):
            async with session.request(method, path, data=b"x" * size) as answer:
                assert status == answer.status
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
            async with serving(hook, "127.0.0.1", port):
                pass
    assert [] == listener.seen


async def no_certificate(url: str) -> bytes:
    """Nobody has one."""
    raise Unavailable(url)
