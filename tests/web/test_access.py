"""Tests of who can use the studio: no serious violation of accessibility on any page, a whole run by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.routing import BaseRoute

from tests.api.served import Served, served
from tests.factories import make_job
from tests.web.browser import ROOT, visiting
from tests.web.hands import drop, picture, until, wait_done
from wanreel.domain.job import Queued, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.store.sqlite import SqliteStore

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations
  .filter((v) => v.impact === "serious" || v.impact === "critical")
  .map((v) => [v.id, v.nodes.map((n) => n.target.join(" ") + ": " + n.failureSummary).slice(0, 4)]))"""


async def _violations(page: Page) -> Any:
    await page.evaluate(AXE.read_text())
    return await page.evaluate(RUN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(studio: Served, browser: Browser, scheme: str) -> None:
    """On every page, full and empty, in this colour scheme, in both languages."""
    async with visiting(browser, studio.url, color_scheme=scheme, reduced_motion="reduce") as visit:
        page = visit.page
        wrong: dict[str, Any] = {}

        async def look(where: str, sign: str) -> None:
            await page.goto(f"{studio.url}/{where}")
            room = where.removeprefix("#/").partition("/")[0].partition("?")[0]
            await expect(page.locator(f"main[data-room={room}]").locator(sign).first).to_be_visible()
            if found := await _violations(page):
                wrong[where] = found

        for where in ("#/make", "#/gallery", "#/attention"):
            await look(where, ".empty")
        await look("#/accounts", "h2")
        jobs = [await studio.made(variants=3, name="Three"), await studio.made(prompt="A cat, no text on screen")]
        await page.goto(studio.url)
        await page.get_by_label("What should it show?").fill("A cat, no text on screen, static camera, fast pan")
        await expect(page.get_by_role("button", name="Move it out")).to_be_visible()
        await page.get_by_text("Write it in parts").click()
        await page.get_by_text("More settings").click()
        if found := await _violations(page):
            wrong["making"] = found
        await page.get_by_role("button", name="中文").click()
        await look("#/make?full", "[data-state=succeeded]")
        await look("#/gallery", "[data-job]")
        await look(f"#/job/{jobs[1]['id']}", "video.clip")
        await look(f"#/compare/{jobs[0]['group']}", "[data-take]")
        await look("#/spend", ".scroll table")
        await look("#/accounts", "h2")
    assert {} == wrong


SETTLING = {
    "en-US": ("Paused by hand: the bill is looked at", "Settled."),
    "zh-CN": ("已手动暂停，可在“账号”里恢复。（the bill is looked at）", "已处理。"),
}


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "zh-CN")])
async def test_doubts_are_settled_by_keyboard(
    pages: list[BaseRoute], browser: Browser, tmp_path: Path, scheme: str, locale: str
) -> None:
    """A filled page of what needs a person, its forms, a held account, a picture in its frame: nothing serious for axe;
    each of the three ways out of a doubt is gone by keys, and the focus goes along.
    """
    paused, settled = SETTLING[locale]
    home, wrong = tmp_path / "home", dict[str, Any]()
    async with served(home, None, works=False, pages=pages) as studio:
        own = (await studio.ask("GET", "/v1/accounts")).json["data"][0]["account"]
        account = studio.desk.service.account(own)
        asks = "two of the vendor's tasks fit it"
        doubts = [make_job(Unconfirmed, asks=asks, account=account, prompt=f"Doubt {n}") for n in range(3)]
        async with SqliteStore(home / "wanreel.sqlite3", lambda _: 9, Policy()) as store:
            await store.add([*doubts, make_job(Queued, account=account, prompt="It waits")])
        async with visiting(browser, studio.url, color_scheme=scheme, locale=locale, reduced_motion="reduce") as visit:
            page = visit.page

            async def look(what: str) -> None:
                if found := await _violations(page):
                    wrong[what] = found

            await page.goto(f"{studio.url}/#/accounts")
            await page.locator("[data-hold]").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(".holding input")).to_be_focused()
            await look("the form that holds an account")
            await page.keyboard.press("Escape")
            await expect(page.locator("[data-hold]")).to_be_focused()
            await page.keyboard.press("Enter")
            await page.keyboard.type("the bill is looked at")
            await page.keyboard.press("Enter")
            await expect(page.locator(".note.warn")).to_be_visible()
            await look("a held account")
            await page.goto(f"{studio.url}/#/attention")
            await expect(page.locator("[data-doubt]")).to_have_count(3)
            await expect(page.locator("[data-state=queued]")).to_contain_text(paused)
            await look("what needs a person")
            for left, way in ((2, "adopt"), (1, "resubmit"), (0, "give")):
                await page.locator(f"[data-way={way}]").first.focus()
                await page.keyboard.press("Enter")
                await expect(page.locator("[data-doubt] form input").first).to_be_focused()
                await look(way)
                await page.keyboard.type("task-1" if way == "adopt" else "I looked")
                await page.keyboard.press("Enter")
                await expect(page.locator("[data-doubt]")).to_have_count(left)
                await expect(page.locator(".says")).to_contain_text(settled)
                assert "BODY" != await page.evaluate("document.activeElement.tagName"), "the focus goes along"
            await page.goto(f"{studio.url}/#/make")
            await page.locator("#tab-i2v").click()
            await page.get_by_label("16:9").check()
            await drop(page, "first", picture("teal"))
            await expect(page.locator(".framing")).to_be_visible()
            await look("a picture in its frame")
        jobs = {one["prompt"]: one for one in (await studio.ask("GET", "/v1/jobs")).json["data"]}
    assert {} == wrong
    assert {"generating", "queued", "failed"} == {jobs[f"Doubt {n}"]["state"] for n in range(3)}


async def _tab_to(page: Page, words: str, *, at_most: int = 60) -> None:
    """Press Tab until what has the focus says these words. The document itself has it between its end and its
    beginning, and says everything: that is not meant.
    """
    said = """() => { const e = document.activeElement; const label = e.labels?.[0]?.innerText ?? "";
      if (e === document.body) return "";
      return [e.getAttribute("aria-label") ?? "", label, e.innerText ?? "", e.id].join("|"); }"""
    for _ in range(at_most):
        await page.keyboard.press("Tab")
        if words in await page.evaluate(said):
            return
    pytest.fail(f"Tab never came to {words}")


async def test_the_whole_way_by_keyboard(studio: Served, browser: Browser) -> None:
    """Compose, order, wait, find, open, compare and pick without touching a mouse; the focus is seen at each step."""
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(studio.url)
        await expect(page.get_by_role("tab", name="Text")).to_be_visible()
        await _tab_to(page, "What should it show?")
        await page.keyboard.type("Wide shot, a red kite over a grey sea")
        await _tab_to(page, "variants-1")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("[data-price]")).to_have_text("¥6.00")
        await page.keyboard.press("Control+Enter")
        await wait_done(page, 2)
        await page.reload()
        await expect(page.locator("[data-job]").first).to_be_visible()
        await _tab_to(page, "Gallery")
        await page.keyboard.press("Enter")
        await expect(page.locator(".cells [data-job]")).to_have_count(2)
        await page.keyboard.press("/")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("kite")
        await _tab_to(page, "red kite")
        await page.keyboard.press("ArrowRight")
        await until(page, "document.activeElement.closest('[data-at]')?.dataset.at === '1'")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert "none" != await page.evaluate(outline)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="Compare")).to_be_visible()
        assert "main" == await page.evaluate("document.activeElement.id"), "the card is gone, and the focus with it"
        await _tab_to(page, "Compare", at_most=3)
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-take]")).to_have_count(2)
        await page.keyboard.press("1")
        await expect(page.locator("[data-take='1']").get_by_role("button", name="Picked")).to_be_visible()
