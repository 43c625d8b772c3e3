"""What goes wrong in a simulated world: every kind by name, its rate drawn from the seed, often zero."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from wanreel.emulator.scripts import Fate, Instruction

REFUSED_WORDS = "Access denied, please make sure your account is in good standing."

CREATE: dict[str, Instruction] = {
    "request_lost": Instruction("drop_before"),
    "answer_lost": Instruction("drop_after"),
    "answer_slow": Instruction("slow", delay_s=45.0),
    "answer_half": Instruction("half_body"),
    "answer_html": Instruction("html"),
    "answer_blank": Instruction("blank"),
    "throttled": Instruction("status", status=429, code="Throttling.RateQuota"),
    "overdue": Instruction("status", status=400, code="Arrearage", message=REFUSED_WORDS),
    "error_before": Instruction("status", status=500, code="InternalError"),
    "error_after": Instruction("error_after"),
    "error_in_200": Instruction("top_code", code="DataInspectionFailed"),
    "input_unfetched": Instruction("status", status=400, code="InvalidURL.Timeout"),
    "request_refused": Instruction("status", status=400, code="InvalidParameter"),
}
FATES: dict[str, Fate] = {
    "task_failed": Fate(outcome="failed", code="InternalError.Algo"),
    "task_rejected": Fate(outcome="failed", code="InvalidParameter"),
    "rewrite_failed": Fate(outcome="failed", code="RewriteFailed"),
    "content_block": Fate(outcome="content_block"),
    "blank_success": Fate(outcome="no_url"),
    "stuck_running": Fate(outcome="stuck"),
    "url_short": Fate(url_life_s=90.0),
    "slow_queue": Fate(queue_s=900.0),
}
QUERY: dict[str, Instruction] = {
    "look_dropped": Instruction("drop_before"),
    "look_throttled": Instruction("status", status=429, code="Throttling.RateQuota"),
    "look_error": Instruction("status", status=500, code="InternalError"),
    "look_html": Instruction("html"),
    "look_half": Instruction("half_body"),
    "look_unknown": Instruction("unknown"),
}
LIST: dict[str, Instruction] = {
    "list_dropped": Instruction("drop_before"),
    "list_error": Instruction("status", status=500, code="InternalError"),
    "list_half": Instruction("half_body"),
}
ODD_LOOKS = ("look_other", "url_late")
AFTERTHOUGHTS = ("PENDING", "RUNNING", "FAILED", "CANCELED", "UNKNOWN", "BLANK")
CANCEL: dict[str, Instruction] = {
    "cancel_dropped": Instruction("drop_after"),
    "cancel_error": Instruction("status", status=500, code="InternalError"),
    "cancel_refused": Instruction("status", status=400, code="UnsupportedOperation"),
}
DOWNLOAD: dict[str, Instruction] = {
    "download_cut": Instruction("cut"),
    "download_forbidden": Instruction("status", status=403, code="AccessDenied"),
    "download_error": Instruction("status", status=500, code="InternalError"),
    "download_zero": Instruction("zero"),
    "download_xml": Instruction("xml"),
    "download_short": Instruction("wrong_length", length_delta=-40),
}
OURS = (
    "request_late",
    "frames_unreadable",
    "frames_alike",
    "input_not_ready",
    "input_gone",
    "not_sent",
    "disk_full",
    "webhook_failing",
    "look_afterthought",
)
STORE = ("store_conflict", "store_down", "store_torn")
WORKERS = ("crash", "pause", "worker_stalls", "clock_jump")
AT_AWAITS = ("crash", "pause", "clock_jump")
PEOPLE = ("person_hasty", "person_gives_up")
KINDS: tuple[str, ...] = (
    *CREATE,
    *FATES,
    *QUERY,
    *LIST,
    *ODD_LOOKS,
    *CANCEL,
    *DOWNLOAD,
    *OURS,
    *STORE,
    *WORKERS,
    *PEOPLE,
)

RARE = {"crash": 0.03, "pause": 0.1, "clock_jump": 0.02, "store_down": 0.05, "store_torn": 0.1, "store_conflict": 0.3}
"""How much rarer than the others: these are asked about at every await, or hurt for long."""
EAGER = {
    "download_forbidden": 2.0,
    "person_hasty": 4.0,
    "person_gives_up": 2.0,
    "look_afterthought": 4.0,
    "worker_stalls": 0.5,
    "cancel_dropped": 3.0,
    "request_late": 0.5,
    "frames_alike": 8.0,
    "frames_unreadable": 8.0,
}
CALM_SHARE = 0.45  # of the kinds, per world, that never happen
RATES = (0.03, 0.1, 0.3)


@dataclass(slots=True)
class Faults:
    """The rates of one world and what was met of them. `heal` ends them all."""

    rng: random.Random
    rates: dict[str, float] = field(default_factory=dict[str, float])
    met: Counter[str] = field(default_factory=Counter[str])
    dangerous: bool = True  # whether an await may be a worker's last, or last for long

    @classmethod
    def drawn(cls, rng: random.Random) -> Faults:
        """Calm worlds, terrible ones, and all between: the misery itself is drawn, then each kind's share of it."""
        misery = rng.choice((0.0, 0.2, 0.5, 1.0))
        share = rng.choice((CALM_SHARE, 0.85))
        rates = {kind: _rate(rng, kind, misery, share) for kind in KINDS}
        met = {kind: rate for kind, rate in rates.items() if rate > 0}
        return cls(rng, met, dangerous=any(kind in met for kind in AT_AWAITS))

    def hit(self, kind: str) -> bool:
        """Whether this goes wrong now."""
        rate = self.rates.get(kind)
        if rate is None or self.rng.random() >= rate:
            return False
        self.met[kind] += 1
        return True

    def first_of(self, kinds: dict[str, Instruction]) -> str | None:
        """At most one of several kinds."""
        for kind in kinds:
            if kind in self.rates and self.hit(kind):
                return kind
        return None

    def fate(self) -> str | None:
        """What becomes of the task that is about to be made, where it is not simply a clip."""
        for kind in FATES:
            if kind in self.rates and self.hit(kind):
                return kind
        return None

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self.rates.clear()
        self.dangerous = False


def _rate(rng: random.Random, kind: str, misery: float, calm: float) -> float:
    """Both draws are made for every kind, so that one kind's fate moves no other's."""
    off, pick = rng.random(), rng.choice(RATES)
    if off < calm or misery == 0.0:
        return 0.0
    return min(pick * misery * RARE.get(kind, 1.0) * EAGER.get(kind, 1.0), 0.9)
