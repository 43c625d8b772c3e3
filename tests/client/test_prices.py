"""Prices that are mended while processes work a home: nobody has to start anything anew."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.client.small_world import bought, environment
from wanreel.domain.job import state_name
from wanreel.domain.submitting import BUDGET
from wanreel.emulator.server import Emulator
from wanreel.service.order import Order
from wanreel.settings import load
from wanreel.wiring import open_home

MODEL = "wan3.0-video-prime"  # the vendor has it in Singapore, and nobody has found its price there
PRICE = f'[[prices]]\nmodel = "{MODEL}"\nregion = "singapore"\ncurrency = "USD"\nper_second = {{ any = "0.1" }}\n'


async def come_true(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look until it holds; the suite's own limit ends a wait in vain."""
    tick = threading.Event()
    while not await holds():
        await asyncio.to_thread(tick.wait, 0.02)


async def test_a_job_held_for_an_unknown_price_goes_once_the_file_tells_it(
    vendor: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that runs, and a process that only takes orders, both know the price that was written meanwhile."""
    for name, value in environment(tmp_path / "home", vendor).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WANREEL_REGION", "singapore")
    order = Order(prompt="A fox", model=MODEL, resolution="720P", duration_s="5")
    async with open_home(load()) as worker, open_home(load()) as desk:
        await worker.till.set_budget("2", period="day")
        (job,) = await desk.service.submit(order)
        runner = worker.runner()
        work = asyncio.create_task(runner.run())

        async def state_is(*words: str) -> bool:
            state = (await desk.service.get(job.id)).state
            return {state_name(state), getattr(state, "held_by", "")} >= set(words)

        async def desk_knows() -> bool:
            return (await desk.service.plan(order)).estimate.amount is not None

        await come_true(lambda: state_is("queued", BUDGET))
        (tmp_path / "home" / "prices.toml").write_text(PRICE, encoding="utf-8")
        await come_true(lambda: state_is("succeeded"))
        await come_true(desk_knows)
        runner.stop()
        await work
    assert 1 == bought(vendor)
