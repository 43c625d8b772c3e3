"""A plot in the terminal: one bar a day, in eighths of a line. Text in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from wanreel.money.amount import words

EIGHTHS = " ▁▂▃▄▅▆▇█"
ROWS = 8
_WEEK = 7


def bars(days: Sequence[tuple[str, Decimal]], currency: str, rows: int = ROWS) -> list[str]:
    """The lines of a plot of amounts by day: the highest bar is `rows` high, and its amount stands beside it."""
    most = max((amount for _, amount in days), default=Decimal(0))
    if most <= 0:
        return [f"nothing was settled in these {len(days)} days"]
    heights = [_eighths(amount, most, rows) for _, amount in days]
    label = f"{words(most)} {currency}"
    lines: list[str] = []
    for row in range(rows, 0, -1):
        cells = "".join(EIGHTHS[min(8, max(0, height - 8 * (row - 1)))] * 2 for height in heights)
        beside = label if row == rows else "0" if row == 1 else ""
        lines.append(f"{beside:>{len(label)}} │{cells}".rstrip())
    lines.append(f"{'':>{len(label)}} └{'──' * len(days)}")
    marks = [day[5:] if n % _WEEK == 0 else "" for n, (day, _) in enumerate(days)]
    feet = "".join(f"{mark:<{2 * _WEEK}}" for mark in marks[::_WEEK])
    lines.append(f"{'':>{len(label)}}  {feet[: 2 * len(days) + 3].rstrip()}")
    return lines


def _eighths(amount: Decimal, most: Decimal, rows: int) -> int:
    """How high a bar is; whatever cost anything can be seen."""
    return max(int(amount * 8 * rows / most), 1) if amount > 0 else 0
