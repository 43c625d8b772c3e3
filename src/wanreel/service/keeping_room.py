"""What keeping stands on: its tools, and how a decision about one job's clip is written down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from wanreel.domain.errors import Stale
from wanreel.domain.job import Job
from wanreel.domain.keeping import (
    Custody,
    Retention,
    trash,
)
from wanreel.ports.archive import Shelf
from wanreel.ports.clock import Clock
from wanreel.ports.hooks import Hooks
from wanreel.ports.inputs import Inputs
from wanreel.ports.jobs import Jobs
from wanreel.ports.keeping import Custodian, Gallery, Ruling
from wanreel.ports.spools import Copies, Spool, Stakes
from wanreel.ports.uploads import Uploads
from wanreel.service.reindexing import Recover, Whole
from wanreel.service.uses import Service
from wanreel.telemetry import KEEPING, log

AT_ONCE = 500  # jobs handled in one go
SWEEP_EVERY_S = 3600.0
TRIES_MAX = 20  # decisions about one job that meet


@dataclass(frozen=True, slots=True)
class KeepingRoom:
    """What keeping needs."""

    clock: Clock
    service: Service
    jobs: Jobs
    gallery: Gallery
    custodian: Custodian
    shelf: Shelf
    inputs: Inputs
    retention: Retention
    spool: Spool
    stakes: Stakes
    recover: Recover | None = None
    whole: Whole | None = None
    own: Callable[[str], bool] = lambda _: False  # whether what lies at a place is the home's, and no clip
    keys_of: Callable[[Job], Sequence[str]] = lambda _: ()  # under which a job's clip may have been put
    drop_archive: Callable[[str], Awaitable[None]] | None = None  # look for its clips in the one that is set
    know_archives: Callable[[], Awaitable[None]] | None = None  # learn of those that other machines have used
    forget_words: Callable[[str], Awaitable[int]] | None = None  # what was kept of a prompt outside the store
    hooks: Hooks | None = None
    uploads: Uploads | None = None  # what callers have sent ahead of orders
    copies: Copies | None = None  # whose spools hold clips, where there are several machines
    history_days: float = 90.0
    input_days: float = 7.0  # that inputs stay which no job needs


async def custody_of(room: KeepingRoom, job: Job) -> Custody:
    """What was decided about a job's clip; nothing at first."""
    return (await room.custodian.custody_of([job.id])).get(job.id, Custody(job.id))


async def know_archives(room: KeepingRoom) -> None:
    """Learn of the archives that other machines have used. Raises Unavailable."""
    if room.know_archives is not None:
        await room.know_archives()


def trashed(room: KeepingRoom, custody: Custody, why: str) -> Custody:
    """In the trash from now on, for as long as this home's rules give it."""
    return trash(custody, room.clock.now(), room.retention.grace_days, why)


async def decide(room: KeepingRoom, job_id: str, rule: Callable[[Custody], Custody], what: str) -> Custody:
    """What `rule` makes of the decision that stands. Where another one came first, of that one."""
    for tried in range(1, TRIES_MAX + 1):
        was = (await room.custodian.custody_of([job_id])).get(job_id, Custody(job_id))
        custody = rule(was)
        if custody == was:
            return was
        try:
            await room.custodian.decide([Ruling(was, custody)])
        except Stale:
            if tried == TRIES_MAX:
                raise
            continue
        log.info(KEEPING, job=job_id, what=what)
        return custody
    raise AssertionError  # the last try returns or raises
