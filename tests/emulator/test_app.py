"""The same calls over HTTP, and what only HTTP has: slashes, ranges, closed connections."""

import asyncio
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from tests.emulator.caller import ASYNC, call, create, fetch, finished
from tests.emulator.front_desk import T2V, fake_clip
from wanreel.emulator.server import Emulator


@pytest.mark.parametrize("slash", ["", "/"])
async def test_paths_with_and_without_slash(emulator: Emulator, slash: str) -> None:
    """Create and list answer both ways."""
    status, body = await create(emulator, slash)
    listed, rows = await call(emulator, "GET", f"/tasks{slash}")

    assert (200, 200) == (status, listed)
    assert [body["output"]["task_id"]] == [row["task_id"] for row in rows["data"]]


async def test_errors_have_the_native_shape(emulator: Emulator) -> None:
    """A refusal over HTTP: status, top-level code and message, JSON."""
    status, body = await create(emulator, headers={"X-DashScope-Async": "enable"})

    assert 401 == status
    assert ("InvalidApiKey", "No API-key provided.") == (body["code"], body["message"])
    assert 404 == (await call(emulator, "GET", "/nowhere"))[0]


async def test_result_file(emulator: Emulator) -> None:
    """A result is served with length, ETag and ranges; a HEAD and a forged signature are refused."""
    body = await finished(emulator)
    url = body["output"]["video_url"]
    expected = fake_clip(emulator.desk.tasks(emulator.clock.now())[0].shot and _spec(emulator))

    status, data, headers = await fetch(url)
    part = await fetch(url, range="bytes=10-19")
    tail = await fetch(url, range="bytes=-7")
    head = await fetch(url, "HEAD")
    forged = await fetch(url[:-4] + "AAAA")

    assert (200, expected) == (status, data)
    assert ("video/mp4", "bytes") == (headers["content-type"], headers["accept-ranges"])
    assert headers["etag"].strip('"')
    assert headers["x-oss-request-id"]
    assert (206, expected[10:20], f"bytes 10-19/{len(expected)}") == (part[0], part[1], part[2]["content-range"])
    assert expected[-7:] == tail[1]
    assert 403 == head[0]
    assert 403 == forged[0]
    assert b"SignatureDoesNotMatch" in forged[1]


def _spec(emulator: Emulator) -> Any:
    gallery = emulator._gallery
    assert gallery is not None
    return gallery.spec(emulator.desk.tasks(emulator.clock.now())[0].shot)


async def test_dates_are_the_emulators(emulator: Emulator) -> None:
    """Answers of every sort carry the emulator's time, also after a jump."""
    url = (await finished(emulator))["output"]["video_url"]
    now = emulator.advance(7200)

    for address in (url, url[:-3] + "AAA", f"{emulator.base_url}/tasks/x"):
        _, _, headers = await fetch(address)
        assert abs(parsedate_to_datetime(headers["date"]).timestamp() - now) < 5


async def test_expired_result(emulator: Emulator) -> None:
    """After Expires the store answers 403 XML in its own words."""
    url = (await finished(emulator))["output"]["video_url"]
    emulator.advance(86_500)

    status, data, headers = await fetch(url)

    assert 403 == status
    assert "application/xml" == headers["content-type"]
    for words in (b"<Code>AccessDenied</Code>", b"Request has expired.", b"<Expires>", b"<ServerTime>", b"<HostId>"):
        assert words in data


async def test_padded_result() -> None:
    """A result padded to a size is that long, and its tail is a free box."""
    async with Emulator(virtual=True, seed=1, render=fake_clip, clip_bytes=1_000_000) as emulator:
        url = (await finished(emulator))["output"]["video_url"]
        _, data, headers = await fetch(url)
        part = await fetch(url, range="bytes=999990-")

    real = data.index(b"\x00\x00\x00\x01free")
    assert 1_000_000 == len(data) == int(headers["content-length"])
    assert len(data) - real == int.from_bytes(data[real + 8 : real + 16], "big")
    assert bytes(10) == part[1]


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        ("drop_before", aiohttp.ServerDisconnectedError, 0),
        ("drop_after", aiohttp.ServerDisconnectedError, 1),
        ("half_body", aiohttp.ClientPayloadError, 1),
    ],
)
async def test_broken_connections(emulator: Emulator, fault: str, error: type[Exception], accepted: int) -> None:
    """A dropped create has or has not bought a task, as the script says."""
    emulator.script({"create": [{"fault": fault}]}, account="*")

    with pytest.raises(error):
        await create(emulator)

    assert accepted == emulator.counters()["tasks_accepted"]
    assert {} == emulator.unmet()


async def test_slow_answer_was_accepted(emulator: Emulator) -> None:
    """A client that gives up on a slow answer has bought a task all the same."""
    emulator.script({"create": [{"fault": "slow", "delay_s": 5}]}, account="*")

    with pytest.raises(TimeoutError):
        await create(emulator, within_s=0.1)

    assert 1 == emulator.counters()["tasks_accepted"]


async def test_script_by_header(emulator: Emulator) -> None:
    """A script over HTTP: made, met through the constant header alone, reported, dropped."""
    async with aiohttp.ClientSession() as session:
        scripts = f"{emulator.host_url}/_emulator/scripts"
        made = {"script": {"create": [{"fault": "status", "status": 429, "code": "Throttling.BurstRate"}]}}
        async with session.post(scripts, json=made) as answer:
            assert 201 == answer.status
            script_id = (await answer.json())["id"]
        assert 200 == (await create(emulator))[0]
        status, body = await create(emulator, headers={**ASYNC, "x-wanreel-emulator-script": script_id})
        async with session.get(f"{scripts}/{script_id}") as answer:
            report = await answer.json()
        async with session.post(scripts, json={"script": {"create": [{"fault": "nonsense"}]}}) as answer:
            assert 400 == answer.status
            assert "nonsense" in (await answer.json())["error"]

    assert (429, "Throttling.BurstRate") == (status, body["code"])
    assert report["complete"]
    assert {} == report["unmet"]


async def test_control_paths(emulator: Emulator) -> None:
    """Counters, tasks, calls, time and the page are there; the page escapes what it shows."""
    body = {**T2V, "input": {"prompt": "<script>alert(1)</script>"}}
    await create(emulator, json=body)
    async with aiohttp.ClientSession() as session:

        async def read(path: str) -> Any:
            async with session.get(emulator.host_url + path) as answer:
                assert 200 == answer.status
                return await answer.json() if path != "/" else await answer.text()

        assert 1 == (await read("/_emulator/counters"))["tasks_accepted"]
        assert body == (await read("/_emulator/tasks"))["tasks"][0]["request"]
        assert "create" == (await read("/_emulator/requests"))["requests"][0]["operation"]
        assert not (await read("/_emulator/time"))["virtual"]
        page = await read("/")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_in_a_thread() -> None:
    """The same emulator runs in a thread for blocking tests."""
    with Emulator(speed=1000, render=fake_clip) as emulator:
        reply = asyncio.run(create(emulator))
        emulator.advance(10)

        assert 200 == reply[0]
        assert 1 == emulator.counters()["tasks_accepted"]
        assert 1 == len(emulator.tasks())
