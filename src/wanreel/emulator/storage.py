"""The object store's side: upload policies and forms, signed result URLs and what they open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wanreel.emulator import results, uploads
from wanreel.emulator.calls import Call
from wanreel.emulator.chance import digest
from wanreel.emulator.gate import Gate
from wanreel.emulator.ledger import Ledger
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply, xml_reply
from wanreel.emulator.scripts import Instruction
from wanreel.emulator.tasks import Task


@dataclass(frozen=True, slots=True)
class Serving:
    """A download that is due: whose clip, under which id, and what is to go wrong with its bytes."""

    task: Task
    oss_id: str
    fault: Instruction | None


class Storage:
    """Signs, checks and opens. ``host_url`` is where files are reached, ``secret`` what signatures are made with."""

    def __init__(self, quirks: Quirks, gate: Gate, ledger: Ledger, host_url: str) -> None:
        self.host_url = host_url
        self.secret = ""
        self._quirks = quirks
        self._gate = gate
        self._ledger = ledger

    def restart(self, seed: int | str, id_space: str) -> None:
        """Sign as this seed and space of ids do."""
        self.secret = digest(seed, "secret", id_space).hex()

    def result_url(self, task: Task, now: float) -> str:
        """Where the result of an ended task lies; fixed at its end, unless a query signs anew."""
        expires = int(now + task.url_life_s) if self._quirks.resign else task.expires_at
        return results.signed_url(self.host_url, task.result_key, expires, self.secret)

    def policy(self, call: Call, params: Mapping[str, str]) -> Reply:
        """Permission for one upload."""
        caller = self._gate.enter(call, 0.0)
        if isinstance(caller, Reply):
            return caller
        account, model = caller.account, params.get("model", "")
        if params.get("action") != "getPolicy" or not model:
            return call.refuse("InvalidParameter")
        if not self._gate.allow(account.name, f"policy {model}", account.policy_rate, call.now):
            return call.refuse("Throttling.RateQuota")
        number = self._ledger.requests
        data = uploads.policy_data((account.name, model), number, self.secret, self.host_url, call.now)
        return call.answer({"data": data})

    def upload(self, call: Call, fields: Mapping[str, str], file: tuple[str, int]) -> Reply:
        """Take in a form upload; ``file`` is the hash and length of its bytes."""
        oss_id = call.request_id.replace("-", "")[:24].upper()
        kept = uploads.accept(fields, file, self.secret, call.now, oss_id)
        if isinstance(kept, Reply):
            return kept
        there = self._ledger.kept.get(kept.key)
        if there is not None and there.expires_at >= call.now:  # what was uploaded can't be altered (§7)
            words = "The object you specified already exists and can not be overwritten."
            return xml_reply(409, "FileAlreadyExists", words, oss_id, uploads.BUCKET)
        self._ledger.keep_file(kept, call.now)
        return uploads.stored(fields, oss_id)

    def open(self, verb: str, key: str, params: Mapping[str, str], oss_id: str, now: float) -> Reply | Serving:
        """The file under a key, or the object store's refusal."""
        verb = "GET" if self._quirks.head == "allow" else verb
        refusal = results.refused(verb, key, params, self.secret, now, oss_id)
        if refusal is not None:
            return refusal
        task = self._ledger.result(key)
        if task is None or task.end_at is None or task.end_at > now:
            return results.not_found(oss_id)
        return Serving(task, oss_id, None)
