"""Tests of the courier, in virtual time: outages, rotation, replays, and receivers that misbehave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.factories import FakeClock
from tests.notify.receiver import Receiver, receiving
from wanreel.domain.hook import DAY_S, OLD_SECRET_S, WAITS_S, Hook, Message
from wanreel.notify.addresses import check_url
from wanreel.notify.courier import Courier
from wanreel.service.webhooks import Webhooks
from wanreel.store.hooks import MemoryHooks


@dataclass
class Round:
    """A courier, its receiver, and the hook between them."""

    clock: FakeClock
    store: MemoryHooks
    hooks: Webhooks
    courier: Courier
    receiver: Receiver
    hook: Hook

    async def go(self) -> int:
        """Deliver until nothing is due; how many tries that took."""
        tries = 0
        while begun := await self.courier.begin_due():
            await asyncio.gather(*begun)
            tries += len(begun)
        return tries

    async def happen(self, number: int) -> None:
        """Something to be told."""
        now = self.clock.now()
        body = f'{{"type":"job.succeeded","data":{{"job":"job_{number}"}}}}'
        await self.store.tell(Message(f"msg_{number}", "job.succeeded", now, "default", body), [self.hook.id], now)

    async def state(self) -> list[tuple[bool, bool]]:
        """Whether each delivery is delivered, or parked; newest first."""
        owed = await self.store.owed(self.hook.id, 100)
        return [(d.delivered_at is not None, d.parked_at is not None) for d, _ in owed]


@pytest.fixture
async def one() -> AsyncIterator[Round]:
    """A hook whose receiver works. The clock begins at the real instant: a receiver refuses what is too old."""
    clock, store = FakeClock(time.time(), draws=(0.5,) * 1000), MemoryHooks()
    hooks = Webhooks(store, clock, lambda url: check_url(url, private=True))
    async with receiving() as receiver:
        hook = await hooks.add(receiver.url, "default")
        receiver.secret = hook.secrets[0].value
        courier = Courier(store, clock, private=True, try_s=2.0)
        yield Round(clock, store, hooks, courier, receiver, hook)
        courier.stop()
        await courier.run()


async def test_a_receiver_that_verifies_takes_ours(one: Round) -> None:
    """What is sent passes the standard library's own check, with the id and the body as stored."""
    await one.happen(1)
    assert 1 == await one.go()
    assert [("msg_1", {"type": "job.succeeded", "data": {"job": "job_1"}})] == one.receiver.heard
    assert 0 == one.receiver.forged


async def test_an_hour_down_loses_nothing(one: Round) -> None:
    """A receiver that is down for an hour of virtual time gets each event afterwards, once."""
    # The receiver's library refuses stamps far from its own clock: the hour ends now, and so begins before.
    tries_s = sum(WAITS_S[:6])
    one.clock.advance(-tries_s)
    began = one.clock.now()
    one.receiver.answers = [503] * 10_000
    for number in range(5):
        await one.happen(number)
    while one.clock.now() < began + 3600:
        await one.go()
        one.clock.advance(5)
    assert ([], 0) == (one.receiver.heard, one.receiver.forged)
    assert 25 <= one.receiver.tries <= 40  # backed off: not a try every five seconds
    one.receiver.answers = []
    while one.clock.now() < began + tries_s + 60:
        one.clock.advance(5)
        await one.go()
    assert {f"msg_{n}" for n in range(5)} == {told for told, _ in one.receiver.heard}
    assert (5, 0) == (len(one.receiver.heard), one.receiver.forged)


async def test_after_a_day_it_is_parked_and_can_be_asked_for(one: Round) -> None:
    """Nobody is tried for ever; what was set aside is sent by a replay, by message or by time, under its old id."""
    one.clock.advance(-2 * DAY_S)
    began = one.clock.now()
    one.receiver.answers = [500] * 10_000
    await one.happen(1)
    while (False, True) not in await one.state():
        await one.go()
        one.clock.advance(60)
    assert 0.8 * DAY_S <= one.clock.now() - began <= 1.4 * DAY_S
    one.clock.advance(began + 2 * DAY_S - one.clock.now())
    one.receiver.answers = []
    assert 0 == await one.go()
    assert 1 == await one.hooks.replay(one.hook.id, "default", message="msg_1", since=None)
    await one.go()
    assert 1 == await one.hooks.replay(one.hook.id, "default", message=None, since=began - 1)
    await one.go()
    assert ["msg_1", "msg_1"] == [told for told, _ in one.receiver.heard]


async def test_both_secrets_sign_while_one_is_replaced(one: Round) -> None:
    """After a rotation receivers with the old secret and with the new one verify, for a day; then the new one alone."""
    old = one.receiver.secret
    new = (await one.hooks.rotate(one.hook.id, "default")).secrets[0].value
    assert old != new
    for number, secret in enumerate((old, new)):
        one.receiver.secret = secret
        await one.happen(number)
        await one.go()
    assert (2, 0) == (len(one.receiver.heard), one.receiver.forged)
    assert 2 == len(one.receiver.signatures[-1].split(" "))
    hook = await one.hooks.get(one.hook.id, "default")
    assert (new,) == hook.signing(one.clock.now() + OLD_SECRET_S + 1)


async def test_a_ping_is_signed_like_any_other(one: Round) -> None:
    """The test message verifies and says what it is."""
    message = await one.hooks.ping(one.hook.id, "default")
    await one.go()
    assert [(message.id, "ping")] == [(told, body["type"]) for told, body in one.receiver.heard]


async def test_a_slow_receiver_holds_up_only_itself(one: Round) -> None:
    """While one receiver does not answer, another one is told at once."""
    one.receiver.hold = asyncio.Event()
    async with receiving() as quick:
        other = await one.hooks.add(quick.url, "default")
        quick.secret = other.secrets[0].value
        now = one.clock.now()
        await one.store.tell(Message("msg_1", "job.failed", now, "default", "{}"), [one.hook.id, other.id], now)
        first = await one.courier.begin_due()
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        await one.store.tell(Message("msg_2", "job.failed", now, "default", "{}"), [one.hook.id, other.id], now)
        await asyncio.gather(*await one.courier.begin_due())
        assert ["msg_1", "msg_2"] == [told for told, _ in quick.heard]
        assert [] == one.receiver.heard
        one.receiver.hold.set()
        await asyncio.gather(*first)
    assert ["msg_1"] == [told for told, _ in one.receiver.heard]


async def test_redirects_are_not_followed(one: Round) -> None:
    """A receiver cannot send us elsewhere: a redirect is a failed try."""
    one.receiver.answers = [302]
    await one.happen(1)
    await one.go()
    assert (1, []) == (one.receiver.tries, one.receiver.heard)
    assert "it answered 302" == (await one.store.owed(one.hook.id, 1))[0][0].trouble


async def test_gone_is_gone(one: Round) -> None:
    """A 410 pauses the hook and parks what it was owed; resuming and a replay bring it back."""
    one.receiver.answers = [410]
    await one.happen(1)
    await one.go()
    assert "410" in (await one.hooks.get(one.hook.id, "default")).paused_why
    assert [(False, True)] == await one.state()
    await one.hooks.resume(one.hook.id, "default")
    await one.hooks.replay(one.hook.id, "default", message="msg_1", since=None)
    await one.go()
    assert ["msg_1"] == [told for told, _ in one.receiver.heard]


async def test_private_addresses_are_not_connected_to(one: Round) -> None:
    """A courier that may not, does not: the receiver on this machine hears nothing, whatever stands in the store."""
    strict = Courier(one.store, one.clock, private=False)
    await one.happen(1)
    await asyncio.gather(*await strict.begin_due())
    assert 0 == one.receiver.tries
    strict.stop()
    await strict.run()
