"""A real Temporal server for the tests: on free ports of this machine, its database a file, gone with its test."""

from __future__ import annotations

import signal
import subprocess
import sysconfig
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stamina

from tests.archive.seaweed import free_ports

READY_S = 60.0
PROGRAM = str(Path(sysconfig.get_path("scripts"), "temporal"))


@dataclass
class TemporalServer:
    """A running server. `stop` and `start` are what a restart is made of; what it knew lies in its file."""

    folder: Path
    port: int
    metrics: int
    http: int
    process: Any = None  # a Popen

    @property
    def address(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and return when it answers."""
        command = [
            PROGRAM,
            *("server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"),
            *("--port", str(self.port), "--metrics-port", str(self.metrics), "--http-port", str(self.http)),
            *("--db-filename", str(self.folder / "temporal.db"), "--sqlite-pragma", "synchronous=OFF"),
        ]
        env = {"HOME": str(self.folder), "TEMPORAL_CONFIG_FILE": str(self.folder / "none.toml")}
        with (self.folder / "log").open("ab") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said, cwd=self.folder, env=env)
        retrying = stamina.retry_context(
            on=RuntimeError, attempts=None, timeout=READY_S, wait_initial=0.1, wait_max=0.5
        )
        for attempt in retrying:
            with attempt:
                if self.process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()[-2000:])
                ready = self.ask("operator", "namespace", "describe", "default")
                if ready.returncode != 0:
                    raise RuntimeError(ready.stderr)

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What Temporal's own command line says."""
        command = [PROGRAM, *words, "--address", self.address, "--output", "json"]
        env = {"HOME": str(self.folder)}
        return subprocess.run(command, check=False, capture_output=True, text=True, env=env)

    def stop(self) -> None:
        """End it as an operator would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            self.process = None


@contextmanager
def temporal(folder: Path) -> Generator[TemporalServer]:
    """A running server."""
    folder.mkdir(parents=True, exist_ok=True)
    server = TemporalServer(folder, *free_ports(3))
    try:
        server.start()
        yield server
    finally:
        server.stop()
