"""The ways others watch: every task asked after by itself, on a fixed schedule."""

from __future__ import annotations

from collections.abc import Callable

from bench.watching.shop import CALL_S, Clip, Shop

Wait = Callable[[int], float]


def patient(looks: int) -> float:
    """5 s, then 1.45 times as long each time, at most a minute."""
    return min(60.0, 5.0 * 1.45 ** min(looks, 64))


def sdk(looks: int) -> float:
    """The official SDK's: at once, then 1, 1, 2, 2, 2, 4, 4, 4, 5, 5 ... (FS §13.1)."""
    return (0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0)[looks] if looks < 9 else 5.0


def steady(looks: int) -> float:
    """Every 15 s."""
    return 15.0


SCHEDULES: dict[str, Wait] = {"5 s × 1.45": patient, "1,1,2,2,2,4,4,4,5…": sdk, "fixed 15 s": steady}


class Poller:
    """Asks after each task on a schedule, until its answer says that it has ended."""

    def __init__(self, shop: Shop, wait: Wait) -> None:
        self.shop = shop
        self.wait = wait
        shop.accepted = lambda clip: self._later(clip, 0)

    def _later(self, clip: Clip, looks: int) -> None:
        self.shop.after(self.wait(looks) + CALL_S / 2, lambda: self._ask(clip, looks))

    def _ask(self, clip: Clip, looks: int) -> None:
        reply = self.shop.query(clip.task_id)
        word = reply.body.get("output", {}).get("task_status") if isinstance(reply.body, dict) else None
        if word in ("SUCCEEDED", "FAILED"):
            self.shop.after(CALL_S / 2, lambda: self.shop.known(clip))
        else:
            self.shop.after(CALL_S / 2, lambda: self._later(clip, looks + 1))
