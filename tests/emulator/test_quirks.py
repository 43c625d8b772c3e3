"""The other answer of each switch that no other test here asks for."""

from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.emulator.caller import ASYNC, fetch, finished
from tests.emulator.front_desk import KF2V, T2V, FrontDesk, body_for, fake_clip
from tests.emulator.test_media import ended, inline, picture
from wanreel.emulator.app import BODY_BYTES_MAX
from wanreel.emulator.media import Medium
from wanreel.emulator.server import Emulator


def emulated(**quirks: Any) -> Emulator:
    """An emulator in virtual time with switches."""
    return Emulator(virtual=True, seed=1, render=fake_clip, quirks=quirks)


def test_metrics_always(desk: FrontDesk) -> None:
    """task_metrics on every model, or on kf2v alone."""
    always = FrontDesk(quirks={"task_metrics": "always"})

    assert {"TOTAL": 1, "SUCCEEDED": 1, "FAILED": 0} == always.finish(always.made())["output"]["task_metrics"]
    assert "task_metrics" not in desk.finish(desk.made())["output"]


def test_signed_anew() -> None:
    """With resign a later query gives a URL that lives longer; without, the same URL."""
    for resign in (True, False):
        desk = FrontDesk(quirks={"resign": resign})
        task_id = desk.made()
        first = desk.finish(task_id)["output"]["video_url"]
        desk.wait(600)
        assert resign == (first != desk.output(task_id)["video_url"])


async def test_head_allowed() -> None:
    """A HEAD tells length and type when it is allowed."""
    async with emulated(head="allow") as emulator:
        status, data, headers = await fetch((await finished(emulator))["output"]["video_url"], "HEAD")

    assert (200, b"", "video/mp4") == (status, data, headers["content-type"])
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize(("beyond", "status"), [("whole", 200), ("refuse", 416)])
async def test_range_past_the_end(beyond: str, status: int) -> None:
    """A range that begins past the end: everything, or a refusal."""
    async with emulated(range_beyond=beyond) as emulator:
        url = (await finished(emulator))["output"]["video_url"]
        got = await fetch(url, range="bytes=999999999-")

    assert status == got[0]


def test_async_header_ignored() -> None:
    """A query with the async header is answered when the switch says so."""
    desk = FrontDesk(quirks={"async_query": "ignore"})

    assert "PENDING" == desk.query(desk.made(), X_DashScope_Async="enable")["output"]["task_status"]


@pytest.mark.parametrize(("bare", "status"), [("refuse", "FAILED"), ("accept", "SUCCEEDED")])
async def test_bare_base64(bare: str, status: str) -> None:
    """A picture as Base64 without its data: prefix."""
    async with emulated(bare_base64=bare) as emulator:
        output, _ = await ended(emulator, inline(picture()).partition(",")[2])

    assert status == output["task_status"]


def test_prompt_given_back_cut() -> None:
    """orig_prompt of an overlong prompt, cut to the limit."""
    desk = FrontDesk(quirks={"orig_prompt": "cut"})
    task_id = desk.made({**T2V, "input": {"prompt": "x" * 2000}})

    assert 1500 == len(desk.finish(task_id)["output"]["orig_prompt"])


@pytest.mark.parametrize(("page", "code", "tier"), [("help", "", False), ("openapi", "InvalidImageResolution", True)])
def test_kf2v_pages(page: str, code: str, tier: bool) -> None:
    """The two kf2v pages disagree about picture sides, and about 480P of 2.1."""
    desk = FrontDesk(quirks={"kf2v_page": page})
    small = {KF2V["first_frame_url"]: Medium(width=300, height=300, format="PNG")}
    headers = {**desk.headers(), **ASYNC}
    desk.desk.create("image2video", headers, body_for("wan2.2-kf2v-flash")[0], desk.now, media=small)
    desk.made(*body_for("wanx2.1-kf2v-plus", resolution="480P"))
    pictured, tiered = desk.desk.tasks(desk.now)

    assert code == pictured.code
    assert tier == (tiered.code == "")


async def test_bodies_beyond_the_limit() -> None:
    """A body of a hundred megabytes is refused in the vendor's shape."""
    async with emulated() as emulator:
        url = f"{emulator.base_url}/services/aigc/video-generation/video-synthesis"
        body = BytesIO(b" " * (BODY_BYTES_MAX + 1))
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=ASYNC) as answer:
            said = await answer.json()

    assert (400, "BadRequest.TooLarge") == (answer.status, said["code"])
