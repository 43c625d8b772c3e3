"""Tests of the accounts' page: what is held back, by whom it may be, and that work waits for it and goes on."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.api.served import Served
from tests.api.test_tokens import bearer
from tests.web.browser import visiting
from tests.web.hands import PATIENCE_MS, wait_done

WHY = "the bill is looked at"


async def test_an_account_is_held_back_and_let_go(studio: Served, browser: Browser) -> None:
    """Held back with a reason, what is ordered waits and says why; let go, it is made. A project's token sees none."""
    async with visiting(browser, studio.url) as visit:
        page = visit.page
        await page.goto(f"{studio.url}/#/accounts")
        await page.get_by_role("button", name="Hold it back").click()
        await page.get_by_label("Why").fill(WHY)
        await page.get_by_role("button", name="Hold it back").click()
        await expect(page.locator(".note.warn")).to_contain_text(f"Held back: every model: {WHY}")
        await studio.order()
        await page.get_by_role("link", name="Make").click()
        await expect(page.locator("[data-state=queued]")).to_contain_text(WHY, timeout=PATIENCE_MS)
        await page.get_by_role("link", name="Accounts").click()
        await page.get_by_role("button", name="Let it go on").click()
        await expect(page.locator(".note.warn")).to_be_hidden()
        await page.get_by_role("link", name="Make").click()
        await wait_done(page, 1)

        mine = await bearer(studio, project="films")
        await page.evaluate("(token) => localStorage.setItem('wanreel.token', token)", mine.removeprefix("Bearer "))
        await page.goto(f"{studio.url}/#/accounts")
        await page.reload()
        await expect(page.get_by_text("this needs an admin's token")).to_be_visible()
        await expect(page.get_by_role("button", name="Hold it back")).to_be_hidden()
