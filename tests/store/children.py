"""Other processes for the store's tests: `python -m tests.store.children WHAT DATABASE ...`."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

from tests.contract.stores import submitting
from tests.factories import NOW, make_change, make_job
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Generating
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Filter
from wanreel.store.lock import RunnerLock
from wanreel.store.sqlite import SqliteStore

CALLERS = 20


def store_at(path: str, limit: int = 1) -> SqliteStore:
    """A store whose every key has one slot."""
    return SqliteStore(Path(path), lambda _key: limit, Policy())


async def commit_for_ever(path: str, name: str) -> None:
    """Many callers change a job each, over and over; every change is told on stdout once it is acknowledged."""

    async def caller(number: int) -> None:
        job = make_job(Generating, id=f"{name}-{number}", task_id=f"{name}-{number}")
        await store.add([job])
        while True:
            job = await store.commit(make_change(job, job.state))
            os.write(1, f"{job.id} {job.version}\n".encode())

    async with store_at(path) as store:
        await asyncio.gather(*(caller(n) for n in range(CALLERS)))


async def open_once(path: str) -> None:
    """Open, add one job under a key that others want too, close."""
    async with store_at(path) as store:
        (job,) = await store.add([make_job(id=f"job_{os.getpid()}", key="same")])
        print(job.id)


async def begin(path: str, job_id: str) -> None:
    """Ask for the one slot there is."""
    async with store_at(path) as store:
        job = await store.get(job_id)
        print(await store.begin(submitting(job, NOW), NOW, 0.0, NOW + 60))


def largest_file_bytes(path: str) -> int:
    """The size of the database's largest file."""
    return max(Path(path + suffix).stat().st_size for suffix in ("", "-wal", "-shm"))


async def fill_disk(path: str) -> None:
    """Write until no file may grow any more; then, with room again, go on."""
    async with store_at(path) as store:
        await store.add([make_job(id="job_before")])
        room = largest_file_bytes(path) + 100_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        number, said = 0, ""
        while not said:
            number += 1
            try:
                await store.add([make_job(id=f"job_{number}_{n}", prompt="x" * 5000) for n in range(4)])
            except Unavailable as error:
                said = error.message
        lost = [id_ for id_ in (f"job_{number}_{n}" for n in range(4)) if not await _is_missing(store, id_)]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await store.add([make_job(id="job_after")])
    async with store_at(path) as store:
        held = len(await store.find(Filter(limit=10_000)))
        await store.get("job_after")
        print(f"half-written {lost}; held {held - 2} of {(number - 1) * 4}; {said}")


def hold_lock(path: str) -> None:
    """Take the runner's lock, say so, and keep it until stdin ends."""
    print(RunnerLock(Path(path)).try_lock("a child"), flush=True)
    sys.stdin.read()


def fork_under_lock(path: str) -> None:
    """Fork while holding the lock; the child stays alive while the parent lets go."""
    lock, other = RunnerLock(Path(path)), RunnerLock(Path(path))
    lock.try_lock()
    told, tell = os.pipe()
    stay, leave = os.pipe()
    if os.fork() == 0:
        os.close(leave)
        os.write(1, f"child holds it: {lock.held}\nchild gets it: {other.try_lock()}\n".encode())
        os.write(tell, b"!")
        os.read(stay, 1)
        os._exit(0)
    os.read(told, 1)
    os.write(1, f"parent kept it: {not other.try_lock()}\n".encode())
    lock.release()
    os.write(1, f"free after release: {other.try_lock()}\n".encode())
    os.close(leave)
    os.wait()


async def _is_missing(store: SqliteStore, job_id: str) -> bool:
    try:
        await store.get(job_id)
    except NotFound:
        return True
    return False


if __name__ == "__main__":
    work = globals()[sys.argv[1]](*sys.argv[2:])
    if work is not None:
        asyncio.run(work)
