"""`wanreel generate`: from words to an archived clip."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.follow import follow
from wanreel.cli.options import CLIP, HOME, VENDOR, ClipOptions, HomeOptions, VendorOptions
from wanreel.cli.prices import print_plan, warn
from wanreel.cli.render import print_json
from wanreel.cli.report import put
from wanreel.cli.session import run


def generate(
    prompt: str | None = None,
    /,
    *,
    variants: str = "1",
    name: str | None = None,
    out: Annotated[str | None, Parameter(name=["--out", "-o"])] = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    no_wait: Annotated[bool, Parameter(negative="")] = False,
    timeout: float | None = None,
    clip: ClipOptions = CLIP,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Make a clip from a prompt, a picture, or a first and last frame, and keep it.

    Parameters
    ----------
    prompt
        What the clip shows.
    variants
        So many clips of the same wish, each with a seed of its own.
    name
        Your own name for the job.
    out
        Copy the clip here as well; a folder when there is more than one.
    dry_run
        Print what would be sent and what it would cost; send nothing.
    no_wait
        Store the job, print its id and return; `wanreel worker` or `watch` carries on.
    timeout
        Seconds to wait at most; the job goes on all the same.
    """

    async def work() -> int:
        from wanreel.cli.copying import destination
        from wanreel.library import AsyncClient
        from wanreel.service.order import Order

        async with AsyncClient(**home.given(), **vendor.address()) as client:
            service = client.home.service
            order = Order(prompt=prompt, variants=variants, name=name, **clip.order())
            planned = await service.plan(order)
            if dry_run:
                foreseen = await service.foresee([(order, planned)])
                print_plan(planned, foreseen, client.home, as_json=home.json)
                return Exit.OK
            warn(planned.warnings)
            target = destination(out, many=planned.clips > 1)
            jobs = await service.submit(order, planned)
            if no_wait:
                for job in jobs:
                    print_json({"id": job.id}) if home.json else put(job.id)
                return Exit.OK
            ids = [job.id for job in jobs]
            return await follow(client, ids, out=target, as_json=home.json, timeout_s=timeout)

    return run(work, as_json=home.json)
