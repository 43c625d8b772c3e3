"""Write the histories of today's workflow for tomorrow's to be replayed on: python -m tests.temporal.record RELEASE.

One for each thing that can befall a workflow. What a release has left is never written again: it is what lies in the
histories of whoever runs it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.temporal.server import temporal
from tests.temporal.troupe import Troupe, troupe
from wanreel.domain.job import Job
from wanreel.ports.engine import Turn
from wanreel.temporal.flow import TURNS_MAX

HISTORIES = Path(__file__).parent / "histories"
RUNS = Turn("generating", wait_s=1000.0)
LOOK = Turn("generating", wait_s=0.01)
MADE = Turn("archiving", wait_s=0.0, heavy=True)
LATER = Turn("archiving", wait_s=0.01, heavy=True)
DONE = Turn("succeeded", over=True)
Life = Callable[[Troupe], Awaitable[Job]]


async def _seen_by_the_watcher(them: Troupe) -> Job:
    job = them.job(1, RUNS, MADE, DONE)
    await them.engine.wake(job, "first")
    await them.found(f"WorkflowId = '{job.id}' AND WanreelState = 'generating'", 1)
    await them.engine.wake(job)
    return job


async def _by_its_own_timers(them: Troupe) -> Job:
    job = them.job(2, LOOK, LOOK, MADE, LATER, DONE)
    await them.engine.wake(job, "first")
    return job


async def _refused_for_now(them: Troupe) -> Job:
    job = them.job(3, Turn("queued", over=True))
    await them.engine.wake(job, "first")
    return job


async def _in_doubt_and_adopted(them: Troupe) -> Job:
    job = them.job(4, Turn("submitting", wait_s=0.01), Turn("unconfirmed", wait_s=600.0), RUNS, MADE, DONE)
    await them.engine.wake(job, "first")
    for state in ("unconfirmed", "generating"):
        await them.found(f"WorkflowId = '{job.id}' AND WanreelState = '{state}'", 1)
        await them.engine.wake(job)
    return job


async def _nothing_could_be_done_for_a_while(them: Troupe) -> Job:
    job = them.job(5, Turn("", trouble=True), Turn("generating", wait_s=0.0, trouble=True), MADE, DONE)
    await them.engine.wake(job, "first")
    return job


async def _its_worker_was_gone(them: Troupe) -> Job:
    job = them.job(6, Turn("queued", over=True))
    ghost = await them.hire("ghost")
    await them.stack.pop_all().aclose()  # everybody leaves; then somebody comes
    ghost._client = them.client
    await ghost.wake(job, "ghost")
    await them.hire("third")
    return job


async def _many_turns(them: Troupe) -> Job:
    job = them.job(7, *[Turn("generating", wait_s=0.0)] * (TURNS_MAX + 1), DONE)
    await them.engine.wake(job, "first")
    return job


async def _ended_at_temporals_page(them: Troupe) -> Job:
    job = them.job(8, RUNS)
    await them.engine.wake(job, "first")
    await them.found(f"WorkflowId = '{job.id}' AND WanreelState = 'generating'", 1)
    await them.flow(job).cancel()
    return job


LIVES: dict[str, Life] = {
    life.__name__.strip("_").replace("_", "-"): life
    for life in (
        _seen_by_the_watcher,
        _by_its_own_timers,
        _refused_for_now,
        _in_doubt_and_adopted,
        _nothing_could_be_done_for_a_while,
        _its_worker_was_gone,
        _many_turns,
        _ended_at_temporals_page,
    )
}


async def record(release: str) -> None:
    """All of them."""
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, temporal(Path(folder)) as server:
        for name, life in LIVES.items():
            async with troupe(server, name) as them:
                job = await life(them)
                first = (await them.flow(job).describe()).run_id
                try:
                    await them.ends(job)
                except Exception as why:  # noqa: BLE001 - a cancelled one says so by raising
                    print(f"{name}: {why}")
                handle = them.client.get_workflow_handle(job.id, run_id=first)
                text = (await handle.fetch_history()).to_json()
                file = HISTORIES / f"{release}-{name}.json"
                file.write_text(_without_names(text) + "\n", "utf-8")
                print(file.name, len(text))


def _without_names(text: str) -> str:
    """Without the name of the machine, and without indentation."""
    return re.sub(r'"\d+@[\w.]+', '"1@host', json.dumps(json.loads(text)))


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
