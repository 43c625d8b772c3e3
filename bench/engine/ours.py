"""Our engine through the whole life of jobs, as users run it, but for the vendor: that one is in the process.

    python -m bench.engine.ours --jobs 2000                       embedded: SQLite, one process
    WANREEL_DATABASE_URL=postgresql://… python -m bench.engine.ours --workers 2    shared: worker processes of their own

Orders go through the service one by one (checked, linted, priced, placed), from a few callers at a time; a runner, as
`wanreel.wiring` makes it, does the rest, logging as `wanreel worker` does, into a file. Nobody judges clips. Before
anything is measured a few jobs go through to warm up: tables of words, statements, connections.
Leave some minutes between two runs in one folder, or give another `--home`: ext4 passes over each inode that was freed
lately, so what a run removes at its end costs the next one up to a millisecond of system time a clip.
A vendor takes five creates a second of an account and model (FS §10), so 250 jobs a second need fifty accounts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import resource
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from bench.engine.vendor import Shop, ShopResults, ShopVendor
from tests.store.pg_server import migrated, postgres
from wanreel import wiring
from wanreel.cli.collecting import settle, stand_aside
from wanreel.client.home import Home
from wanreel.client.hosting import Beside
from wanreel.domain.catalog import Catalog
from wanreel.domain.job import Account, Generating, Job, Task
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.domain.request import Request
from wanreel.metrics.counting import Counting
from wanreel.service.order import Order
from wanreel.settings import load
from wanreel.store.sqlite import SqliteStore
from wanreel.store.writer import Writer

ACCOUNTS = 50
LONG_MODEL = "wan2.6-t2v"  # of the tasks that run already: another one, so that nothing is known of how long they take
DURABLE = ("-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=128MB", "-c", "max_connections=200")
WARM_UP = 50  # jobs that go through before anything is counted
MODEL = "wan2.5-t2v-preview"
DATABASE = "WANREEL_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement. `watched` tasks that go on beside are watched from before the first order to the end."""

    jobs: int = 2000
    run_s: float = 2.0
    callers: int = 16
    accounts: int = ACCOUNTS
    workers: int = 0  # 0: the runner is in this process
    database: str = ""  # "": SQLite
    home: str = ""
    watched: int = 0
    idle_s: float = 0.0  # seconds of watching alone, before the first order


@dataclass(slots=True)
class Figures:
    """What came of it; seconds of CPU are user and system, of our processes alone."""

    engine: str
    jobs: int
    took_s: float
    jobs_per_s: float
    cpu_ms_per_job: float
    accept_ms_per_job: float
    rows_per_job: float
    commits_per_job: float
    bytes_per_job: float
    rss_mb: float
    watched: int = 0
    idle_cpu_ms_per_s: float = 0.0
    database_cpu_ms_per_job: float = 0.0
    paid_per_job: float = 1.0
    calls: dict[str, int] | None = None


# --- a home with the vendor in it -----------------------------------------------------------------------------------


def settings_of(run: Run, home: Path) -> Any:
    """As a user's, with many accounts that have many slots."""
    slots = {"*": 1_000_000}
    alone = {"key_is_ours_alone": True}  # so that a lost call's task is adopted though this vendor tells no prompts
    others = {f"acc{n:03}": {"api_key": f"sk-bench-{n}", "slots": slots, **alone} for n in range(1, run.accounts)}
    given: dict[str, Any] = {"accounts": others} if others else {}
    if run.database:
        given["database_url"] = run.database
    return load(
        home=home, account="acc000", api_key="sk-bench-0", slots=slots, judge="off", spool_bytes=0, **alone, **given
    )


@asynccontextmanager
async def bench_home(run: Run, home: Path, shop: Shop) -> AsyncGenerator[Home]:
    """The home, opened by the real wiring; only the vendor and its results are ours."""

    def vendor(catalog: Catalog, *_rest: Any) -> ShopVendor:
        return ShopVendor(shop, catalog)

    def results(*_all: Any) -> ShopResults:
        return ShopResults(shop)

    at: Any = wiring
    real = at.DashScope, at.Downloads
    at.DashScope, at.Downloads = vendor, results
    try:
        async with wiring.open_home(settings_of(run, home)) as opened:
            stand_aside()
            settle()  # as in `wanreel worker`
            yield opened
    finally:
        at.DashScope, at.Downloads = real


@asynccontextmanager
async def working(home: Home) -> AsyncGenerator[Any]:
    """A runner and what goes on beside one, as in `wanreel worker`."""
    assert home.lock.try_lock()
    runner, beside = home.runner(), Beside(home)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await task
        await beside.close()
        home.lock.release()


def log_into(file: Path) -> None:
    """Lines of JSON from level info on, counted, as `wanreel worker --json` writes them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    counting = Counting()

    def info_and_up(logger: Any, level: str, line: Any) -> Any:
        if level == "debug":
            raise structlog.DropEvent
        return line

    structlog.configure(
        processors=[
            counting,
            info_and_up,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(10),
        logger_factory=structlog.PrintLoggerFactory(file=file.open("a", buffering=1)),
        cache_logger_on_first_use=False,
    )


# --- ordering -------------------------------------------------------------------------------------------------------


async def order(home: Home, numbers: Iterator[int], runner: Any = None) -> None:
    """Order jobs one after the other until the numbers run out."""
    for number in numbers:
        words = f"Wide shot, a paper boat number {number} drifts down a rain gutter at dawn, slow pan"
        await home.service.submit(
            Order(prompt=words, model=MODEL, duration_s=5, resolution="720P", name=f"row{number}")
        )
        if runner is not None:
            runner.nudge()


async def ended(home: Home, jobs: int) -> None:
    """Return when so many jobs have ended and been told of."""
    journal = Journal(home.path / "notices.jsonl")
    while journal.lines() < jobs:  # noqa: ASYNC110 - a file cannot say when it has grown
        await asyncio.sleep(0.05)


class Journal:
    """Counts the lines of a growing file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = self._read_to = 0

    def lines(self) -> int:
        """How many there are; those that were counted are not read again."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._read_to)
            fresh = file.read()
            self._read_to += len(fresh)
            self._lines += fresh.count(b"\n")
        return self._lines


# --- measuring ------------------------------------------------------------------------------------------------------


class Commits:
    """Counts transactions of SQLite's writer."""

    def __init__(self) -> None:
        self.count = 0
        real = Writer._commit  # pyright: ignore[reportPrivateUsage]

        def counted(writer: Writer, items: list[Any]) -> Any:
            self.count += 1
            return real(writer, items)

        Writer._commit = counted  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


def cpu_s(who: int = resource.RUSAGE_SELF) -> float:
    """User and system time so far."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def rss_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def rows_of(database: Path) -> int:
    """Rows in all tables of a SQLite file."""
    with contextlib.closing(sqlite3.connect(database)) as conn:
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sum(conn.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names)


def size_of(database: Path) -> int:
    """Bytes of the file; its side files are empty once it is closed."""
    return database.stat().st_size


async def already_running(run: Run, home: Path) -> None:
    """Have tasks at the vendor from before, as a home has that was stopped a minute ago; they go on for hours."""
    long = Shop(home / "shop", 36_000.0)
    accounts = [f"acc{n:03}" for n in range(run.accounts)]
    async with SqliteStore(home / "wanreel.sqlite3", lambda _: 1_000_000, Policy()) as store:
        for first in range(0, run.watched, 1000):
            await store.add([_running(n, accounts[n % run.accounts], long) for n in range(first, first + 1000)])


def _running(number: int, account: str, shop: Shop) -> Job:
    task_id = shop.submit(f"before{number}", account, LONG_MODEL)
    now = time.time()  # accepted after it was made: else the list does not show it where it is sought
    task = Task(task_id, now, "req")
    state = Generating(task, due_at=now + longest_delay_s(Policy()) / 2, status="RUNNING", seen_at=now)
    request = Request(mode="t2v", model=LONG_MODEL, prompt=f"A river, take {number}", size="1280*720", duration_s=5)
    where = Account(account, "beijing", "https://dashscope.aliyuncs.com/api/v1")
    return Job(f"job_before{number:020}", request, where, state, created_at=now)


async def embedded(run: Run) -> Figures:
    """SQLite, one process: orders and the runner share it, as in `wanreel up`."""
    home = Path(run.home)
    if run.watched:
        await already_running(run, home)
    shop, commits = Shop(home / "shop", run.run_s), Commits()
    log_into(home / "log.jsonl")
    async with bench_home(run, home, shop) as opened, working(opened) as runner:
        await order(opened, iter(range(WARM_UP)), runner)
        await ended(opened, WARM_UP)
        idle = cpu_s()
        await asyncio.sleep(run.idle_s)
        idle_ms_per_s = (cpu_s() - idle) / run.idle_s * 1e3 if run.idle_s else 0.0
        commits.count = 0
        before, began = cpu_s(), time.perf_counter()
        numbers = iter(range(run.jobs))
        await asyncio.gather(*(order(opened, numbers, runner) for _ in range(run.callers)))
        accepted = cpu_s()
        await ended(opened, run.jobs + WARM_UP)
        took_s, used_s = time.perf_counter() - began, cpu_s() - before
        rss, count = rss_mb(), commits.count
    database, made = home / "wanreel.sqlite3", run.jobs + WARM_UP + run.watched
    return Figures(
        engine="ours, SQLite",
        jobs=run.jobs,
        took_s=took_s,
        jobs_per_s=run.jobs / took_s,
        cpu_ms_per_job=used_s / run.jobs * 1e3,
        accept_ms_per_job=(accepted - before) / run.jobs * 1e3,
        rows_per_job=rows_of(database) / made,
        commits_per_job=count / run.jobs,
        bytes_per_job=size_of(database) / made,
        rss_mb=rss,
        watched=run.watched,
        idle_cpu_ms_per_s=idle_ms_per_s,
        paid_per_job=_paid(shop),
        calls=dict(shop.calls),
    )


def _paid(shop: Shop) -> float:
    paid: Counter[str] = shop.paid()
    return sum(paid.values()) / max(1, len(paid))


# --- shared ---------------------------------------------------------------------------------------------------------


async def worker(run: Run, home: Path) -> None:
    """A worker process: until SIGTERM; then what it used, as a line of JSON."""
    shop = Shop(Path(run.home) / "shop", run.run_s)
    log_into(home / "log.jsonl")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with bench_home(run, home, shop) as opened, working(opened):
        print("ready", flush=True)
        await stop.wait()
        print(json.dumps({"rss_mb": rss_mb(), "calls": dict(shop.calls)}), flush=True)


async def shared(run: Run) -> Figures:
    """PostgreSQL, and workers in processes of their own; this one orders, as `wanreel api` does."""
    asyncpg: Any = importlib.import_module("asyncpg")  # only here

    home = Path(run.home)
    shop = Shop(home / "shop", run.run_s)
    log_into(home / "log.jsonl")
    conn: Any = await asyncpg.connect(run.database)
    workers = [await _start(run, home / f"worker{n}") for n in range(run.workers)]
    try:
        for process in workers:
            assert process.stdout is not None
            assert (await process.stdout.readline()).strip() == b"ready"
        await asyncio.sleep(1.0)
        async with bench_home(run, home, shop) as opened:
            await order(opened, iter(range(WARM_UP)))
            await _told(conn, WARM_UP)
            was = await _counters(conn)
            servers = _servers_cpu_s(was["pid"])
            mine, before = cpu_s(), cpu_s() + sum(_cpu_of(process.pid) for process in workers)
            began = time.perf_counter()
            numbers = iter(range(run.jobs))
            await asyncio.gather(*(order(opened, numbers) for _ in range(run.callers)))
            accepted = cpu_s() - mine
            await _told(conn, run.jobs + WARM_UP)
            took_s = time.perf_counter() - began
            used_s = cpu_s() + sum(_cpu_of(process.pid) for process in workers) - before
            now = await _counters(conn)
            served_s = _servers_cpu_s(now["pid"]) - servers
    finally:
        said = [await _stop(process) for process in workers]
    calls = Counter[str]()
    for one in said:
        calls.update(one["calls"])
    return Figures(
        engine=f"ours, PostgreSQL, {run.workers} worker{'s' if run.workers > 1 else ''}",
        jobs=run.jobs,
        took_s=took_s,
        jobs_per_s=run.jobs / took_s,
        cpu_ms_per_job=used_s / run.jobs * 1e3,
        accept_ms_per_job=accepted / run.jobs * 1e3,
        rows_per_job=(await _rows(conn)) / (run.jobs + WARM_UP),
        commits_per_job=(now["commits"] - was["commits"]) / run.jobs,
        bytes_per_job=(await conn.fetchval("SELECT pg_database_size(current_database())")) / (run.jobs + WARM_UP),
        rss_mb=sum(one["rss_mb"] for one in said),
        database_cpu_ms_per_job=served_s / run.jobs * 1e3,
        paid_per_job=_paid(shop),
        calls=dict(calls),
    )


async def _start(run: Run, home: Path) -> asyncio.subprocess.Process:
    words = [sys.executable, "-m", "bench.engine.ours", "--as-worker", str(home), "--given", json.dumps(asdict(run))]
    return await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, env=dict(os.environ))


async def _stop(process: asyncio.subprocess.Process) -> dict[str, Any]:
    process.terminate()
    out, _ = await process.communicate()
    return json.loads(out or b'{"rss_mb": 0, "calls": {}}')


def _cpu_of(pid: int) -> float:
    """User and system time of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _servers_cpu_s(postmaster: int) -> float:
    """Of the server's processes that live, and of those that have ended."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            words = stat.read_text().rpartition(")")[2].split()
            mine, theirs = int(stat.parent.name) == postmaster, int(words[1]) == postmaster
            if mine or theirs:
                total += sum(int(word) for word in words[11 : 15 if mine else 13])
    return total / os.sysconf("SC_CLK_TCK")


async def _counters(conn: Any) -> dict[str, Any]:
    row = await conn.fetchrow(
        "SELECT xact_commit AS commits, pg_backend_pid() AS me FROM pg_stat_database WHERE datname = current_database()"
    )
    return {"commits": row["commits"], "pid": _parent(row["me"])}


async def _told(conn: Any, jobs: int) -> None:
    """Return when so many notices have been delivered."""
    told = "SELECT count(*) FROM notices WHERE delivered_at IS NOT NULL"
    while await conn.fetchval(told) < jobs:  # noqa: ASYNC110 - nothing of ours is called when a row is written
        await asyncio.sleep(0.25)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def _rows(conn: Any) -> int:
    names = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sum([await conn.fetchval(f'SELECT count(*) FROM "{row["tablename"]}"') for row in names])


# --- the command ----------------------------------------------------------------------------------------------------


def measure(run: Run) -> Figures:
    """One run in a home of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wanreel-bench-", dir=run.home or None) as folder:
        mine = replace(run, home=folder)
        return asyncio.run(shared(mine) if run.workers else embedded(mine))


def main() -> None:
    """Measure once, print the figures."""
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--jobs", type=int, default=2000)
    args.add_argument("--run", type=float, default=2.0, help="seconds a task runs")
    args.add_argument("--callers", type=int, default=16)
    args.add_argument("--accounts", type=int, default=ACCOUNTS)
    args.add_argument("--workers", type=int, default=0, help="worker processes; 0: embedded, unless a database is set")
    args.add_argument("--home", default="", help="folder for the run's own; default: that for temporary files")
    args.add_argument("--watched", type=int, default=0, help="tasks that run already, in thousands; embedded only")
    args.add_argument("--idle", type=float, default=0.0, help="seconds of watching alone before the first order")
    args.add_argument("--postgres", action="store_true", help="start a PostgreSQL for it, as durable as its defaults")
    args.add_argument("--as-worker", default="", help=argparse.SUPPRESS)
    args.add_argument("--given", default="", help=argparse.SUPPRESS)
    got = args.parse_args()
    if got.as_worker:
        asyncio.run(worker(Run(**json.loads(got.given)), Path(got.as_worker)))
        return
    if got.postgres:
        with postgres(DURABLE) as server:
            os.environ[DATABASE] = server.url(migrated(server))
            _measure(got)
    else:
        _measure(got)


def _measure(got: argparse.Namespace) -> None:
    database = os.environ.pop(DATABASE, "")
    workers = got.workers or (1 if database else 0)
    run = Run(got.jobs, got.run, got.callers, got.accounts, workers, database, got.home, got.watched, got.idle)
    print(json.dumps({name: _round(value) for name, value in asdict(measure(run)).items()}, indent=1))


def _round(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
