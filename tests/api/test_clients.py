"""Other people's clients, unchanged but for their base URL: what they order is made, archived, and plays."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.api.served import Served, served, small_vendor
from tests.e2e.clip import small_clip
from tests.other_clients import run as run_client
from tests.other_clients import two_frames
from wanreel.emulator.server import Emulator

run = partial(run_client, patience_s=100.0)  # we make the clip first, and archive it

CLIENTS = Path(__file__).parent / "clients"
AI_SDK = Path(__file__).parents[1] / "emulator" / "strangers" / "aisdk"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A first and a last frame as files."""
    return two_frames(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
async def filming(tmp_path: Path) -> AsyncIterator[tuple[Served, Emulator]]:
    """A home served and worked over an emulator that makes real, small clips; pictures on this machine may be read."""
    with small_vendor(render=lambda _: small_clip()) as vendor:
        async with served(tmp_path / "home", vendor, input_hosts=("127.0.0.1",)) as it:
            yield it, vendor


async def plays(server: Served, url: str) -> bool:
    """Whether a link of ours leads to the archived clip, byte for byte."""
    assert url.startswith(f"{server.url}/s/")
    async with server.session.get(url) as got:
        return 200 == got.status and small_clip() == await got.read()


async def test_the_vendors_sdk_1x(filming: tuple[Served, Emulator], pictures: tuple[str, str]) -> None:
    """t2v, i2v (a local file, uploaded by the SDK) and kf2v end with a link of ours; list, cancel and errors fit."""
    server, vendor = filming
    said = await run(sys.executable, str(CLIENTS / "dashscope_1x.py"), f"{server.url}/api/v1", *pictures)
    story: dict[str, Any] = json.loads(said)

    assert (200, "PENDING") == (story["t2v_made"]["status"], story["t2v_made"]["output"]["task_status"])
    for kind in ("t2v", "i2v", "kf2v", "alias"):
        assert (200, "SUCCEEDED") == (story[kind]["status"], story[kind]["output"]["task_status"]), story[kind]
        assert await plays(server, story[kind]["output"]["video_url"])
    assert 3 == story["listed"]["output"]["total"] == len(story["listed"]["output"]["data"])
    assert (400, "UnsupportedOperation") == (story["cancel_ended"]["status"], story["cancel_ended"]["code"])
    assert "UNKNOWN" == story["unknown"]["output"]["task_status"]
    assert (400, "InvalidParameter") == (story["bad_size"]["status"], story["bad_size"]["code"])
    bought = {task["model"]: task["request"] for task in vendor.tasks()}
    assert {"wan2.6-t2v", "wan2.5-i2v-preview", "wan2.2-kf2v-flash", "wan2.5-t2v-preview"} == set(bought)
    assert 3 == bought["wan2.6-t2v"]["parameters"]["seed"]
    assert "1920*1080" == bought["wan2.5-t2v-preview"]["parameters"]["size"]  # the vendor's default, not ours


async def test_the_vendors_sdk_20(filming: tuple[Served, Emulator], pictures: tuple[str, str]) -> None:
    """2.0: t2v, both generations of i2v, even kf2v on the path it uses for all; and its list has its tasks."""
    server, _ = filming
    story = json.loads(await run(sys.executable, str(CLIENTS / "dashscope_20.py"), f"{server.url}/api/v1", *pictures))

    for kind in ("t2v", "i2v", "i2v_27", "kf2v"):
        assert "SUCCEEDED" == story[kind]["status"], story[kind]
        assert await plays(server, story[kind]["url"])
    assert {"tasks": ["SUCCEEDED"] * 4, "total": 4} == story["listed"]


async def test_the_vendors_command_line(filming: tuple[Served, Emulator]) -> None:
    """`dashscope video-synthesis` makes a clip and lists it."""
    server, _ = filming
    command = str(Path(sys.executable).parent / "dashscope")
    environment = {"DASHSCOPE_API_KEY": "sk-cli", "DASHSCOPE_HTTP_BASE_URL": f"{server.url}/api/v1"}
    made = await run(
        *(command, "video-synthesis", "create", "-m", "wan2.6-t2v", "-p", "a red fox", "--size", "1280*720"),
        environment=environment,
    )
    listed = json.loads(await run(command, "video-synthesis", "list", environment=environment))

    assert f"{server.url}/s/" in made
    assert ["SUCCEEDED"] == [row["status"] for row in listed["data"]]


async def test_the_ai_sdk(filming: tuple[Served, Emulator], pictures: tuple[str, str]) -> None:
    """The AI SDK's Alibaba provider makes a clip from text, one from a picture and one from two, and downloads them. It
    can do the last with wan3 alone: a kf2v model it sends no picture (see make.mjs), and that buys nothing.
    """
    if not (AI_SDK / "node_modules").is_dir() or shutil.which("node") is None:
        pytest.skip("run `make setup` first")
    server, vendor = filming
    site = web.Application()
    site.router.add_static("/pictures", Path(pictures[0]).parent)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    first, last = (f"http://127.0.0.1:{runner.addresses[0][1]}/pictures/{name}.png" for name in ("first", "last"))
    try:
        story = json.loads(await run("node", str(AI_SDK / "make.mjs"), server.url, first, last))
    finally:
        await runner.cleanup()

    bought = {task["model"]: task["request"] for task in vendor.tasks()}
    assert {"wan2.6-t2v", "wan2.6-i2v-flash", "wan3.0-video"} == set(bought)
    for kind in ("t2v", "i2v", "kf2v"):
        assert ("ftyp", "video/mp4") == (story[kind]["head"], story[kind]["mediaType"])
        assert len(small_clip()) == story[kind]["bytes"]
    assert ["first_frame", "last_frame"] == [item["type"] for item in bought["wan3.0-video"]["input"]["media"]]
    assert "first_frame" in story["flash"]["error"]


async def test_openais_sdk(filming: tuple[Served, Emulator], pictures: tuple[str, str]) -> None:
    """`videos`: create_and_poll from words, a file and two links, list, content in all variants, remix, delete."""
    server, vendor = filming
    story = json.loads(await run(sys.executable, str(CLIENTS / "openai_videos.py"), f"{server.url}/v1", *pictures))

    for kind in ("t2v", "i2v", "kf2v", "remix"):
        assert ("completed", 100, "video") == tuple(story[kind][name] for name in ("status", "progress", "object"))
        assert story[kind]["completed_at"] >= story[kind]["created_at"]
    assert ("1280x720", "5") == (story["t2v"]["size"], story["t2v"]["seconds"])
    assert [story[kind]["id"] for kind in ("kf2v", "i2v", "t2v")] == story["listed"]
    assert story["t2v"]["id"] == story["oldest"]
    assert {"head": "ftyp", "bytes": len(small_clip())} == story["clip"]
    assert "ffd8ff" == story["sheet"][:6]
    assert story["thumbnail"][:6] in {"ffd8ff", "524946"}  # JPEG or WebP
    assert 100 == story["range"]
    assert (story["t2v"]["id"], "a red fox at night") == (
        story["remix"]["remixed_from_video_id"],
        story["remix"]["prompt"],
    )
    assert {"id": story["i2v"]["id"], "object": "video.deleted", "deleted": True} == story["deleted"]
    assert "not_found" == story["gone"]["code"]
    assert "model" == story["refused"]["param"]
    assert "none of Wan's" in story["refused"]["message"]
    bought = {task["request"]["input"]["prompt"]: task["request"] for task in vendor.tasks()}
    assert {"a red fox", "it runs", "bloom", "a red fox at night"} == set(bought)
    assert "720P" == bought["it runs"]["parameters"]["resolution"]
    assert "480P" == bought["bloom"]["parameters"]["resolution"]
    assert bought["a red fox"]["parameters"] == bought["a red fox at night"]["parameters"]  # the seed as well
