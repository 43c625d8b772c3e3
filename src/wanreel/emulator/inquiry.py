"""Asking about what exists: query, list and cancel of tasks, quotas, models, and the face check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wanreel.emulator import answers, listing
from wanreel.emulator.accounts import Caller
from wanreel.emulator.brief import Refusal
from wanreel.emulator.calls import Call
from wanreel.emulator.catalog import Catalog
from wanreel.emulator.checks import parse_body
from wanreel.emulator.gate import Gate
from wanreel.emulator.ledger import Ledger
from wanreel.emulator.objects import as_object
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply
from wanreel.emulator.storage import Storage
from wanreel.emulator.tasks import PENDING


class Inquiry:
    """Answers every call that neither makes a task nor moves a file."""

    def __init__(self, catalog: Catalog, quirks: Quirks, gate: Gate, ledger: Ledger, storage: Storage) -> None:
        self._catalog = catalog
        self._quirks = quirks
        self._gate = gate
        self._ledger = ledger
        self._storage = storage

    def query(self, call: Call, task_id: str) -> Reply:
        """One task, by its state."""
        call.task_id = task_id
        keyed = isinstance(call.caller, Caller)
        if keyed and self._quirks.async_query == "refuse" and call.enabled("x-dashscope-async"):
            return call.refuse("AccessDenied", "current user api does not support asynchronous calls")
        caller = self._gate.enter(call, "query_rate")
        if isinstance(caller, Reply):
            return caller
        task = self._ledger.visible(task_id, caller.account.name, call.now)
        if call.fault is not None and call.fault.fault == "unknown":
            word = call.fault.code or "UNKNOWN"
            return call.answer({"output": {"task_id": task_id, "task_status": word}})
        if task is None:
            return call.answer({"output": {"task_id": task_id, "task_status": "UNKNOWN"}})
        url = self._storage.result_url(task, call.now)
        return call.answer(answers.query_body(task, call.now, url, self._quirks))

    def page(self, call: Call, params: Mapping[str, str]) -> Reply:
        """A page of the account's tasks."""
        caller = self._gate.enter(call, "list_rate")
        if isinstance(caller, Reply):
            return caller
        page = listing.parse_page(params, call.now, self._quirks)
        if isinstance(page, str):
            return call.refuse("InvalidParameter", page)
        rows = self._ledger.of(caller.account.name, call.now)
        return call.answer(listing.answer(page, rows, caller.account, call.now, self._quirks))

    def cancel(self, call: Call, task_id: str) -> Reply:
        """Take back a task that still waits."""
        call.task_id = task_id
        caller = self._gate.enter(call, "cancel_rate")
        if isinstance(caller, Reply):
            return caller
        task = self._ledger.visible(task_id, caller.account.name, call.now)
        if task is None or task.status_at(call.now) != PENDING or task.scheduled_at is not None:
            return call.refuse("UnsupportedOperation")
        self._ledger.cancel(task, call.now)
        return call.answer({})

    def paged(self, call: Call, params: Mapping[str, str], body_of: answers.PagedBody) -> Reply:
        """Quotas or models, paged."""
        caller = self._gate.enter(call, "query_rate")
        if isinstance(caller, Reply):
            return caller
        body = body_of(caller.account, self._catalog, params, self._quirks)
        return call.answer(body) if body is not None else call.refuse("InvalidParameter")

    def detect(self, call: Call, body: bytes | Mapping[str, Any]) -> Reply:
        """Whether a picture shows a face; it always does."""
        caller = self._gate.enter(call, 5.0)
        if isinstance(caller, Reply):
            return caller
        parsed = parse_body(body)
        if isinstance(parsed, Refusal):
            return parsed.reply(call)
        if parsed.get("model") != "wan2.2-s2v-detect":
            return call.refuse("InvalidParameter", "Model not exist.")
        if not (as_object(parsed.get("input")) or {}).get("image_url"):
            return call.refuse("InvalidParameter")
        return call.answer({"output": {"check_pass": True, "humanoid": True}, "usage": {"image_count": 1}})
