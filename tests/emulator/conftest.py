"""Shared by the emulator's tests: a desk with helpers, and a running emulator whose clips cost nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.emulator.front_desk import FrontDesk, fake_clip
from wanreel.emulator.server import Emulator


@pytest.fixture
def desk() -> FrontDesk:
    """A desk in virtual time that assumes every picture is there."""
    return FrontDesk()


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A fast emulator that serves a stand-in for clips."""
    async with Emulator(speed=1000.0, seed=0, submit_rate=0, render=fake_clip) as running:
        yield running
