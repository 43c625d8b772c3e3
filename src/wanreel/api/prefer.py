"""Conditional requests and `Prefer: wait`: headers read, and waiting without asking again and again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from wanreel.api.caller import Caller
from wanreel.api.desk import Desk
from wanreel.api.problems import Refusal
from wanreel.domain.job import Job, is_final

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=$|[,;])", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?"[^"]*"')


def wait_s(prefer: str | None, most_s: float) -> float:
    """Seconds that `Prefer: wait=N` asks for, bounded; 0 without one. A preference that is unclear is no error."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), most_s) if found else 0.0


def names_tag(header: str | None, tag: str) -> bool:
    """Whether an If-Match or If-None-Match names a tag; weak ones compare as well."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return tag.removeprefix("W/") in {found.removeprefix("W/") for found in _TAG.findall(header)}


async def must_match(header: str | None, tag: Callable[[], Awaitable[str]]) -> None:
    """Raises Refusal (412) when an If-Match names only other tags."""
    if header is not None and not names_tag(header, await tag()):
        raise Refusal("changed", "It is no longer as If-Match says; read it again.")


async def waited(desk: Desk, caller: Caller, jobs: Sequence[Job], patience_s: float) -> list[Job]:
    """The jobs once all have ended, or as they stand when patience has run out. Raises Refusal where the caller's token
    was revoked meanwhile.
    """
    if patience_s <= 0 or all(map(is_final, jobs)):
        return list(jobs)
    found = await _until_done(desk, jobs, patience_s)
    await desk.still(caller)
    return found


async def _until_done(desk: Desk, jobs: Sequence[Job], patience_s: float) -> list[Job]:
    """Told by the hub, not by looking."""
    left = {job.id for job in jobs if not is_final(job)}
    until = desk.clock.now() + patience_s
    subject = jobs[0].id if len(jobs) == 1 else None
    listener = desk.hub.listen(lambda happening: happening.job_id in left, subject)
    try:
        fresh = await _read(desk, jobs)  # it may have ended before we listened
        left = {job.id for job in fresh if not is_final(job)}
        while left and (rest_s := until - desk.clock.now()) > 0:
            try:
                happening = await listener.next(rest_s)
            except TimeoutError:
                break
            if happening is None:
                break
            if happening.state in ("succeeded", "failed", "cancelled"):
                left.discard(happening.job_id)
    finally:
        desk.hub.leave(listener)
    return await _read(desk, jobs)


async def _read(desk: Desk, jobs: Sequence[Job]) -> list[Job]:
    return [await desk.service.get(job.id) for job in jobs]
