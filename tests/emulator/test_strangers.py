"""Other people's clients, unchanged: the official SDK in both generations, its command line, and the AI SDK."""

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.emulator.front_desk import fake_clip
from tests.other_clients import run, two_frames
from wanreel.emulator.server import Emulator

HERE = Path(__file__).parent / "strangers"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A first and a last frame as files."""
    return two_frames(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def old_story(pictures: tuple[str, str]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """What the 1.x surface saw, and the tasks it made."""
    pytest.importorskip("dashscope")
    with Emulator(virtual=True, seed=1, speed=20, render=fake_clip) as emulator:
        script = str(HERE / "dashscope_1x.py")
        said = asyncio.run(run(sys.executable, script, emulator.host_url, *pictures))
        yield json.loads(said), emulator.tasks()


@pytest.mark.parametrize("kind", ["t2v", "i2v", "kf2v"])
def test_sdk_1x_makes_clips(old_story: tuple[dict[str, Any], Any], kind: str) -> None:
    """Text, picture (a local file, uploaded by the SDK) and first-and-last-frame all end with a URL."""
    got = old_story[0][kind]

    assert (200, "SUCCEEDED") == (got["status"], got["output"]["task_status"])
    assert got["output"]["video_url"].startswith("http://127.0.0.1:")


def test_sdk_1x_uploads_local_files(old_story: tuple[Any, list[dict[str, Any]]]) -> None:
    """The clip follows the uploaded picture's shape, at the documented size for 720P."""
    kf2v = next(task for task in old_story[1] if "kf2v" in task["model"])

    assert kf2v["request"]["input"]["first_frame_url"].startswith("oss://dashscope-instant/")
    assert (816, 1104) == (kf2v["clip"]["width"], kf2v["clip"]["height"])


def test_sdk_1x_poll_schedule(old_story: tuple[dict[str, Any], Any]) -> None:
    """`wait` polls at once and then sleeps 1, 1, 2, 2, 2, 4, 4, 4, 5 … until the task ends."""
    slept = old_story[0]["slept"]

    assert ([1, 1, 2, 2, 2, 4, 4, 4, 5, 5, 5])[: len(slept)] == slept
    assert len(slept) >= 4


def test_sdk_1x_reads_the_rest(old_story: tuple[dict[str, Any], Any]) -> None:
    """List, cancel, UNKNOWN, FAILED and a refused submit come out as the SDK shows them against the vendor."""
    story = old_story[0]

    assert ("", "PENDING") == (story["t2v_made"]["code"], story["t2v_made"]["output"]["task_status"])
    assert 3 == story["listed"]["output"]["total"] == len(story["listed"]["output"]["data"])
    assert (200, {}) == (story["cancel"]["status"], story["cancel"]["output"])
    assert (400, "UnsupportedOperation") == (story["cancel_again"]["status"], story["cancel_again"]["code"])
    assert "CANCELED" == story["after_cancel"]["output"]["task_status"]
    assert "UNKNOWN" == story["unknown"]["output"]["task_status"]
    assert (200, "FAILED") == (story["failed"]["status"], story["failed"]["output"]["task_status"])
    assert (400, "InvalidParameter") == (story["unofficial"]["status"], story["unofficial"]["code"])


async def test_sdk_20(pictures: tuple[str, str]) -> None:
    """2.0: t2v, i2v and cancel work, kf2v meets the url error, and the list comes back without its tasks."""
    pytest.importorskip("dashscope")
    async with Emulator(virtual=True, seed=1, speed=20, render=fake_clip) as emulator:
        script = str(HERE / "dashscope_20.py")
        story = json.loads(await run(sys.executable, script, emulator.host_url, *pictures))

    for kind in ("t2v", "i2v", "i2v_27"):
        assert "SUCCEEDED" == story[kind]["status"]
        assert story[kind]["url"].startswith("http://127.0.0.1:")
    assert "url error, please check url！" in story["kf2v"]
    assert "CANCELED" == story["after_cancel"]
    assert {"tasks": 0, "total": 4} == story["listed"]


async def test_sdk_command_line() -> None:
    """`dashscope video-synthesis list` shows the account's tasks."""
    pytest.importorskip("dashscope")
    command = str(Path(sys.executable).parent / "dashscope")
    async with Emulator(speed=1000, seed=1, render=fake_clip) as emulator:
        environment = {"DASHSCOPE_API_KEY": "sk-cli", "DASHSCOPE_HTTP_BASE_URL": emulator.base_url}
        made = await run(
            *(command, "video-synthesis", "create", "-m", "wan2.6-t2v", "-p", "a red fox", "--size", "1280*720"),
            environment=environment,
        )
        listed = json.loads(await run(command, "video-synthesis", "list", environment=environment))

    assert "video_url" in made
    assert ["SUCCEEDED"] == [row["status"] for row in listed["data"]]


async def test_ai_sdk(pictures: tuple[str, str]) -> None:
    """The AI SDK's Alibaba provider makes a clip from text and one from a picture, and downloads both."""
    if not (HERE / "aisdk" / "node_modules").is_dir() or shutil.which("node") is None:
        pytest.skip("run `npm ci --ignore-scripts` in tests/emulator/strangers/aisdk first")
    site = web.Application()
    site.router.add_static("/pictures", Path(pictures[0]).parent)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    picture = f"http://127.0.0.1:{runner.addresses[0][1]}/pictures/first.png"
    try:
        async with Emulator(speed=1000, seed=1, render=fake_clip) as emulator:
            story = json.loads(await run("node", str(HERE / "aisdk" / "make.mjs"), emulator.host_url, picture))
            tasks = emulator.tasks()
    finally:
        await runner.cleanup()

    assert ["wan2.6-t2v", "wan2.6-i2v-flash"] == [task["model"] for task in tasks]
    for kind in ("t2v", "i2v"):
        assert ("ftyp", "video/mp4") == (story[kind]["head"], story[kind]["mediaType"])
