"""Has finished clips judged, one at a time, behind everything else: no job waits for it, and none is changed by it."""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.errors import NotFound, WanreelError
from wanreel.domain.policy import Policy, backoff_s
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Jobs
from wanreel.ports.reviews import Panel, Reviews
from wanreel.telemetry import LOOP_BROKE, REVIEWED, log

TRIES_MAX = 5  # then the clip stands as it was judged, or unjudged, until somebody asks again
HOLD_S = 1200.0  # longer than a review can take: a process that died over one gives it back so late
LOOK_S = 1.0  # after nothing was due, how long not to look again


@dataclass(slots=True)
class Reviewer:
    """What a runner calls now and then. `panel` None: nothing is judged by itself."""

    clock: Clock
    jobs: Jobs
    reviews: Reviews
    panel: Panel
    policy: Policy
    quiet_until: float = 0.0

    async def once(self) -> bool:
        """Judge the clip that has waited longest; whether there was one. Raises nothing of ours."""
        now = self.clock.now()
        if now < self.quiet_until:
            return False
        try:
            due = await self.reviews.due_reviews(now, now + HOLD_S, 1)
            for one in due:
                await self._judge(one.job_id, one.tries)
        except NotFound:
            return True  # the job was removed meanwhile
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
            due = []
        if not due:
            self.quiet_until = now + LOOK_S
        return bool(due)

    async def _judge(self, job_id: str, tries: int) -> None:
        job = await self.jobs.get(job_id)
        seen = await self.panel.review(job, self.clock.now())
        again_at = None
        if seen.again and tries + 1 < TRIES_MAX:
            again_at = self.clock.now() + backoff_s(self.policy, tries, self.clock.draw())
        await self.reviews.keep_review(seen.review, again_at)
        log.info(REVIEWED, job=job_id, score=seen.review.score)
