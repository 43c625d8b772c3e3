"""Shared by the library's tests: a vendor on this machine, and what a client of it is made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.client.small_world import KEY, environment, small_vendor
from wanreel.emulator.server import Emulator


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, two thousand times as quick, its clips a few hundred bytes."""
    with small_vendor() as emulator:
        yield emulator


@pytest.fixture
def given(vendor: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Arguments of a client; the figures of a job's life come from the environment."""
    for name, value in environment(tmp_path / "home", vendor, key=None).items():
        if name.startswith("WANREEL_POLICY"):
            monkeypatch.setenv(name, value)
    yield {"home": tmp_path / "home", "api_key": KEY, "base_url": vendor.base_url}
    structlog.reset_defaults()
