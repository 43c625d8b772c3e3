"""`wanreel batch`: a file of wishes, each bought once however often the command is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.follow import follow
from wanreel.cli.options import HOME, VENDOR, HomeOptions, VendorOptions
from wanreel.cli.prices import print_batch_plan, warn
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import run


def batch(
    file: Path,
    /,
    *,
    name: str | None = None,
    project: str | None = None,
    max_cost: str | None = None,
    max_cost_all: str | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    out: Annotated[str | None, Parameter(name=["--out", "-o"])] = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    no_wait: Annotated[bool, Parameter(negative="")] = False,
    lint: bool = True,
    timeout: float | None = None,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Make a clip of every row of a .jsonl or .csv file. Running it again buys only rows that are new.

    Parameters
    ----------
    file
        Columns: id, prompt, model, size, resolution, ratio, duration, seed, image, last_frame, variants, …
    name
        Name of the batch; default: the file's name. Rows are known within it.
    project
        Project of rows that name none.
    max_cost
        The most that each clip of rows that do not say may cost.
    max_cost_all
        The most that all clips of the file may cost together.
    again
        Buy every row anew.
    out
        Copy the clips into this folder as well.
    dry_run
        Check every row and print what it would cost; send nothing.
    no_wait
        Store the jobs, print their ids and return; `wanreel worker` or `watch` carries on.
    lint
        --no-lint: order rows although the lint would refuse their prompts.
    timeout
        Seconds to wait at most; the jobs go on all the same.
    """

    async def work() -> int:
        from dataclasses import replace

        from wanreel.cli.copying import destination
        from wanreel.library import AsyncClient
        from wanreel.service.batch import read_batch, with_defaults

        async with AsyncClient(**home.given(), **vendor.address()) as client:
            service = client.home.service
            rows = read_batch(file, name, client.home.clock.new_id("run") if again else None)
            if not lint:
                rows = [replace(row, order=replace(row.order, lint=False)) for row in rows]
            rows = with_defaults(rows, project=project, max_cost=max_cost, group_max_cost=max_cost_all)
            planned = await service.plan_batch(rows, file.name)
            if dry_run:
                foreseen = await service.foresee([(item.row.order, item.planned) for item in planned])
                print_batch_plan(planned, foreseen, as_json=home.json)
                return Exit.OK
            target = destination(out, many=True)
            for item in planned:
                warn(item.planned.warnings, f"line {item.row.line}: ")
            done = await service.submit_batch(planned)
            if done.known:
                say(
                    f"{done.known} of {len(done.jobs)} clips were ordered before and are not bought again (see --again)"
                )
            for row in done.changed:
                say(f"note: line {row.line}: {row.id} was ordered before in other words; give it a new id to buy it")
            if no_wait:
                for job in done.jobs:
                    print_json({"id": job.id, "name": job.name}) if home.json else put(job.id)
                return Exit.OK
            ids = [job.id for job in done.jobs]
            return await follow(client, ids, out=target, as_json=home.json, timeout_s=timeout)

    return run(work, as_json=home.json)
