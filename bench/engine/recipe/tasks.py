"""The flow: submit, poll until done, fetch, archive, mark done. Each task may be run twice, as Celery's docs ask.

The usual guard is here: a job that has a task is not submitted again. What it cannot guard is a call that was made and
not written down when its process died: the message comes back, no task is known, and it is paid for once more.
"""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path

from celery import Celery, Task

from bench.engine.recipe.books import Books
from bench.engine.vendor import Shop, check_clip

POLL_FIRST_S = float(os.environ.get("ENGINE_POLL_FIRST_S", "1.0"))
POLL_FACTOR = 1.45
POLL_MAX_S = float(os.environ.get("ENGINE_POLL_MAX_S", "12.0"))

app = Celery("recipe")
app.config_from_object("bench.engine.recipe.settings")


@cache
def _folder() -> Path:
    return Path(os.environ["ENGINE_FOLDER"])


@cache
def books() -> Books:
    """The jobs' table; opened in each process, after the fork."""
    return Books(_folder() / "jobs.sqlite3")


@cache
def shop() -> Shop:
    """The vendor, likewise."""
    return Shop(_folder() / "vendor", run_s=float(os.environ.get("ENGINE_RUN_S", "2.0")))


def poll_wait_s(polls: int) -> float:
    """How long until the next look: ever longer, and never near the visibility timeout (see `settings`)."""
    return min(POLL_FIRST_S * POLL_FACTOR ** min(polls, 32), POLL_MAX_S)


@app.task(name="submit")
def submit(job: str) -> None:
    """Buy the clip, unless it is bought."""
    if books().task_of(job) is None:
        books().intend(job, time.time())
        task = shop().submit(job)
        time.sleep(float(os.environ.get("ENGINE_ANSWER_S", "0")))  # what a network takes to bring the answer
        books().accepted(job, task)
    poll.apply_async((job,), countdown=poll_wait_s(0))


@app.task(name="poll", bind=True, max_retries=None)
def poll(self: Task, job: str) -> None:
    """Ask after it; "Tasks", Retrying: a task that has to come again raises `retry`."""
    if books().is_done(job):
        return
    seen = shop().query(books().task_of(job) or "")
    if seen.status != "SUCCEEDED":
        raise self.retry(countdown=poll_wait_s(self.request.retries + 1))
    books().made(job, seen.url, seen.usage)
    fetch.delay(job, seen.url)


@app.task(name="fetch", ignore_result=False)
def fetch(job: str, url: str) -> str:
    """Bring the clip home and say so; where it lies."""
    path = _folder() / "clips" / f"{job}.mp4"
    if not books().is_done(job):
        clip = shop().fetch(url)
        sha256 = check_clip(clip)
        _keep(path, clip)
        books().done(job, str(path), sha256, time.time())
    return str(path)


def _keep(path: Path, clip: bytes) -> None:
    """Whole or not at all, and still there after a power cut: the same calls as ours."""
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.part")
    with beside.open("wb") as file:
        file.write(clip)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
