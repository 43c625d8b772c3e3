"""The vendor behind a counter: every call goes in with `now` and comes out as a reply; no clock, socket or thread.

A task's times are drawn once, when it is accepted. Everything later (its state, its result, its row in the list)
follows from those times and from `now`, so a desk can be driven in real time by the app or in virtual time by a test.
Give `now` in seconds since the epoch; it must not go backwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wanreel.emulator import answers
from wanreel.emulator.accounts import Account, Caller
from wanreel.emulator.calls import SCRIPT_HEADER, Call, lowered
from wanreel.emulator.catalog import catalog
from wanreel.emulator.chance import digest, uuid
from wanreel.emulator.faults import spoil, unprocessed
from wanreel.emulator.gate import Gate
from wanreel.emulator.inquiry import Inquiry
from wanreel.emulator.intake import Intake
from wanreel.emulator.journal import Journal
from wanreel.emulator.ledger import Ledger
from wanreel.emulator.media import Medium
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply, dated
from wanreel.emulator.scripts import Instruction, Script
from wanreel.emulator.storage import Serving, Storage
from wanreel.emulator.tasks import Task

__all__ = ["SCRIPT_HEADER", "UNDRAWN", "Desk", "DeskSettings", "Serving"]

UNDRAWN = Instruction()
"""Passed as ``fault``: let the desk find out itself. None means: no fault, whatever the scripts say."""

#: Faults of a download that its transport carries out while it serves the clip.
SERVED_FAULTS = frozenset(
    ("pass", "cut", "corrupt", "zero", "xml", "wrong_length", "slow", "slow_before", "half_body", "drop_after")
)
_DEFAULT_QUIRKS = Quirks()
# Named here because the class below has a method called list.
_Tasks = list[Task]
_Lines = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """How this vendor is set up. ``speed`` divides the time tasks wait and run, nothing else."""

    accounts: tuple[Account, ...] = (Account(),)
    quirks: Quirks = _DEFAULT_QUIRKS
    speed: float = 1.0
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, dict[str, float]])
    host_url: str = "http://127.0.0.1:8080"
    log_max: int = 2000


class Desk:
    """The emulated vendor as plain synchronous methods.

    ``fault`` of a call is what `meet` handed out for it; leave it away and the desk looks itself.
    """

    def __init__(
        self,
        settings: DeskSettings | None = None,
        *,
        seed: int | str = 0,
        id_space: str = "",
        journal: Journal | None = None,
    ) -> None:
        self.settings = settings or DeskSettings()
        self.quirks = self.settings.quirks
        self.log: deque[dict[str, Any]] = deque(maxlen=self.settings.log_max)
        self.catalog = catalog()
        self.gate = Gate(self.settings.accounts, self.settings.rates, seed, journal)
        self.ledger = Ledger(self.settings.accounts, self.catalog, self.quirks.keep_s, journal)
        self._storage = Storage(self.quirks, self.gate, self.ledger, self.settings.host_url)
        self._inquiry = Inquiry(self.catalog, self.quirks, self.gate, self.ledger, self._storage)
        self._intake = Intake(self.catalog, self.quirks, self.gate, self.ledger, self.settings.speed)
        self.restart(seed, id_space)

    def restart(self, seed: int | str, id_space: str) -> None:
        """Take another seed and another space for ids (those of an earlier life, when there was one)."""
        self.seed, self.id_space = seed, id_space
        self._storage.restart(seed, id_space)
        self._ids = f"{seed}/{id_space}"
        self._intake.seed, self._intake.ids = seed, self._ids

    @property
    def host_url(self) -> str:
        """Where results and uploads are reached: the app sets it once its port is known."""
        return self._storage.host_url

    @host_url.setter
    def host_url(self, url: str) -> None:
        self._storage.host_url = url

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

        def work(call: Call) -> Reply:
            return self._intake.create(call, path, body, media or {})

        return self._handle("create", headers, now, fault, work)

    def query(
        self, task_id: str, headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /tasks/{task_id}``."""
        return self._handle("query", headers, now, fault, lambda call: self._inquiry.query(call, task_id))

    def list(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /tasks/``."""
        return self._handle("list", headers, now, fault, lambda call: self._inquiry.page(call, params))

    def cancel(
        self, task_id: str, headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``POST /tasks/{task_id}/cancel``."""
        return self._handle("cancel", headers, now, fault, lambda call: self._inquiry.cancel(call, task_id))

    def policy(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /uploads?action=getPolicy&model=…``."""
        return self._handle("policy", headers, now, fault, lambda call: self._storage.policy(call, params))

    def upload(
        self,
        fields: Mapping[str, str],
        file: tuple[str, int],
        headers: Mapping[str, str],
        now: float,
        *,
        fault: Instruction | None = UNDRAWN,
    ) -> Reply:
        """The form upload to ``upload_host``. ``file`` is the hash and length of bytes that the caller keeps."""
        return self._handle("upload", headers, now, fault, lambda call: self._storage.upload(call, fields, file))

    def limits(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /models/limits``."""

        def work(call: Call) -> Reply:
            return self._inquiry.paged(call, params, answers.limits_body)

        return self._handle("limits", headers, now, fault, work)

    def models(
        self, params: Mapping[str, str], headers: Mapping[str, str], now: float, *, fault: Instruction | None = UNDRAWN
    ) -> Reply:
        """``GET /models``."""

        def work(call: Call) -> Reply:
            return self._inquiry.paged(call, params, answers.models_body)

        return self._handle("models", headers, now, fault, work)

    def detect(
        self,
        headers: Mapping[str, str],
        body: bytes | Mapping[str, Any],
        now: float,
        *,
        fault: Instruction | None = UNDRAWN,
    ) -> Reply:
        """``POST /services/aigc/image2video/face-detect``, the one synchronous call."""
        return self._handle("detect", headers, now, fault, lambda call: self._inquiry.detect(call, body))

    def refuse(self, operation: str, code: str, headers: Mapping[str, str], now: float) -> Reply:
        """The refusal of a call that does not get as far as the desk: too large, or to no path there is."""
        return self._handle(operation, headers, now, None, lambda call: call.refuse(code))

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the key of a call belongs to an account."""
        return isinstance(self.gate.doors.identify(lowered(headers)), Caller)

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

        The call needs no key; scripts bound to the task's account, or that its create named, apply.
        """
        if fault is UNDRAWN:
            fault = self.meet("download", headers, now, result=key)
        task = self.ledger.result(key)
        account, task_id = (task.account, task.id) if task else ("", "")
        oss_id = digest(self._ids, "oss", self.ledger.requests).hex()[:24].upper()
        answer: Reply | Serving
        if fault is not None and not fault.takes_effect:
            answer = unprocessed(fault, "download", oss_id, now)
        else:
            answer = self._storage.open(verb, key, params, oss_id, now)
            if isinstance(answer, Serving) and (fault is None or fault.fault in SERVED_FAULTS):
                answer = replace(answer, fault=fault)
            elif fault is not None:
                good = answer if isinstance(answer, Reply) else Reply(200, b"")
                answer = spoil(fault, good, "download", oss_id, now)
        if isinstance(answer, Reply):
            answer = dated(answer, now)
        status = answer.status if isinstance(answer, Reply) else 200
        self._note(Call("download", {}, now, oss_id, "", fault, "", task_id), account, status, "")
        return answer

    # ---- for the app, the simulator and the tests ---------------------------------------------------------------

    def meet(self, operation: str, headers: Mapping[str, str], now: float, *, result: str = "") -> Instruction | None:
        """Use up the fault the next call of this kind meets, to pass it on as ``fault`` (needed for slow_before)."""
        small = lowered(headers)
        script_id = small.get(SCRIPT_HEADER, "")
        task = self.ledger.result(result) if result else None
        if task is not None:
            return self.gate.meet(operation, script_id or task.script, task.account, "", now)
        caller = self.gate.doors.identify(small)
        if isinstance(caller, Caller):
            return self.gate.meet(operation, script_id, caller.account.name, caller.key, now)
        return self.gate.meet(operation, script_id, "", "", now)

    def add_script(self, script: Mapping[str, Any], *, account: str | None = None, key: str | None = None) -> Script:
        """Add a fault script ``{operation: [instruction, ...]}``. Raises ValueError in words."""
        script_id = self.gate.add_script({"script": script, "account": account, "key": key})
        return self.gate.scripts.scripts[script_id]

    def restore(self, lines: Iterable[dict[str, Any]]) -> None:
        """Take up an earlier life from its journal: before the first call."""
        lines = [*lines]
        for line in lines:
            if line["k"] == "boot":
                self.restart(line["seed"], line["ids"])
        self.ledger.restore(lines)
        self.gate.restore(lines)

    def snapshot(self) -> _Lines:
        """Journal lines that say all there is to know now."""
        boot = {"k": "boot", "seed": self.seed, "ids": self.id_space}
        return [boot, *self.ledger.snapshot(), *self.gate.snapshot()]

    def result_url(self, task: Task, now: float) -> str:
        """The signed address of an ended task's clip."""
        return self._storage.result_url(task, now)

    def outage(self, from_at: float, to_at: float, *, status: int = 0, code: str = "") -> None:
        """Be gone between two instants: connections drop, or (with a status) every call is refused with it."""
        self.gate.outage(from_at, to_at, Instruction("down", status=status, code=code))

    def advance(self, now: float) -> None:
        """Let every task come up to now."""
        self.ledger.advance(now)

    def next_at(self) -> float:
        """When some task next starts or ends, as far as is known; infinity when nothing is under way."""
        return self.ledger.next_at()

    def tasks(self, now: float) -> _Tasks:
        """Every task still known, oldest first."""
        self.ledger.advance(now)
        return [*self.ledger.tasks.values()]

    def figures(self, now: float) -> dict[str, Any]:
        """The counters as plain data, up to now."""
        self.ledger.advance(now)
        return {**self.ledger.counters.snapshot(), "faults": dict(self.gate.faults)}

    # ---- one call -----------------------------------------------------------------------------------------------

    def _handle(
        self,
        operation: str,
        headers: Mapping[str, str],
        now: float,
        fault: Instruction | None,
        work: Callable[[Call], Reply],
    ) -> Reply:
        small = lowered(headers)
        caller = self.gate.doors.identify(small)
        account, key = (caller.account.name, caller.key) if isinstance(caller, Caller) else ("", "")
        script_id = small.get(SCRIPT_HEADER, "")
        if fault is UNDRAWN:
            fault = self.gate.meet(operation, script_id, account, key, now)
        request_id = uuid(self._ids, "request", self.ledger.requests)
        call = Call(operation, small, now, request_id, caller, fault, script_id)
        if script_id and script_id not in self.gate.scripts.scripts:
            reply = call.refuse("EmulatorScriptUnknown", f"This emulator has no script {script_id!r}.", 400)
        elif fault is None:
            reply = self._worded(work(call))
        elif fault.takes_effect:
            reply = spoil(fault, self._worded(work(call)), operation, request_id, now)
        else:
            reply = unprocessed(fault, operation, request_id, now)
        code = reply.body.get("code", "") if isinstance(reply.body, dict) else ""
        self._note(call, account, reply.status, code)
        return dated(reply, now)

    def _worded(self, reply: Reply) -> Reply:
        """A good answer with the empty code and message that some may carry (§4.4)."""
        if not self.quirks.empty_code or reply.status != 200 or not isinstance(reply.body, dict):
            return reply
        return replace(reply, body={**reply.body, "code": "", "message": ""})

    def _note(self, call: Call, account: str, status: int, code: str) -> None:
        self.ledger.count(account, call.operation, status, call.now)
        self.log.append(
            {
                "at": call.now,
                "operation": call.operation,
                "account": account,
                "status": status,
                "code": code,
                "fault": call.fault.label if call.fault else "",
                "task_id": call.task_id,
                "model": call.model,
                "request_id": call.request_id,
            }
        )
