"""Tests of OpenAI's shape: its names and ours, its errors, progress, deletion, remix, and what is refused in words."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.api.served import Answer, Served
from tests.api.test_dashscope import picture
from tests.api.test_tokens import bearer
from tests.factories import NOW, make_job
from wanreel.api.openai.words import poll_ms, progress_of
from wanreel.domain.job import Archiving, Failed, Generating, Queued, Succeeded

WISH = {"prompt": "a red fox", "model": "wan2.5-t2v-preview", "seconds": "5"}


async def create(server: Served, wish: Any = None, **headers: str) -> Answer:
    """Order one video with JSON."""
    return await server.ask("POST", "/v1/videos", WISH if wish is None else wish, **headers)


async def made(server: Served, **more: Any) -> dict[str, Any]:
    """The video of an order."""
    got = await create(server, WISH | more)
    assert 200 == got.status, got.json
    return got.json


async def test_a_video_from_create_to_content(filmed: Served) -> None:
    """Queued, then completed with all its variants; parts of it as well; and when to ask again while it is not."""
    video = await made(filmed)
    assert ("video", "queued", 0, None) == tuple(video[n] for n in ("object", "status", "progress", "completed_at"))
    await filmed.ask("GET", f"/v1/jobs/{video['id']}", prefer="wait=30")
    done = await filmed.ask("GET", f"/v1/videos/{video['id']}")
    assert ("completed", 100, "1280x720", "5") == tuple(done.json[n] for n in ("status", "progress", "size", "seconds"))
    assert "openai-poll-after-ms" not in done.headers
    for variant, kind in (("video", "video/mp4"), ("thumbnail", "image/"), ("spritesheet", "image/")):
        got = await filmed.ask("GET", f"/v1/videos/{video['id']}/content?variant={variant}")
        assert 200 == got.status
        assert got.headers["content-type"].startswith(kind)
    part = await filmed.ask("GET", f"/v1/videos/{video['id']}/content", range="bytes=0-9")
    assert (206, 10) == (part.status, len(part.bytes))


async def test_while_it_is_not_there(idle: Served) -> None:
    """A video that waits is queued, says when to ask again, and has no content yet."""
    got = await create(idle)
    assert 500 <= int(got.headers["openai-poll-after-ms"]) <= 15_000
    content = await idle.ask("GET", f"/v1/videos/{got.json['id']}/content")
    assert 400 == content.status
    assert "not ready" in content.json["error"]["message"]


async def test_delete(idle: Served) -> None:
    """What is deleted is gone from this face, whatever became of it; an order that waits is stopped."""
    ids = [(await made(idle, seed=n))["id"] for n in range(3)]
    gone = await idle.ask("DELETE", f"/v1/videos/{ids[1]}")
    assert {"id": ids[1], "object": "video.deleted", "deleted": True} == gone.json
    assert "cancelled" == (await idle.ask("GET", f"/v1/jobs/{ids[1]}")).json["state"]
    for verb, path in (("GET", ""), ("DELETE", ""), ("GET", "/content"), ("POST", "/remix")):
        assert 404 == (await idle.ask(verb, f"/v1/videos/{ids[1]}{path}", {"prompt": "x"})).status
    listed = (await idle.ask("GET", "/v1/videos")).json
    assert [ids[2], ids[0]] == [video["id"] for video in listed["data"]]
    assert (ids[2], ids[0], False) == (listed["first_id"], listed["last_id"], listed["has_more"])


async def test_pages(idle: Served) -> None:
    """By cursor, newest or oldest first."""
    ids = [(await made(idle, seed=n))["id"] for n in range(3)]
    first = (await idle.ask("GET", "/v1/videos?limit=2")).json
    assert (ids[:0:-1], True) == ([video["id"] for video in first["data"]], first["has_more"])
    rest = (await idle.ask("GET", f"/v1/videos?limit=2&after={first['last_id']}")).json
    assert (ids[:1], False) == ([video["id"] for video in rest["data"]], rest["has_more"])
    oldest = (await idle.ask("GET", f"/v1/videos?order=asc&limit=1&after={ids[0]}")).json
    assert ([ids[1]], True) == ([video["id"] for video in oldest["data"]], oldest["has_more"])


async def test_remix(idle: Served) -> None:
    """A new job of the old request with other words; everything else stays, and its origin is told."""
    old = await made(idle, seed=7, negative_prompt="rain", tags=["a"])
    got = (await idle.ask("POST", f"/v1/videos/{old['id']}/remix", {"prompt": "a blue fox"})).json
    assert (old["id"], "a blue fox") == (got["remixed_from_video_id"], got["prompt"])
    job = (await idle.ask("GET", f"/v1/jobs/{got['id']}")).json
    assert (7, "rain", ["a"]) == (job["seed"], job["negative_prompt"], job["tags"])
    for body in ({}, {"prompt": " "}, {"prompt": "x", "model": "wan2.6-t2v"}):
        refused = await idle.ask("POST", f"/v1/videos/{old['id']}/remix", body)
        assert (400, "prompt") == (refused.status, refused.json["error"]["param"])
    long = await idle.ask("POST", f"/v1/videos/{old['id']}/remix", {"prompt": "x" * 2000})
    assert (400, "prompt") == (long.status, long.json["error"]["param"])


@pytest.mark.parametrize(
    ("wish", "param", "words"),
    [
        (WISH | {"model": "sora-2"}, "model", "none of Wan's"),
        (WISH | {"seconds": "4"}, "seconds", "5 or 10"),
        (WISH | {"size": "1024x1792"}, "size", "1280*720"),
        (WISH | {"prompt": ""}, "prompt", "must not be empty"),
        (WISH | {"quality": "high"}, "quality", "no field"),
        (WISH | {"seed": "many"}, "seed", "valid integer"),
        (WISH | {"input_reference": {"file_id": "file_1"}}, "input_reference", "image_url"),
        (WISH | {"model": "wan2.5-i2v-preview", "input_reference": "/etc/passwd"}, "input_reference", "no paths"),
        (WISH | {"model": "wan2.5-i2v-preview", "input_reference": "sha256:00"}, "input_reference", ""),
        (WISH | {"model": "wan2.5-i2v-preview", "input_reference": "upload://upl_1"}, "input_reference", "no such"),
    ],
)
async def test_what_is_refused(idle: Served, wish: Any, param: str, words: str) -> None:
    """Mapped, or refused in words that name the field as the caller wrote it; nothing is stored."""
    got = await create(idle, wish)
    assert (400, "invalid_request_error", param) == (
        got.status,
        got.json["error"]["type"],
        got.json["error"]["param"],
    )
    assert words in got.json["error"]["message"]
    assert [] == (await idle.ask("GET", "/v1/jobs")).json["data"]


async def test_forms(idle: Served) -> None:
    """A form with a file, texts for numbers and switches, and what is nested; a file where none belongs is refused."""
    form = aiohttp.FormData()
    for name, value in (WISH | {"model": "wan2.5-i2v-preview", "size": "1280x720", "seed": "9"}).items():
        form.add_field(name, value)
    form.add_field("prompt_extend", "false")
    form.add_field("extra_parameters[new_switch]", "on")
    form.add_field("input_reference", picture(), filename="../../first.png")
    async with idle.session.post(f"{idle.url}/v1/videos", data=form) as got:
        video = await got.json()
        assert 200 == got.status, video
    job = (await idle.ask("GET", f"/v1/jobs/{video['id']}")).json
    assert ("i2v", "720P", 9) == (job["mode"], job["resolution"], job["seed"])
    assert "first_frame" == job["inputs"][0]["role"]
    bad = aiohttp.FormData()
    bad.add_field("prompt", b"x", filename="prompt.txt")
    async with idle.session.post(f"{idle.url}/v1/videos", data=bad) as got:
        assert 400 == got.status
    async with idle.session.post(f"{idle.url}/v1/videos", data=b"x", headers={"Content-Type": "text/plain"}) as got:
        assert 415 == got.status


@pytest.mark.parametrize(
    ("parts", "end", "words"),
    [
        (("prompt", "model", "seconds"), b"", "breaks off"),
        (("prompt", "model", "seconds", "prompt"), b"--B--\r\n", "given twice"),
    ],
    ids=["cut", "double"],
)
async def test_a_form_that_may_mean_something_else_is_refused(
    idle: Served, parts: tuple[str, ...], end: bytes, words: str
) -> None:
    """One that is cut off before its end, or says one thing twice, is not guessed at: nothing is bought."""
    body = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (p.encode(), WISH[p].encode())
        for p in parts
    )
    sent = {"Content-Type": "multipart/form-data; boundary=B"}
    async with idle.session.post(f"{idle.url}/v1/videos", data=body + end, headers=sent) as got:
        assert (400, True) == (got.status, words in (await got.json())["error"]["message"])
    assert [] == (await idle.ask("GET", "/v1/jobs")).json["data"]


async def test_words_about_a_sent_file_name_it_as_its_sender_does(idle: Served) -> None:
    """And never the path at which it lies here."""
    form = aiohttp.FormData()
    form.add_field("prompt", "a red fox")
    form.add_field("model", "wan2.5-i2v-preview")
    form.add_field("input_reference", b"no picture at all", filename="notes.txt")
    async with idle.session.post(f"{idle.url}/v1/videos", data=form) as got:
        said = await got.text()
    assert (400, True, False) == (got.status, "notes.txt" in said, ".bin" in said)
    async with idle.session.post(f"{idle.url}/v1/uploads?name=more.txt", data=b"none either") as got:
        reference = (await got.json())["reference"]
    order = {"prompt": "a red fox", "model": "wan2.5-i2v-preview", "first_frame": reference}
    refused = await idle.ask("POST", "/v1/jobs", order)
    assert (422, True, False) == (refused.status, "more.txt" in str(refused.json), ".bin" in str(refused.json))


async def test_tokens_and_errors(idle: Served) -> None:
    """Errors in OpenAI's shape on its paths alone; what belongs to others looks missing."""
    films, news = await bearer(idle, "films", "submit", "read"), await bearer(idle, "news", "submit", "read")
    nobody = await create(idle)
    assert (401, "authentication_error") == (nobody.status, nobody.json["error"]["type"])
    video = (await create(idle, authorization=films)).json
    assert 404 == (await idle.ask("GET", f"/v1/videos/{video['id']}", authorization=news)).status
    assert [] == (await idle.ask("GET", "/v1/videos", authorization=news)).json["data"]
    assert "error" in (await idle.ask("POST", "/v1/videos/extensions", {}, authorization=films)).json
    assert "detail" in (await idle.ask("GET", "/v1/jobs/none", authorization=films)).json


async def test_resend_or_repeat(idle: Served) -> None:
    """0 in the SDK's retry count is new, more is the newest nobody has asked after; a key decides alone."""
    first = await create(idle, x_stainless_retry_count="0")
    again = await create(idle, x_stainless_retry_count="1")
    assert first.json["id"] == again.json["id"] == again.headers["wanreel-resend-of"]
    repeat = await create(idle, x_stainless_retry_count="0")
    assert first.json["id"] != repeat.json["id"]
    keyed = [(await create(idle, idempotency_key="k", x_stainless_retry_count="0")).json["id"] for _ in range(2)]
    assert 1 == len(set(keyed))
    other = await create(idle, WISH | {"prompt": "another"}, idempotency_key="k")
    assert (409, "false") == (other.status, other.headers["x-should-retry"])
    side = await asyncio.gather(*(create(idle, x_stainless_retry_count="0") for _ in range(3)))
    assert 3 == len({got.json["id"] for got in side})


async def test_a_remix_sent_again(idle: Served) -> None:
    """A remix whose answer was lost is the same new video."""
    old = await made(idle)
    path = f"/v1/videos/{old['id']}/remix"
    ids = {(await idle.ask("POST", path, {"prompt": "b"}, x_stainless_retry_count=str(n))).json["id"] for n in range(3)}
    assert 1 == len(ids)


def test_progress() -> None:
    """By what such tasks take where that was learned, else by the usual; never done early."""
    assert 0 == progress_of(make_job(Queued), NOW, None)
    running = make_job(Generating, status="RUNNING")
    assert 50 == progress_of(running, running.state.task.accepted_at + 60, 60.0)  # type: ignore[union-attr]
    assert 95 == progress_of(running, NOW + 100_000, 0.0)
    assert 1 <= progress_of(running, NOW, None) < 50
    assert 97 == progress_of(make_job(Archiving), NOW, None)
    assert 100 == progress_of(make_job(Succeeded), NOW, None)


def test_when_to_ask_again() -> None:
    """A quarter of what is left, within bounds; never once it has ended."""
    running = make_job(Generating, status="RUNNING")
    assert (2000, 500, 5000, 15_000) == tuple(poll_ms(running, rest_s) for rest_s in (None, 0.1, 20.0, 900.0))
    assert poll_ms(make_job(Failed), None) is None
