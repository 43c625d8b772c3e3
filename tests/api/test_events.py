"""Tests of `/v1/events`: a stream that goes on where one was."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any, NoReturn

import pytest

from tests.api.served import WISH, Served
from tests.api.test_tokens import bearer
from wanreel import async_client
from wanreel.domain.errors import Unauthorized, Unavailable


async def _until(server: Served, path: str, state: str, **headers: str) -> list[tuple[int, dict[str, Any]]]:
    seen: list[tuple[int, dict[str, Any]]] = []
    async for event in server.events(path, **headers):
        body = json.loads(event["data"])
        assert ("job.changed", int(event["id"])) == (event["event"], body["seq"])
        seen.append((int(event["id"]), body))
        if body["state"] == state:
            break
    return seen


async def test_a_stream_tells_a_job_from_its_making_to_its_end(server: Served) -> None:
    """Everything that happens to a job comes in order, each once."""
    job = await server.order()
    told = await _until(server, f"/v1/events?job={job['id']}&after=0", "succeeded")
    assert ["queued", "submitting", "generating", "archiving", "succeeded"] == list(
        dict.fromkeys(body["state"] for _, body in told)
    )
    assert {job["id"]} == {body["job"] for _, body in told}


async def test_who_was_away_misses_nothing_and_hears_nothing_twice(server: Served) -> None:
    """`Last-Event-ID` goes on right after the last number, whether it comes from memory or from the store."""
    job = await server.made()
    whole = await _until(server, f"/v1/events?job={job['id']}&after=0", "succeeded")
    for place in range(len(whole)):
        after = whole[place][0]
        if place + 1 < len(whole):
            rest = await _until(server, f"/v1/events?job={job['id']}", "succeeded", last_event_id=str(after))
            assert whole[place + 1 :] == rest


async def test_a_group_hears_only_its_own(server: Served) -> None:
    """A stream of a group has nothing of others."""
    got = await server.ask("POST", "/v1/jobs", {"prompt": "a kite", "model": "wan2.5-t2v-preview", "variants": 2})
    await server.made()
    group = got.json["group"]
    seen: set[str] = set()
    async for event in server.events(f"/v1/events?group={group}&after=0"):
        body = json.loads(event["data"])
        assert group == body["group"]
        if body["state"] == "succeeded":
            seen.add(body["job"])
        if len(seen) == 2:
            break
    assert {job["id"] for job in got.json["jobs"]} == seen


async def test_callers_who_leave_leave_nothing_behind(idle: Served) -> None:
    """Streams that were left are gone at once: no listener, and next to nothing for the garbage collector to find."""
    job = await idle.order()

    async def look() -> None:
        async for _ in idle.events(f"/v1/events?job={job['id']}&after=0"):
            break

    await look()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await look()
        for _ in range(2000):  # turns of the loop, in which both ends hear that it is over
            await asyncio.sleep(0)
        assert 0 == idle.desk.hub.listening
        assert gc.collect() < 20 * 50  # a stream that is cancelled leaves 125 objects, both ends counted
    finally:
        gc.enable()


async def test_a_number_that_is_none_is_refused(idle: Served) -> None:
    """`Last-Event-ID` must be one of ours."""
    got = await idle.ask("GET", "/v1/events", last_event_id="yesterday")
    assert (400, "malformed") == (got.status, got.json["code"])


async def test_a_stream_of_nothing_is_not_found(idle: Served) -> None:
    """Following a job or a group that is not here is an error, not silence."""
    assert 404 == (await idle.ask("GET", "/v1/events?job=job_nowhere")).status
    assert 404 == (await idle.ask("GET", "/v1/events?group=grp_nowhere")).status


async def test_what_was_just_heard_of_is_followed_without_a_look_at_the_store(
    idle: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job or group of which something happened lately is known; but a group is no job, nor a job a group."""
    got = await idle.ask("POST", "/v1/jobs", {"prompt": "a kite", "model": "wan2.5-t2v-preview", "variants": 2})
    job, group = got.json["jobs"][0]["id"], got.json["group"]
    async for _ in idle.events(f"/v1/events?group={group}&after=0"):
        break
    assert 404 == (await idle.ask("GET", f"/v1/events?job={group}")).status
    assert 404 == (await idle.ask("GET", f"/v1/events?group={job}")).status

    async def nowhere(*_: object) -> NoReturn:
        raise Unavailable("the store was asked")

    monkeypatch.setattr("wanreel.api.events.visible_job", nowhere)
    monkeypatch.setattr("wanreel.api.events.group_seen", nowhere)
    for path in (f"job={job}", f"group={group}"):
        async for event in idle.events(f"/v1/events?{path}&after=0"):
            assert group == json.loads(event["data"])["group"]
            break


async def test_a_revoked_token_hears_nothing_more(idle: Served) -> None:
    """The stream it has opened ends with the next thing to be told; waiting for a job tells nothing either."""
    mine = await bearer(idle, "films", "submit", "read")
    token, secret = await idle.home.tokens.make("spy", "films", ("read",))
    spy = f"Bearer {secret}"
    job = await idle.ask("POST", "/v1/jobs", WISH, authorization=mine)
    waiting = asyncio.create_task(
        idle.ask("GET", f"/v1/jobs/{job.json['jobs'][0]['id']}", authorization=spy, prefer="wait=3")
    )
    async with idle.session.get(f"{idle.url}/v1/events", headers={"authorization": spy}) as stream:
        assert b"wanreel" in await stream.content.readline()
        await idle.home.tokens.revoke(token.id)
        heard = asyncio.create_task(stream.content.read())
        async with asyncio.timeout(30):
            while not heard.done():
                await idle.ask("POST", "/v1/jobs", WISH, authorization=mine)
        assert 401 == (await waiting).status
    async with async_client(idle.url, token=secret) as wan:
        with pytest.raises(Unauthorized):
            await anext(wan.stream())


async def test_the_first_token_ends_what_was_heard_without(idle: Served) -> None:
    """With the first one everybody needs one, also who listens already."""
    async with idle.session.get(f"{idle.url}/v1/events") as stream:
        assert b"wanreel" in await stream.content.readline()
        mine = await bearer(idle, "films", "submit")
        heard = asyncio.create_task(stream.content.read())
        async with asyncio.timeout(30):
            while not heard.done():
                await idle.ask("POST", "/v1/jobs", WISH, authorization=mine)


async def test_a_project_hears_its_own_alone(idle: Served) -> None:
    """Of all that has happened and of what happens now, by whatever number it goes on after."""
    films, news = await bearer(idle, "films"), await bearer(idle, "news", "submit", "read")
    for _ in range(2):
        await idle.ask("POST", "/v1/jobs", WISH, authorization=films)
    mine = (await idle.ask("POST", "/v1/jobs", WISH, authorization=news)).json["jobs"][0]["id"]
    heard: list[str] = []
    async for event in idle.events("/v1/events?after=0", authorization=news):
        heard.append(json.loads(event["data"])["job"])
        if len(heard) == 1:
            await idle.ask("POST", "/v1/jobs", WISH, authorization=films)
            await idle.ask("POST", "/v1/jobs", WISH, authorization=news)
        else:
            break
    assert mine == heard[0]
    listed = (await idle.ask("GET", "/v1/jobs", authorization=news)).json["data"]
    assert {job["id"] for job in listed} == set(heard)
