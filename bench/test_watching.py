"""How soon the end of a task is noticed, side by side with the ways others watch, in one run of virtual time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.watching.bound import least_lag_s
from bench.watching.measure import DEFAULT, THRIFTY, Figures, cells, everything
from bench.watching.peers import SCHEDULES
from bench.watching.plot import draw

PLAIN = next(iter(SCHEDULES))
SAMPLED = 1.04  # a mean over 3,000 tasks is not nearer the true one


@pytest.mark.bench
def test_ends_are_noticed_soon_and_cheaply() -> None:
    """Prints every cell; holds those that a bar speaks of."""
    print(f"\n{'who watches':<20} running  runs  list lag  page   mean s    p95 s  requests/video  requests/s   busy")
    found: list[Figures] = []
    for figures in everything(cells(quick=os.environ.get("ALL") != "1"), 2):
        found.append(figures)
        print(line(figures), flush=True)
    if picture := os.environ.get("PLOT"):
        draw(found, Path(picture))
    for runs in ("60", "180"):
        plain = one(found, PLAIN, 5, runs, 0.0)
        ours = one(found, THRIFTY, 5, runs, 0.0)
        print(f"5 running, {runs} s: {ours.noticed_s / plain.noticed_s:.4f} of the lag of {PLAIN}, and", end=" ")
        print(f"{ours.per_video / plain.per_video:.3f} of its requests;", end=" ")
        least_s = least_lag_s(float(runs), plain.per_video)
        print(f"perfect knowledge would leave {least_s / plain.noticed_s:.4f}")
        assert one(found, DEFAULT, 5, runs, 0.0).busy >= 0.98
        assert one(found, THRIFTY, 500, runs, 0.0).mean_s <= 6.0
        assert ours.noticed_s <= SAMPLED * max(0.1 * plain.noticed_s, least_s)
        for lag_s in (2.0, 10.0):
            late = one(found, THRIFTY, 5, runs, lag_s)
            assert late.noticed_s <= SAMPLED * max(0.1 * plain.noticed_s, least_s) + lag_s
    assert not [f for f in found if f.cell.watcher in (THRIFTY, DEFAULT) and (f.throttled or f.throttled_submits)]


def one(found: Sequence[Figures], watcher: str, running: int, runs: str, lag_s: float) -> Figures:
    """The figures of one cell, of pages of a hundred and one process."""
    wanted = (watcher, running, runs, lag_s, 100, 1)
    cells_of = ((f, f.cell) for f in found)
    return next(f for f, c in cells_of if (c.watcher, c.running, c.runs, c.lag_s, c.page, c.processes) == wanted)


def line(f: Figures) -> str:
    """A row of the table."""
    c = f.cell
    return (
        f"{c.watcher:<20} {c.running:>7}  {c.runs:>4}  {c.lag_s:>8.0f}  {c.page:>4}  {f.noticed_s:>7.2f}"
        f"  {f.p95_s:>7.2f}  {f.per_video:>14.2f}  {f.per_s:>10.2f}  {f.busy:.4f}"
    )
