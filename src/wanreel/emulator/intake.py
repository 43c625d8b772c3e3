"""A create, from the key to the accepted task, in the documented order of checks (fact sheet §15.2)."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from wanreel.emulator import results
from wanreel.emulator.accounts import Caller
from wanreel.emulator.answers import trimmed
from wanreel.emulator.brief import Brief, Refusal
from wanreel.emulator.calls import Call
from wanreel.emulator.catalog import Catalog
from wanreel.emulator.chance import digest, uuid
from wanreel.emulator.checks import find_model, missing_input, parse_body
from wanreel.emulator.gate import Gate
from wanreel.emulator.latency import queue_s, run_s
from wanreel.emulator.ledger import Ledger
from wanreel.emulator.media import Medium, named
from wanreel.emulator.objects import as_object
from wanreel.emulator.orders import Order, draw_up
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply, json_reply
from wanreel.emulator.scripts import Fate
from wanreel.emulator.tasks import PENDING, Task


class Intake:
    """Decides about creates. ``ids`` is what task ids are drawn from, ``seed`` what latencies are drawn from."""

    def __init__(self, catalog: Catalog, quirks: Quirks, gate: Gate, ledger: Ledger, speed: float) -> None:
        self._catalog = catalog
        self._quirks = quirks
        self._gate = gate
        self._ledger = ledger
        self._speed = speed
        self.seed: int | str = 0
        self.ids = ""

    def create(self, call: Call, path: str, body: bytes | Mapping[str, Any], media: Mapping[str, Medium]) -> Reply:
        """Accept or refuse."""
        caller = call.caller
        if isinstance(caller, str):
            return call.refuse("InvalidApiKey", caller)
        if not call.enabled("x-dashscope-async"):
            return call.refuse("AccessDenied", "current user api does not support synchronous calls")
        workspace = call.headers.get("x-dashscope-workspace", "")
        if workspace and caller.account.workspaces and workspace not in caller.account.workspaces:
            return call.refuse("NOT AUTHORIZED")
        parsed = parse_body(body)
        if isinstance(parsed, Refusal):
            return parsed.reply(call)
        order = self._order(call, caller, parsed, path, media)
        if isinstance(order, Refusal):
            return order.reply(call)
        return self._admit(call, caller, order, parsed)

    def _order(
        self, call: Call, caller: Caller, body: Mapping[str, Any], path: str, media: Mapping[str, Medium]
    ) -> Order | Refusal:
        model = find_model(body, path, caller.account.region, self._catalog, self._quirks)
        if isinstance(model, Refusal):
            return model
        call.model = model.id
        given = as_object(body.get("input"))
        if given is None:
            return Refusal("BadRequest.EmptyInput")
        parameters = as_object(body.get("parameters")) or {}
        brief = Brief(model, given, parameters, media, self._catalog, self._quirks)
        refusal = missing_input(brief) or self._unresolved(call, caller, brief, body)
        if refusal is not None:
            return refusal
        order = draw_up(brief, int.from_bytes(digest(self.seed, "clip", self._ledger.number)[:4], "big") >> 1)
        if order.wrong is not None and self._quirks.value_checks == "submit":
            return order.wrong
        return order

    def _unresolved(self, call: Call, caller: Caller, brief: Brief, body: Mapping[str, Any]) -> Refusal | None:
        """The refusal of an ``oss://`` address that this account and model may not use (§7)."""
        resolve = call.enabled("x-dashscope-ossresourceresolve")
        for entry in named(body):
            if not entry.url.startswith("oss://"):
                continue
            kept = self._ledger.kept.get(entry.url.removeprefix("oss://"))
            if not resolve or kept is None or not kept.usable(caller.account.name, brief.model.id, call.now):
                return Refusal("InvalidParameter.DataInspection")
        return None

    def _admit(self, call: Call, caller: Caller, order: Order, body: Mapping[str, Any]) -> Reply:
        account, model = caller.account, order.model
        rate = model.rate if account.submit_rate is None else account.submit_rate
        if not self._gate.allow(account.name, f"create {model.id}", rate, call.now):
            return call.refuse("Throttling.RateQuota")
        lane = self._ledger.lane(account, model)
        lane.advance(call.now)
        queued = self._quirks.queued_max if account.queued is None else account.queued
        if lane.active >= lane.running_max + (queued if self._quirks.over_limit == "queue" else 0):
            return call.refuse("Throttling.RateQuota")
        task = self._make(call, caller, order, body)
        self._ledger.accept(task)
        call.task_id = task.id
        output = {"task_status": PENDING, "task_id": task.id}
        return json_reply({"output": output, "request_id": call.request_id}, call.request_id, call.now)

    def _make(self, call: Call, caller: Caller, order: Order, body: Mapping[str, Any]) -> Task:
        self._ledger.number += 1
        number = self._ledger.number
        fate = (call.fault.fate if call.fault else None) or Fate()
        if order.wrong is not None and not fate.outcome:
            fate = Fate("failed", order.wrong.code, order.wrong.message, fate.queue_s, fate.run_s)
        task_id = uuid(self.ids, "task", number)
        runs = run_s(order, self.seed, number) / self._speed if fate.run_s is None else fate.run_s
        code, message = _failure(fate)
        return Task(
            id=task_id,
            account=caller.account.name,
            key_id=caller.key_id,
            request_id=call.request_id,
            model=order.model.id,
            path=order.model.path,
            number=number,
            submit_at=call.now,
            queue_s=queue_s(self.seed, number) / self._speed if fate.queue_s is None else fate.queue_s,
            run_s=inf if fate.outcome == "stuck" else runs,
            deadline_at=call.now + self._quirks.task_deadline_s,
            shot=order.shot,
            usage=order.usage,
            billed_s=0.0 if fate.outcome == "no_url" and not self._quirks.no_url_usage else order.billed_s,
            orig_prompt=order.orig_prompt,
            actual_prompt=order.actual_prompt,
            code=code,
            message=message,
            no_url=fate.outcome == "no_url",
            picked_up_s=self._quirks.picked_up_s,
            url_life_s=self._quirks.result_life_s if fate.url_life_s is None else fate.url_life_s,
            script=call.script_id,
            region=caller.account.region,
            result_key=results.result_key(task_id, call.now),
            body=trimmed(body),
        )


def _failure(fate: Fate) -> tuple[str, str]:
    """Code and message of a task that will fail; empty for one that will not."""
    if fate.outcome == "failed":
        return fate.code or "InternalError", fate.message
    if fate.outcome == "content_block":
        words = fate.message or "Output data may contain inappropriate content."
        return fate.code or "DataInspectionFailed", words
    return "", ""
