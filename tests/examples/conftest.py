"""What every example starts from: a vendor on this machine, and an open client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.client.small_world import KEY, environment, picture, small_vendor
from wanreel import Client
from wanreel.emulator.server import Emulator


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """Wan's API on this machine: its counters say what was bought, its scripts make things go wrong."""
    with small_vendor() as emulator:
        yield emulator


@pytest.fixture
def wan(vendor: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client with a home of its own."""
    for name, value in environment(tmp_path / "home", vendor).items():
        monkeypatch.setenv(name, value)
    with Client(home=tmp_path / "home", api_key=KEY, base_url=vendor.base_url) as client:
        yield client
    structlog.reset_defaults()


@pytest.fixture
def lantern(tmp_path: Path) -> Path:
    """A still to start from."""
    path = tmp_path / "lantern.png"
    path.write_bytes(picture("#cc7733"))
    return path


@pytest.fixture
def noon(tmp_path: Path) -> Path:
    """A first frame."""
    path = tmp_path / "noon.png"
    path.write_bytes(picture("#88bbee"))
    return path


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A last frame."""
    path = tmp_path / "night.png"
    path.write_bytes(picture("#112244"))
    return path
