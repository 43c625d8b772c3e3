"""Waiting for jobs at the command line: progress while it lasts, what came of it at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wanreel.cli.exits import Exit
from wanreel.cli.render import Progress, print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import warn_of_notices

if TYPE_CHECKING:
    from wanreel.cli.copying import Destination
    from wanreel.client import EmbeddedClient, Video

NAMED_MAX = 5


async def follow(
    client: EmbeddedClient, ids: Sequence[str], *, out: Destination | None, as_json: bool, timeout_s: float | None
) -> int:
    """Wait, showing progress; copy and print what came of it; the exit code."""
    warn_of_notices(client.home)
    with Progress(quiet=as_json) as progress:
        try:
            videos = await client.wait_all(ids, timeout_s=timeout_s, on_change=progress.show)
        except asyncio.CancelledError:
            named = " ".join(ids[:NAMED_MAX]) + (" …" if len(ids) > NAMED_MAX else "")
            say(f"left to go on: {named}  (wanreel watch, or wanreel worker)")
            raise
    await print_ended(client, videos, out, as_json=as_json)
    return verdict(videos)


def verdict(videos: Sequence[Video]) -> int:
    """The exit code for jobs that were waited for."""
    if any(v.attention for v in videos):
        return Exit.ATTENTION
    return Exit.OK if all(v.state == "succeeded" for v in videos) else Exit.FAILED


async def print_ended(
    client: EmbeddedClient, videos: Sequence[Video], out: Destination | None, *, as_json: bool
) -> None:
    """Clips' paths on stdout; failures were told on stderr already."""
    from wanreel.domain.job import Succeeded
    from wanreel.service.view import view

    for video in videos:
        path = video.where
        if video.path is not None and out is not None:
            path = str(await out.take(video.path, video))
        elif isinstance(video.job.state, Succeeded) and out is not None:
            path = str(await out.fetch(await client.home.shelf.open(video.job.state.artifact), video))
        if as_json:
            body = view(video.job, client.home.shelf.where)
            print_json(body | {"path": path, "attention": video.attention})
        elif path is not None:
            put(path)
