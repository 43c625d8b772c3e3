"""Tests of composing and waiting, as a person does it in a browser, over the emulator."""

from __future__ import annotations

import io
import re
from contextlib import AsyncExitStack
from pathlib import Path
from time import time
from typing import Any, cast

import pytest
from PIL import Image
from playwright.async_api import Browser, expect
from starlette.routing import BaseRoute

from tests.api.served import WISH, Served, served
from tests.api.test_tokens import bearer
from tests.factories import make_job
from tests.web.browser import visiting
from tests.web.hands import PATIENCE_MS, decodes, drop, halves, picture, shows_picture, wait_done
from wanreel.domain.job import Generating
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import RunTime, kind_of
from wanreel.emulator.server import Emulator
from wanreel.store.sqlite import SqliteStore

CHINESE = {
    "t2v": ("文字", "画面里有什么？"),
    "i2v": ("图片", "画面怎么动？"),
    "kf2v": ("首尾帧", "画面怎么动？"),
}


async def test_from_a_prompt_to_three_takes(studio: Served, browser: Browser) -> None:
    """The lint is mended by a click, the price follows, the keyboard orders, and three posters come by themselves."""
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(studio.url)
        prompt = page.get_by_label("What should it show?")
        await prompt.fill("Wide shot, a red kite over a grey sea, no text on screen, soft light")
        await page.get_by_role("button", name="Move it out").click()
        await expect(prompt).to_have_value("Wide shot, a red kite over a grey sea, soft light")
        price = page.locator("[data-price]")
        await expect(price).to_have_text("¥3.00")
        await page.get_by_label("3", exact=True).check()
        await expect(price).to_have_text("¥9.00")
        await prompt.press("Control+Enter")
        await wait_done(page, 3)
        assert await shows_picture(page.locator("[data-state=succeeded] img").first)
    jobs = (await studio.ask("GET", "/v1/jobs")).json["data"]
    assert ["text on screen"] * 3 == [job["negative_prompt"] for job in jobs]


async def test_pictures_are_checked_cut_and_sent(studio: Served, browser: Browser, vendor: Emulator) -> None:
    """One too small is told at once; one that is dropped is cut to the shape chosen, where the keys moved the frame;
    it is there still after a look at another page, and for another clip like it; two make a clip between frames.
    """
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(studio.url)
        await page.get_by_role("tab", name="Picture").click()
        await drop(page, "first", picture("teal", (120, 90)))
        await expect(page.get_by_role("alert")).to_contain_text("Too small: 120 × 90")
        await page.get_by_role("button", name="Remove").click()
        await page.get_by_label("1:1").check()
        await drop(page, "first", halves("red", "blue"))
        await expect(page.locator(".drop")).to_contain_text("400×400")
        await page.get_by_role("button", name="Frame of still.png").focus()
        for key in (*("ArrowLeft",) * 12, "+"):
            await page.keyboard.press(key)
        await expect(page.locator(".drop")).to_contain_text("364×364")
        await page.get_by_label("What should move?").fill("Slow push in, the water glitters")
        await page.get_by_role("link", name="Gallery", exact=True).click()
        await expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
        await page.get_by_role("link", name="Make", exact=True).click()
        await expect(page.locator(".drop")).to_contain_text("364×364")
        await page.get_by_role("button", name="Make it").click()
        await wait_done(page, 1)
        framed = (await studio.ask("GET", "/v1/jobs")).json["data"][0]
        sent = Image.open(io.BytesIO((await studio.ask("GET", _picture_of(framed))).bytes)).convert("RGB")
        assert [True, True, False] == [_is_red(sent, x) for x in (5, 250, 350)], "the left end, a little zoomed"

        await page.get_by_role("button", name="Make another like it").click()
        await expect(page.locator(".drop")).to_contain_text("364×364")
        await page.get_by_role("button", name="Make it").click()
        await wait_done(page, 2)

        await page.get_by_role("tab", name="Two frames").click()
        await page.get_by_label("As it is").check()
        await drop(page, "first", picture("white"), "noon.png")
        await drop(page, "last", picture("navy"), "night.png")
        await page.get_by_role("button", name="Make it").click()
        await wait_done(page, 3)
    jobs = (await studio.ask("GET", "/v1/jobs")).json["data"]
    assert ["kf2v", "i2v", "i2v"] == [job["mode"] for job in jobs]
    assert ["first_frame", "last_frame"] == sorted(one["role"] for one in jobs[0]["inputs"])
    assert jobs[1]["inputs"][0]["sha256"] == jobs[2]["inputs"][0]["sha256"], "another like it has its picture"


def _picture_of(job: dict[str, Any]) -> str:
    return f"/v1/jobs/{job['id']}/inputs/first_frame"


def _is_red(image: Image.Image, x: int) -> bool:
    red, _, blue = cast("tuple[int, int, int]", image.getpixel((x, 10)))
    return red > 150 > blue


@pytest.mark.parametrize("mode", ["t2v", *(pytest.param(mode, marks=pytest.mark.long) for mode in ("i2v", "kf2v"))])
async def test_chinese_through_restart_and_a_cut_network(
    vendor: Emulator, pages: list[BaseRoute], browser: Browser, tmp_path: Path, mode: str
) -> None:
    """In Chinese: a reload keeps the draft; what ended while server or network were away is shown without a reload."""
    home, words = tmp_path / "home", "远景，一只纸船在黎明的雨水沟中漂流，柔光"
    tab, asks = CHINESE[mode]
    async with AsyncExitStack() as first:
        studio = await first.enter_async_context(served(home, vendor, pages=pages, works=False))
        port = int(studio.url.rpartition(":")[2])
        async with visiting(browser, studio.url, locale="zh-CN") as visit:
            page = visit.page
            await page.goto(studio.url)
            await page.get_by_role("tab", name=tab).click()
            prompt = page.get_by_label(asks)
            await prompt.fill(words)
            await page.reload()
            await expect(prompt).to_have_value(words)
            for slot in {"i2v": ("first",), "kf2v": ("first", "last")}.get(mode, ()):  # pictures outlive no reload
                await drop(page, slot, picture("teal"))
            await page.get_by_role("button", name="开始生成").click()
            await expect(page.locator("[data-state=queued]")).to_have_count(1)
            visit.is_cut = True
            await first.aclose()
            await expect(page.get_by_text("与服务器断开了")).to_be_visible(timeout=PATIENCE_MS)
            async with served(home, vendor, pages=pages, port=port) as again:
                await wait_done(page, 1)
                await page.context.set_offline(True)
                await expect(page.get_by_text("与服务器断开了")).to_be_visible()
                await again.made(prompt="远景，一只红色风筝，柔光")
                await page.context.set_offline(False)
                await wait_done(page, 2)
                await expect(page.get_by_text("与服务器断开了")).to_be_hidden()
                assert [mode] == [
                    one["mode"] for one in (await again.ask("GET", "/v1/jobs")).json["data"] if words == one["prompt"]
                ]


async def test_a_running_clip_tells_how_far_it_may_be(pages: list[BaseRoute], browser: Browser, tmp_path: Path) -> None:
    """What such clips have taken and about how long is left, in the page's language; and that one is late."""
    new, old = make_job(Generating, at=time() - 60.0, name="new"), make_job(Generating, name="old")
    home = tmp_path / "home"
    async with served(home, None, works=False, pages=pages) as studio:
        async with SqliteStore(home / "wanreel.sqlite3", lambda _: 9, Policy()) as store:
            await store.add([new, old])
            for n in range(9):
                await store.learn(RunTime(kind_of(new.request), 100.0 + 10.0 * n))
        async with visiting(browser, studio.url, locale="zh-CN") as visit:
            page = visit.page
            await page.goto(studio.url)
            await expect(page.locator(f"[data-job='{new.id}']")).to_contain_text(
                re.compile(r"一般 .+ 分钟.+大约还需 \d+ (秒|分钟)")
            )
            await expect(page.locator(f"[data-job='{old.id}']")).to_contain_text("已比几乎所有同类视频都久")
            await page.get_by_role("button", name="English").click()
            await expect(page.locator(f"[data-job='{new.id}']")).to_contain_text("of such clips are ready by now")


async def test_a_server_with_tokens_asks_for_one(studio: Served, browser: Browser) -> None:
    """Without a token nothing is shown but the question; with it the page works, posters and clips among it."""
    mine = await bearer(studio)
    await studio.ask("POST", "/v1/jobs", WISH, authorization=mine, prefer="wait=30")
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(studio.url)
        await expect(page.get_by_role("heading", name="This server wants a token")).to_be_visible()
        await page.get_by_label("Token").fill("wr_wrong")
        await page.get_by_role("button", name="Enter").click()
        await expect(page.get_by_label("Token")).to_have_value("")
        await page.get_by_label("Token").fill(mine.removeprefix("Bearer "))
        await page.get_by_role("button", name="Enter").click()
        await wait_done(page, 1)
        assert await shows_picture(page.locator("[data-state=succeeded] img").first)
        await page.locator("[data-job] a").first.click()
        clip = page.locator("video.clip")
        assert await decodes(clip)
        streamed = await clip.get_attribute("src") or ""
        assert "/artifact?variant=video&pass=" in streamed
        assert mine.removeprefix("Bearer ") not in streamed
        await clip.evaluate("(video) => (video.src = video.src.replace(/pass=.*/, 'pass=over'))")
        await expect(clip).to_have_attribute("src", streamed)
        assert await decodes(clip)
