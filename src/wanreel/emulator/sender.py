"""Delivers completion events to one address on this machine, in the emulator's time."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from heapq import heappop, heappush

import aiohttp

from wanreel.emulator.clock import Clock, pause
from wanreel.emulator.desk import Desk
from wanreel.emulator.events import EventOptions, deliveries, event_body
from wanreel.emulator.inputs import on_this_machine
from wanreel.emulator.signing import CERTIFICATE_PATH, Signer
from wanreel.emulator.tasks import Task

LOOK_EVERY_S = 0.02
ANSWER_WITHIN_S = 5.0
TRY_AGAIN_S = 1.0


class Sender:
    """Watches the desk for tasks that ended and posts their events. ``sent`` counts deliveries that were answered."""

    def __init__(self, options: EventOptions, desk: Desk, clock: Clock, session: aiohttp.ClientSession) -> None:
        if not on_this_machine(options.url):
            raise ValueError(f"events go to this machine only, and {options.url} is elsewhere")
        self.options = options
        self.signer = Signer(clock.now())
        self.sent = 0
        self.failed = 0
        self._desk = desk
        self._clock = clock
        self._session = session
        self._due: list[tuple[float, int, int, Task]] = []  # when, tie-break, tries left, whose
        self._made = 0
        self._ended: deque[Task] = deque()
        desk.ledger.ended = self._ended

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as posts:
            while True:
                now = self._clock.now()
                self._gather(now)
                while self._due and self._due[0][0] <= now:
                    _, _, tries, task = heappop(self._due)
                    posts.create_task(self._post(task, tries))
                await pause(LOOK_EVERY_S)

    def _gather(self, now: float) -> None:
        self._desk.advance(now)
        while self._ended:
            task = self._ended.popleft()
            for at in deliveries(task, self.options, self._desk.seed, self._desk.settings.speed):
                self._plan(at, self.options.tries, task)

    def _plan(self, at: float, tries: int, task: Task) -> None:
        self._made += 1
        heappush(self._due, (at, self._made, tries, task))

    async def _post(self, task: Task, tries: int) -> None:
        account = self._desk.gate.doors.accounts[task.account]
        body = json.dumps(event_body(task, account), ensure_ascii=False, separators=(",", ":")).encode()
        where = self.options.certificate_url or self._desk.host_url + CERTIFICATE_PATH
        headers = self.signer.headers(self.options.url, body, self._clock.now(), where, self.options.token)
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        try:
            async with self._session.post(
                self.options.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                good = 200 <= answer.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            good = False
        if good:
            self.sent += 1
        elif tries > 1:
            self._plan(self._clock.now() + TRY_AGAIN_S, tries - 1, task)
        else:
            self.failed += 1
