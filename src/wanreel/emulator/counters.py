"""Figures tests can trust: tasks accepted, paid seconds, calls by kind and answer, faults met; per account too."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """Figures of one account."""

    tasks_accepted: int = 0
    tasks_succeeded: int = 0
    tasks_failed: int = 0
    tasks_canceled: int = 0
    paid_seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[str] = field(default_factory=Counter[str])
    models: Counter[str] = field(default_factory=Counter[str])

    def snapshot(self) -> dict[str, Any]:
        """The figures as plain data."""
        return {
            "tasks_accepted": self.tasks_accepted,
            "tasks_succeeded": self.tasks_succeeded,
            "tasks_failed": self.tasks_failed,
            "tasks_canceled": self.tasks_canceled,
            "paid_seconds": self.paid_seconds,
            "requests": dict(self.requests),
            "answers": dict(self.answers),
            "models": dict(self.models),
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take over a snapshot."""
        for name in ("tasks_accepted", "tasks_succeeded", "tasks_failed", "tasks_canceled", "paid_seconds"):
            setattr(self, name, data[name])
        for name in ("requests", "answers", "models"):
            setattr(self, name, Counter(data[name]))


@dataclass(slots=True)
class Counters:
    """The sum over all accounts, each account's share, and the faults met."""

    accounts: dict[str, Tally] = field(default_factory=dict[str, Tally])
    faults: Counter[str] = field(default_factory=Counter[str])

    def of(self, account: str) -> Tally:
        """The tally of an account, made at first use. Calls without an account count under ``""``."""
        found = self.accounts.get(account)
        if found is None:
            found = self.accounts[account] = Tally()
        return found

    def snapshot(self) -> dict[str, Any]:
        """Sums at the top, the accounts below."""
        total = Tally()
        for tally in self.accounts.values():
            total.tasks_accepted += tally.tasks_accepted
            total.tasks_succeeded += tally.tasks_succeeded
            total.tasks_failed += tally.tasks_failed
            total.tasks_canceled += tally.tasks_canceled
            total.paid_seconds += tally.paid_seconds
            total.requests += tally.requests
            total.answers += tally.answers
            total.models += tally.models
        per_account = {name: tally.snapshot() for name, tally in self.accounts.items()}
        return {**total.snapshot(), "faults": dict(self.faults), "accounts": per_account}

    def restore(self, data: dict[str, Any]) -> None:
        """Take over a snapshot."""
        self.faults = Counter(data["faults"])
        for name, tally in data["accounts"].items():
            self.of(name).restore(tally)
