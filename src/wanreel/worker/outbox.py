"""Delivers what subscribers are owed, at least once, with a back-off of its own: a slow receiver holds up no job."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from wanreel.domain.errors import WanreelError
from wanreel.domain.policy import backoff_s
from wanreel.ports.notices import Notifier, Owed, TellsMany
from wanreel.telemetry import NOTICE, NOTICE_FAILED, log
from wanreel.worker.tools import Tools

BATCH = 50
HALF_TOLD_MAX = 10_000


@dataclass(slots=True)
class Told:
    """Which notifiers of this process have taken a notice that others still owe, and what each of them last said was
    wrong.
    """

    took: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    amiss: dict[int, str] = field(default_factory=dict[int, str])


async def deliver(tools: Tools, notifiers: Sequence[Notifier], told: Told) -> int:
    """Try every notice that is due, once; how many were tried. A notice is delivered when all notifiers took it: one
    that cannot keeps it from none of the others, and who took it is not told again.
    """
    if len(told.took) > HALF_TOLD_MAX:  # others have told them meanwhile, or somebody hears of one twice
        told.took.clear()
    owed = await tools.outbox.owed(tools.clock.now(), BATCH)
    for place, notifier in enumerate(notifiers):
        if isinstance(notifier, TellsMany) and len(owed) > 1:
            await _tell_many(owed, place, notifier, told)
    at_once = not all(isinstance(notifier, TellsMany) for notifier in notifiers)
    done: list[str] = []
    for item in owed:
        if await _tell(item, notifiers, told):
            done.append(item.notice.id)
            if at_once:  # telling the next one may take long, and this one need not be told again
                await _strike_off(done, tools, told)
        else:
            wait_s = backoff_s(tools.policy, item.tries, tools.clock.draw())
            await tools.outbox.postpone(item.notice.id, tools.clock.now() + wait_s)
    await _strike_off(done, tools, told)
    return len(owed)


async def _tell_many(owed: Sequence[Owed], place: int, notifier: TellsMany, told: Told) -> None:
    """Tell one notifier of all that it has not taken yet; where that fails each is told by itself, which says why."""
    news = [item.notice for item in owed if place not in told.took.get(item.notice.id, ())]
    with suppress(WanreelError):
        await notifier.tell_all(news)
        for notice in news:
            told.took.setdefault(notice.id, set()).add(place)


async def _strike_off(ids: list[str], tools: Tools, told: Told) -> None:
    """They were delivered; the list is empty afterwards."""
    if not ids:
        return
    await tools.outbox.delivered(ids, tools.clock.now())
    for notice_id in ids:
        told.took.pop(notice_id, None)
        log.debug(NOTICE, notice=notice_id)
    ids.clear()


async def _tell(item: Owed, notifiers: Sequence[Notifier], told: Told) -> bool:
    """Offer it to whoever has not taken it yet; whether all have by now."""
    took = told.took.setdefault(item.notice.id, set())
    for place, notifier in enumerate(notifiers):
        if place in took:
            continue
        try:
            await notifier.tell(item.notice)
        except WanreelError as why:
            _complain(item, place, str(why), told)
        else:
            took.add(place)
            told.amiss.pop(place, None)
    return len(took) == len(notifiers)


def _complain(item: Owed, place: int, why: str, told: Told) -> None:
    """An error the first time a notifier fails for a reason, a warning each further time."""
    new = told.amiss.get(place) != why
    told.amiss[place] = why
    say = log.error if new else log.warning
    say(NOTICE_FAILED, notice=item.notice.id, tries=item.tries + 1, why=why)
