"""What a runner owes its store while that is unwell: events it could not take, claims that are to be given back."""

from __future__ import annotations

from collections.abc import Sequence

from wanreel.domain.job import Job
from wanreel.domain.policy import backoff_s
from wanreel.telemetry import STEP_BROKE, log
from wanreel.worker.step import Unsettled, offer_again
from wanreel.worker.tools import Tools

AWAY_S_MAX = 5.0  # a store that is away is tried again at the latest after so long
BROKEN_FIRST_S, BROKEN_S_MAX = 5.0, 300.0  # a job whose step met a bug rests so long, twice as long each time in a row
BROKEN_MAX = 10_000  # so many are remembered


class Arrears:
    """One for each runner. Events live here in memory, and in the log, until the store takes them."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._unsettled: list[Unsettled] = []
        self._due_at = 0.0
        self._tries = 0
        self._stuck: set[str] = set()  # jobs that keep our claim though nobody works on them
        self._stuck_due_at = 0.0
        self._resting: dict[str, float] = {}  # jobs that keep our claim since their step met a bug, and until when
        self._breaks: dict[str, int] = {}  # and how many steps of a job did so in a row

    @property
    def events(self) -> Sequence[Unsettled]:
        """What the store has not taken."""
        return self._unsettled

    def keep(self, unsettled: Unsettled) -> None:
        """The store is unwell: hold the event in memory, in words that survive in the log, and offer it again."""
        log.error(STEP_BROKE, job=unsettled.job.id, what=repr(unsettled.event), why=str(unsettled))
        self._unsettled.append(unsettled)

    async def offer_again(self, *, at_once: bool = False) -> None:
        """Offer what is kept, once it is time or if it must be now, until the store refuses again."""
        now = self._tools.clock.now()
        if not self._unsettled or (now < self._due_at and not at_once):
            return
        waiting, self._unsettled = self._unsettled, []
        for place, item in enumerate(waiting):
            try:
                await offer_again(item, self._tools)
            except Unsettled:
                self._unsettled = waiting[place:] + self._unsettled
                self._tries += 1
                wait_s = backoff_s(self._tools.policy, self._tries, self._tools.clock.draw())
                self._due_at = now + min(wait_s, AWAY_S_MAX)
                return
            except Exception:  # noqa: BLE001 - a bug with one event must not lose those behind it; it is logged whole
                log.exception(STEP_BROKE, job=item.job.id, what=repr(item.event))
        self._tries = 0

    def stick(self, jobs: Sequence[Job]) -> None:
        """Nothing was sent for these jobs, which we have claimed: they need not wait for the claim to run out."""
        if jobs:
            self._stuck |= {job.id for job in jobs}
            self._stuck_due_at = self._tools.clock.now() + self._tools.policy.backoff_first_s

    def broke(self, job: Job) -> None:
        """A job's step met a bug. Others need not meet it at once, nor need it wait for our claim to run out."""
        tries = self._breaks.pop(job.id, 0)
        self._breaks[job.id] = tries + 1
        if len(self._breaks) > BROKEN_MAX:
            del self._breaks[next(iter(self._breaks))]
        rest_s = min(BROKEN_FIRST_S * 2.0 ** min(tries, 16), BROKEN_S_MAX)
        self._resting[job.id] = self._tools.clock.now() + rest_s

    def went_well(self, job: Job) -> None:
        """A job's step met no bug."""
        self._breaks.pop(job.id, None)

    def taken(self, jobs: Sequence[Job]) -> None:
        """We have claimed these anew: the claims on them that were to be given back are no more."""
        for job in jobs:
            self._stuck.discard(job.id)
            self._resting.pop(job.id, None)

    async def give_back(self, *, at_once: bool = False) -> None:
        """End our claims on such jobs, once it is time or if it must be now; on those that met a bug once they have
        rested. Raises Unavailable: the rest stays.
        """
        now = self._tools.clock.now()
        for job_id, until in list(self._resting.items()):
            if not 0.0 < until - now <= BROKEN_S_MAX:  # or the clock was put back
                await self._release(job_id)
        if not self._stuck or (now < self._stuck_due_at and not at_once):
            return
        self._stuck_due_at = now + self._tools.policy.backoff_first_s
        for job_id in sorted(self._stuck):
            await self._release(job_id)

    async def _release(self, job_id: str) -> None:
        await self._tools.jobs.release(self._tools.owner, job_id)
        self._stuck.discard(job_id)
        self._resting.pop(job_id, None)
