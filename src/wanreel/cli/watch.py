"""`wanreel watch` and `wanreel worker`: following jobs, and working a home's jobs."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.follow import follow
from wanreel.cli.options import HOME, TEMPORAL, VENDOR, HomeOptions, TemporalOptions, VendorOptions
from wanreel.cli.report import say
from wanreel.cli.session import in_home, run

FOLLOWED_MAX = 100_000


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

        async with AsyncClient(**home.given(), **vendor.address()) as client:
            ids = list(job_ids) or [v.id for v in await client.list(states=UNFINISHED, limit=FOLLOWED_MAX)]
            if not ids:
                say("nothing to watch: no unfinished jobs")
                return Exit.OK
            return await follow(client, ids, out=None, as_json=home.json, timeout_s=timeout)

    return run(work, as_json=home.json)


def worker(
    *,
    until_idle: Annotated[bool, Parameter(negative="")] = False,
    drain: Annotated[bool, Parameter(negative="")] = False,
    hooks: str | None = None,
    metrics: str | None = None,
    engine: Literal["loop", "temporal"] | None = None,
    temporal: TemporalOptions = TEMPORAL,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Work a home's jobs until stopped. One process does this for a home; others can order and look beside it. With a
    shared database any number of them do.

    Parameters
    ----------
    until_idle
        Return when nothing can move without a person.
    drain
        Send nothing more, and return when everything that was sent has ended.
    hooks
        HOST:PORT to receive EventBridge's completion events at, under /hooks/eventbridge.
    metrics
        HOST:PORT to serve Prometheus' metrics at, under /metrics. It asks for no token: keep it inside.
    engine
        Who says where and when jobs take their steps: this worker's own loop, or a Temporal service.
    """
    from wanreel.cli.working import Listens, work_home
    from wanreel.metrics.counting import Counting

    counting = Counting()
    listens = Listens(hooks, metrics, counting)
    return in_home(
        lambda opened: work_home(opened, until_idle=until_idle, drain=drain, listens=listens),
        home,
        log="info",
        counting=counting,
        engine=engine,
        **temporal.given(),
        **vendor.given(),
    )
