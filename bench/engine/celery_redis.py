"""The recipe on Celery with Redis, measured: life, memory, and a kill -9 in the middle of submits."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery

from bench.engine import redis_server
from bench.engine.figures import Life, Recovery, Watching
from bench.engine.processes import cpu_s, memory_mb
from bench.engine.recipe.books import Books
from bench.engine.vendor import Shop

PATIENCE_S = 300.0
SLOWEST = 100.0  # messages a second that a worker takes in, at the least
WARM = 50
ANSWER_S = 0.1  # in the test of kills a submit's answer takes a network's time
LOST_S = 300  # what is lost comes back after so long: five times the longest wait between polls
LOST_SOON_S = 20  # the same where it is waited for, and the longest wait is 4 s


@dataclass
class Recipe:
    """Redis, the table, and workers."""

    folder: Path
    redis: redis_server.Server
    env: dict[str, str]
    books: Books
    worker: Any = None  # a Popen
    ordering_s: float = 0.0

    def start(self) -> None:
        """A worker, ready for messages."""
        command = [
            *(sys.executable, "-m", "celery", "-A", "bench.engine.recipe.tasks", "worker", "--loglevel", "INFO"),
            # "Workers": what several nodes tell each other, and these are one.
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("-n", f"worker{time.monotonic_ns()}@%h"),
        ]
        log = self.folder / "worker.log"
        with log.open("wb") as said:
            self.worker = subprocess.Popen(command, env=self.env, stdout=said, stderr=said, start_new_session=True)
        self.until(lambda: b" ready." in log.read_bytes(), "the worker is ready")

    def kill(self) -> None:
        """As when the machine dies: all of its processes at once, Redis not among them."""
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def stop(self) -> None:
        """Nobody needs what it still holds."""
        if self.worker is not None:
            self.kill()

    def order(self, first: int, count: int) -> None:
        """New jobs, each a row and a message."""
        began_s = time.process_time()
        with Celery(broker=f"{self.redis.url}/0") as app:
            for number in range(first, first + count):
                job = f"job-{number}"
                self.books.order([(job, "a paper boat at dawn", time.time())])
                app.send_task("submit", (job,), ignore_result=True)
        self.ordering_s += time.process_time() - began_s

    def post_polls(self, jobs: Sequence[str]) -> None:
        """A poll for each of these jobs, due in an hour: one message as Celery writes it, copied with other names."""
        with Celery(broker=f"{self.redis.url}/0") as app, self.redis.ask() as asked:
            one = app.send_task("poll", ("JOB",), queue="seeds", countdown=3600, ignore_result=True)
            _, text = asked.blpop(["seeds"])
            message = json.loads(text)
            body = base64.b64decode(message["body"]).decode()
            with asked.pipeline(transaction=False) as posting:
                for job in jobs:
                    message["body"] = base64.b64encode(body.replace("JOB", job).encode()).decode()
                    named = json.dumps(message).replace(one.id, str(uuid.uuid4()))
                    named = named.replace(message["properties"]["delivery_tag"], str(uuid.uuid4()))
                    posting.lpush("celery", named.replace('"seeds"', '"celery"'))
                posting.execute()

    def in_hand(self) -> int:
        """How many messages the worker holds."""
        with self.redis.ask() as asked:
            return asked.hlen("unacked")

    def taken(self) -> tuple[float, float, int, int, int]:
        """So far: the worker's CPU seconds with ours for ordering, Redis's; its commands; rows and commits here."""
        cpu = cpu_s([self.worker.pid]) + self.ordering_s
        return cpu, cpu_s([self.redis.pid]), self.redis.commands(), *self.books.written()

    def until(self, true: Callable[[], bool], what: str, more_s: float = 0.0) -> None:
        """Wait for a condition."""
        give_up_at = time.monotonic() + PATIENCE_S + more_s
        while not true():
            if time.monotonic() > give_up_at:
                said = (self.folder / "worker.log").read_text(errors="replace")[-3000:]
                raise TimeoutError(f"Celery: never came true: {what}\n{said}")
            time.sleep(0.02)


@contextmanager
def recipe(folder: Path, lost_s: int = LOST_S, **env: str) -> Generator[Recipe]:
    """Everything but a worker."""
    folder.mkdir(parents=True)
    with redis_server.redis(folder / "redis") as server:
        told = {"ENGINE_REDIS": server.url, "ENGINE_FOLDER": str(folder), "ENGINE_LOST_S": str(lost_s), **env}
        made = Recipe(folder, server, {**os.environ, **told}, Books(folder / "jobs.sqlite3"))
        try:
            yield made
        finally:
            made.stop()


def life(folder: Path, jobs: int) -> Life:
    """So many jobs, all ordered at once, after a few that warm it up."""
    with recipe(folder) as it:
        it.start()
        it.order(0, WARM)
        it.until(lambda: len(it.books.ends()) == WARM, "the first ones have ended")
        before = it.taken()
        began_at = time.time()
        it.order(WARM, jobs)
        it.until(lambda: len(it.books.ends()) == WARM + jobs, "all have ended")
        took_s = it.books.ends()[-1] - began_at
        worker_s, redis_s, commands, rows, commits = (now - then for now, then in zip(it.taken(), before, strict=True))
        return Life(
            jobs=jobs,
            jobs_s=jobs / took_s,
            cpu_ms=worker_s / jobs * 1e3,
            servers_ms=redis_s / jobs * 1e3,
            rows=rows / jobs,
            commits=commits / jobs,
            paid=Shop(folder / "vendor").paid().total() - WARM,
            beside=f"{commands / jobs:.0f} Redis commands",
        )


def watching(folder: Path, sizes: Sequence[int]) -> Generator[Watching]:
    """Memory with so many polls waiting for their time, as the recipe's countdowns have them wait."""
    with recipe(folder, ENGINE_RUN_S="7200") as it:
        it.start()
        shop, there = Shop(folder / "vendor", run_s=7200.0), 0
        for size in sizes:
            jobs = [(f"job-{n}", shop.submit(f"job-{n}")) for n in range(there, size)]
            it.books.adopt(jobs, time.time())
            it.post_polls([job for job, _ in jobs])
            it.until(lambda: it.in_hand() >= size, f"{size} polls wait", size / SLOWEST)  # noqa: B023 - called at once
            there = size
            yield Watching(size, memory_mb([it.worker.pid]), memory_mb([it.redis.pid]))


def recovery(folder: Path, jobs: int) -> Recovery:
    """A kill -9 of all of a worker's processes when a third is bought, and a new worker at once."""
    told = {"ENGINE_POLL_MAX_S": "4", "ENGINE_ANSWER_S": str(ANSWER_S)}
    with recipe(folder, LOST_SOON_S, **told) as it:
        it.start()
        it.order(0, jobs)
        it.until(lambda: it.books.bought() >= jobs // 3, "a third is bought")
        killed_at = time.time()
        it.kill()
        shop = Shop(folder / "vendor")
        in_air = shop.paid().total() - it.books.bought()
        it.start()
        it.until(lambda: len(it.books.ends()) == jobs, "all have ended")
        after = [at for at in it.books.ends() if at > killed_at]
        return Recovery(jobs, after[0] - killed_at, after[-1] - killed_at, shop.paid().total(), in_air)
