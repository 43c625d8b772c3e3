"""The longer checks of `wanreel doctor`: are the models still there, do the webhooks reach anybody."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.domain.hook import Delivery, Hook
    from wanreel.ports.vendor import Offered
    from wanreel.service.accounts import Known

LATEST = 500  # orders whose models are looked after
HOOKS_MAX = 20  # that are knocked at


class Amiss(Exception):
    """A check's bad news, in words that say what to do."""


async def models(opened: Home, *, offline: bool) -> str:
    """The models that orders name, against the catalog and what the vendor lists. Raises Amiss."""
    from wanreel.ports.jobs import Filter
    from wanreel.ports.vendor import ListFailed
    from wanreel.service.offering import Wares, models_amiss, models_words

    recent = await opened.service.list(Filter(limit=LATEST))
    settings = opened.settings
    named = {model for slots in (settings.slots, *(a.slots for a in settings.accounts.values())) for model in slots}
    words: list[str] = []
    amiss: list[str] = []
    for known in _one_a_region(opened):
        asked = Counter(job.request.model for job in recent if job.account.region == known.account.region)
        offered: dict[str, Offered] | None = None
        why = ""
        if not offline and known.keys:
            try:
                offered = dict(await opened.offers.offers(known.account))
            except ListFailed as failed:
                why = f"; the vendor does not say which are to be retired ({failed.why[:120]})"
        region = opened.catalog.region(known.account.region).id
        wares = Wares(opened.catalog, region, asked, tuple(sorted(named)), offered)
        amiss += models_amiss(wares, opened.clock.now())
        words.append(models_words(wares) + why)
    if amiss:
        raise Amiss("; ".join(dict.fromkeys(amiss)))
    return "; ".join(words)


def _one_a_region(opened: Home) -> list[Known]:
    """An account of each region that is used, the main one's first."""
    first: dict[str, Known] = {}
    for known in (opened.accounts.main, *opened.accounts.all()):
        if known.keys or known is opened.accounts.main:
            first.setdefault(known.account.region, known)
    return list(first.values())


async def webhooks(opened: Home, hooks: list[Hook], *, offline: bool) -> str:
    """Whether webhooks are told what they are owed, and their doors open. Raises Amiss."""
    from wanreel.notify.knocking import knock

    amiss: list[str] = []
    going = [hook for hook in hooks if hook.paused_at is None]
    doors = [] if offline else going[:HOOKS_MAX]
    private = opened.settings.webhook_private
    knocks = await asyncio.gather(*(knock(hook.url, private=private) for hook in doors))
    closed = {hook.id: words for hook, words in zip(doors, knocks, strict=True) if words}
    for hook in hooks:
        name = _name(hook)
        if hook.paused_at is not None:
            amiss.append(f"{name} is paused ({hook.paused_why}): wanreel webhooks resume {hook.id}")
            continue
        owed = [delivery for delivery, _ in await opened.hooks.owed(hook.id, None) if delivery.delivered_at is None]
        parked = sum(delivery.parked_at is not None for delivery in owed)
        tried = [delivery for delivery in owed if delivery.tries]
        if hook.id in closed:
            amiss.append(f"{name}: {closed[hook.id]}; mend it, then wanreel webhooks ping {hook.id}")
        elif parked:
            amiss.append(
                f"{name} was not reached for a day, {parked} of its messages are set aside ({_trouble(tried)}): "
                f"mend it, then wanreel webhooks replay {hook.id} --hours 48"
            )
        elif tried:
            amiss.append(f"{name} has not taken {len(tried)} of its messages ({_trouble(tried)}); they are tried again")
    if amiss:
        raise Amiss("; ".join(amiss))
    count = f"{len(hooks)} webhook{'s' * (len(hooks) > 1)}"
    return count if offline else f"{count}; {len(doors)} knocked at, and every door opens"


def _name(hook: Hook) -> str:
    """Whose it is, without its path: that can hold a secret."""
    return f"{hook.name or hook.id} at {urlsplit(hook.url).hostname}"


def _trouble(tried: list[Delivery]) -> str:
    return next((delivery.trouble for delivery in tried if delivery.trouble), "no answer")
