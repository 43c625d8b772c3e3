"""Finds paid calls whose process vanished in mid-air and puts them into doubt, by an event like anybody else's."""

from __future__ import annotations

from wanreel.domain.event import Lost
from wanreel.domain.job import Submitting
from wanreel.telemetry import RESCUED, log
from wanreel.worker.step import settle
from wanreel.worker.tools import Tools


async def rescue(tools: Tools) -> int:
    """Turn every submit nobody is making any more into a doubt; how many there were. Raises Unsettled."""
    vanished = await tools.slots.lost_submits(tools.clock.now(), tools.owner)
    for job in vanished:
        if isinstance(job.state, Submitting):
            log.warning(RESCUED, job=job.id)
            why = "the process that was sending it ended before the answer was recorded"
            await settle(job, Lost(job.state.intent.id, why), tools)
    return len(vanished)
