"""Every cell of the measurement, on both cores, and what came of each."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

from bench.watching.ours import Ours, Store
from bench.watching.peers import SCHEDULES, Poller
from bench.watching.shop import Cell, Clip, Shop, mean, percentile

THRIFTY, DEFAULT = "ours, no dearer", "ours, work waits"
OURS = (THRIFTY, DEFAULT)
RUNNING = (1, 5, 50, 500)
RUNS = ("60", "180", "300", "FS")
LAGS_S = (0.0, 2.0, 10.0)
PAGES = (100, 10)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a cell came to, in the figures that are printed."""

    cell: Cell
    mean_s: float
    p95_s: float
    noticed_s: float
    per_video: float
    busy: float
    per_s: float
    throttled: int
    throttled_submits: int


def measure(cell: Cell) -> Figures:
    """Live through one cell."""
    shop = Shop(cell)
    if cell.watcher in SCHEDULES:
        Poller(shop, SCHEDULES[cell.watcher])
    else:
        store = Store(shop)
        crews = [Ours(shop, waiting=cell.watcher == DEFAULT, owner=f"w{n}", store=store) for n in range(cell.processes)]

        def accepted(clip: Clip) -> None:
            for crew in crews:
                crew.changed(clip)

        shop.accepted = accepted
    tally = shop.run()
    looks = tally.requests["query"] + tally.requests["list"]
    figures = Figures(
        cell,
        mean(tally.lags),
        percentile(tally.lags, 0.95),
        mean(tally.noticed),
        looks / len(tally.lags),
        tally.busy,
        looks / tally.took_s,
        tally.throttled["query"] + tally.throttled["list"],
        tally.throttled["submit"],
    )
    gc.collect()
    return figures


def cells(*, quick: bool) -> list[Cell]:
    """All there is to measure; `quick`: only what the bars speak of."""
    found: list[Cell] = []
    for running in (5, 500) if quick else RUNNING:
        for runs in ("60", "180") if quick else RUNS:
            found += [Cell(name, running, runs, videos=_videos(name, running)) for name in SCHEDULES]
            for name in OURS:
                for lag_s in LAGS_S:
                    for page in (100,) if quick else PAGES:
                        found.append(Cell(name, running, runs, lag_s, page, videos=_videos(name, running)))
    for over_limit in ("queue", "reject"):
        found.append(Cell(DEFAULT, 5, "60", over_limit=over_limit, processes=2, videos=400))
    return found


def _videos(name: str, running: int) -> int:
    """Enough for the mean to stand still; fewer where each costs hundreds of requests."""
    if running == 1:
        return 400 if name != DEFAULT else 200
    if running == 5:
        return 3000 if name != DEFAULT else 400
    return 600


def everything(wanted: Sequence[Cell], jobs: int) -> Iterator[Figures]:
    """The figures of each cell, as they come."""
    if jobs == 1:
        yield from map(measure, wanted)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(measure, wanted)
