"""Pytest fixtures: put ``pytest_plugins = ["wanreel.emulator.pytest_plugin"]`` into a conftest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wanreel.emulator.server import Emulator


@pytest.fixture
def wan_emulator() -> Iterator[Emulator]:
    """An emulator on a free port, a thousand times faster than the vendor, for blocking and async tests alike.

    At the end of the test every scripted fault must have been met.
    """
    with Emulator(speed=1000.0, seed=0) as emulator:
        yield emulator
        all_met(emulator)


def all_met(emulator: Emulator) -> None:
    """Fail, naming them, when scripted faults were left unmet: a test that missed its danger proved nothing."""
    unmet = emulator.unmet()
    assert not unmet, f"scripted faults that nobody met: {unmet}"
