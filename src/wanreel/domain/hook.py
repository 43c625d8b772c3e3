"""Webhooks as values: who is told what, what is owed to each, and how long it is tried before it is set aside."""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400.0
WAITS_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 28_800.0)
"""After each failed try; together about a day. Then it is parked."""

OLD_SECRET_S = DAY_S  # after a rotation the old secret signs beside the new one for so long
KINDS = (
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "job.needs_attention",
    "job.held",
    "job.spare",
    "job.spooled",
    "job.at_risk",
    "group.completed",
    "account.parked",
    "account.outgrown",
    "account.key_refused",
    "budget.warning",
    "money.overrun",
)
PING = "ping"


@dataclass(frozen=True, slots=True)
class Secret:
    """What signs; `until` None: for good."""

    value: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver. `project` None: of all projects. `kinds` empty: of every kind."""

    id: str
    url: str
    project: str | None
    secrets: tuple[Secret, ...]  # the newest first
    created_at: float
    kinds: tuple[str, ...] = ()
    name: str = ""
    paused_at: float | None = None
    paused_why: str = ""

    def wants(self, kind: str, project: str | None) -> bool:
        """Whether it is to be told; `project` None: it concerns no project alone, and goes to operators' hooks."""
        mine = self.project is None or (project is not None and self.project == project)
        return mine and self.paused_at is None and (not self.kinds or kind in self.kinds)

    def signing(self, now: float) -> tuple[str, ...]:
        """The secrets that sign now."""
        return tuple(s.value for s in self.secrets if s.until is None or s.until > now)


@dataclass(frozen=True, slots=True)
class Message:
    """Something receivers are told; its id is the same at every try and every replay."""

    id: str
    kind: str
    at: float
    project: str | None
    body: str  # JSON, exactly as it is signed


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one hook is owed of one message."""

    hook: str
    message: str
    due_at: float
    tries: int = 0
    delivered_at: float | None = None
    parked_at: float | None = None
    trouble: str = ""  # of the last try


def next_wait_s(tries: int, draw: float) -> float | None:
    """How long to wait after the `tries`-th failed try, a tenth up or down; None: enough, park it."""
    return None if tries > len(WAITS_S) else WAITS_S[tries - 1] * (0.9 + 0.2 * draw)
