"""The activity: a job's turn, taken by this process, with a sign of life every few seconds while it lasts."""

from __future__ import annotations

import asyncio

from temporalio import activity

from wanreel.ports.engine import TakeTurn, Turn
from wanreel.temporal.words import TURN, Asked, Told

BEAT_S = 2.0


class Turning:
    """What the activities of a worker work with."""

    def __init__(self, take: TakeTurn) -> None:
        self._take = take

    @activity.defn(name=TURN)
    async def turn(self, asked: Asked) -> Told:
        """Take the turn. Neither Temporal nor a person at its page can break off a call that may be paid for: only a
        worker that stops breaks off a download, which is begun again elsewhere.
        """
        work = asyncio.get_running_loop().create_task(self._take(asked.job, asked.claimed_by))
        try:
            while not work.done():
                activity.heartbeat()
                await asyncio.wait({work}, timeout=BEAT_S)
        except asyncio.CancelledError:
            if activity.info().task_queue.endswith("-clips") and activity.is_worker_shutdown():
                work.cancel()
            await asyncio.wait({work})
            raise
        return _told(work.result())


def _told(turn: Turn) -> Told:
    return Told(turn.state, wait_s=turn.wait_s, over=turn.over, heavy=turn.heavy, trouble=turn.trouble)
