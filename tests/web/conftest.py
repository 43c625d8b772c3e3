"""Shared by the studio's tests: a home served with its page, over a vendor whose clips really play."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from playwright.async_api import Browser, expect
from starlette.routing import BaseRoute

from tests.api.served import Served, served, small_vendor
from tests.e2e.clip import small_clip
from tests.web.browser import browsing
from tests.web.hands import PATIENCE_MS
from wanreel.emulator.server import Emulator
from wanreel.web.page import DIST, routes

expect.set_options(timeout=PATIENCE_MS)  # a busy machine is slow, and no error


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No log lines in a test's output."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def pages() -> list[BaseRoute]:
    """The studio as built. A checkout without it says how to build it."""
    assert (DIST / "index.html").exists(), "build the studio first: make page"
    return routes()


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, much quicker, its clips small and real."""
    with small_vendor(render=lambda _: small_clip()) as emulator:
        yield emulator


@pytest.fixture
async def studio(vendor: Emulator, pages: list[BaseRoute], tmp_path: Path) -> AsyncIterator[Served]:
    """A home served and worked in this process, page and all."""
    async with served(tmp_path / "home", vendor, pages=pages) as it:
        yield it


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    async with browsing() as it:
        yield it
