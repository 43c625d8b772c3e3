"""The hook: a true event is passed on once, everything else changes nothing."""

from __future__ import annotations

import pytest

from tests.factories import NOW, FakeClock
from tests.watch.signing import CERTIFICATE_URL, URL, Letter, certificate, event, rsa_key
from wanreel.domain.errors import Unavailable
from wanreel.domain.sighting import Sighting
from wanreel.vendor.listing import event_sighting
from wanreel.watch.hook import BODY_BYTES_MAX, Ears, EventHook


class Desk:
    """Whoever listens to the hook, and whoever has the certificates."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.seen: list[str] = []
        self.asked: list[str] = []
        self.deaf = self.without = False
        self.hook = EventHook(URL, self.clock, Ears(self.certificate, event_sighting, self.saw))

    async def certificate(self, url: str) -> bytes:
        self.asked.append(url)
        if self.without:
            raise Unavailable("not to be had")
        return certificate(rsa_key(1))

    async def saw(self, sighting: Sighting) -> None:
        if self.deaf:
            raise Unavailable("the store is away")
        self.seen.append(f"{sighting.task_id} {sighting.status}")

    async def get(self, letter: Letter, *, url: str = "/hooks/eventbridge", method: str = "POST") -> int:
        """Deliver, and say the status."""
        said = await self.hook.handle(method, url, letter.headers(), letter.body)
        assert said.words
        return said.status


async def test_a_true_event_is_passed_on() -> None:
    """Once; the certificate is asked for where the event says."""
    desk = Desk()
    assert 200 == await desk.get(Letter())
    assert (["task-1 SUCCEEDED"], [CERTIFICATE_URL]) == (desk.seen, desk.asked)


async def test_a_second_delivery_does_nothing() -> None:
    """The same letter again, or the same event signed anew, is thanked for and passed on no more."""
    desk = Desk()
    letter = Letter()
    assert [200, 200, 200] == [await desk.get(letter), await desk.get(letter), await desk.get(Letter(at=NOW + 30))]
    assert 200 == await desk.get(Letter(event("task-2", "FAILED")))
    assert ["task-1 SUCCEEDED", "task-2 FAILED"] == desk.seen


async def test_what_is_not_true_changes_nothing() -> None:
    """Forged, stale and altered letters are refused, and so is whatever comes elsewhere or otherwise."""
    desk = Desk()
    assert 403 == await desk.get(Letter(key=rsa_key(2)))
    assert 403 == await desk.get(Letter(at=NOW - 61))
    assert 403 == await desk.get(Letter(url="https://hooks.example.com/hooks/eventbridge/"))
    assert 403 == await desk.get(Letter(certificate_url="https://evil.example/a.pem"))
    assert 403 == (await desk.hook.handle("POST", URL, {}, event())).status
    assert 404 == await desk.get(Letter(), url="/hooks/eventbridge?x=1")
    assert 404 == await desk.get(Letter(), url="/")
    assert 405 == await desk.get(Letter(), method="GET")
    assert 413 == await desk.get(Letter(b" " * (BODY_BYTES_MAX + 1)))
    assert [] == desk.seen
    desk.clock.advance(61)
    assert 403 == await desk.get(Letter())  # replayed a minute later


@pytest.mark.parametrize("body", [b"", b"{}", b"null", event(source="acs.oss"), event(data=None), b"\xff\xfe"])
async def test_a_true_event_of_something_else_is_thanked_for(body: bytes) -> None:
    """Whatever else the rule lets through is none of ours."""
    desk = Desk()
    assert 200 == await desk.get(Letter(body))
    assert [] == desk.seen


async def test_what_cannot_be_checked_or_taken_now_is_asked_for_again() -> None:
    """Without a certificate or a store the sender is told to come again, and then it counts."""
    desk = Desk()
    desk.without = True
    assert 503 == await desk.get(Letter())
    desk.without, desk.deaf = False, True
    assert 503 == await desk.get(Letter())
    desk.deaf = False
    assert 200 == await desk.get(Letter())
    assert ["task-1 SUCCEEDED"] == desk.seen
