"""The table as a picture: how late each way of watching is, against what it asks for, both on logarithmic scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.watching.measure import DEFAULT, THRIFTY, Figures

SIZE = (1180, 520)
LEFT, TOP, WIDE, HIGH, APART = 80, 60, 460, 370, 560
LAGS = (0.3, 1.0, 3.0, 10.0, 30.0)
REQUESTS = (4.0, 8.0, 16.0, 32.0, 64.0)
INK, FAINT = (40, 40, 48), (222, 222, 228)
OURS, OTHERS = (20, 120, 90), (150, 90, 40)


def draw(found: Sequence[Figures], path: Path) -> None:
    """One panel for each run time: five running, list lag 0, pages of a hundred, one process."""
    picture = Image.new("RGB", SIZE, (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    big, small = ImageFont.load_default(size=19), ImageFont.load_default(size=14)
    for place, runs in enumerate(("60", "180")):
        left = LEFT + place * APART
        pen.text((left, 20), f"five running, run times around {runs} s", INK, big)
        for lag_s in LAGS:
            y = _down(lag_s)
            pen.line((left, y, left + WIDE, y), FAINT)
            pen.text((left - 42, y - 9), f"{lag_s:g} s", INK, small)
        for asked in REQUESTS:
            x = left + _along(asked)
            pen.line((x, TOP, x, TOP + HIGH), FAINT)
            pen.text((x - 8, TOP + HIGH + 6), f"{asked:g}", INK, small)
        pen.text((left + 150, TOP + HIGH + 32), "requests for each video", INK, small)
        for one in found:
            c = one.cell
            if (c.running, c.runs, c.lag_s, c.page, c.processes) != (5, runs, 0.0, 100, 1):
                continue
            x, y = left + _along(one.per_video), _down(one.noticed_s)
            ink = OURS if c.watcher in (THRIFTY, DEFAULT) else OTHERS
            pen.ellipse((x - 6, y - 6, x + 6, y + 6), ink)
            words = f"{c.watcher}: {one.noticed_s:.2f} s".replace("×", "x").replace("…", "...")
            room = pen.textlength(words, small)
            pen.text((min(x + 10, left + WIDE - room), y - 24), words, ink, small)
    pen.text((LEFT - 62, TOP - 22), "mean lag", INK, small)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def _along(asked: float) -> float:
    return WIDE * math.log(asked / REQUESTS[0]) / math.log(REQUESTS[-1] / REQUESTS[0])


def _down(lag_s: float) -> float:
    return TOP + HIGH * math.log(LAGS[-1] * 1.2 / lag_s) / math.log(LAGS[-1] * 1.2 / LAGS[0])
