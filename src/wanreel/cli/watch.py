"""`wanreel watch` and `wanreel worker`: following jobs, and working a home's jobs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.generate import print_ended, verdict
from wanreel.cli.options import HOME, VENDOR, HomeOptions, VendorOptions
from wanreel.cli.render import Progress
from wanreel.cli.session import run, say


def watch(
    job_ids: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    /,
    *,
    timeout: float | None = None,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Follow jobs (default: all unfinished ones) until each has ended or needs a person.

    Works the home's jobs itself when no other process does.

    Parameters
    ----------
    job_ids
        Ids, or unambiguous beginnings of ids.
    timeout
        Seconds to wait at most; the jobs go on all the same.
    """

    async def work() -> int:
        from wanreel.library import AsyncClient
        from wanreel.worker.loop import UNFINISHED

        async with AsyncClient(home=home.home, base_url=vendor.base_url, region=vendor.region) as client:
            ids = list(job_ids)
            if not ids:
                ids = [v.id for v in await client.list(states=UNFINISHED, limit=10_000)]
                if not ids:
                    say("nothing to watch: no unfinished jobs")
                    return Exit.OK
            with Progress(quiet=home.json) as progress:
                videos = await client.wait_all(ids, timeout_s=timeout, on_change=progress.show)
            await print_ended(client, videos, None, as_json=home.json)
            return verdict(videos)

    return run(work, as_json=home.json)


def worker(
    *,
    until_idle: Annotated[bool, Parameter(negative="")] = False,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Work a home's jobs until stopped. One process does this for a home; others can order and look beside it.

    Parameters
    ----------
    until_idle
        Return when nothing can move without a person.
    """

    async def work() -> int:
        import asyncio

        from wanreel.domain.errors import Conflict
        from wanreel.ports import Filter
        from wanreel.settings import load
        from wanreel.wiring import open_home

        async with open_home(load(**home.given(), **vendor.given())) as opened:
            if not opened.lock.try_lock():
                raise Conflict(f"another process works the jobs of {opened.path}; it will do these too")
            runner = opened.runner()
            task = asyncio.get_running_loop().create_task(runner.run(until_idle=until_idle))
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                runner.stop()
                await task
                raise
            finally:
                opened.lock.release()
            left = await opened.service.list(Filter(states=("unconfirmed", "queued"), limit=1000))
            for job in left:
                words = await opened.service.attention(job)
                if words:
                    say(f"{job.id}: {words}")
            return Exit.ATTENTION if left else Exit.OK

    return run(work, as_json=home.json, log="info")
