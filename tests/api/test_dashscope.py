"""Tests of the drop-in for clients of the vendor: its shapes, its quirks, and where we are kinder."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.api.served import Answer, Served
from tests.api.test_tokens import bearer
from wanreel.api.dashscope.reading import order_of, read_create
from wanreel.api.dashscope.words import list_bound, local_time
from wanreel.data.shelf import load_catalog
from wanreel.domain.errors import Invalid
from wanreel.emulator.server import Emulator
from wanreel.service.order import Order

CREATE = "/api/v1/services/aigc/video-generation/video-synthesis"
T2V: dict[str, Any] = {
    "model": "wan2.6-t2v",
    "input": {"prompt": "a red fox", "extend_prompt": True, "function": "video-synthesis", "no_such_key": 1},
    "parameters": {"size": "1280*720", "duration": 5},
}


async def create(server: Served, body: Any = None, **headers: str) -> Answer:
    """Send a create as the vendor's clients do."""
    told = {"x_dashscope_async": "enable", "authorization": "Bearer sk-any"} | headers
    return await server.ask("POST", CREATE, T2V if body is None else body, **told)


async def made(server: Served, body: Any = None) -> str:
    """The task id of a create."""
    got = await create(server, body)
    assert 200 == got.status, got.json
    return got.json["output"]["task_id"]


async def ended(server: Served, task_id: str) -> dict[str, Any]:
    """A query's answer once the task has ended."""
    await server.ask("GET", f"/v1/jobs/{task_id}", prefer="wait=30")
    return (await server.ask("GET", f"/api/v1/tasks/{task_id}")).json


async def test_a_task_from_create_to_clip(filmed: Served) -> None:
    """The documented shapes, times in UTC+8, usage as the vendor reports it, and a link that plays."""
    got = await create(filmed)
    assert {"task_status", "task_id"} == set(got.json["output"])
    body = await ended(filmed, got.json["output"]["task_id"])

    output = body["output"]
    times = ["submit_time", "scheduled_time", "end_time"]
    assert {"task_id", "task_status", "orig_prompt", "video_url", *times} == set(output)
    assert sorted(output[name] for name in times) == [output[name] for name in times]
    assert 23 == len(output["end_time"])
    assert 5 == body["usage"]["duration"]
    token = output["video_url"].removeprefix("https://clips.example.com")
    assert b"ftyp" == (await filmed.ask("GET", token)).bytes[4:8]
    assert output["video_url"] == (await ended(filmed, output["task_id"]))["output"]["video_url"]  # stable


async def test_beyond_our_slots_is_pending(idle: Served) -> None:
    """With the vendor out of reach and nobody working, a create is PENDING, can be cancelled, once."""
    task_id = await made(idle)
    body = (await idle.ask("GET", f"/api/v1/tasks/{task_id}")).json
    assert "PENDING" == body["output"]["task_status"]
    assert "usage" not in body
    assert 200 == (await idle.ask("POST", f"/api/v1/tasks/{task_id}/cancel")).status
    again = await idle.ask("POST", f"/api/v1/tasks/{task_id}/cancel")
    assert (400, "UnsupportedOperation") == (again.status, again.json["code"])
    assert "CANCELED" == (await idle.ask("GET", f"/api/v1/tasks/{task_id}")).json["output"]["task_status"]


async def test_failed_is_200(vendor: Emulator, server: Served) -> None:
    """A task that the vendor blocks is FAILED in a 200, with the vendor's code and words."""
    vendor.script({"create": [{"fate": {"outcome": "failed", "code": "DataInspectionFailed"}}]}, account="*")
    output = (await ended(server, await made(server)))["output"]
    assert ("FAILED", "DataInspectionFailed") == (output["task_status"], output["code"])
    assert output["message"]
    assert "video_url" not in output


async def test_the_list(idle: Served) -> None:
    """Under `data` with epoch milliseconds, under `tasks` as a query shows them; filtered, paged, in a window."""
    ids = [await made(idle, T2V | {"parameters": {"seed": n}}) for n in range(3)]
    listed = (await idle.ask("GET", "/api/v1/tasks/?page_size=2")).json
    assert (3, 2, 2) == (listed["total"], listed["total_page"], len(listed["data"]))
    assert ids[:2] == [row["task_id"] for row in listed["data"]] == [row["task_id"] for row in listed["tasks"]]
    assert listed["data"][0]["gmt_create"] > 1e12
    assert isinstance(listed["tasks"][0]["submit_time"], str)
    assert ids[2:] == [
        r["task_id"] for r in (await idle.ask("GET", "/api/v1/tasks?page_size=2&page_no=2")).json["data"]
    ]
    assert 1 == (await idle.ask("GET", f"/api/v1/tasks?task_id={ids[1]}")).json["total"]
    assert 0 == (await idle.ask("GET", "/api/v1/tasks?status=RUNNING")).json["total"]
    assert 0 == (await idle.ask("GET", "/api/v1/tasks?start_time=20200101000000")).json["total"]
    for query in ("status=DONE", "start_time=yesterday", "start_time=20260101000000&end_time=20260103000000"):
        got = await idle.ask("GET", f"/api/v1/tasks?{query}")
        assert (400, "InvalidParameter") == (got.status, got.json["code"]), query


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({}, 400, "InvalidParameter", "model"),
        ([], 400, "InvalidParameter", "JSON object"),
        (T2V | {"parameters": {"size": "1024*1024"}}, 400, "InvalidParameter", "1280*720"),
        (T2V | {"input": {"prompt": ""}}, 400, "InvalidParameter", "prompt"),
        (T2V | {"input": {"media": "x"}}, 400, "InvalidParameter", "media"),
        ({"model": "wan2.5-i2v-preview", "input": {"img_url": "/etc/passwd"}}, 400, "InvalidParameter", "no paths"),
        ({"model": "wan2.5-i2v-preview", "input": {"img_url": "file:///etc/passwd"}}, 400, "InvalidParameter", "no"),
        (
            {"model": "wan2.5-i2v-preview", "input": {"img_url": "oss://wanreel-uploads/upl_x/a.png"}},
            400,
            "InvalidParameter",
            "no such upload",
        ),
    ],
)
async def test_what_is_refused(idle: Served, body: Any, status: int, code: str, words: str) -> None:
    """In the vendor's shape, in words that say what would do; nothing is stored."""
    got = await create(idle, body)
    assert (status, code) == (got.status, got.json["code"])
    assert words in got.json["message"]
    assert got.json["request_id"] == got.headers["x-request-id"]
    assert [] == (await idle.ask("GET", "/v1/jobs")).json["data"]


async def test_the_edges(idle: Served) -> None:
    """No synchronous calls, JSON only, our own vendor never, and a 404 that names what is served."""
    sync = await idle.ask("POST", CREATE, T2V)
    assert (403, "AccessDenied") == (sync.status, sync.json["code"])
    async with idle.session.post(idle.url + CREATE, data=b"{", headers={"X-DashScope-Async": "enable"}) as broken:
        assert (400, "BadRequest.IllegalInput") == (broken.status, (await broken.json())["code"])
    own = await create(idle, x_wanreel_hop="1")
    assert 403 == own.status
    assert "order from itself" in own.json["message"]
    other = await idle.ask("GET", "/api/v1/services/aigc/text-generation/generation")
    assert (404, "NotFound") == (other.status, other.json["code"])
    assert "video-synthesis" in other.json["message"]
    assert "UNKNOWN" == (await idle.ask("GET", "/api/v1/tasks/nonsense")).json["output"]["task_status"]


async def test_the_bearer_is_our_token(idle: Served) -> None:
    """With tokens, a key nobody gave is refused in the vendor's words, and projects see only their own."""
    films, news = await bearer(idle, "films", "submit", "read"), await bearer(idle, "news", "submit", "read")
    assert "No API-key provided." == (await idle.ask("GET", "/api/v1/tasks")).json["message"]
    wrong = await create(idle)
    assert (401, "InvalidApiKey", "Invalid API-key provided.") == (
        wrong.status,
        wrong.json["code"],
        wrong.json["message"],
    )
    task_id = (await create(idle, authorization=films)).json["output"]["task_id"]
    seen = await idle.ask("GET", f"/api/v1/tasks/{task_id}", authorization=news)
    assert "UNKNOWN" == seen.json["output"]["task_status"]
    assert 0 == (await idle.ask("GET", "/api/v1/tasks", authorization=news)).json["total"]
    assert 400 == (await idle.ask("POST", f"/api/v1/tasks/{task_id}/cancel", authorization=news)).status


async def test_an_upload(idle: Served) -> None:
    """A policy, a form, and the file is an input; another project's token cannot use it."""
    films, news = await bearer(idle, "films", "submit", "read"), await bearer(idle, "news", "submit", "read")
    asked = await idle.ask("GET", "/api/v1/uploads?action=getPolicy&model=wan2.5-i2v-preview", authorization=films)
    data = asked.json["data"]
    assert data["upload_host"] == f"{idle.url}/api/v1/uploads"
    form = aiohttp.FormData()
    form.add_field("key", f"{data['upload_dir']}/first.png")
    form.add_field("success_action_status", "200")
    form.add_field("file", picture(), filename="first.png")
    async with idle.session.post(data["upload_host"], data=form) as got:
        assert (200, b"") == (got.status, await got.read())
    body = {"model": "wan2.5-i2v-preview", "input": {"img_url": f"oss://{data['upload_dir']}/first.png"}}
    assert 400 == (await create(idle, body, authorization=news)).status
    task_id = (await create(idle, body, authorization=films)).json["output"]["task_id"]
    job = (await idle.ask("GET", f"/v1/jobs/{task_id}", authorization=films)).json
    assert "first_frame" == job["inputs"][0]["role"]
    assert "1080P" == job["resolution"]


def picture() -> bytes:
    """A small PNG that models take."""
    out = BytesIO()
    Image.new("RGB", (640, 480), (10, 120, 200)).save(out, "PNG")
    return out.getvalue()


# --- reading a body -------------------------------------------------------------------------------------------------


def read(body: dict[str, Any]) -> Order:
    """The order of a body, in Beijing."""
    return order_of(read_create(body, load_catalog(), "beijing"), body["model"])


def test_the_vendors_defaults_hold() -> None:
    """Size and duration that are not said are the vendor's, not ours."""
    order = read({"model": "wan2.6-t2v", "input": {"prompt": "x"}})
    assert ("1080P", 5, None) == (order.resolution, order.duration_s, order.size)
    order = read({"model": "wan2.7-t2v", "input": {"prompt": "x"}, "parameters": {"resolution": "720P"}})
    assert ("720P", "16:9") == (order.resolution, order.ratio)


def test_what_a_model_has_not_is_ignored() -> None:
    """As at the vendor: keys that mean nothing to a model are dropped, and what is too long is cut."""
    body = {
        "model": "wan2.2-t2v-plus",
        "input": {"prompt": "x" * 900, "template": "flying", "audio_url": "https://a.example/a.mp3"},
        "parameters": {
            "size": "1920*1080",
            "audio": False,
            "shot_type": "multi",
            "ratio": "1:1",
            "enable_thinking": True,
        },
    }
    order = read(body)
    assert 800 == len(order.prompt or "")
    assert (None, None, None, None) == (order.template, order.audio_file, order.audio, order.shot_type)
    assert "1920*1080" == order.size


def test_frames_in_every_generation() -> None:
    """img_url, first_frame_url and media[] are the same frames; further parts pass through where models take them."""
    old = read({"model": "wan2.5-i2v-preview", "input": {"img_url": "https://a.example/1.png"}})
    frames = {"first_frame_url": "https://a.example/1.png", "last_frame_url": "https://a.example/2.png"}
    kf2v = read({"model": "wan2.2-kf2v-flash", "input": frames})
    media = [
        {"type": "first_clip", "url": "https://a.example/c.mp4"},
        {"type": "last_frame", "url": "https://a.example/2.png"},
    ]
    new = read({"model": "wan2.7-i2v", "input": {"media": media}})
    assert "https://a.example/1.png" == old.first_frame == kf2v.first_frame
    assert "https://a.example/2.png" == kf2v.last_frame == new.last_frame
    assert (("first_clip", "https://a.example/c.mp4"),) == new.more_media


def test_unchecked_models_pass_whole() -> None:
    """A model whose rules we do not know gets every field as it came, but for what the SDK adds by itself."""
    body = {
        "model": "wan2.6-r2v",
        "input": {"prompt": "x", "reference_urls": ["https://a.example/1.png"], "function": "video-synthesis"},
        "parameters": {"size": "1280*720", "duration": 5, "new_switch": True},
    }
    order = read(body)
    assert {"reference_urls": ["https://a.example/1.png"]} == order.extra_input
    assert {"new_switch": True} == order.extra_parameters
    assert ("1280*720", 5) == (order.size, order.duration_s)


@pytest.mark.parametrize(
    "body", [{"model": 5}, {"model": "wan2.6-t2v", "input": []}, {"model": "m", "input": {"img_url": 5}}]
)
def test_bodies_of_another_kind(body: dict[str, Any]) -> None:
    """Parts of the wrong kind are named."""
    with pytest.raises(Invalid):
        read_create(body, load_catalog(), "beijing")


def test_times() -> None:
    """UTC+8 without a zone, to the millisecond; list bounds likewise."""
    assert "2026-01-15 10:00:00.120" == local_time(1768442400.12)
    assert 1768442400 == list_bound("20260115100000")
    assert list_bound("20260199100000") is None
    assert list_bound("2026") is None


# --- resend or repeat -----------------------------------------------------------------------------------------------


async def test_keys_decide_alone(idle: Served) -> None:
    """The same key is the same task, whatever was asked in between; with another body it is a conflict."""
    first = await create(idle, idempotency_key="k1")
    task_id = first.json["output"]["task_id"]
    await idle.ask("GET", f"/api/v1/tasks/{task_id}")
    again = await create(idle, idempotency_key="k1")
    assert (task_id, task_id) == (again.json["output"]["task_id"], again.headers["wanreel-resend-of"])
    other = await create(idle, T2V | {"input": {"prompt": "a blue fox"}}, idempotency_key="k1")
    assert (409, "Conflict") == (other.status, other.json["code"])


async def test_three_equal_creates(idle: Served) -> None:
    """Side by side they are three tasks; one after another, with a look between, they are three more."""
    side = {got.json["output"]["task_id"] for got in await asyncio.gather(*(create(idle) for _ in range(3)))}
    assert 3 == len(side)
    for task_id in side:
        await idle.ask("GET", f"/api/v1/tasks/{task_id}")
    for _ in range(3):
        task_id = await made(idle)
        assert task_id not in side
        side.add(task_id)
        await idle.ask("GET", f"/api/v1/tasks/{task_id}")


async def test_a_create_nobody_followed_up(idle: Served) -> None:
    """The same create again, at once and unasked after, is the same task, and the answer says so."""
    first = await made(idle)
    again = await create(idle)
    assert (first, first) == (again.json["output"]["task_id"], again.headers["wanreel-resend-of"])
