"""Ours beside itself, as worker processes on SQLite, PostgreSQL and Temporal: memory, and a kill -9 amid submits.

The life of jobs is measured by `bench.engine.ours`, in a process of its own; here stands what is around it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
from temporalio.client import Client

from bench.engine.figures import Life, Recovery, Watching
from bench.engine.ours import DURABLE, WARM_UP, Run, bench_home, log_into, order
from bench.engine.processes import cpu_s, memory_mb
from bench.engine.vendor import ANSWER_S, Shop
from tests.factories import make_job, make_request, numbered_id
from tests.store.pg_server import migrated, postgres
from tests.temporal.server import temporal
from wanreel.client.home import Home
from wanreel.domain.job import Generating, Job
from wanreel.temporal.flow import JobFlow
from wanreel.temporal.words import Order

PATIENCE_S = 300.0
SLOWEST = 5.0  # workflows a second that begin and take a turn, at the least
LONG_S = 7200.0
AIR_S = 0.1  # where kills are to find calls in the air, an answer takes a network's time
KILLED_ACCOUNTS = 4  # as many calls at once as the recipe on Celery has processes
PROOF = {"WANREEL_POLICY__ABSENCE_S": "20", "WANREEL_POLICY__LIST_LAG_S": "5"}
"""A call that never left is proven absent so soon here; 300 s and 60 s with the real vendor."""
NET_S = 1200.0
STARTED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """Which of ours."""

    name: str
    workers: int = 0  # 0: one process on SQLite
    temporal: bool = False


@dataclass
class Ground:
    """The servers that stand for a measurement, and workers."""

    kind: Kind
    run: Run
    env: dict[str, str]
    servers: list[int] = field(default_factory=list[int])
    temporal: Any = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    @property
    def home(self) -> Path:
        """Where whoever orders has its home; on SQLite it is the worker's, too."""
        return Path(self.run.home) / "home"

    def hire(self) -> None:
        """As many workers as there are to be, at work."""
        said: list[Path] = []
        for _ in range(max(1, self.kind.workers)):
            number = len(self.workers)
            home = self.home if not self.kind.workers else Path(self.run.home) / f"worker{number}"
            words = ["-m", "bench.engine.ours", "--as-worker", str(home), "--given", json.dumps(asdict(self.run))]
            said.append(Path(self.run.home) / f"said{number}")
            with said[-1].open("wb") as out:
                self.workers.append(subprocess.Popen([sys.executable, *words], env=self.env, stdout=out, stderr=out))
        give_up_at = time.monotonic() + PATIENCE_S
        while not all(b"ready" in log.read_bytes() for log in said):
            if time.monotonic() > give_up_at or any(hand.poll() is not None for hand in self.workers[-len(said) :]):
                raise TimeoutError("no worker got ready:\n" + "\n".join(log.read_text()[-2000:] for log in said))
            time.sleep(0.05)

    def kill(self) -> None:
        """All of them, as when their machines die."""
        for hand in self.workers:
            hand.kill()
        for hand in self.workers:
            hand.wait()

    def alive(self) -> list[int]:
        """The workers that live."""
        return [hand.pid for hand in self.workers if hand.poll() is None]


@contextmanager
def ground(kind: Kind, folder: Path, run: Run, **env: str) -> Generator[Ground]:
    """Servers for a kind, gone afterwards with the workers."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        told = {**os.environ, **env}
        made = Ground(kind, replace(run, home=str(folder), workers=kind.workers), told)
        if kind.workers:
            server = stack.enter_context(postgres(DURABLE))
            made.servers.append(server.process.pid)
            made.run = replace(made.run, database=server.url(migrated(server)))
        if kind.temporal:
            made.temporal = stack.enter_context(temporal(folder / "temporal"))
            made.servers.append(made.temporal.process.pid)
            told |= {"WANREEL_ENGINE": "temporal", "WANREEL_TEMPORAL_ADDRESS": made.temporal.address}
        stack.callback(made.kill)
        yield made


def life(kind: Kind, folder: Path, jobs: int) -> Life:
    """So many jobs through the whole life."""
    with ground(kind, folder, Run()) as it:
        words = ["-m", "bench.engine.ours", "--jobs", str(jobs), "--home", str(folder)]
        env = it.env
        if kind.workers:
            words += ["--workers", str(kind.workers)]
            env = {**env, "WANREEL_DATABASE_URL": it.run.database}
        before = 0.0 if it.temporal is None else cpu_s([it.temporal.process.pid])
        done = subprocess.run([sys.executable, *words], env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        said: dict[str, Any] = json.loads(done.stdout)
        servers_ms, beside = said["database_cpu_ms_per_job"], ""
        if it.temporal is not None:
            servers_ms += (cpu_s([it.temporal.process.pid]) - before) / (jobs + WARM_UP) * 1e3
            beside = f"{asyncio.run(_history(it.temporal.address)):.0f} history events"
        return Life(
            jobs=jobs,
            jobs_s=said["jobs_per_s"],
            cpu_ms=said["cpu_ms_per_job"],
            servers_ms=servers_ms,
            rows=said["rows_per_job"],
            commits=said["commits_per_job"],
            paid=round(said["paid_per_job"] * jobs),
            beside=beside,
        )


async def _history(address: str) -> float:
    """Events of a workflow that has ended, on average over some."""
    client, lengths = await Client.connect(address), list[int]()
    async for flow in client.list_workflows(limit=50):
        lengths.append((await client.get_workflow_handle(flow.id).describe()).history_length)
    return sum(lengths) / max(1, len(lengths))


# --- memory ---------------------------------------------------------------------------------------------------------


def watching(kind: Kind, folder: Path, sizes: Sequence[int]) -> Generator[Watching]:
    """Memory with so many tasks under way at the vendor, over as many accounts as the other measurements have."""
    with ground(kind, folder, Run(run_s=LONG_S)) as it:
        there = 0
        for size in sizes:
            if it.temporal is not None:  # it makes the attributes that workflows are begun with
                it.hire()
            asyncio.run(_under_way(it, there, size))
            there = size
            if it.temporal is not None:
                asyncio.run(_asleep(it.temporal.address, size))
            else:
                it.hire()
            yield Watching(size, _settled_mb(it.alive()), memory_mb(it.servers))
            it.kill()


async def _under_way(it: Ground, first: int, last: int) -> None:
    """Jobs whose tasks run for hours. The store writes one for each account; the others are copies of its rows, with
    names of their own, for a hundred thousand commits would take longer than everything else.
    """
    shop, ids = Shop(Path(it.run.home) / "shop", LONG_S), [numbered_id("job", number) for number in range(first, last)]
    now = time.time()
    async with _opened(it) as home:
        store: Any = home.watching
        accounts = [known.account for known in home.accounts.all()]
        written, rest = ids[: len(accounts)], ids[len(accounts) :]
        models: list[Job] = []
        for name, account in zip(written, accounts, strict=True):
            request = make_request(prompt="Wide shot, a paper boat drifts down a rain gutter at dawn, slow pan")
            task_id = shop.submit(name, account.id, request.model)
            job = make_job(Generating, at=now, id=name, account=account, request=request, task_id=task_id)
            models.append(replace(job, state=replace(job.state, due_at=now + NET_S)))  # as the policy's net has it
        await store.add(models)
    made: list[tuple[str, str, str]] = []  # name, task, and the job it is a copy of
    for number, name in enumerate(rest):
        model = models[number % len(models)]
        made.append((name, shop.submit(name, model.account.id, model.request.model), model.id))
    for table, by in (("jobs", "id"), ("tasks", "job_id")):
        await _copied(it, table, by, made)
    if it.temporal is not None:
        await _begun(it.temporal.address, ids)


async def _copied(it: Ground, table: str, by: str, made: Sequence[tuple[str, str, str]]) -> None:
    """Rows like those of the jobs they are copies of."""
    asked = f"SELECT * FROM {table} WHERE task_id IS NOT NULL"

    def copies(rows: Sequence[dict[str, Any]]) -> Generator[tuple[Any, ...]]:
        known = {row[by]: row for row in rows}
        for name, task, model in made:
            old = known[model]
            was = old["task_id"]
            yield tuple(v.replace(model, name).replace(was, task) if isinstance(v, str) else v for v in old.values())

    if it.run.database:
        conn: Any = await asyncpg.connect(it.run.database)
        try:
            rows = [dict(row) for row in await conn.fetch(asked)]
            await conn.copy_records_to_table(table, records=copies(rows), columns=list(rows[0]))
            await conn.execute(f"ANALYZE {table}")
        finally:
            await conn.close()
        return
    with closing(sqlite3.connect(it.home / "wanreel.sqlite3")) as conn, conn:
        conn.row_factory = sqlite3.Row
        rows = [dict(row) for row in conn.execute(asked).fetchall()]
        conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", copies(rows))


async def _begun(address: str, ids: Sequence[str]) -> None:
    """A workflow for each job."""
    client, left = await Client.connect(address), iter(ids)

    async def begin() -> None:
        for job_id in left:
            await client.start_workflow(JobFlow.run, Order(job_id), id=job_id, task_queue="wanreel")

    await asyncio.gather(*(begin() for _ in range(STARTED_AT_ONCE)))


async def _asleep(address: str, size: int) -> None:
    """Return when so many workflows have taken their first turn: each shows its state then, and sleeps."""
    client = await Client.connect(address)

    async def shown() -> bool:
        return (await client.count_workflows("WanreelState = 'generating'")).count >= size

    await _until(shown, f"{size} workflows sleep", 0.5, patience_s=PATIENCE_S + size / SLOWEST)


def _settled_mb(pids: Sequence[int]) -> float:
    """Memory once it does not change any more."""
    seen = [memory_mb(pids)]
    while len(seen) < 4 or max(seen[-3:]) > 1.01 * min(seen[-3:]):
        time.sleep(1.5)
        seen.append(memory_mb(pids))
    return seen[-1]


# --- a kill -9 ------------------------------------------------------------------------------------------------------


def recovery(kind: Kind, folder: Path, jobs: int) -> Recovery:
    """A kill -9 of all workers when a third is bought, and new workers at once."""
    told = {ANSWER_S: str(AIR_S), **PROOF}
    with ground(kind, folder, Run(accounts=KILLED_ACCOUNTS), **told) as it:
        shop = Shop(Path(it.run.home) / "shop")
        it.hire()
        return asyncio.run(_recovered(it, shop, jobs))


async def _recovered(it: Ground, shop: Shop, jobs: int) -> Recovery:
    numbers = iter(range(jobs))
    async with _opened(it) as home:
        await asyncio.gather(*(order(home, numbers) for _ in range(8)))

    async def bought() -> bool:
        return shop.paid().total() >= jobs // 3

    await _until(bought, "a third is bought", 0.01)
    killed_at = time.time()
    it.kill()
    states = await _states(it)
    in_air, done = states.get("submitting", 0), states.get("succeeded", 0)
    it.hire()

    async def more() -> bool:
        return (await _states(it)).get("succeeded", 0) > done

    async def all_done() -> bool:
        return await _states(it) == {"succeeded": jobs}

    await _until(more, "the next one has ended", 0.05)
    next_s = time.time() - killed_at
    await _until(all_done, "all have ended", 0.2)
    return Recovery(jobs, next_s, time.time() - killed_at, shop.paid().total(), in_air)


async def _states(it: Ground) -> dict[str, int]:
    """How many jobs stand how."""
    asked = "SELECT state, count(*) FROM jobs GROUP BY state"
    if it.run.database:
        conn: Any = await asyncpg.connect(it.run.database)
        try:
            return {row[0]: row[1] for row in await conn.fetch(asked)}
        finally:
            await conn.close()
    with closing(sqlite3.connect(it.home / "wanreel.sqlite3", timeout=30.0)) as conn:
        return dict(conn.execute(asked).fetchall())


async def _until(true: Callable[[], Awaitable[bool]], what: str, look_s: float, patience_s: float = PATIENCE_S) -> None:
    give_up_at = time.monotonic() + patience_s
    while not await true():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"never came true: {what}")
        await asyncio.sleep(look_s)


@asynccontextmanager
async def _opened(it: Ground) -> AsyncGenerator[Home]:
    """The home of whoever orders, beside the workers."""
    log_into(Path(it.run.home) / "log.jsonl")
    async with bench_home(it.run, it.home, Shop(Path(it.run.home) / "shop", it.run.run_s)) as home:
        yield home
