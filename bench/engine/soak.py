"""A soak at half the peak: memory, descriptors and the database, minute by minute, in the embedded mode.

    python -m bench.engine.soak --minutes 15            (make soak MINUTES=15)

First the peak is measured, then orders come at half of it, evenly, for as long as was asked. What is held to:

*memory*: resident, the median of the last quarter at most 8 MB or a tenth above that of the second quarter;
*descriptors*: no more at the end than in the second quarter, and four;
*database*: what the jobs' rows take, by the formula below, within a fifth;
*work*: every job archived, told of, paid for once; the backlog at the end no longer than a few seconds' orders.

The database grows by rows alone: nothing of a job is removed while its history is kept. Bytes = what an empty one has +
jobs x bytes a job. A job's bytes are reckoned from a few hundred jobs that went through before the soak, so that the
formula says: the ten-thousandth job takes what the first did, no table or index grows by anything but jobs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.engine.ours import (
    Journal,
    Run,
    bench_home,
    cpu_s,
    ended,
    log_into,
    order,
    rss_mb,
    working,
)
from bench.engine.vendor import Shop

SAMPLE_S = 5.0
REFERENCE_JOBS = 600  # whose bytes are what a job takes
PEAK_JOBS = 6000
RSS_SLACK_MB = 8.0
RSS_SLACK = 0.10
FDS_SLACK = 4
BYTES_SLACK = 0.20
BACKLOG_S = 15.0  # of orders
LISTED_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at one moment."""

    at_s: float
    rss_mb: float
    fds: int
    bytes: int  # of the database and its side files
    ordered: int
    told: int


@dataclass(slots=True)
class Soaked:
    """What came of it; `wrong` is empty when everything is as it should be."""

    minutes: float
    peak_per_s: float
    orders_per_s: float
    jobs: int
    cpu_ms_per_job: float
    rss_mb: tuple[float, float]  # medians of the second and of the last quarter
    fds: tuple[int, int]  # most in the second, and in the last
    bytes_per_job: float
    predicted_bytes: float
    bytes: float
    wrong: list[str] = field(default_factory=list[str])


async def soak(run: Run, minutes: float, rate: float | None) -> Soaked:
    """Measure the peak (unless a rate is given), then go on at half of it."""
    home = Path(run.home)
    shop = Shop(home / "shop", run.run_s, listed_s=LISTED_S)  # the vendor's memory is not what is measured
    log_into(home / "log.jsonl")
    samples: list[Sample] = []
    async with bench_home(run, home, shop) as opened, working(opened) as runner:
        empty = _bytes(home)
        made = await _through(opened, runner, 0, REFERENCE_JOBS, run.callers)
        per_job = (_bytes(home) - empty) / REFERENCE_JOBS
        began = time.perf_counter()
        if rate is None:
            made = await _through(opened, runner, made, PEAK_JOBS, run.callers)
            peak = PEAK_JOBS / (time.perf_counter() - began)
            rate = peak / 2
        else:
            peak = rate * 2
        journal = Journal(home / "notices.jsonl")
        first, began, used = made, time.perf_counter(), cpu_s()
        ordering: set[asyncio.Task[None]] = set()
        next_sample = 0.0
        while (now := time.perf_counter() - began) < minutes * 60:
            due = first + int(now * rate)
            while made < due:  # each by itself, as callers do; none waits for another
                task = asyncio.create_task(order(opened, iter((made,)), runner))
                ordering.add(task)
                task.add_done_callback(ordering.discard)
                made += 1
            if now >= next_sample:
                samples.append(_sample(now, home, made, journal))
                _print(samples[-1])
                next_sample = now + SAMPLE_S
            await asyncio.sleep(0.02)
        backlog = made - journal.lines()
        await asyncio.gather(*ordering)
        await ended(opened, made)
        spent_s = cpu_s() - used
        samples.append(_sample(time.perf_counter() - began, home, made, journal))
    paid = shop.paid()
    second, last = _quarter(samples, 1), _quarter(samples, 3)
    done = Soaked(
        minutes=minutes,
        peak_per_s=peak,
        orders_per_s=rate,
        jobs=made - first,
        cpu_ms_per_job=spent_s / max(1, made - first) * 1e3,
        rss_mb=(_median(s.rss_mb for s in second), _median(s.rss_mb for s in last)),
        fds=(max(s.fds for s in second), max(s.fds for s in last)),
        bytes_per_job=per_job,
        predicted_bytes=empty + per_job * made,
        bytes=_bytes(home),
    )
    done.wrong = [
        *_grown(done),
        *(
            [f"{backlog} jobs wait at the end, of {rate:.0f} a second"]
            if backlog > rate * (BACKLOG_S + run.run_s)
            else []
        ),
        *([f"{len(paid)} jobs were paid for, {made} ordered"] if len(paid) != made else []),
        *(f"{word} was paid {count} times" for word, count in paid.items() if count != 1),
        *([f"{made} jobs, {_clips(home)} clips"] if _clips(home) != made else []),
    ]
    return done


def _grown(done: Soaked) -> list[str]:
    wrong: list[str] = []
    before, after = done.rss_mb
    if after > before + max(RSS_SLACK_MB, RSS_SLACK * before):
        wrong.append(f"memory grew from {before:.0f} to {after:.0f} MB")
    if done.fds[1] > done.fds[0] + FDS_SLACK:
        wrong.append(f"descriptors grew from {done.fds[0]} to {done.fds[1]}")
    if abs(done.bytes - done.predicted_bytes) > BYTES_SLACK * done.predicted_bytes:
        wrong.append(f"the database has {done.bytes / 1e6:.1f} MB, {done.predicted_bytes / 1e6:.1f} were predicted")
    return wrong


async def _through(opened: Any, runner: Any, made: int, jobs: int, callers: int) -> int:
    """Bring so many jobs through all of their life; how many there are then."""
    numbers = iter(range(made, made + jobs))
    await asyncio.gather(*(order(opened, numbers, runner) for _ in range(callers)))
    await ended(opened, made + jobs)
    return made + jobs


def _sample(at_s: float, home: Path, ordered: int, journal: Journal) -> Sample:
    fds = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return Sample(at_s, rss_mb(), fds, _bytes(home), ordered, journal.lines())


def _bytes(home: Path) -> int:
    """Pages in use, whether they lie in the file yet or still beside it."""
    import sqlite3  # noqa: PLC0415

    conn = sqlite3.connect(f"file:{home / 'wanreel.sqlite3'}?mode=ro", uri=True)
    try:
        pages, size, free = (
            conn.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "page_size", "freelist_count")
        )
        return (pages - free) * size
    finally:
        conn.close()


def _clips(home: Path) -> int:
    return sum(1 for _ in (home / "archive").rglob("*.mp4"))


def _quarter(samples: list[Sample], which: int) -> list[Sample]:
    length = max(1, len(samples) // 4)
    return samples[which * length : (which + 1) * length] if which < 3 else samples[-length:]


def _median(values: Any) -> float:
    return statistics.median(list(values))


def _print(one: Sample) -> None:
    words = f"{one.at_s:6.0f} s  {one.rss_mb:6.1f} MB  {one.fds:3} fds  {one.bytes / 1e6:7.1f} MB in the database"
    print(f"{words}  {one.ordered} ordered, {one.told} told of", file=sys.stderr, flush=True)


def main() -> int:
    """Soak and say what came of it; 1 when something is not as it should be."""
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--minutes", type=float, default=15.0)
    args.add_argument("--rate", type=float, default=None, help="orders a second; default: half of the peak")
    args.add_argument("--home", default="", help="folder for the run's own; default: that for temporary files")
    got = args.parse_args()
    with tempfile.TemporaryDirectory(prefix="wanreel-soak-", dir=got.home or None) as folder:
        done = asyncio.run(soak(replace(Run(), home=folder), got.minutes, got.rate))
    print(json.dumps(asdict(done), indent=1))
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
