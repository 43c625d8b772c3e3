"""Leave a small database of this release behind: `python -m tests.store.make_old_data v2`, once, and commit both files.

It holds a job in every state, every kind of event, spares, notices in all stages and parks.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.factories import (
    NOW,
    make_account,
    make_change,
    make_event,
    make_job,
    make_notice,
    make_request,
    make_state,
    make_task,
)
from wanreel.domain.event import EVENTS, Park, Pause, SlotKey
from wanreel.domain.job import STATES, Cancel, Cancelled, Generating, Queued
from wanreel.domain.policy import Policy
from wanreel.domain.request import Link, Media, Stored
from wanreel.ports.jobs import Filter
from wanreel.store.sqlite import SqliteStore

DATA = Path(__file__).parent / "data"
PICTURE = Stored("ab" * 32, "image/png", 4321, 1280, 720, "红色风筝.png")


async def fill(store: SqliteStore) -> None:
    """Everything a database of this release can hold, once."""
    for number, kind in enumerate(STATES):
        name = kind.__name__.lower()
        await store.add([make_job(kind, id=f"job_{name}", task_id=f"task-{name}", at=NOW + number, group="all states")])
    whole = make_request(
        mode="kf2v",
        negative_prompt="blurry",
        media=(Media("first_frame", PICTURE), Media("last_frame", Link("https://example.com/last.png"))),
        prompt_extend=True,
        watermark=False,
        shot_type="multi",
        audio=True,
        template="squish",
        extra_parameters='{"camera":{"pan":0.1}}',
        asked_model="wan2.5",
        prompt="一只红色的风筝 over a grey sea",
    )
    long_life = make_job(id="job_life", request=whole, key="row-1", name="row 1", account=make_account("second"))
    await store.add([long_life])
    job = long_life
    for number, event in enumerate(EVENTS):
        change = make_change(job, Queued(NOW, number, "words of the vendor's"), at=NOW + number / 7)
        assert change.entry is not None
        job = await store.commit(replace(change, entry=replace(change.entry, event=make_event(event))))
    watched = make_state(Generating, task_id="task-2", seen_at=NOW, unknown_since=NOW - 9, unknown_looks=3)
    job = await store.commit(
        make_change(job, watched, attempt=2, past=(make_task("task-1"),), cancel=Cancel(NOW, discard=True))
    )
    spare = make_job(Generating, id="job_spare", task_id="task-3", spare_of=job.id, retry_of="job_failed")
    notices = tuple(make_notice(job, NOW + n, id=f"notice-{n}") for n in range(3))
    job = await store.commit(make_change(job, watched, born=(spare,), notices=notices))
    await store.delivered(["notice-0"], NOW)
    await store.postpone("notice-1", NOW + 60)
    for kind, model in ((Pause.BUSY, "wan2.5-t2v-preview"), (Pause.ACCOUNT, "*"), (Pause.QUOTA, "wan2.2-t2v-plus")):
        park = Park(SlotKey("second", model), kind, NOW + 1000, f"parked for {kind}")
        job = await store.commit(make_change(job, watched, quiet=kind is Pause.QUOTA, park=park))
    ended = make_job(Generating, id="job_ended", task_id="task-4", prompt_extend_off=True)
    await store.add([ended])
    await store.commit(make_change(ended, Cancelled(NOW, make_task("task-4"))))


async def told_of(store: SqliteStore, now: float) -> dict[str, Any]:
    """All that the store tells, in plain values."""
    jobs = await store.find(Filter(limit=1000))
    return {
        "now": now,
        "jobs": [{"state": type(job.state).__name__, "job": asdict(job)} for job in jobs],
        "history": {
            job.id: [{"event": type(e.event).__name__, "entry": asdict(e)} for e in await store.history(job.id)]
            for job in jobs
        },
        "parks": [asdict(parked) for parked in await store.parks(now)],
        "owed": [asdict(owed) for owed in await store.owed(now + 1e6, 1000)],
        "in_use": [[asdict(key), slots] for key, slots in (await store.in_use(now)).items()],
    }


async def main(name: str) -> None:
    """Write the database and its story; an existing one is never written again."""
    path = DATA / f"{name}.sqlite3"
    if path.exists():
        sys.exit(f"{path} is there already, and stays as it is")
    async with SqliteStore(path, lambda _key: 100, Policy()) as store:
        await fill(store)
        story = await told_of(store, NOW)
    path.with_suffix(".json").write_text(json.dumps(story, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
