"""The emulator's desk as `ports.Vendor`, for looks and lists: real words both ways, no socket, a clock that is told."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.factories import FakeClock
from wanreel.domain.event import CancelFailed
from wanreel.domain.job import Account, Intent, Job
from wanreel.emulator.desk import Desk
from wanreel.emulator.replies import Reply
from wanreel.emulator.scripts import Instruction
from wanreel.ports.vendor import CancelAnswer, ListFailed, Listing, LookAnswer, Prepared, SubmitAnswer, Window
from wanreel.vendor.answers import look_answer
from wanreel.vendor.listing import list_answer, list_query

KEY = {"authorization": "Bearer sk-ours"}
CREATING = {**KEY, "x-dashscope-async": "enable"}
BODY: dict[str, Any] = {
    "model": "wan2.6-t2v",
    "input": {"prompt": "a red fox in fresh snow"},
    "parameters": {"size": "1280*720", "duration": 5},
}


class DeskVendor:
    """Asks a desk. `ahead_s` is how far the vendor's clock is ahead of ours; `broken` pages fail so often."""

    def __init__(self, desk: Desk, clock: FakeClock, ahead_s: float = 0.0) -> None:
        self.desk = desk
        self.clock = clock
        self.ahead_s = ahead_s
        self.calls: Counter[str] = Counter()
        self.broken: Counter[int] = Counter()
        self.windows: list[Window] = []

    @property
    def there(self) -> float:
        """What the vendor's clock shows."""
        return self.clock.now() + self.ahead_s

    def made(self, key: str = "sk-ours", fault: Instruction | None = None, **changes: Any) -> str:
        """Submit a task, with a fate where one is given; its id."""
        headers = {**CREATING, "authorization": f"Bearer {key}"}
        reply = self.desk.create("video-generation", headers, {**BODY, **changes}, self.there, fault=fault)
        assert isinstance(reply.body, dict), reply
        assert reply.status == 200, reply
        return reply.body["output"]["task_id"]

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        self.calls["list"] += 1
        self.windows.append(window)
        if self.broken[page] > 0:
            self.broken[page] -= 1
            raise ListFailed("connection reset")
        reply = self.desk.list(list_query(window, page), KEY, self.there)
        date = dict(reply.headers).get("date")
        return list_answer(reply.status, raw(reply), page, date=date, now=self.clock.now())

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        self.calls["look"] += 1
        reply = self.desk.query(task_id, KEY, self.there)
        return look_answer(task_id, reply.status, raw(reply), self.clock.now())

    async def prepare(self, job: Job) -> Prepared:
        raise AssertionError("no watcher prepares")

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        raise AssertionError("no watcher submits")

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        return CancelFailed("no watcher cancels")


def raw(reply: Reply) -> bytes:
    """An answer's bytes."""
    return reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
