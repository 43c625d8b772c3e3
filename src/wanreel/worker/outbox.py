"""Delivers what subscribers are owed, at least once, with a back-off of its own: a slow receiver holds up no job."""

from __future__ import annotations

from collections.abc import Sequence

from wanreel.domain.errors import WanreelError
from wanreel.domain.policy import backoff_s
from wanreel.ports.notices import Notifier
from wanreel.telemetry import NOTICE, NOTICE_FAILED, log
from wanreel.worker.tools import Tools

BATCH = 50


async def deliver(tools: Tools, notifiers: Sequence[Notifier]) -> int:
    """Try every notice that is due, once; how many were tried. A notice is delivered when all notifiers took it."""
    owed = await tools.outbox.owed(tools.clock.now(), BATCH)
    for item in owed:
        try:
            for notifier in notifiers:
                await notifier.tell(item.notice)
        except WanreelError as why:
            wait_s = backoff_s(tools.policy, item.tries, tools.clock.draw())
            await tools.outbox.postpone(item.notice.id, tools.clock.now() + wait_s)
            log.warning(NOTICE_FAILED, notice=item.notice.id, why=str(why))
        else:
            await tools.outbox.delivered([item.notice.id], tools.clock.now())
            log.debug(NOTICE, notice=item.notice.id)
    return len(owed)
