"""Tests of finding and comparing clips in a browser: a gallery of any size, a job's page, takes side by side."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Page, expect
from starlette.routing import BaseRoute

from tests.api.served import Served, served
from tests.factories import NOW, make_job
from tests.web.browser import visiting
from tests.web.hands import decodes, until, wait_done
from wanreel.domain.job import Succeeded
from wanreel.domain.policy import Policy
from wanreel.store.sqlite import SqliteStore

MANY = 10_000
NODES_MAX = 2_000
HARM = '<img src=x onerror="window.broken=1">'


async def test_three_takes_are_compared_picked_and_found_again(studio: Served, browser: Browser) -> None:
    """Takes play in step; a key picks one, for good; a search finds it; its page plays it and tells what happened."""
    await studio.order(prompt="A green lantern in the rain")
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(studio.url)
        await page.get_by_label("What should it show?").fill("Wide shot, a red kite over a grey sea")
        await page.get_by_label("3", exact=True).check()
        await page.get_by_role("button", name="Make 3 takes").click()
        await wait_done(page, 4)

        await page.get_by_role("link", name="Gallery").click()
        await expect(page.locator("[data-job]")).to_have_count(4)
        await page.get_by_role("searchbox").fill("RED KITE")
        await expect(page.locator("[data-job]")).to_have_count(3)
        await page.locator("[data-job] a").first.click()
        assert await decodes(page.locator("video.clip"))
        await expect(page.get_by_text("Brought home and checked")).to_be_visible()
        await page.get_by_role("button", name="Make a link").click()
        await _plays_elsewhere(browser, await page.locator("[data-embed]").input_value())

        await page.get_by_role("link", name="Compare").click()
        await expect(page.locator("[data-take]")).to_have_count(3)
        await page.get_by_role("button", name="Play").click()
        await until(page, "[...document.querySelectorAll('video')].every((v) => v.currentTime > 0)")
        assert await _apart_s(page) < 0.25
        await page.keyboard.press("2")
        await expect(page.locator("[data-take='2']").get_by_role("button", name="Picked")).to_be_visible()
        await page.reload()
        await expect(page.locator("[data-take='2']").get_by_role("button", name="Picked")).to_be_visible()
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


async def _apart_s(page: Page) -> float:
    """How far apart in time the clips on a page are."""
    script = "(() => { const at = [...document.querySelectorAll('video')].map((v) => v.currentTime); "
    return await page.evaluate(f"{script} return Math.max(...at) - Math.min(...at); }})()")


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


async def test_what_others_wrote_is_text_on_every_page(studio: Served, browser: Browser) -> None:
    """Markup in a prompt or a name is shown letter by letter, and what tries to run or to leave is refused."""
    job = await studio.made(prompt=f"A kite {HARM}", name=f"Name {HARM}")
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        for where in ("", "#/gallery", f"#/job/{job['id']}"):
            await page.goto(f"{studio.url}/{where}")
            await expect(page.get_by_text(f"Name {HARM}").first).to_be_visible()
        await expect(page.get_by_text(f"A kite {HARM}").first).to_be_visible()
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
          await new Promise((go) => setTimeout(go, 50));
          return [said, window.broken ?? null];
        }"""
        said, broken = await page.evaluate(tries)
        visit.errors.clear()  # the refusals are written to the console too
        visit.asked = [url for url in visit.asked if "127.0.0.1:9/" not in url]
    assert broken is None
    assert {"TypeError", "EvalError", "style-src-attr", "connect-src"} <= set(said), said
