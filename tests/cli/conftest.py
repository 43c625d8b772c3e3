"""Shared by the command line's tests: a vendor on this machine, and a terminal set up for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.client.small_world import environment, small_vendor
from wanreel.emulator.server import Emulator


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, two thousand times as quick, its clips a few hundred bytes."""
    with small_vendor(quirks={"foreign_media": "assume"}) as emulator:
        yield emulator


@pytest.fixture
def terminal(
    vendor: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    """A terminal of somebody with a key, standing in an empty folder, whose home is `home` in it."""
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys, environment(tmp_path / "home", vendor), tmp_path)
