"""A real Chromium for the studio's tests: the machine's own, else one from a package, which needs no root.

It is started so that it asks nothing of anybody but the server under test.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

HERE = Path(__file__).parent
PACKAGE = HERE / "chromium"
ROOT = HERE.parent.parent
KEPT = ROOT / ".venv" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PREFERRED = "<prefer><family>Inter</family><family>DejaVu Sans</family><family>Noto Sans SC</family></prefer>"
ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
"""The last one is for the tests alone: what they ask is whether a clip decodes, not whether somebody has clicked."""


@asynccontextmanager
async def browsing() -> AsyncGenerator[Browser]:
    """A browser of its own until the block ends."""
    path, libraries = _chromium()
    surroundings = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    told: dict[str, str | float | bool] = {**surroundings, "FONTCONFIG_FILE": str(_fonts())}
    if libraries:
        told["LD_LIBRARY_PATH"] = libraries
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=list(ALONE), env=told)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(browser: Browser, url: str, **context: Any) -> AsyncGenerator[Visit]:
    """One person's window on the studio. At the end: no error was met, and no request had left for elsewhere."""
    given: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **context}
    window = await browser.new_context(**given)
    page = await window.new_page()
    visit = Visit(page, url)
    page.on("request", lambda request: visit.asked.append(request.url))
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("console", lambda said: visit.told(said.type, said.text))
    try:
        yield visit
    finally:
        await window.close()
    visit.check()


class Visit:
    """A page, the address it is served from, and what went on in it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.is_cut = False  # while there is no network, failed requests are no error of the page's

    def told(self, kind: str, text: str) -> None:
        """Something the browser wrote to its console."""
        if kind == "error" and not self.is_cut and "net::ERR" not in text and "the server responded" not in text:
            self.errors.append(text)

    def check(self) -> None:
        """Nothing broke, and nothing was asked of anybody else."""
        assert [] == self.errors
        away = [url for url in self.asked if not url.startswith((f"{self.url}/", "blob:", "data:"))]
        assert [] == away


@cache
def _chromium() -> tuple[str, str]:
    """The browser, and the folder of libraries it brings along."""
    own = os.environ.get("WANREEL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if own:
        return own, ""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip(
            "no Chromium here, and the package that carries one is for Linux on x86_64: install Chromium, or name one "
            "in WANREEL_TEST_CHROMIUM"
        )
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes may want it at once
        return _unpacked()


def _unpacked() -> tuple[str, str]:
    note = KEPT / "where.json"
    if not note.exists():
        shutil.copytree(PACKAGE, KEPT / "package", dirs_exist_ok=True)
        told = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TMPDIR": str(KEPT)}
        fetch = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(fetch, cwd=KEPT / "package", env=told, check=True)
        made = subprocess.run(
            ["node", "unpack.mjs"], cwd=KEPT / "package", env=told, check=True, capture_output=True, text=True
        )
        note.write_text(made.stdout)
    where = json.loads(note.read_text())
    return where["path"], where["libraries"]


@cache
def _fonts() -> Path:
    """A font list that holds Chinese on every machine: a package of ours brings Noto Sans SC."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    assert spec is not None
    assert spec.submodule_search_locations
    folders = [*spec.submodule_search_locations, "/usr/share/fonts", "/usr/local/share/fonts"]
    made = KEPT.parent / "fonts.conf"
    lines = [
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>',
        '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>',
        *(f"<dir>{folder}</dir>" for folder in folders),
        f"<cachedir>{KEPT.parent / 'fonts-cache'}</cachedir>",
        *(f"<alias><family>{name}</family>{_PREFERRED}</alias>" for name in ("system-ui", "sans-serif")),
        "</fontconfig>",
    ]
    made.write_text("\n".join(lines))
    return made
