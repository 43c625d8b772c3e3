"""The jobs' own table, in SQLite: what every recipe on Celery keeps beside its broker, so that a task may run twice.

As durable as ours: write-ahead log, synchronous=FULL, a transaction a write, no lock waited for longer than 30 s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, prompt TEXT NOT NULL, status TEXT NOT NULL, ordered_at REAL NOT NULL, intent_at REAL,
  task_id TEXT UNIQUE, url TEXT, path TEXT, sha256 TEXT, cost TEXT, done_at REAL
);
CREATE TABLE IF NOT EXISTS notices (id INTEGER PRIMARY KEY, job TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL);
"""


class Books:
    """One connection; each process has its own."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_TABLES)

    def order(self, jobs: Iterable[tuple[str, str, float]]) -> None:
        """New jobs: id, prompt, when; in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO jobs (id, prompt, status, ordered_at) VALUES (?, ?, 'queued', ?)", jobs)
        self._db.execute("COMMIT")

    def task_of(self, job: str) -> str | None:
        """The task a job has at the vendor, if it is known."""
        row = self._db.execute("SELECT task_id FROM jobs WHERE id = ?", (job,)).fetchone()
        return row[0]

    def adopt(self, jobs: Iterable[tuple[str, str]], now: float) -> None:
        """Jobs that run already: id and task."""
        self._db.execute("BEGIN IMMEDIATE")
        insert = "INSERT INTO jobs (id, task_id, prompt, status, ordered_at) VALUES (?, ?, 'a boat', 'running', ?)"
        self._db.executemany(insert, ((job, task, now) for job, task in jobs))
        self._db.execute("COMMIT")

    def intend(self, job: str, now: float) -> None:
        """It is about to be paid for."""
        self._db.execute("UPDATE jobs SET status = 'submitting', intent_at = ? WHERE id = ?", (now, job))

    def accepted(self, job: str, task: str) -> None:
        """It has a task."""
        self._db.execute("UPDATE jobs SET status = 'running', task_id = ? WHERE id = ?", (task, job))

    def made(self, job: str, url: str, cost: str) -> None:
        """Its clip is there to be fetched."""
        self._db.execute(
            "UPDATE jobs SET status = 'fetching', url = ?, cost = ? WHERE id = ? AND done_at IS NULL", (url, cost, job)
        )

    def is_done(self, job: str) -> bool:
        """Whether its clip lies in the folder."""
        row = self._db.execute("SELECT done_at IS NOT NULL FROM jobs WHERE id = ?", (job,)).fetchone()
        return bool(row[0])

    def done(self, job: str, path: str, sha256: str, now: float) -> None:
        """It lies there, and whoever subscribed will be told: one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        changed = self._db.execute(
            "UPDATE jobs SET status = 'done', path = ?, sha256 = ?, done_at = ? WHERE id = ? AND done_at IS NULL",
            (path, sha256, now, job),
        ).rowcount
        if changed:
            self._db.execute("INSERT INTO notices (job, status, at) VALUES (?, 'done', ?)", (job, now))
        self._db.execute("COMMIT")

    def ends(self) -> list[float]:
        """When jobs have ended, in order."""
        return [row[0] for row in self._db.execute("SELECT done_at FROM jobs WHERE done_at NOT NULL ORDER BY done_at")]

    def bought(self) -> int:
        """How many jobs have a task."""
        return self._db.execute("SELECT count(task_id) FROM jobs").fetchone()[0]

    def written(self) -> tuple[int, int]:
        """Rows that stand here, and transactions made by all processes, as the jobs' own columns tell: one for each
        order, intent, task, clip and end.
        """
        rows = "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM notices)"
        commits = "count(*) + count(intent_at) + count(task_id) + count(url) + count(done_at)"
        return self._db.execute(f"SELECT ({rows}), {commits} FROM jobs").fetchone()
