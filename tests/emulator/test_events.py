"""Completion events: signed, dated, delivered in the emulator's time; twice, late or never when asked."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.emulator.caller import create
from tests.emulator.front_desk import FrontDesk, fake_clip
from wanreel.emulator.events import EventOptions, deliveries
from wanreel.emulator.sender import Sender
from wanreel.emulator.server import Emulator


@dataclass
class Hook:
    """A callback address that keeps what it was sent."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])
    answers: list[int] = field(default_factory=list[int])
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        """Take one delivery; answer 200 unless told otherwise."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        self.arrived.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def count(self, wanted: int) -> None:
        """Wait until so many have come."""
        async with asyncio.timeout(5):
            while len(self.got) < wanted:
                self.arrived.clear()
                await self.arrived.wait()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """A receiver on a free port."""
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def test_event_of_a_finished_task(hook: Hook) -> None:
    """A task's end is posted once, with the documented body and a signature the certificate confirms."""
    async with Emulator(virtual=True, seed=1, render=fake_clip, events=EventOptions(hook.url)) as emulator:
        _, body = await create(emulator)
        emulator.advance(5000)
        await hook.count(1)
        headers, raw = hook.got[0]
        async with ClientSession() as session, session.get(headers["x-eventbridge-signature-url"]) as answer:
            certificate = x509.load_pem_x509_certificate(await answer.read())

    event = json.loads(raw)
    assert ("acs.dashscope", "dashscope:System:AsyncTaskFinish") == (event["source"], event["type"])
    assert body["output"]["task_id"] == event["data"]["task_id"]
    assert "SUCCEEDED" == event["data"]["task_status"]
    assert event["data"]["contain_result"] is False
    names = ("signature-timestamp", "hash-method", "signature-version", "signature-url", "signature-token")
    lines = "".join(f"x-eventbridge-{name}: {headers[f'x-eventbridge-{name}']}\n" for name in names)
    signed = f"{hook.url}\n{lines}".encode() + raw
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(headers["x-eventbridge-signature-v2"])
    key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(signature, signed + b" ", padding.PKCS1v15(), hashes.SHA256())


async def test_duplicate_carries_the_same_id(hook: Hook) -> None:
    """A second delivery is the same event again."""
    options = EventOptions(hook.url, duplicate_rate=1.0)
    async with Emulator(virtual=True, seed=1, render=fake_clip, events=options) as emulator:
        await create(emulator)
        emulator.advance(5000)
        await hook.count(2)

    assert json.loads(hook.got[0][1])["id"] == json.loads(hook.got[1][1])["id"]


async def test_refused_event_is_tried_again(hook: Hook) -> None:
    """A receiver that answers 500 gets the event once more."""
    hook.answers = [500]
    async with Emulator(virtual=True, seed=1, render=fake_clip, events=EventOptions(hook.url)) as emulator:
        await create(emulator)
        emulator.advance(5000)
        await hook.count(1)
        while len(hook.got) < 2:
            emulator.advance(1)
            await asyncio.wait_for(asyncio.shield(hook.arrived.wait()), 5)
            if len(hook.got) < 2:
                hook.arrived.clear()
        assert hook.got[0][1] == hook.got[1][1]


def test_deliveries_as_drawn(desk: FrontDesk) -> None:
    """Never, late, or within 1 to 90 s of the end, as the rates say."""
    task = desk.desk.ledger.tasks[desk.made()]
    desk.finish(task.id)
    end_at = task.end_at or 0.0

    assert [] == deliveries(task, EventOptions("http://localhost/", lost_rate=1.0), 0, 1.0)
    (usual,) = deliveries(task, EventOptions("http://localhost/"), 0, 1.0)
    (late,) = deliveries(task, EventOptions("http://localhost/", late_rate=1.0), 0, 1.0)
    assert 1.0 <= usual - end_at <= 90.0
    assert 600.0 == pytest.approx(late - usual)


async def test_events_stay_on_this_machine() -> None:
    """An address elsewhere is refused in words."""
    emulator = Emulator(virtual=True)
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="this machine only"):
            Sender(EventOptions("https://example.com/hook"), emulator.desk, emulator.clock, session)
