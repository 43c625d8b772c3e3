"""Tests of finding and comparing clips in a browser: a gallery of any size, a job's page, takes side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from starlette.routing import BaseRoute

from tests.api.served import Served, served
from tests.factories import NOW, make_job
from tests.web.browser import visiting
from tests.web.hands import PATIENCE_MS, decodes, drop, picture, until, wait_done
from wanreel.domain.job import Failed, Succeeded
from wanreel.domain.policy import Policy
from wanreel.emulator.server import Emulator
from wanreel.store.sqlite import SqliteStore

MANY = 10_000
NODES_MAX = 2_000
HARM = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
TAG = '<img src=x onerror="window.broken=1">'
FAILS = {"fault": "pass", "fate": {"outcome": "failed", "code": "DataInspectionFailed", "message": f"Failed {HARM}"}}
REFUSES = {"fault": "status", "status": 401, "code": "InvalidApiKey", "message": f"Refused {HARM}"}

FALLS_BEHIND = """() => {
  const last = [...document.querySelectorAll("video")].at(-1);
  last.pause();
  last.currentTime = 0;
  return true;
}"""
IN_STEP = """(() => {
  const at = [...document.querySelectorAll("video")].map((v) => v.paused ? Infinity : v.currentTime);
  return Math.min(...at) > 0.3 && Math.max(...at) - Math.min(...at) < 0.25;
})()"""

WORDS = {
    "en-US": {
        "shows": "What should it show?",
        "go": "Make 3 takes",
        "gallery": "Gallery",
        "home": "Brought home and checked",
        "link": "Make a link",
        "compare": "Compare",
        "play": "Play",
        "picked": "Picked",
    },
    "zh-CN": {
        "shows": "画面里有什么？",
        "go": "生成 3 个版本",
        "gallery": "作品",
        "home": "已取回并核验",
        "link": "生成链接",
        "compare": "对比",
        "play": "播放",
        "picked": "已选中",
    },
}


@pytest.mark.parametrize("locale", ["en-US", pytest.param("zh-CN", marks=pytest.mark.long)])
async def test_three_takes_are_compared_picked_and_found_again(studio: Served, browser: Browser, locale: str) -> None:
    """Takes play in step; a key picks one, for good; a search finds it; its page plays it and tells what happened."""
    words = WORDS[locale]
    await studio.order(prompt="A green lantern in the rain")
    async with visiting(browser, studio.url, locale=locale) as visit:
        page = visit.page
        await page.goto(studio.url)
        await page.get_by_label(words["shows"]).fill("Wide shot, a red kite over a grey sea")
        await page.get_by_label("3", exact=True).check()
        await page.get_by_role("button", name=words["go"]).click()
        await wait_done(page, 4)

        await page.get_by_role("link", name=words["gallery"], exact=True).click()
        await expect(page.locator(".cells [data-job]")).to_have_count(4)
        await page.get_by_role("searchbox").fill("RED KITE")
        await expect(page.locator(".cells [data-job]")).to_have_count(3)
        await page.locator(".cells [data-job] a").first.click()
        assert await decodes(page.locator("video.clip"))
        await expect(page.get_by_text(words["home"])).to_be_visible()
        await expect(page.locator("[data-cost]")).to_contain_text("¥3.00")
        await page.get_by_role("button", name=words["link"]).click()
        await _plays_elsewhere(browser, await page.locator("[data-embed]").input_value())

        await page.get_by_role("link", name=words["compare"]).click()
        await expect(page.locator("[data-take]")).to_have_count(3)
        await page.get_by_role("button", name=words["play"]).click()
        await until(page, "[...document.querySelectorAll('video')].every((v) => v.currentTime > 0)")
        assert await page.evaluate(FALLS_BEHIND)
        await until(page, IN_STEP)
        await page.keyboard.press("2")
        await expect(page.locator("[data-take='2']").get_by_role("button", name=words["picked"])).to_be_visible()
        await page.reload()
        await expect(page.locator("[data-take='2']").get_by_role("button", name=words["picked"])).to_be_visible()
        group = page.url.rpartition("/")[2]
    picked = (await studio.ask("GET", f"/v1/groups/{group}/reviews")).json["pick"]
    jobs = (await studio.ask("GET", f"/v1/groups/{group}")).json["jobs"]
    assert jobs[1]["id"] == picked["job"]


async def _plays_elsewhere(browser: Browser, snippet: str) -> None:
    """The embed snippet, pasted into somebody's blank page, plays there, with its poster."""
    window = await browser.new_context()
    page = await window.new_page()
    await page.set_content(f"<!doctype html><title>Blank</title>{snippet}")
    assert await decodes(page.locator("video"))
    poster = await page.locator("video").get_attribute("poster")
    answer = await page.request.get(poster or "")
    assert "image/jpeg" == answer.headers["content-type"]
    await window.close()


async def test_ten_thousand_clips_are_as_light_as_ten(pages: list[BaseRoute], browser: Browser, tmp_path: Path) -> None:
    """Few are asked for at first; however far one scrolls, the document stays small; a word is found among them all."""
    home = tmp_path / "home"
    async with served(home, None, works=False, pages=pages) as studio:
        async with SqliteStore(home / "wanreel.sqlite3", lambda _: 9, Policy()) as store:
            plain = [make_job(Succeeded, at=NOW + n, prompt=f"Clip number {n}") for n in range(MANY - 1)]
            await store.add([make_job(Succeeded, at=NOW - 9, prompt="A needle"), *plain])
        async with visiting(browser, studio.url) as visit:
            page = visit.page
            await page.goto(f"{studio.url}/#/gallery")
            await expect(page.locator("[data-job]").first).to_contain_text(f"Clip number {MANY - 2}")
            assert 2 >= sum("/v1/jobs?" in url for url in visit.asked)
            most = 0
            for _ in range(12):
                await page.mouse.wheel(0, 4_000)
                await until(page, "document.querySelectorAll('[data-job]').length > 4")
                most = max(most, await page.evaluate("document.querySelectorAll('*').length"))
            assert most <= NODES_MAX
            await page.get_by_role("searchbox").fill("needle")
            await expect(page.locator("[data-job]")).to_have_count(1)


async def test_clips_are_sorted_by_hand(pages: list[BaseRoute], browser: Browser, tmp_path: Path) -> None:
    """By keys: a favourite, tags for those that are chosen; found by both, taken off again; what is no tag is told."""
    home = tmp_path / "home"
    async with served(home, None, works=False, pages=pages) as studio:
        async with SqliteStore(home / "wanreel.sqlite3", lambda _: 9, Policy()) as store:
            jobs = [make_job(Failed, at=NOW + n, prompt=f"Clip {n}", tags=("draft",)) for n in range(3)]
            await store.add(jobs)
        async with visiting(browser, studio.url) as visit:
            page = visit.page
            await page.goto(f"{studio.url}/#/gallery")
            await page.locator(".cells a").first.focus()
            await page.keyboard.press("f")
            await expect(page.get_by_role("button", name="Favourite: Clip 2")).to_have_attribute("aria-pressed", "true")
            await page.keyboard.press("x")
            await page.keyboard.press("ArrowRight")
            await until(page, "document.activeElement.closest('[data-at]')?.dataset.at === '1'")
            await page.keyboard.press("x")
            await page.keyboard.press("t")
            line = page.get_by_role("toolbar").get_by_label("Add tags")
            await expect(line).to_be_focused()
            await page.keyboard.type(f"hero， {TAG}")
            await page.keyboard.press("Enter")
            tags = page.get_by_role("toolbar").get_by_role("listitem")
            await expect(tags).to_have_text(["draft", "hero", TAG])
            await page.get_by_role("button", name="Take off the tag draft").click()
            await expect(tags).to_have_text(["hero", TAG])
            await line.fill("x" * 65)
            await line.press("Enter")
            await expect(page.locator(".say.bad")).to_contain_text("64")
            await page.keyboard.press("Escape")
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("toolbar")).to_be_hidden()
            await page.get_by_label("Tags").fill(TAG)
            await expect(page.locator(".cells [data-job]")).to_have_count(2)
            await page.get_by_role("button", name="Favourites").click()
            await expect(page.locator(".cells [data-job]")).to_have_count(1)
            await page.locator(".cells a").first.click()
            await expect(page.locator("dd").get_by_role("listitem")).to_have_text(["hero", TAG])
            assert 0 == await page.locator("img[src=x]").count()
        listed = (await studio.ask("GET", "/v1/jobs")).json["data"]
    assert [(["hero", TAG], True), (["hero", TAG], False), (["draft"], False)] == [
        (one["tags"], one["favourite"]) for one in listed
    ]


async def test_what_others_wrote_is_text_on_every_page(studio: Served, vendor: Emulator, browser: Browser) -> None:
    """Markup in a prompt, a name, an own template, a picture's file name or the vendor's words is shown letter by
    letter wherever it is shown, and what tries to run or to leave is refused.
    """
    job = await studio.made(prompt=f"A kite {HARM}", name=f"Name {HARM}")
    await studio.ask("PUT", "/v1/prompt/templates/own", {"text": f"A {{thing}} {HARM}"})
    vendor.script({"create": [FAILS, REFUSES]}, account="*")
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(studio.url)
        await page.get_by_role("button", name="Templates").click()
        await expect(page.get_by_role("dialog").get_by_role("listitem").first).to_contain_text(f"A {{thing}} {HARM}")
        await page.get_by_role("button", name="Close", exact=True).click()
        await page.get_by_role("tab", name="Picture").click()
        await drop(page, "first", picture("teal"), f"{HARM}.png")
        await expect(page.locator(".drop")).to_contain_text(f"{HARM}.png")
        await page.get_by_label("What should move?").fill(f"It turns {HARM}")
        await page.get_by_role("button", name="Make it").click()
        await expect(page.locator("[data-state=failed]")).to_contain_text(f"Failed {HARM}", timeout=PATIENCE_MS)
        failed = next(one for one in (await studio.ask("GET", "/v1/jobs")).json["data"] if "failed" == one["state"])
        waits = await studio.order(prompt=f"It waits {HARM}")
        await expect(page.locator("[data-state=queued]")).to_contain_text(f"Refused {HARM}", timeout=PATIENCE_MS)
        shown = {
            "": ("Name", "It turns", "Failed", "It waits", "Refused"),
            "#/gallery": ("Name", "It turns", "It waits"),
            "#/attention": ("It waits", "Refused"),
            "#/accounts": ("Refused",),
            f"#/job/{job['id']}": ("Name", "A kite"),
            f"#/job/{failed['id']}": ("It turns", "Failed"),
            f"#/job/{waits['id']}": ("It waits", "Refused"),
        }
        for where, words in shown.items():
            await page.goto(f"{studio.url}/{where}")
            for word in words:
                await expect(page.locator("main").get_by_text(f"{word} {HARM}").first).to_be_visible()
            assert 0 == await page.locator("img[src=x]").count(), where
        assert await page.evaluate("window.broken === undefined")
        tries = """async () => {
          const said = [];
          await new Promise((go) => setTimeout(go)); // what a debugger evaluates is free of the policy; this is not
          document.addEventListener("securitypolicyviolation", (e) => said.push(e.effectiveDirective));
          try { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.broken=1'>"); }
          catch (e) { said.push(e.name); }
          const script = document.createElement("script");
          try { script.text = "window.broken = 1"; document.body.append(script); } catch (e) { said.push(e.name); }
          const style = document.createElement("div");
          style.setAttribute("style", "color: red");
          try { eval("window.broken = 1"); } catch (e) { said.push(e.name); }
          await fetch("http://127.0.0.1:9/").catch(() => undefined);
          const late = performance.now() + 20000; // what was refused is told a little later
          while (!["style-src-attr", "connect-src"].every((d) => said.includes(d)) && performance.now() < late)
            await new Promise((go) => setTimeout(go, 20));
          return [said, window.broken ?? null];
        }"""
        visit.is_cut = True  # the refusals are written to the console too
        said, broken = await page.evaluate(tries)
        visit.asked = [url for url in visit.asked if "127.0.0.1:9/" not in url]
    assert broken is None
    assert {"TypeError", "EvalError", "style-src-attr", "connect-src"} <= set(said), said
