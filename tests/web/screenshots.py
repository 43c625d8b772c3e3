"""`make screenshots`: pictures of every page, wide and narrow, light and dark, in both languages, full and empty.

Clips are the emulator's own. They go to build/screenshots, one file each, and one sheet a set to look through.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import structlog
from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize

from tests.api.served import Served, served, small_vendor
from tests.factories import make_job
from tests.web.browser import ROOT, browsing, visiting
from tests.web.hands import drop
from wanreel.domain.job import Account, Failed, Generating, Queued, State, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import RunKind, RunTime
from wanreel.store.sqlite import SqliteStore
from wanreel.web.page import routes

OUT = ROOT / "build" / "screenshots"
SIZES = {1440: 900, 390: 844}
WIDE = 860
TALL_MAX = 6_000
EMPTY = ("make", "gallery", "spend", "accounts", "attention")
PROMPTS = (
    ("Wide shot, a paper boat sails through a rain gutter at dawn, camera follows, soft light", "1280*720", ["rain"]),
    ("远景，一艘帆船在日落时分的海面上缓缓航行，镜头跟随，柔光", "1280*720", ["海"]),
    ("Medium shot, a lantern festival at night, people walk by, slow pan", "720*1280", ["spring", "hero"]),
    ("Close-up, a lantern sways in the rain, warm light flickers, slow push in", "1280*720", ["rain"]),
    ("特写，一杯热茶在木桌上冒着热气，侧光，固定镜头，浅景深", "960*960", ["餐饮"]),
    ("Aerial shot, a train crosses a viaduct above the clouds, golden hour, slow orbit", "1280*720", ["hero"]),
)
DRAFTS = {
    "en-US": "Wide shot, a paper boat sails through a rain gutter at dawn, no text on screen, soft light",
    "zh-CN": "远景，一只纸船在黎明的雨水沟中漂流，画面中没有文字，柔光",
}
ASKS = "two of the vendor's tasks fit it, and nothing tells them apart"
UNDER_WAY: tuple[tuple[type[State], str, float, dict[str, Any]], ...] = (
    (Unconfirmed, "Close-up, an old clock maker at work, warm light", 400, {"asks": ASKS}),
    (Generating, "Wide shot, a red kite over a grey sea, slow pan", 41, {"duration_s": 10}),
    (Generating, "Macro shot, dew runs down a leaf, soft light", 75, {"duration_s": 10}),
    (Queued, "航拍，清晨的稻田与薄雾，镜头缓慢推进", 20, {}),
    (Failed, "Medium shot, a crowd in front of a stage, handheld camera", 900, {}),
)
TAKES = "Wide shot, a red fox trots through a snowy birch forest at dusk, snow falls, soft light, pan right"


async def main() -> int:
    """Make them all; 0 when done."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    shutil.rmtree(OUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        async with browsing() as browser:
            async with served(Path(folder) / "empty", None, works=False, pages=routes()) as studio:
                await _set(browser, studio, "empty", {name: name for name in EMPTY})
            await _full(browser, Path(folder) / "full")
    print(f"{sum(1 for _ in OUT.glob('*/*.png'))} pictures in {OUT.relative_to(ROOT)}")
    return 0


async def _full(browser: Browser, home: Path) -> None:
    """A studio somebody works with: clips made for real first, then what is under way put beside them."""
    with small_vendor(render=None) as vendor:
        async with served(home, vendor, pages=routes()) as studio:
            await studio.ask("PUT", "/v1/budgets/default/month/CNY", {"amount": "120"})
            takes = await studio.ask(
                "POST", "/v1/jobs", {"prompt": TAKES, "variants": 3, "name": "Fox in the snow"}, prefer="wait=60"
            )
            for prompt, size, tags in PROMPTS:
                made = await studio.made(prompt=prompt, size=size, tags=tags, model="wan2.5-t2v-preview")
                if "hero" in tags:
                    await studio.ask("PATCH", f"/v1/jobs/{made['id']}", {"favourite": True, "add_tags": ["final cut"]})
        group, job = takes.json["group"], takes.json["jobs"][0]["id"]
        account = Account(takes.json["jobs"][0]["account"], takes.json["jobs"][0]["region"], vendor.base_url)
        now = time.time()
        async with SqliteStore(home / "wanreel.sqlite3", lambda _: 5, Policy()) as store:
            for kind, prompt, age, more in UNDER_WAY:
                await store.add([make_job(kind, at=now - age, prompt=prompt, account=account, **more)])
            for took_s in range(80, 200, 10):
                await store.learn(RunTime(RunKind("wan2.5-t2v-preview", "720P", 10), float(took_s)))
        async with served(home, vendor, works=False, pages=routes()) as studio:
            await studio.ask("GET", f"/v1/jobs/{job}/artifact?variant=sheet")
            rooms = {name: name for name in ("make", "gallery", "spend", "accounts", "attention")}
            await _set(browser, studio, "full", {**rooms, "job": f"job/{job}", "compare": f"compare/{group}"})


async def _set(browser: Browser, studio: Served, kind: str, rooms: dict[str, str]) -> None:
    for width, scheme, locale in itertools.product(SIZES, ("light", "dark"), ("en-US", "zh-CN")):
        folder = OUT / f"{kind}-{width}-{scheme}-{locale[:2]}"
        folder.mkdir(parents=True)
        view: ViewportSize = {"width": width, "height": SIZES[width]}
        async with visiting(
            browser, studio.url, viewport=view, color_scheme=scheme, locale=locale, reduced_motion="reduce"
        ) as visit:
            for name, where in rooms.items():
                await visit.page.goto(f"{studio.url}/#/{where}")
                if name == "make" and kind == "full":
                    await visit.page.locator("#prompt").fill(DRAFTS[locale])
                    await visit.page.locator("[data-price]").wait_for()
                await _settled(visit.page)
                if width < WIDE:
                    await _unroll(visit.page, width)
                await visit.page.screenshot(path=folder / f"{name}.png")
                await visit.page.set_viewport_size(view)
            if kind == "full":
                await _in_hand(visit.page, studio, rooms["job"], folder, view)
        _sheet(folder)


async def _in_hand(page: Page, studio: Served, job: str, folder: Path, view: ViewportSize) -> None:
    """What only somebody's hands bring up: a picture in its frame, clips being sorted, a doubt being settled."""
    poster = (await studio.ask("GET", f"/v1/{job.replace('job/', 'jobs/')}/artifact?variant=poster")).bytes
    await page.goto(f"{studio.url}/#/make")
    await page.locator("#tab-i2v").click()
    await page.get_by_label("4:3").check()
    await drop(page, "first", base64.b64encode(poster).decode(), "fox at dusk.png")
    await page.locator(".framing").wait_for()
    await page.locator(".frame").first.focus()
    for key in ("+", "+", "ArrowRight", "ArrowRight", "ArrowDown"):
        await page.keyboard.press(key)
    await page.locator(".drop .ok").wait_for()
    await _taken(page, folder / "picture.png", view)
    await page.goto(f"{studio.url}/#/gallery")
    await page.locator(".cells a").first.focus()
    for key in ("x", "ArrowRight", "ArrowRight", "x", "t"):
        await page.keyboard.press(key)
        await page.locator(".cells").wait_for()
    await page.locator(".bulk form").wait_for()
    await _taken(page, folder / "sorting.png", view)
    await page.goto(f"{studio.url}/#/attention")
    await page.locator("[data-way=adopt]").click()
    await _taken(page, folder / "settling.png", view)


async def _taken(page: Page, path: Path, view: ViewportSize) -> None:
    await _settled(page)
    if view["width"] < WIDE:
        await _unroll(page, view["width"])
    await page.screenshot(path=path)
    await page.set_viewport_size(view)


async def _unroll(page: Page, width: int) -> None:
    """Make the window as tall as the page, as a very long phone: what is below the fold is drawn too, and what is
    fixed to an edge stands at it.
    """
    for _ in range(2):  # what was not drawn before may be taller than the place that was kept for it
        tall = await page.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size({"width": width, "height": min(TALL_MAX, tall)})
        await _settled(page)


async def _settled(page: Page) -> None:
    """Until what was asked for is there: nothing says that it loads, pictures and clips are shown."""
    await page.wait_for_load_state("load")
    await page.locator("[aria-busy=true]").wait_for(state="detached")
    script = """() => new Promise((done) => {
      const media = () => [...document.querySelectorAll("main img, main video")];
      const there = (m) => m.hasAttribute("src") && (m.complete || m.readyState > 3 || m.error);
      const began = performance.now();
      let since = began;
      const look = () => {
        const now = performance.now();
        if (!media().every(there)) since = now;
        if (now - since > 700 || now - began > 8000) done(true); // what turns while it loads has gone by then
        else requestAnimationFrame(look);
      };
      look();
    })"""
    await page.evaluate(script)


def _sheet(folder: Path) -> None:
    """All pictures of a set beside each other, half as large."""
    pictures = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.png"))]
    shown = [one.crop((0, 0, one.width, min(one.height, one.width * 4))) for one in pictures]
    shown = [one.resize((one.width * 2 // 3, one.height * 2 // 3)) for one in shown]
    columns = 2 if shown[0].width > 500 else len(shown)
    rows = [shown[i : i + columns] for i in range(0, len(shown), columns)]
    wide = max(sum(one.width + 12 for one in row) for row in rows)
    sheet = Image.new("RGB", (wide, sum(max(one.height for one in row) + 12 for row in rows)), "#888888")
    y = 0
    for row in rows:
        x = 0
        for one in row:
            sheet.paste(one, (x, y))
            x += one.width + 12
        y += max(one.height for one in row) + 12
    sheet.save(OUT / f"{folder.name}.png")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
