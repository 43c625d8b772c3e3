"""Brings webhooks to their receivers: signed, at least once, each receiver at its own pace, the longest due first.

One try of one delivery a receiver at a time, all receivers side by side: a slow one holds up nobody but itself. What a
day of tries has not brought home is parked, until somebody asks for it again.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp
from standardwebhooks.webhooks import Webhook

from wanreel import spans
from wanreel.domain.errors import Invalid, WanreelError
from wanreel.domain.hook import Delivery, Hook, Message, next_wait_s
from wanreel.notify.addresses import PublicResolver, target_of
from wanreel.ports.clock import Clock
from wanreel.ports.hooks import Hooks
from wanreel.telemetry import HOOK, HOOK_FAILED, log

TRY_S = 15.0
SIDE_BY_SIDE_MAX = 64
LOOK_S = 1.0  # how often it is asked what is due
GONE = 410


class Courier:
    """Delivers what hooks are owed until `stop`. `private`: private addresses and plain http are allowed."""

    def __init__(self, hooks: Hooks, clock: Clock, *, private: bool, try_s: float = TRY_S) -> None:
        self._hooks = hooks
        self._clock = clock
        self._private = private
        self._try_s = try_s
        self._session: aiohttp.ClientSession | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Work until stopped; what is under way then is tried again later."""
        try:
            while not self._stopping:
                self._wake.clear()
                await self.begin_due()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._wake.wait()
        finally:
            for task in list(self._running.values()):
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            if self._session is not None:
                await self._session.close()

    def stop(self) -> None:
        """Begin to stop; harmless twice."""
        self._stopping = True
        self._wake.set()

    def nudge(self) -> None:
        """There may be something new to deliver."""
        self._wake.set()

    async def begin_due(self) -> list[asyncio.Task[None]]:
        """Begin a try of whatever is due and whose receiver is not busy; the tries begun."""
        try:
            hooks = {hook.id: hook for hook in await self._hooks.all()}
            due = await self._hooks.due(self._clock.now(), SIDE_BY_SIDE_MAX + len(self._running))
        except WanreelError as why:
            log.error(HOOK_FAILED, why=str(why))
            return []
        begun: list[asyncio.Task[None]] = []
        for delivery, message in due:
            if delivery.hook in self._running or len(self._running) >= SIDE_BY_SIDE_MAX:
                continue
            work = asyncio.get_running_loop().create_task(self._one(hooks.get(delivery.hook), delivery, message))
            self._running[delivery.hook] = work
            begun.append(work)
        return begun

    async def _one(self, hook: Hook | None, delivery: Delivery, message: Message) -> None:
        try:
            await self._hooks.settle(await self._tried(hook, delivery, message))
        except WanreelError as why:
            log.error(HOOK_FAILED, hook=delivery.hook, message=message.id, why=str(why))
        finally:
            self._running.pop(delivery.hook, None)
            self._wake.set()

    async def _tried(self, hook: Hook | None, delivery: Delivery, message: Message) -> Delivery:
        """The delivery after one more try."""
        now = self._clock.now()
        if hook is None or hook.paused_at is not None:
            return replace(delivery, parked_at=now, trouble="the webhook is gone or paused")
        tries = delivery.tries + 1
        with spans.opened("POST", spans.Sort.CLIENT, {}, job=_job_of(message) if spans.traced() else "") as span:
            status, trouble = await self._post(hook, message, span.traceparent)
            _trace(span, hook, message, tries, status, failed=trouble is not None)
        if trouble is None:
            log.debug(HOOK, hook=hook.id, message=message.id, status=status)
            return replace(delivery, tries=tries, delivered_at=self._clock.now(), trouble="")
        log.warning(HOOK_FAILED, hook=hook.id, message=message.id, tries=tries, why=trouble)
        wait_s = next_wait_s(tries, self._clock.draw())
        if status == GONE:
            paused = replace(hook, paused_at=now, paused_why="the receiver answered 410 Gone")
            await self._hooks.put(paused)
            wait_s = None
        if wait_s is None:
            return replace(delivery, tries=tries, parked_at=self._clock.now(), trouble=trouble)
        return replace(delivery, tries=tries, due_at=self._clock.now() + wait_s, trouble=trouble)

    async def _post(self, hook: Hook, message: Message, trace: str = "") -> tuple[int | None, str | None]:
        """One signed POST, part of a trace where there is one: the status, and what went wrong, if anything did."""
        try:
            url = target_of(hook.url, private=self._private)
            body = message.body.encode()
            headers = signed(message, hook.signing(self._clock.now()), self._clock.now())
            headers |= {"traceparent": trace} if trace else {}
            timeout = aiohttp.ClientTimeout(total=self._try_s)
            request = self._open().post(url, data=body, headers=headers, allow_redirects=False, timeout=timeout)
            async with request as response:
                status = response.status
        except Invalid as wrong:
            return None, str(wrong)
        except TimeoutError:
            return None, f"no answer within {self._try_s:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return None, f"it cannot be reached: {type(error).__name__}"
        fine = 200 <= status < 300
        return status, None if fine else f"it answered {status}"

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=PublicResolver(private=self._private), limit=SIDE_BY_SIDE_MAX, use_dns_cache=False
            )
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def signed(message: Message, secrets: tuple[str, ...], now: float) -> dict[str, str]:
    """The headers of Standard Webhooks; while a secret is being rotated both sign."""
    at = datetime.fromtimestamp(int(now), UTC)
    signatures = [Webhook(secret).sign(message.id, at, message.body) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "wanreel",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }


def _job_of(message: Message) -> str:
    """The job a message speaks of, if it is of one."""
    data: dict[str, object] = json.loads(message.body).get("data") or {}
    return str(data.get("job") or "")


def _trace(span: spans.Span, hook: Hook, message: Message, tries: int, status: int | None, *, failed: bool) -> None:
    """What a span says of a try: the receiver's host, never its path, which can hold a secret."""
    if not spans.traced():
        return
    span.note(spans.METHOD, "POST")
    span.note(spans.HOST, urlsplit(hook.url).hostname or "")
    span.note(spans.HOOK, hook.id)
    span.note(spans.MESSAGE, message.id)
    span.note(spans.NOTICE, message.kind)
    span.note(spans.TRIES, tries)
    if tries > 1:
        span.note(spans.RESEND, tries - 1)
    if status is not None:
        span.note(spans.STATUS, status)
    if failed:
        span.note(spans.ERROR, "unreachable" if status is None else str(status))
