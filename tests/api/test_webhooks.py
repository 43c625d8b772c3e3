"""Tests of webhooks from end to end: made over HTTP, told by a worker, verified by the standard library."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.api.served import WISH, Served, served
from tests.api.test_tokens import bearer
from tests.notify.receiver import Receiver, receiving
from wanreel.emulator.server import Emulator


async def _heard(receiver: Receiver, kinds: set[str]) -> list[str]:
    """What has come once all these kinds have."""
    await receiver.until(lambda: kinds <= {body["type"] for _, body in receiver.heard})
    return [body["type"] for _, body in receiver.heard]


async def test_a_group_is_told_to_its_end(vendor: Emulator, tmp_path: Path) -> None:
    """Each job's end and the group's come to the receiver, signed."""
    async with receiving() as receiver, served(tmp_path / "home", vendor, webhook_private=True) as server:
        made = await server.ask("POST", "/v1/webhooks", {"url": receiver.url})
        assert 201 == made.status
        receiver.secret = made.json["secret"]
        await server.ask("POST", "/v1/jobs", WISH | {"variants": 2})
        await receiver.until(lambda: 3 <= len(receiver.heard))  # at least once each, in no order
        heard = await _heard(receiver, {"group.completed"})
        assert 2 == heard.count("job.succeeded")
        assert 0 == receiver.forged


async def test_a_receiver_that_never_answers_delays_no_job(vendor: Emulator, tmp_path: Path) -> None:
    """Clips are made and archived while a webhook hangs."""
    async with receiving() as receiver, served(tmp_path / "home", vendor, webhook_private=True) as server:
        receiver.hold = asyncio.Event()
        await server.ask("POST", "/v1/webhooks", {"url": receiver.url})
        for _ in range(3):
            assert "succeeded" == (await server.made())["state"]
        await receiver.until(lambda: receiver.tries > 0)
        assert [] == receiver.heard


async def test_webhooks_are_handled_over_http(idle: Served) -> None:
    """Made, shown without the secret, pinged, replayed, rotated, paused, resumed, removed."""
    made = (await idle.ask("POST", "/v1/webhooks", {"url": "https://a.example/x", "kinds": ["job.failed"]})).json
    path = f"/v1/webhooks/{made['id']}"
    shown = await idle.ask("GET", path)
    assert (200, False) == (shown.status, "secret" in shown.json)
    assert [made["id"]] == [hook["id"] for hook in (await idle.ask("GET", "/v1/webhooks")).json["data"]]
    sent = await idle.ask("POST", f"{path}/ping")
    assert 202 == sent.status
    assert [sent.json["message"]] == [d["message"] for d in (await idle.ask("GET", f"{path}/deliveries")).json["data"]]
    assert {"messages": 0} == (await idle.ask("POST", f"{path}/replay", {"since": 0})).json
    assert 422 == (await idle.ask("POST", f"{path}/replay", {})).status
    assert made["secret"] != (await idle.ask("POST", f"{path}/rotate")).json["secret"]
    assert (await idle.ask("POST", f"{path}/pause")).json["paused_at"]
    assert (await idle.ask("POST", f"{path}/resume")).json["paused_at"] is None
    assert 204 == (await idle.ask("DELETE", path)).status
    assert 404 == (await idle.ask("GET", path)).status


async def test_where_webhooks_may_not_go(idle: Served) -> None:
    """Private addresses, plain http and unknown kinds are refused in words."""
    for body in (
        {"url": "https://169.254.169.254/latest/meta-data"},
        {"url": "https://[::1]/"},
        {"url": "http://a.example/"},
        {"url": "https://a.example/", "kinds": ["job.exploded"]},
    ):
        assert 422 == (await idle.ask("POST", "/v1/webhooks", body)).status


async def test_webhooks_of_others_are_not_there(idle: Served) -> None:
    """A project's webhooks look missing to another project, for every verb."""
    films, news = await bearer(idle, "films", "admin"), await bearer(idle, "news", "admin")
    made = (await idle.ask("POST", "/v1/webhooks", {"url": "https://a.example/"}, authorization=films)).json
    path = f"/v1/webhooks/{made['id']}"
    assert [] == (await idle.ask("GET", "/v1/webhooks", authorization=news)).json["data"]
    for verb, rest in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/ping"), ("GET", "/deliveries")):
        assert 404 == (await idle.ask(verb, path + rest, authorization=news)).status
    assert 200 == (await idle.ask("GET", path, authorization=films)).status
