"""What takes long in a browser: all three modes in both languages, and how soon a gallery of any size is there."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest
from playwright.async_api import Browser, expect
from starlette.routing import BaseRoute

from tests.api.served import Served, served
from tests.factories import NOW, make_job
from tests.web.browser import visiting
from tests.web.hands import drop, picture, wait_done
from wanreel.domain.job import Succeeded
from wanreel.domain.policy import Policy
from wanreel.store.sqlite import SqliteStore

TRIES = 7
RATIO_MAX = 1.5
FIRST_MS = """() => new Promise((done) => requestAnimationFrame(() => {
  const asked = performance.getEntriesByType("resource").filter((r) => r.name.includes("/v1/jobs?"));
  const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
  done(Math.max(painted, ...asked.map((r) => r.responseEnd)));
}))"""

WORDS = {
    "en-US": ("Text", "Picture", "Two frames", "What should it show?", "What should move?", "Make it"),
    "zh-CN": ("文字", "图片", "首尾帧", "画面里有什么？", "画面怎么动？", "开始生成"),
}


@pytest.mark.long
@pytest.mark.parametrize("locale", WORDS)
async def test_every_mode_in_every_language(studio: Served, browser: Browser, locale: str) -> None:
    """Each mode's clip is ordered and comes without a reload; the ways in are found by their words."""
    text, one, two, shows, moves, go = WORDS[locale]
    async with visiting(browser, studio.url, locale=locale) as visit:
        page = visit.page
        await page.goto(studio.url)
        for count, mode in enumerate((text, one, two), 1):
            await page.get_by_role("tab", name=mode).click()
            if mode != text:
                await drop(page, "first", picture("teal"))
            if mode == two:
                await drop(page, "last", picture("navy"))
            await page.get_by_label(shows if mode == text else moves).fill("A slow pan, 柔光")
            await page.get_by_role("button", name=go).click()
            await wait_done(page, count)
    jobs = (await studio.ask("GET", "/v1/jobs")).json["data"]
    assert ["kf2v", "i2v", "t2v"] == [job["mode"] for job in jobs]


@pytest.mark.long
async def test_ten_thousand_are_there_as_soon_as_ten(pages: list[BaseRoute], browser: Browser, tmp_path: Path) -> None:
    """From asking for the page to the first cards: the median with 10,000 clips is at most 1.5 times that with 10."""
    took: dict[int, list[float]] = {10: [], 10_000: []}
    for many, times in took.items():
        home = tmp_path / str(many)
        async with served(home, None, works=False, pages=pages) as studio:
            async with SqliteStore(home / "wanreel.sqlite3", lambda _: 9, Policy()) as store:
                await store.add([make_job(Succeeded, at=NOW + n, prompt=f"Clip {n}") for n in range(many)])
            for _ in range(TRIES):
                async with visiting(browser, studio.url) as visit:
                    await visit.page.goto(f"{studio.url}/#/gallery")
                    await expect(visit.page.locator("[data-job]").first).to_be_visible()
                    times.append(await visit.page.evaluate(FIRST_MS))
    few, all_ = median(took[10]), median(took[10_000])
    print(f"first cards: {few:.0f} ms with 10 clips, {all_:.0f} ms with 10,000; ratio {all_ / few:.2f}")
    assert all_ <= RATIO_MAX * few
