"""What the compose file describes, on this machine without Docker: each service a process, each address a free port.

Commands, settings and checks are the file's own; only names and ports of containers are put into those of this machine.
PostgreSQL's image has a command of its own, so the tests' server stands in for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.archive.seaweed import free_ports
from tests.deploy.papers import compose, environment_of_image, own_environment
from tests.store.pg_server import Server

TICK_S = 0.1
TICKS_MAX = 1800
_WEED_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)


@dataclass
class Stack:
    """The services of a compose file that were started; `places` says what stands for which words of the file."""

    folder: Path
    env: Mapping[str, str]
    places: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, Any])

    @property
    def services(self) -> dict[str, Any]:
        """What the file says, filled in."""
        return compose(self.env)["services"]

    def here(self, text: str) -> str:
        """A text of the file as it is meant on this machine."""
        for there, mine in self.places.items():
            text = text.replace(there, mine)
        return text

    def environment(self, name: str) -> dict[str, str]:
        """What a service of ours finds set."""
        mine = own_environment(self.services[name], self.env)
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        return kept | {key: self.here(value) for key, value in mine.items()}

    def run(self, name: str, *words: str) -> str:
        """`docker compose run --rm NAME WORDS`: what it prints."""
        command = [
            sys.executable,
            "-m",
            "wanreel",
            *(self.here(word) for word in words or self.services[name]["command"]),
        ]
        done = subprocess.run(
            command, env=self.environment(name), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def start(self, name: str) -> None:
        """A service of ours, as it stands."""
        command = [self.here(word) for word in self.services[name]["command"]]
        self.begin(name, [sys.executable, "-m", "wanreel", *command], self.environment(name))

    def begin(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """A process of the stack; what it says lies in its log."""
        with (self.folder / f"{name}.log").open("ab") as said:
            self.processes[name] = subprocess.Popen(command, env=env, cwd=self.folder, stdout=said, stderr=said)

    def until_healthy(self, name: str) -> None:
        """Ask by the service's own check until it says yes."""
        written = self.services[name]["healthcheck"]["test"]
        command = [self.here(word) for word in written if word != "CMD"]
        if command[0] == "python3":
            command[0] = sys.executable
        tick = threading.Event()
        for _ in range(TICKS_MAX):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return
            assert self.processes[name].poll() is None, self.log(name)
            tick.wait(TICK_S)
        raise AssertionError(f"{name} never got well: {self.log(name)}")

    def stop(self, name: str) -> int:
        """SIGTERM, as `docker compose stop` sends it; the exit code."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=120)  # the file's own patience

    def log(self, name: str) -> str:
        """The last of what it said."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-3000:]


@contextmanager
def stack(folder: Path, server: Server, env: Mapping[str, str]) -> Generator[Stack]:
    """An empty stack with its database and its storage; what is started of it is ended with it."""
    api, metrics, s3, *weed = free_ports(3 + len(_WEED_PORTS))
    image = environment_of_image()
    made = Stack(folder, env, {})
    data = folder / "data"
    data.mkdir()
    made.places = {
        "@db:5432": f"@127.0.0.1:{server.port}",
        "http://s3:8333": f"http://127.0.0.1:{s3}",
        "127.0.0.1:8333": f"127.0.0.1:{s3}",
        "0.0.0.0:9100": f"0.0.0.0:{metrics}",
        "127.0.0.1:9100": f"127.0.0.1:{metrics}",
        "127.0.0.1:8080": f"127.0.0.1:{api}",
        "8080": str(api),
        "-ip=s3": "-ip=127.0.0.1",
        "-ip.bind=0.0.0.0": "-ip.bind=127.0.0.1",
        "-s3.port=8333": f"-s3.port={s3}",
        "-dir=/data": f"-dir={data}",
        image["WANREEL_HOME"]: str(folder / "home"),
        image["WANREEL_SPOOL"]: str(folder / "spool"),
    }
    storage = made.services["s3"]
    sockets = [f"-{room}.localSocket={folder / room}.sock" for room in ("s3", "filer")]
    ports = [f"-{name}={port}" for name, port in zip(_WEED_PORTS, weed, strict=True)]
    weed_command = [str(Path(sysconfig.get_path("scripts"), "weed")), *(made.here(word) for word in storage["command"])]
    server.sql(f"CREATE ROLE wanreel LOGIN PASSWORD '{env['POSTGRES_PASSWORD']}'")
    server.sql("CREATE DATABASE wanreel OWNER wanreel")
    with ExitStack() as ends:
        ends.callback(server.sql, "DROP ROLE wanreel")
        ends.callback(server.sql, "DROP DATABASE wanreel WITH (FORCE)")
        ends.callback(_kill, made)
        weed_env = {"PATH": os.environ["PATH"], "HOME": str(folder), **storage["environment"]}
        made.begin("s3", [*weed_command, *ports, *sockets], weed_env)
        made.until_healthy("s3")
        yield made


def _kill(made: Stack) -> None:
    for process in made.processes.values():
        process.kill()
        process.wait()
