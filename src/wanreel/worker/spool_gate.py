"""Sends no more work than the spool could save if the user's storage failed now; and empties the spool of the dead.

What is running or not archived yet may all need the spool. Only while that, what lies there already and the next clip
fit together is the next clip paid for: then a storage that is away for days costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wanreel.domain.errors import NotFound, WanreelError
from wanreel.domain.job import Cancelled, Job, Succeeded
from wanreel.domain.keeping import Custody
from wanreel.domain.policy import Policy
from wanreel.domain.spooling import SpoolRoom, expected_bytes
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Jobs
from wanreel.ports.keeping import Custodian
from wanreel.ports.spools import Spool, Stakes
from wanreel.telemetry import LOOP_BROKE, SPOOL_HOLDS, log

AGAIN_S = 5.0  # after work was held back, unless something was archived meanwhile
SWEEP_S = 3600.0


async def holdups(spool: Spool, stakes: Stakes, policy: Policy) -> Callable[[Job], str]:
    """One look at the spool, and off it: why a job would not be sent just now, in words; "" if there is room for its
    clip. Raises Unavailable (the store).
    """
    try:
        room = await spool.room()
    except WanreelError as why:
        words = why.message
        return lambda job: words
    if not room.bytes_max:
        return lambda job: ""
    left = room.left_bytes - await stakes.stake_bytes()
    return lambda job: _no_room(job, room, left, policy)


def _no_room(job: Job, room: SpoolRoom, left: int, policy: Policy) -> str:
    wanted = expected_bytes(job.request, policy)
    if wanted <= left:
        return ""
    sums = f"{max(left, 0) / 1e6:.0f} MB of it are free, this clip may take {wanted / 1e6:.0f} MB"
    mend = "mend the storage" if room.clips else "raise WANREEL_SPOOL_BYTES if this disk has more room"
    return f"{_words(room)} ({sums}; {mend})"


def _words(room: SpoolRoom) -> str:
    if room.used_bytes:
        return f"{room.clips} clips lie in the spool, and what is under way may need the rest of it"
    return "what is under way may need all of the spool"


class SpoolGate:
    """One for each runner, which tells it of every claimed job when its step is over (`over`)."""

    def __init__(
        self, spool: Spool, stakes: Stakes, clock: Clock, policy: Policy, custodian: Custodian | None = None
    ) -> None:
        self._spool = spool
        self._custodian = custodian  # knows what is to be erased, whichever machine was asked to
        self._stakes = stakes
        self._clock = clock
        self._policy = policy
        self._starting: dict[str, int] = {}  # let through, and maybe not written down as under way yet
        self._closed_until = 0.0
        self._swept_at: float | None = None

    def closed(self) -> bool:
        """Whether nothing new would be let through just now."""
        return self._clock.now() < self._closed_until

    async def admit(self, jobs: Sequence[Job]) -> int:
        """How many of these jobs, from the first on, may be sent. A spool that cannot be looked at lets nobody through.
        Raises Unavailable (the store).

        A job goes from what is starting to what is at stake, and from there into the spool: asked in this order, what
        moves on meanwhile is counted twice and never not at all.
        """
        if not jobs:
            return 0
        starting = sum(self._starting.values())
        stake = await self._stakes.stake_bytes()
        try:
            room = await self._spool.room()
        except WanreelError as why:
            return self._hold(why.message)
        if not room.bytes_max:
            return len(jobs)
        left = room.left_bytes - stake - starting
        for count, job in enumerate(jobs):
            left -= expected_bytes(job.request, self._policy)
            if left < 0:
                self._hold(_words(room))
                return count
            self._starting[job.id] = expected_bytes(job.request, self._policy)
        return len(jobs)

    def over(self, job: Job) -> None:
        """A step of the job is over: it is written down what it needs now, and maybe there is room again."""
        self._starting.pop(job.id, None)
        self._closed_until = 0.0

    async def sweep(self, jobs: Jobs) -> int:
        """Now and then, let go of clips whose jobs have ended well, or were to be discarded; how many. What belongs to
        nobody is left to a person.
        """
        now = self._clock.now()
        if self._swept_at is not None and now - self._swept_at < SWEEP_S:
            return 0
        self._swept_at = now
        gone = 0
        try:
            await self._spool.sweep()
            ids = sorted({*await self._spool.held(), *await self._spool.noted()})
            custody = await self._custodian.custody_of(ids) if self._custodian is not None else dict[str, Custody]()
            for job_id in ids:
                try:
                    job = await jobs.get(job_id)
                except NotFound:
                    continue
                erased = job_id in custody and custody[job_id].erase_asked_at is not None
                if erased or isinstance(job.state, (Succeeded, Cancelled)):
                    await self._spool.drop(job_id)
                    gone += 1
        except WanreelError as why:
            log.error(LOOP_BROKE, why=why.message)
        return gone

    def _hold(self, why: str) -> int:
        if not self.closed():
            log.warning(SPOOL_HOLDS, why=why)
        self._closed_until = self._clock.now() + AGAIN_S
        return 0
