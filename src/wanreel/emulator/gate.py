"""Before a call is carried out: who calls, is there a token left, and is something to go wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from wanreel.emulator.accounts import Account, Bucket, Caller, Doorkeeper
from wanreel.emulator.calls import Call
from wanreel.emulator.faults import by_chance, check_rates
from wanreel.emulator.journal import Journal
from wanreel.emulator.replies import Reply
from wanreel.emulator.scripts import Instruction, ScriptBook


class Gate:
    """Keys, token buckets, scripts, random faults and outages."""

    def __init__(
        self,
        accounts: tuple[Account, ...],
        rates: Mapping[str, Mapping[str, float]],
        seed: int | str,
        journal: Journal | None,
    ) -> None:
        check_rates(rates)
        self.doors = Doorkeeper(accounts)
        self.scripts = ScriptBook()
        self.faults: Counter[str] = Counter()
        self._rates = rates
        self._seed = seed
        self._journal = journal
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._calls: Counter[str] = Counter()
        self._down: tuple[float, float, Instruction | None] = (inf, -inf, None)

    def allow(self, account: str, name: str, rate: float, now: float) -> bool:
        """Take a token of this name; False when the rate is used up."""
        bucket = self._buckets.get((account, name))
        if bucket is None:
            bucket = self._buckets[account, name] = Bucket(rate)
        return bucket.take(now)

    def enter(self, call: Call, rate: str | float) -> Caller | Reply:
        """The caller, once key and rate are fine. ``rate`` is a figure, or the name of an account's own."""
        if isinstance(call.caller, str):
            return call.refuse("InvalidApiKey", call.caller)
        account = call.caller.account
        figure: float = getattr(account, rate) if isinstance(rate, str) else rate
        if not self.allow(account.name, call.operation, figure, call.now):
            return call.refuse("Throttling.RateQuota")
        return call.caller

    def outage(self, from_at: float, to_at: float, how: Instruction) -> None:
        """Every call between the two instants meets this."""
        self._down = (from_at, to_at, how)

    def meet(self, operation: str, script_id: str, account: str, key: str, now: float) -> Instruction | None:
        """The fault this call meets, counted: an outage, else a script's, else one by chance."""
        self._calls[operation] += 1
        from_at, to_at, found = self._down
        if not from_at <= now < to_at:
            found = self._scripted(operation, script_id, account, key, now)
            if found is None and operation in self._rates:
                found = by_chance(self._rates[operation], self._seed, operation, self._calls[operation])
        if found is not None:
            self._count(f"{operation}.{found.label}")
        return found

    def _count(self, name: str) -> None:
        self.faults[name] += 1
        if self._journal is not None:
            self._journal.append({"k": "fault", "name": name})

    def _scripted(self, operation: str, script_id: str, account: str, key: str, now: float) -> Instruction | None:
        taken = self.scripts.take(operation, script_id, account, key)
        if taken is None:
            return None
        script, name, index = taken
        found = script.steps[name][index].instruction
        if self._journal is not None:
            self._journal.append({"k": "met", "id": script.id, "op": name, "n": index, "at": now})
        if found.fault == "down":
            self.outage(now, now + found.for_s, found)
        return found

    def restore(self, lines: Iterable[dict[str, Any]]) -> None:
        """Read the scripts of a journal back, with what was met of them."""
        for line in lines:
            match line["k"]:
                case "script":
                    self.scripts.add({**line["spec"], "id": line["id"]})
                case "met" if line["id"] in self.scripts.scripts:
                    self.scripts.scripts[line["id"]].met_again(line["op"], line["n"], line.get("times", 1))
                case "unscript":
                    self.scripts.scripts.pop(line["id"], None)
                case "fault":
                    self.faults[line["name"]] += 1
                case "faults":
                    self.faults.update(line["faults"])
                case _:
                    pass

    def snapshot(self) -> list[dict[str, Any]]:
        """Journal lines that say the same as all before."""
        lines: list[dict[str, Any]] = [{"k": "faults", "faults": dict(self.faults)}]
        for script in self.scripts.scripts.values():
            lines.append({"k": "script", "id": script.id, "spec": script.spec})
            lines += [
                {"k": "met", "id": script.id, "op": name, "n": index, "times": step.met}
                for name, steps in script.steps.items()
                for index, step in enumerate(steps)
                if step.met
            ]
        return lines

    def add_script(self, spec: Mapping[str, Any]) -> str:
        """Take in a script; its id. Raises ValueError in words."""
        script = self.scripts.add(spec)
        if self._journal is not None:
            self._journal.append({"k": "script", "id": script.id, "spec": dict(spec)})
        return script.id

    def drop_script(self, script_id: str) -> dict[str, Any] | None:
        """Forget a script; its last report."""
        script = self.scripts.scripts.pop(script_id, None)
        if script is None:
            return None
        if self._journal is not None:
            self._journal.append({"k": "unscript", "id": script_id})
        return script.report()
