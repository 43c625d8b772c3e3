"""Shared by the API's tests: a vendor on this machine, and a home served over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.api.served import OUTSIDE, Served, served, small_vendor
from tests.e2e.clip import small_clip
from wanreel.emulator.server import Emulator


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, two thousand times as quick, its clips a few hundred bytes."""
    with small_vendor() as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No log lines in a test's output."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def server(vendor: Emulator, tmp_path: Path) -> AsyncIterator[Served]:
    """A home served and worked in this process."""
    async with served(tmp_path / "home", vendor) as it:
        yield it


@pytest.fixture
async def filmed(tmp_path: Path) -> AsyncIterator[Served]:
    """A home served and worked, with clips that can be looked into, that knows where it is seen from outside."""
    with small_vendor(render=lambda _: small_clip()) as emulator:
        async with served(tmp_path / "home", emulator, public_url=OUTSIDE) as it:
            yield it


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Served]:
    """A home served by a process that does not work it, whose vendor cannot be reached."""
    async with served(tmp_path / "home", None, works=False) as it:
        yield it
