"""How long a task waits and runs: seeded log-normals around the figures of fact sheet §11."""

from __future__ import annotations

from wanreel.emulator.chance import log_normal
from wanreel.emulator.orders import Order

QUEUE_MEDIAN_S = 5.0
RUN_SIGMA = 0.596  # p99 at four times the median
QUEUE_SIGMA = 0.6
_TIER = {480: 0.5, 720: 1.0, 1080: 1.7}


def queue_s(seed: int | str, number: int) -> float:
    """Seconds from submit to being picked up, when a slot is free."""
    return log_normal(QUEUE_MEDIAN_S, QUEUE_SIGMA, seed, "queue", number)


def run_median_s(order: Order) -> float:
    """150 s for a 5 s clip, 280 s for 10 s, in between and beyond along the line; by tier ×0.5, ×1, ×1.7."""
    base = max(60.0, 150.0 + 26.0 * (order.shot.duration_s - 5.0))
    area = order.shot.width * order.shot.height
    tier = 480 if area < 600_000 else 720 if area < 1_400_000 else 1080
    return base * _TIER[tier] * order.model.run_factor


def run_s(order: Order, seed: int | str, number: int) -> float:
    """Seconds from being picked up to the end. A task with a wrong value fails early."""
    whole = log_normal(run_median_s(order), RUN_SIGMA, seed, "run", number)
    return whole * 0.05 if order.wrong else whole
