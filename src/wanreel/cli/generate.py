"""`wanreel generate` and `wanreel batch`: from words to archived clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import CLIP, HOME, VENDOR, ClipOptions, HomeOptions, VendorOptions
from wanreel.cli.render import Progress, print_json
from wanreel.cli.session import put, run, say

if TYPE_CHECKING:
    from wanreel.client import EmbeddedClient, Video
    from wanreel.service.order import Planned


def generate(
    prompt: str | None = None,
    /,
    *,
    variants: int = 1,
    name: str | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
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
        Store the job and return; `wanreel worker` or `watch` carries on.
    timeout
        Seconds to wait at most; the job goes on all the same.
    """

    async def work() -> int:
        from wanreel.library import AsyncClient
        from wanreel.service.order import Order

        async with AsyncClient(**_client(home, vendor)) as client:
            order = Order(prompt=prompt, variants=variants, name=name, **clip.order())
            planned = await client.home.service.plan(order)
            if dry_run:
                _print_plan(planned, client, as_json=home.json)
                return Exit.OK
            _warn(planned.warnings)
            _check_out(out, planned.clips)
            jobs = await client.home.service.submit(order, planned)
            if no_wait:
                for job in jobs:
                    print_json({"id": job.id}) if home.json else put(job.id)
                return Exit.OK
            return await _follow(client, [j.id for j in jobs], out, home, timeout)

    return run(work, as_json=home.json)


def batch(
    file: Path,
    /,
    *,
    name: str | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    timeout: float | None = None,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Make a clip of every row of a .jsonl or .csv file. Running it again buys only rows that are new.

    Parameters
    ----------
    file
        Columns: prompt, id, model, size, resolution, ratio, duration, seed, image, first_frame, last_frame, variants, …
    name
        Name of the batch; default: the file's name. Rows are known within it.
    again
        Buy every row anew.
    out
        Copy the clips into this folder as well.
    dry_run
        Check every row and print what it would cost; send nothing.
    timeout
        Seconds to wait at most; the jobs go on all the same.
    """

    async def work() -> int:
        from wanreel.domain.errors import Invalid
        from wanreel.library import AsyncClient
        from wanreel.service.batch import Row, read_batch

        async with AsyncClient(**_client(home, vendor)) as client:
            service = client.home.service
            token = client.home.clock.new_id("run") if again else None
            rows = read_batch(file, name, token)
            planned: list[tuple[Row, Planned]] = []
            problems: list[Any] = []
            for row in rows:
                try:
                    planned.append((row, await service.plan(row.order)))
                except Invalid as wrong:
                    problems += _of_line(row.line, wrong)
            if problems:
                raise Invalid(f"{file.name}: nothing was stored or sent", tuple(problems))
            if dry_run:
                _print_batch_plan(planned, as_json=home.json)
                return Exit.OK
            _check_out(out, 2)
            for row, plan in planned:
                _warn(plan.warnings, f"line {row.line}: ")
            asked = [(row.order, plan) for row, plan in planned]
            group = client.home.clock.new_id("grp")
            jobs = await service.submit_all(asked, group)
            known = [j for j in jobs if j.group != group]
            if known:
                say(f"{len(known)} of {len(jobs)} rows were ordered before and are not bought again (--again buys all)")
            _warn_changed(jobs, planned)
            return await _follow(client, [j.id for j in jobs], out, home, timeout, many=True)

    return run(work, as_json=home.json)


def _client(home: HomeOptions, vendor: VendorOptions) -> dict[str, Any]:
    return {"home": home.home, "base_url": vendor.base_url, "region": vendor.region}


def _of_line(line: int, wrong: Any) -> list[Any]:
    from dataclasses import replace

    return [replace(p, field=f"line {line}, {p.field}") for p in wrong.problems]


def _warn(warnings: Sequence[str], where: str = "") -> None:
    for words in warnings:
        say(f"note: {where}{words}")


def _warn_changed(jobs: Sequence[Any], planned: Sequence[tuple[Any, Planned]]) -> None:
    """A row that says something else under an id that was bought already is worth a word."""
    from dataclasses import replace

    wanted = [(row, request) for row, plan in planned for request in plan.requests]
    for job, (row, request) in zip(jobs, wanted, strict=True):
        seed = job.request.seed if row.order.seed is None else request.seed
        if replace(request, seed=seed) != job.request:
            say(f"note: line {row.line}: {row.id} was ordered before in other words; give it a new id to buy it")


def is_folder(out: Path, clips: int) -> bool:
    """Whether `-o` means a folder: it is one, or there is more than one clip."""
    return clips > 1 or out.is_dir()


def _check_out(out: Path | None, clips: int) -> None:
    """Before anything is paid: the place the clips are to be copied to must be usable."""
    from wanreel.domain.errors import Invalid, Problem

    if out is None:
        return
    folder = out if is_folder(out, clips) else out.parent
    if clips > 1 and out.exists() and not out.is_dir():
        raise Invalid("", (Problem("out", "must be a folder when there is more than one clip", str(out)),))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid("", (Problem("out", f"cannot be used: {error.strerror}", str(folder)),)) from None


async def _follow(
    client: EmbeddedClient,
    ids: list[str],
    out: Path | None,
    home: HomeOptions,
    patience_s: float | None,
    *,
    many: bool = False,
) -> int:
    """Wait, showing progress; copy and print what came of it."""
    import asyncio

    with Progress(quiet=home.json) as progress:
        try:
            videos = await client.wait_all(ids, timeout_s=patience_s, on_change=progress.show)
        except asyncio.CancelledError:
            say(f"left to go on: {' '.join(ids[:5])}{' …' if len(ids) > 5 else ''}  (wanreel watch, or wanreel worker)")
            raise
    await print_ended(client, videos, out, as_json=home.json, many=many)
    return verdict(videos)


def verdict(videos: Sequence[Video]) -> int:
    """The exit code for jobs that were waited for."""
    if any(v.attention for v in videos):
        return Exit.ATTENTION
    return Exit.OK if all(v.state == "succeeded" for v in videos) else Exit.FAILED


async def print_ended(
    client: EmbeddedClient, videos: Sequence[Video], out: Path | None, *, as_json: bool, many: bool = False
) -> None:
    """Clips' paths on stdout; failures were told on stderr already."""
    from wanreel.cli.copying import copy_clip
    from wanreel.service.view import view

    folder = out is not None and is_folder(out, 2 if many else len(videos))
    for video in videos:
        path = video.path
        if path is not None and out is not None:
            path = await copy_clip(path, out, video, into_folder=folder)
        if as_json:
            body = view(video.job, client.home.where)
            print_json(body | {"path": str(path) if path else None, "attention": video.attention})
        elif path is not None:
            put(str(path))


def _print_plan(planned: Planned, client: EmbeddedClient, *, as_json: bool) -> None:
    previews = [client.home.preview(request) for request in planned.requests]
    if as_json:
        for preview in previews:
            print_json(preview | {"estimate": _money(planned), "warnings": list(planned.warnings)})
        return
    import json

    for preview in previews:
        put(f"POST {preview['path']}")
        put(json.dumps(preview["body"], ensure_ascii=False, indent=2))
    _warn(planned.warnings)
    put(f"{planned.clips} clip{'s' if planned.clips > 1 else ''}: {_price_words(planned)}. Nothing was sent.")


def _print_batch_plan(planned: Sequence[tuple[Any, Planned]], *, as_json: bool) -> None:
    from decimal import Decimal

    totals: dict[str, Decimal] = {}
    unknown = 0
    for row, plan in planned:
        amount = plan.estimate.amount
        if as_json:
            print_json({"line": row.line, "id": row.id, "clips": plan.clips, "estimate": _money(plan)})
        else:
            put(f"line {row.line}  {row.id}  {plan.requests[0].model}  {plan.clips} × {_price_words(plan)}")
        if amount is None:
            unknown += plan.clips
        else:
            totals[plan.estimate.currency] = totals.get(plan.estimate.currency, Decimal(0)) + amount * plan.clips
    if not as_json:
        words = " + ".join(f"{amount} {currency}" for currency, amount in totals.items()) or "nothing known"
        more = f", and {unknown} clips of unknown price" if unknown else ""
        put(f"{sum(p.clips for _, p in planned)} clips: {words}{more}. Nothing was sent.")


def _money(planned: Planned) -> dict[str, Any]:
    e = planned.estimate
    return {
        "amount": None if e.amount is None else str(e.amount * planned.clips),
        "per_clip": None if e.amount is None else str(e.amount),
        "currency": e.currency,
        "clips": planned.clips,
        "at_most": e.at_most,
        "at_least": e.at_least,
        "source": e.source,
        "as_of": e.as_of,
        "why": e.why or None,
    }


def _price_words(planned: Planned) -> str:
    e = planned.estimate
    if e.amount is None:
        return f"price unknown ({e.why})"
    bound = "at most " if e.at_most else "at least " if e.at_least else ""
    return f"{bound}{e.amount * planned.clips} {e.currency} ({e.seconds} s at {e.per_second} a second, as of {e.as_of})"
