"""The tables as a picture: a panel for each figure, a bar for each engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.engine.figures import Figures

WIDE, HIGH = 700, 250
LEFT, TOP, BAR, APART = 232, 56, 22, 36
INK, FAINT = (40, 40, 48), (222, 222, 228)
OURS, OTHERS, SERVERS = (20, 120, 90), (150, 90, 40), (170, 170, 180)
Bar = tuple[float, float, str]  # of workers, of servers beside them, what stands there


def draw(found: Sequence[Figures], path: Path) -> None:
    """Four panels: jobs a second, CPU a job, memory, and what a kill -9 does."""
    sizes = sorted({one.tasks for figures in found for one in figures.watching})
    size = max(sizes, key=lambda size: (sum(one.at(size) is not None for one in found), size))  # what most of them have
    named = ", ".join(f"{one:,}" for one in sizes)
    panels: list[tuple[str, Callable[[Figures], Bar | None]]] = [
        ("jobs a second (more is better)", _jobs),
        ("CPU a job, ms; grey: servers", _cpu),
        (f"memory, MB, with {named} watched; bars: {size:,}", lambda one: _memory(one, size)),
        ("kill -9: seconds until all have ended", _recovery),
    ]
    picture = Image.new("RGB", (2 * WIDE, 2 * HIGH + 10), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    for place, (title, of) in enumerate(panels):
        _panel(pen, WIDE * (place % 2), HIGH * (place // 2), title, [(one.name, of(one)) for one in found])
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def _panel(pen: ImageDraw.ImageDraw, x: int, y: int, title: str, bars: Sequence[tuple[str, Bar | None]]) -> None:
    big, small = ImageFont.load_default(size=18), ImageFont.load_default(size=14)
    pen.text((x + 16, y + 16), title, INK, big)
    most = max((bar[0] + bar[1] for _, bar in bars if bar is not None), default=1.0) or 1.0
    room = WIDE - LEFT - 170
    pen.line((x + LEFT, y + TOP - 4, x + LEFT, y + TOP + APART * len(bars) - 8), FAINT)
    for row, (name, bar) in enumerate(bars):
        top = y + TOP + APART * row
        pen.text((x + 16, top + 2), name, INK, small)
        if bar is None:
            continue
        first, second = x + LEFT + room * bar[0] / most, x + LEFT + room * (bar[0] + bar[1]) / most
        pen.rectangle((x + LEFT, top, first, top + BAR), OURS if name.startswith("wanreel") else OTHERS)
        pen.rectangle((first, top, second, top + BAR), SERVERS)
        pen.text((second + 8, top + 2), bar[2], INK, small)


def _jobs(one: Figures) -> Bar | None:
    return None if one.life is None else (one.life.jobs_s, 0.0, f"{one.life.jobs_s:.0f}")


def _cpu(one: Figures) -> Bar | None:
    it = one.life
    return None if it is None else (it.cpu_ms, it.servers_ms, f"{it.cpu_ms + it.servers_ms:.1f}")


def _memory(one: Figures, size: int) -> Bar | None:
    it = one.at(size)
    words = ",  ".join(f"{other.worker_mb + other.servers_mb:,.0f}" for other in one.watching)
    return None if it is None else (it.worker_mb, it.servers_mb, words)


def _recovery(one: Figures) -> Bar | None:
    it = one.recovery
    return None if it is None else (it.all_s, 0.0, f"{it.all_s:.0f} s, paid {it.paid} of {it.jobs}")
