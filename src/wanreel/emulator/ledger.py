"""What the vendor remembers: tasks in their lanes, uploads, counters; written to a journal and read back from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from heapq import heappop, heappush
from math import inf
from typing import Any

from wanreel.emulator.accounts import Account
from wanreel.emulator.catalog import Catalog, Model
from wanreel.emulator.counters import Counters
from wanreel.emulator.journal import Journal
from wanreel.emulator.tasks import Lane, Shot, Task
from wanreel.emulator.uploads import Kept

SWEEP_EVERY = 256


class Ledger:
    """All tasks still known. ``keep_s`` is how long one is known after its end."""

    def __init__(self, accounts: Iterable[Account], catalog: Catalog, keep_s: float, journal: Journal | None) -> None:
        self.counters = Counters()
        self.kept: dict[str, Kept] = {}
        self.ended: deque[Task] | None = None  # set by whoever wants to hear of tasks that ended
        self.number = 0
        self.requests = 0
        self.tasks: dict[str, Task] = {}
        self._accounts = {account.name: account for account in accounts}
        self._catalog = catalog
        self._keep_s = keep_s
        self._journal = journal
        self._by_account: dict[str, dict[str, Task]] = {name: {} for name in self._accounts}
        self._by_result: dict[str, Task] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._leaving: list[tuple[float, int, Task]] = []

    # ---- asking -------------------------------------------------------------------------------------------------

    def visible(self, task_id: str, account: str, now: float) -> Task | None:
        """An account's task, brought up to now, unless it is unknown, foreign or too old."""
        task = self.tasks.get(task_id)
        if task is None or task.account != account:
            return None
        self._lanes[task.account, task.model].advance(now)
        if task.final_at is not None and task.final_at + self._keep_s < now:
            return None
        return task

    def of(self, account: str, now: float) -> Iterable[Task]:
        """An account's tasks, oldest first, up to now."""
        self.advance(now)
        return self._by_account[account].values()

    def result(self, key: str) -> Task | None:
        """The task whose result lies under a key."""
        return self._by_result.get(key)

    def next_at(self) -> float:
        """When some task next starts or ends, as far as is known; infinity when nothing is under way."""
        return min((lane.next_at() for lane in self._lanes.values()), default=inf)

    # ---- changing -----------------------------------------------------------------------------------------------

    def lane(self, account: Account, model: Model) -> Lane:
        """The lane of an account and model."""
        key = (account.name, model.id)
        lane = self._lanes.get(key)
        if lane is None:
            running = model.running if account.running is None else account.running
            lane = self._lanes[key] = Lane(running, self._started, self._over)
        return lane

    def accept(self, task: Task) -> None:
        """Take in a new task, counted and written down before anyone is told."""
        self._keep(task)
        self._lanes[task.account, task.model].add(task)
        tally = self.counters.of(task.account)
        tally.tasks_accepted += 1
        tally.models[task.model] += 1
        if self._journal is not None:
            self._journal.append({"k": "task", "at": task.submit_at, "task": task_record(task)})
        if task.number % SWEEP_EVERY == 0:
            self.advance(task.submit_at)

    def cancel(self, task: Task, now: float) -> None:
        """Take back a task that still waits."""
        self._lanes[task.account, task.model].cancel(task, now)
        self.counters.of(task.account).tasks_canceled += 1
        self._leave(task)
        self._write({"k": "cancel", "id": task.id, "at": now})

    def keep_file(self, kept: Kept, now: float) -> None:
        """Remember an upload, forget those past their time."""
        self.kept[kept.key] = kept
        for key in [key for key, old in self.kept.items() if old.expires_at < now]:
            del self.kept[key]
        if self._journal is not None:
            self._journal.append({"k": "kept", "at": now, "file": asdict(kept)})

    def count(self, account: str, operation: str, status: int, now: float) -> None:
        """Count a call and its answer."""
        self._tally_call(account, operation, status)
        self._write({"k": "call", "op": operation, "acc": account, "st": status, "at": now})

    def advance(self, now: float) -> None:
        """Let every lane come up to now, and drop what is older than the vendor keeps it; the counters stay."""
        for lane in self._lanes.values():
            lane.advance(now)
        while self._leaving and self._leaving[0][0] < now:
            task = heappop(self._leaving)[2]
            del self.tasks[task.id], self._by_account[task.account][task.id], self._by_result[task.result_key]

    def _keep(self, task: Task) -> None:
        self.tasks[task.id] = task
        self._by_account[task.account][task.id] = task
        self._by_result[task.result_key] = task

    def _started(self, task: Task) -> None:
        self._write({"k": "start", "id": task.id, "at": task.scheduled_at, "end": task.end_at, "code": task.code})

    def _over(self, task: Task) -> None:
        if not task.settled:
            task.settled = True
            tally = self.counters.of(task.account)
            if task.code:
                tally.tasks_failed += 1
            else:
                tally.tasks_succeeded += 1
                tally.paid_seconds += task.billed_s
            if self.ended is not None:
                self.ended.append(task)
        self._leave(task)

    def _leave(self, task: Task) -> None:
        heappush(self._leaving, ((task.final_at or 0.0) + self._keep_s, task.number, task))

    def _tally_call(self, account: str, operation: str, status: int) -> None:
        tally = self.counters.of(account)
        tally.requests[operation] += 1
        tally.answers[f"{operation}.{status}"] += 1
        self.requests += 1

    def _write(self, line: dict[str, Any]) -> None:
        if self._journal is not None:
            self._journal.append(line)

    # ---- waking up ----------------------------------------------------------------------------------------------

    def restore(self, lines: Iterable[dict[str, Any]]) -> None:
        """Read a journal back. Tasks of accounts or models that no longer exist are left out."""
        for line in lines:
            match line["k"]:
                case "counters":
                    self.counters.restore(line["counters"])
                    self.number, self.requests = line["number"], line["requests"]
                case "task":
                    self._restore_task(task_of(line["task"]), counted=line.get("counted", False))
                case "start" if line["id"] in self.tasks:
                    task = self.tasks[line["id"]]
                    task.scheduled_at, task.end_at, task.code = line["at"], line["end"], line["code"]
                case "cancel" if line["id"] in self.tasks:
                    task = self.tasks[line["id"]]
                    task.canceled_at = line["at"]
                    self.counters.of(task.account).tasks_canceled += 1
                case "kept":
                    self.kept[line["file"]["key"]] = Kept(**line["file"])
                case "call":
                    self._tally_call(line["acc"], line["op"], line["st"])
                case _:
                    pass
        for task in self.tasks.values():
            lane = self._lanes[task.account, task.model]
            if task.canceled_at is not None or task.settled:
                self._leave(task)
            elif task.end_at is not None:
                lane.resume(task)
            else:
                lane.add(task)

    def _restore_task(self, task: Task, *, counted: bool) -> None:
        if task.account not in self._accounts or task.model not in self._catalog.models:
            return
        self.number = max(self.number, task.number)
        self._keep(task)
        self.lane(self._accounts[task.account], self._catalog.models[task.model])
        if not counted:
            tally = self.counters.of(task.account)
            tally.tasks_accepted += 1
            tally.models[task.model] += 1

    def snapshot(self) -> list[dict[str, Any]]:
        """Journal lines that say all there is to know now, so that the old ones can go."""
        head = {
            "k": "counters",
            "counters": self.counters.snapshot(),
            "number": self.number,
            "requests": self.requests,
        }
        tasks = [{"k": "task", "task": task_record(task), "counted": True} for task in self.tasks.values()]
        return [head, *tasks, *({"k": "kept", "file": asdict(kept)} for kept in self.kept.values())]


def task_record(task: Task) -> dict[str, Any]:
    """A task as plain data, whole; a task that never ends has no run_s."""
    record = asdict(task)
    if task.run_s == inf:
        record["run_s"] = None
    return record


def task_of(record: dict[str, Any]) -> Task:
    """The task of a record."""
    run_s = inf if record["run_s"] is None else record["run_s"]
    fields: dict[str, Any] = {**record, "run_s": run_s, "shot": Shot(**record["shot"])}
    return Task(**fields)
