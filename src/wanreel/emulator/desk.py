"""The vendor behind a counter: every call goes in with `now` and comes out as a reply; no clock, socket or thread.

A task's times are drawn once, when it is accepted. Everything later (its state, its result, its row in the list)
follows from those times and from `now`, so a desk can be driven in real time by the app or in virtual time by a test.
Give `now` in emulator seconds since the epoch; it must not go backwards.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from heapq import heappop, heappush
from math import inf
from typing import Any

from wanreel.emulator import answers, listing, results, uploads
from wanreel.emulator.accounts import Account, Bucket, Caller, Doorkeeper, key_id
from wanreel.emulator.catalog import Model, catalog
from wanreel.emulator.chance import digest, uuid
from wanreel.emulator.checks import Brief, Order, Refusal, draw_up, find_model, missing_input, parse_body
from wanreel.emulator.counters import Counters
from wanreel.emulator.faults import by_chance, check_rates, spoil, unprocessed
from wanreel.emulator.journal import Journal
from wanreel.emulator.latency import queue_s, run_s
from wanreel.emulator.media import Medium, named
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply, error_reply, json_reply
from wanreel.emulator.scripts import Fate, Instruction, ScriptBook
from wanreel.emulator.tasks import PENDING, Lane, Shot, Task

SCRIPT_HEADER = "x-wanreel-emulator-script"
UNDRAWN = Instruction()
"""Passed as ``fault``: let the desk find out itself. None means: no fault, whatever the scripts say."""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """How this vendor is set up. ``speed`` divides the time tasks wait and run, nothing else."""

    accounts: tuple[Account, ...] = (Account(),)
    quirks: Quirks = Quirks()
    speed: float = 1.0
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, dict[str, float]])
    host_url: str = "http://127.0.0.1:8080"
    log_max: int = 2000
    events: bool = False  # keep finished tasks for the event sender to fetch


@dataclass(slots=True)
class Call:
    """One call on its way through the desk."""

    operation: str
    headers: Mapping[str, str]
    now: float
    request_id: str
    caller: Caller | str
    fault: Instruction | None
    script_id: str
    task_id: str = ""
    model: str = ""

    def refuse(self, code: str, message: str = "", status: int = 0) -> Reply:
        """A refusal in the native shape."""
        return error_reply(code, self.request_id, self.now, message=message, status=status)

    def answer(self, body: Mapping[str, Any]) -> Reply:
        """An ordinary answer; the request id comes first."""
        return json_reply({"request_id": self.request_id, **body}, self.request_id, self.now)


@dataclass(frozen=True, slots=True)
class Serving:
    """A download that is due: whose clip, under which name, and what is to go wrong with its bytes."""

    task: Task
    oss_id: str
    fault: Instruction | None


class Desk:
    """All state of the emulated vendor, behind plain synchronous methods."""

    def __init__(
        self,
        settings: DeskSettings = DeskSettings(),
        *,
        seed: int | str = 0,
        id_space: str = "",
        journal: Journal | None = None,
    ) -> None:
        check_rates(settings.rates)
        self.settings = settings
        self.quirks = settings.quirks
        self.seed = seed
        self.host_url = settings.host_url
        self.catalog = catalog()
        self.doors = Doorkeeper(settings.accounts)
        self.scripts = ScriptBook()
        self.counters = Counters()
        self.log: deque[dict[str, Any]] = deque(maxlen=settings.log_max)
        self.finished: deque[Task] = deque(maxlen=10_000)
        self.kept: dict[str, uploads.Kept] = {}
        self.secret = digest(seed, "secret", id_space).hex()
        self._ids = f"{seed}/{id_space}"
        self._journal = journal
        self._tasks: dict[str, Task] = {}
        self._by_account: dict[str, dict[str, Task]] = {name: {} for name in self.doors.accounts}
        self._by_result: dict[str, str] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._leaving: list[tuple[float, int, Task]] = []
        self._settled: set[str] = set()
        self._calls: Counter[str] = Counter()
        self._down: tuple[float, float, Instruction] = (inf, -inf, UNDRAWN)
        self._numbers = 0
        self._requests = 0

    # ---- the vendor's calls -------------------------------------------------------------------------------------

    def create(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes | Mapping[str, Any],
        now: float,
        *,
        media: Mapping[str, Medium] | None = None,
        fault: Instruction | None = UNDRAWN,
    ) -> Reply:
        """``POST /services/aigc/{path}/video-synthesis``; ``path`` is video-generation or image2video.

        ``media`` tells what was found at the addresses the body names.
        """
        return self._handle("create", headers, now, fault, lambda call: self._create(call, path, body, media or {}))

    def query(
        self, task_id: str, headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /tasks/{task_id}``."""
        return self._handle("query", headers, now, fault, lambda call: self._query(call, task_id))

    def list(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /tasks/``."""
        return self._handle("list", headers, now, fault, lambda call: self._list(call, params))

    def cancel(
        self, task_id: str, headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``POST /tasks/{task_id}/cancel``."""
        return self._handle("cancel", headers, now, fault, lambda call: self._cancel(call, task_id))

    def policy(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /uploads?action=getPolicy&model=…``."""
        return self._handle("policy", headers, now, fault, lambda call: self._policy(call, params))

    def upload(
        self,
        fields: Mapping[str, str],
        sha256: str,
        size_bytes: int,
        now: float,
        *,
        headers: Mapping[str, str] | None = None,
        fault: Instruction | None = UNDRAWN,
    ) -> Reply:
        """The form upload to ``upload_host``; the caller keeps the bytes under their hash."""
        return self._handle(
            "upload", headers or {}, now, fault, lambda call: self._upload(call, fields, sha256, size_bytes)
        )

    def limits(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /models/limits``."""
        return self._handle("limits", headers, now, fault, lambda call: self._limits(call, params))

    def models(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /models``."""
        return self._handle("models", headers, now, fault, lambda call: self._models(call, params))

    def detect(
        self,
        headers: Mapping[str, str],
        body: bytes | Mapping[str, Any],
        now: float,
        *,
        fault: Instruction | None = UNDRAWN,
    ) -> Reply:
        """``POST /services/aigc/image2video/face-detect``, the one synchronous call."""
        return self._handle("detect", headers, now, fault, lambda call: self._detect(call, body))

    def download(
        self,
        verb: str,
        key: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        now: float,
        *,
        fault: Instruction | None = UNDRAWN,
    ) -> Reply | Serving:
        """A result URL: the object store's refusal, or what to serve.

        The call needs no key; scripts bound to the task's account, or that named its create, apply.
        """
        task = self._tasks.get(self._by_result.get(key, ""))
        headers = _lowered(headers)
        if fault is UNDRAWN:
            script_id = headers.get(SCRIPT_HEADER, "") or (task.script if task else "")
            account, owner = (task.account, task.key_id) if task else ("", "")
            fault = self._meet("download", script_id, account, owner, now)
        oss_id = digest(self._ids, "oss", self._next_request()).hex()[:24].upper()
        answer: Reply | Serving
        if fault is not None and not fault.takes_effect:
            answer = unprocessed(fault, "download", oss_id, now)
        else:
            answer = self._open(verb, key, params, task, oss_id, now)
            if isinstance(answer, Serving) and (fault is None or fault.fault in SERVED_FAULTS):
                answer = replace(answer, fault=fault)
            elif fault is not None:
                answer = spoil(fault, answer if isinstance(answer, Reply) else Reply(200, b""), "download", oss_id, now)
        status = answer.status if isinstance(answer, Reply) else 200
        self._note("download", task.account if task else "", status, fault, now, task_id=task.id if task else "")
        return answer

    def _open(
        self, verb: str, key: str, params: Mapping[str, str], task: Task | None, oss_id: str, now: float
    ) -> Reply | Serving:
        verb = "GET" if self.quirks.head == "allow" else verb
        refusal = results.refused(verb, key, params, self.secret, now, oss_id)
        if refusal is not None:
            return refusal
        if task is None or task.end_at is None or task.end_at > now:
            return results.not_found(oss_id)
        return Serving(task, oss_id, None)

    # ---- for the app, the simulator and the tests ---------------------------------------------------------------

    def meet(
        self, operation: str, headers: Mapping[str, str], now: float, *, task_id: str = ""
    ) -> Instruction | None:
        """Use up the fault the next call of this kind meets, to pass it on as ``fault`` (needed for slow_before)."""
        lowered = _lowered(headers)
        caller = self.doors.identify(lowered)
        task = self._tasks.get(task_id)
        script_id = lowered.get(SCRIPT_HEADER, "") or (task.script if task and operation == "download" else "")
        if isinstance(caller, Caller):
            return self._meet(operation, script_id, caller.account.name, caller.key, now)
        return self._meet(operation, script_id, task.account if task else "", task.key_id if task else "", now)

    def outage(self, from_at: float, to_at: float, *, status: int = 0, code: str = "") -> None:
        """Be gone between two instants: connections drop, or (with a status) every call is refused with it."""
        self._down = (from_at, to_at, Instruction("down", status=status, code=code))

    def advance(self, now: float) -> None:
        """Let every lane come up to now."""
        for lane in self._lanes.values():
            lane.advance(now)
        self._forget(now)

    def next_at(self) -> float:
        """When some task next starts or ends, as far as is known; infinity when nothing is under way."""
        return min((lane.next_at() for lane in self._lanes.values()), default=inf)

    def tasks(self, now: float) -> list[Task]:
        """Every task still known, oldest first."""
        self.advance(now)
        return list(self._tasks.values())

    def task(self, task_id: str) -> Task | None:
        """One task, if it is still known."""
        return self._tasks.get(task_id)

    def figures(self, now: float) -> dict[str, Any]:
        """The counters as plain data, up to now."""
        self.advance(now)
        return self.counters.snapshot()

    def result_task(self, key: str) -> Task | None:
        """The task whose result lies under a key."""
        return self._tasks.get(self._by_result.get(key, ""))

    # ---- one call -----------------------------------------------------------------------------------------------

    def _handle(
        self,
        operation: str,
        headers: Mapping[str, str],
        now: float,
        fault: Instruction | None,
        work: Callable[[Call], Reply],
    ) -> Reply:
        lowered = _lowered(headers)
        caller = self.doors.identify(lowered)
        account, key = (caller.account.name, caller.key) if isinstance(caller, Caller) else ("", "")
        script_id = lowered.get(SCRIPT_HEADER, "")
        if fault is UNDRAWN:
            fault = self._meet(operation, script_id, account, key, now)
        request_id = uuid(self._ids, "request", self._next_request())
        call = Call(operation, lowered, now, request_id, caller, fault, script_id)
        if script_id and script_id not in self.scripts.scripts:
            reply = call.refuse("EmulatorScriptUnknown", f"No script {script_id!r} at this emulator.", 400)
        elif fault is None:
            reply = work(call)
        elif fault.takes_effect:
            reply = spoil(fault, work(call), operation, request_id, now)
        else:
            reply = unprocessed(fault, operation, request_id, now)
        self._note(operation, account, reply.status, fault, now, task_id=call.task_id, model=call.model, reply=reply)
        return reply

    def _meet(self, operation: str, script_id: str, account: str, key: str, now: float) -> Instruction | None:
        self._calls[operation] += 1
        from_at, to_at, gone = self._down
        found: Instruction | None = None
        if from_at <= now < to_at:
            found = gone
        if found is None:
            found = self.scripts.take(operation, script_id, account, key)
            if found is not None and found.fault == "down":
                self._down = (now, now + found.for_s, found)
        if found is None and operation in self.settings.rates:
            found = by_chance(self.settings.rates[operation], self.seed, operation, self._calls[operation])
        if found is not None:
            kind = found.fate.outcome or "fate" if found.fault == "pass" and found.fate else found.fault
            self.counters.faults[f"{operation}.{kind}"] += 1
        return found

    def _note(
        self,
        operation: str,
        account: str,
        status: int,
        fault: Instruction | None,
        now: float,
        *,
        task_id: str = "",
        model: str = "",
        reply: Reply | None = None,
    ) -> None:
        tally = self.counters.of(account)
        tally.requests[operation] += 1
        tally.answers[f"{operation}.{status}"] += 1
        code = reply.body.get("code", "") if reply is not None and isinstance(reply.body, dict) else ""
        entry = {
            "at": now,
            "operation": operation,
            "account": account,
            "status": status,
            "code": code,
            "fault": fault.fault if fault else "",
            "task_id": task_id,
            "model": model,
        }
        self.log.append(entry)
        if self._journal is not None:
            self._journal.append({"k": "call", "op": operation, "acc": account, "st": status, "at": now})

    # ---- create -------------------------------------------------------------------------------------------------

    def _create(
        self, call: Call, path: str, body: bytes | Mapping[str, Any], media: Mapping[str, Medium]
    ) -> Reply:
        caller = call.caller
        if isinstance(caller, str):
            return call.refuse("InvalidApiKey", caller)
        if call.headers.get("x-dashscope-async", "").lower() != "enable":
            return call.refuse("AccessDenied", "current user api does not support synchronous calls")
        workspace = call.headers.get("x-dashscope-workspace", "")
        if workspace and caller.account.workspaces and workspace not in caller.account.workspaces:
            return call.refuse("NOT AUTHORIZED")
        parsed = parse_body(body)
        if isinstance(parsed, Refusal):
            return _refuse(call, parsed)
        model = find_model(parsed, path, caller.account.region, self.catalog, self.quirks)
        if isinstance(model, Refusal):
            return _refuse(call, model)
        call.model = model.id
        if not isinstance(parsed.get("input"), Mapping):
            return call.refuse("BadRequest.EmptyInput")
        parameters = parsed.get("parameters")
        brief = Brief(
            model,
            parsed["input"],
            parameters if isinstance(parameters, Mapping) else {},
            media,
            self.catalog,
            self.quirks,
        )
        refusal = missing_input(brief) or self._unresolved(call, caller, brief, parsed)
        if refusal is not None:
            return _refuse(call, refusal)
        order = draw_up(brief, int.from_bytes(digest(self.seed, "clip", self._numbers)[:4], "big") >> 1)
        if order.wrong is not None and self.quirks.value_checks == "submit":
            return _refuse(call, order.wrong)
        return self._admit(call, caller, order, parsed)

    def _unresolved(self, call: Call, caller: Caller, brief: Brief, body: Mapping[str, Any]) -> Refusal | None:
        """The refusal of an ``oss://`` address that this account and model may not use (§7)."""
        resolve = call.headers.get("x-dashscope-ossresourceresolve", "").lower() == "enable"
        for entry in named(body):
            if not entry.url.startswith("oss://"):
                continue
            kept = self.kept.get(entry.url.removeprefix("oss://"))
            mine = kept is not None and kept.account == caller.account.name and kept.model == brief.model.id
            if not resolve or not mine or kept is None or kept.expires_at < call.now:
                return Refusal("InvalidParameter.DataInspection")
        return None

    def _admit(self, call: Call, caller: Caller, order: Order, body: Mapping[str, Any]) -> Reply:
        account, model = caller.account, order.model
        rate = model.rate if account.submit_rate is None else account.submit_rate
        if not self._bucket(account.name, f"create {model.id}", rate).take(call.now):
            return call.refuse("Throttling.RateQuota")
        lane = self._lane(account, model)
        lane.advance(call.now)
        queued = self.quirks.queued_max if account.queued is None else account.queued
        room = lane.running_max + (queued if self.quirks.over_limit == "queue" else 0)
        if lane.active >= room:
            return call.refuse("Throttling.RateQuota")
        task = self._make(call, caller, order)
        task.body = answers.trimmed(body)
        self._keep(task, lane)
        self.counters.of(task.account).tasks_accepted += 1
        self.counters.of(task.account).models[task.model] += 1
        call.task_id = task.id
        if self._journal is not None:
            self._journal.append({"k": "task", **answers.task_record(task)})
        if task.number % 256 == 0:
            self.advance(call.now)
        output = {"task_status": PENDING, "task_id": task.id}
        return json_reply({"output": output, "request_id": call.request_id}, call.request_id, call.now)

    def _make(self, call: Call, caller: Caller, order: Order) -> Task:
        self._numbers += 1
        number, speed = self._numbers, self.settings.speed
        fate = (call.fault.fate if call.fault else None) or Fate()
        if order.wrong is not None and not fate.outcome:
            fate = Fate("failed", order.wrong.code, order.wrong.message, fate.queue_s, fate.run_s)
        task_id = uuid(self._ids, "task", number)
        waits = queue_s(self.seed, number) / speed if fate.queue_s is None else fate.queue_s
        runs = run_s(order, self.seed, number) / speed if fate.run_s is None else fate.run_s
        task = Task(
            id=task_id,
            account=caller.account.name,
            key_id=caller.key_id,
            request_id=call.request_id,
            model=order.model.id,
            path=order.model.path,
            number=number,
            submit_at=call.now,
            queue_s=waits,
            run_s=inf if fate.outcome == "stuck" else runs,
            deadline_at=call.now + self.quirks.task_deadline_s,
            shot=order.shot,
            usage=order.usage,
            billed_s=order.billed_s,
            orig_prompt=order.orig_prompt,
            actual_prompt=order.actual_prompt,
            no_url=fate.outcome == "no_url",
            url_life_s=self.quirks.result_life_s if fate.url_life_s is None else fate.url_life_s,
            script=call.script_id,
            region=caller.account.region,
            result_key=results.result_key(task_id, call.now),
        )
        if fate.outcome == "failed":
            task.code, task.message = fate.code or "InternalError", fate.message
        elif fate.outcome == "content_block":
            task.code = fate.code or "DataInspectionFailed"
            task.message = fate.message or "Output data may contain inappropriate content."
        return task

    # ---- the other calls ----------------------------------------------------------------------------------------

    def _enter(self, call: Call, rate: float) -> Caller | Reply:
        """Key and rate, for everything but a create."""
        if isinstance(call.caller, str):
            return call.refuse("InvalidApiKey", call.caller)
        if not self._bucket(call.caller.account.name, call.operation, rate).take(call.now):
            return call.refuse("Throttling.RateQuota")
        return call.caller

    def _rate(self, call: Call, name: str) -> float:
        return getattr(call.caller.account, name) if isinstance(call.caller, Caller) else 0.0

    def _query(self, call: Call, task_id: str) -> Reply:
        call.task_id = task_id
        if isinstance(call.caller, Caller) and self.quirks.async_query == "refuse" and call.headers.get("x-dashscope-async"):
            return call.refuse("AccessDenied", "current user api does not support asynchronous calls")
        caller = self._enter(call, self._rate(call, "query_rate"))
        if isinstance(caller, Reply):
            return caller
        task = self._visible(task_id, caller, call.now)
        if task is None or (call.fault is not None and call.fault.fault == "unknown"):
            return call.answer({"output": {"task_id": task_id, "task_status": "UNKNOWN"}})
        expires = int(call.now + task.url_life_s) if self.quirks.resign else task.expires_at
        url = results.signed_url(self.host_url, task.result_key, expires, self.secret)
        return call.answer(answers.query_body(task, call.now, url, self.quirks))

    def _list(self, call: Call, params: Mapping[str, str]) -> Reply:
        caller = self._enter(call, self._rate(call, "list_rate"))
        if isinstance(caller, Reply):
            return caller
        page = listing.parse_page(params, call.now, self.quirks)
        if isinstance(page, str):
            return call.refuse("InvalidParameter", page)
        self.advance(call.now)
        rows = self._by_account[caller.account.name].values()
        return call.answer(listing.answer(page, rows, caller.account, call.now, self.quirks))

    def _cancel(self, call: Call, task_id: str) -> Reply:
        call.task_id = task_id
        caller = self._enter(call, self._rate(call, "cancel_rate"))
        if isinstance(caller, Reply):
            return caller
        task = self._visible(task_id, caller, call.now)
        if task is None or task.status_at(call.now) != PENDING:
            return call.refuse("UnsupportedOperation")
        self._lanes[task.account, task.model].cancel(task, call.now)
        self._over(task)
        self.counters.of(task.account).tasks_canceled += 1
        if self._journal is not None:
            self._journal.append({"k": "cancel", "id": task.id, "at": call.now})
        return call.answer({})

    def _policy(self, call: Call, params: Mapping[str, str]) -> Reply:
        caller = self._enter(call, 0.0)
        if isinstance(caller, Reply):
            return caller
        model = params.get("model", "")
        if params.get("action") != "getPolicy" or not model:
            return call.refuse("InvalidParameter")
        if not self._bucket(caller.account.name, f"policy {model}", caller.account.policy_rate).take(call.now):
            return call.refuse("Throttling.RateQuota")
        number = self._next_request()
        data = uploads.policy_data(caller.account.name, model, number, self.secret, self.host_url, call.now)
        return call.answer({"data": data})

    def _upload(self, call: Call, fields: Mapping[str, str], sha256: str, size_bytes: int) -> Reply:
        oss_id = call.request_id.replace("-", "")[:24].upper()
        kept = uploads.accept(fields, sha256, size_bytes, self.secret, "dashscope-instant", call.now, oss_id)
        if isinstance(kept, Reply):
            return kept
        self.kept[kept.key] = kept
        for key in [key for key, old in self.kept.items() if old.expires_at < call.now]:
            del self.kept[key]
        if self._journal is not None:
            self._journal.append({"k": "kept", **asdict(kept)})
        status = fields.get("success_action_status", "204")
        headers = {"x-oss-request-id": oss_id, "server": "AliyunOSS", "content-type": "application/xml"}
        return Reply(int(status) if status in ("200", "201", "204") else 204, b"", headers)

    def _limits(self, call: Call, params: Mapping[str, str]) -> Reply:
        caller = self._enter(call, self._rate(call, "query_rate"))
        if isinstance(caller, Reply):
            return caller
        body = answers.limits_body(caller.account, self.catalog, params, self.quirks)
        return call.answer(body) if body is not None else call.refuse("InvalidParameter")

    def _models(self, call: Call, params: Mapping[str, str]) -> Reply:
        caller = self._enter(call, self._rate(call, "query_rate"))
        if isinstance(caller, Reply):
            return caller
        body = answers.models_body(caller.account, self.catalog, params, self.quirks)
        return call.answer(body) if body is not None else call.refuse("InvalidParameter")

    def _detect(self, call: Call, body: bytes | Mapping[str, Any]) -> Reply:
        caller = self._enter(call, 5.0)
        if isinstance(caller, Reply):
            return caller
        parsed = parse_body(body)
        if isinstance(parsed, Refusal):
            return _refuse(call, parsed)
        if parsed.get("model") != "wan2.2-s2v-detect":
            return call.refuse("InvalidParameter", "Model not exist.")
        given = parsed.get("input")
        if not isinstance(given, Mapping) or not given.get("image_url"):
            return call.refuse("InvalidParameter")
        return call.answer({"output": {"check_pass": True, "humanoid": True}, "usage": {"image_count": 1}})

    # ---- state --------------------------------------------------------------------------------------------------

    def _visible(self, task_id: str, caller: Caller, now: float) -> Task | None:
        """The caller's task, brought up to now, unless it is unknown, foreign or too old."""
        task = self._tasks.get(task_id)
        if task is None or task.account != caller.account.name:
            return None
        self._lanes[task.account, task.model].advance(now)
        if task.final_at is not None and task.final_at + self.quirks.keep_s < now:
            return None
        return task

    def _keep(self, task: Task, lane: Lane) -> None:
        self._tasks[task.id] = task
        self._by_account[task.account][task.id] = task
        self._by_result[task.result_key] = task.id
        lane.add(task)

    def _lane(self, account: Account, model: Model) -> Lane:
        key = (account.name, model.id)
        lane = self._lanes.get(key)
        if lane is None:
            running = model.running if account.running is None else account.running
            lane = self._lanes[key] = Lane(running, self._started, self._ended)
        return lane

    def _bucket(self, account: str, name: str, rate: float) -> Bucket:
        bucket = self._buckets.get((account, name))
        if bucket is None:
            bucket = self._buckets[account, name] = Bucket(rate)
        return bucket

    def _started(self, task: Task) -> None:
        if self._journal is not None:
            line = {"k": "start", "id": task.id, "at": task.scheduled_at, "end": task.end_at, "code": task.code}
            self._journal.append(line)

    def _ended(self, task: Task) -> None:
        tally = self.counters.of(task.account)
        if task.id in self._settled:
            self._settled.discard(task.id)
        elif task.code:
            tally.tasks_failed += 1
        else:
            tally.tasks_succeeded += 1
            tally.paid_seconds += task.billed_s
        self._over(task)

    def _over(self, task: Task) -> None:
        final_at = task.final_at
        assert final_at is not None
        heappush(self._leaving, (final_at + self.quirks.keep_s, task.number, task))
        if self.settings.events and task.canceled_at is None:
            self.finished.append(task)

    def _forget(self, now: float) -> None:
        """Drop what is older than the vendor keeps it; the counters stay."""
        while self._leaving and self._leaving[0][0] < now:
            task = heappop(self._leaving)[2]
            self._tasks.pop(task.id, None)
            self._by_account[task.account].pop(task.id, None)
            self._by_result.pop(task.result_key, None)

    def _next_request(self) -> int:
        self._requests += 1
        return self._requests


#: Faults of a download that its transport carries out while it serves the clip.
SERVED_FAULTS = (
    *("pass", "cut", "corrupt", "zero", "xml", "wrong_length", "slow", "slow_before", "half_body", "drop_after"),
)


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _refuse(call: Call, refusal: Refusal) -> Reply:
    return call.refuse(refusal.code, refusal.message, refusal.status)


__all__ = ["SCRIPT_HEADER", "UNDRAWN", "Call", "Desk", "DeskSettings", "Serving", "Shot", "key_id"]
